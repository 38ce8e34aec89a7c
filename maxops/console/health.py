"""What a supervisor of machines asks: does the process live, can it do its work? (contract.md section 5)

Answers without a log-in, so they hold no names, addresses or error texts.
"""

from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from maxops.celery import WORKER_SEEN, app

PATIENCE_SECONDS = 2


def ask_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def ask_broker() -> bool:
    try:
        with app.connection_for_write(connect_timeout=PATIENCE_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE_SECONDS)
    except (OperationalError, OSError):
        return False
    return True


def worker_age() -> float | None:
    """Seconds since a worker last finished something; nothing if none did lately or the cache is not readable."""
    try:
        seen = cache.get(WORKER_SEEN)
    except OSError:
        return None
    return max(0.0, round((timezone.now() - seen).total_seconds(), 1)) if isinstance(seen, datetime) else None


@login_not_required
@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"live": True})


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 when database or broker is out of reach. A silent worker is reported, not failed: pages still work."""
    database, broker, age = ask_database(), ask_broker(), worker_age()
    answer = {
        "ready": database and broker,
        "database": "ok" if database else "unreachable",
        "broker": "ok" if broker else "unreachable",
        "worker": "unknown" if age is None else "seen",
        "worker_seen_seconds": age,
    }
    return JsonResponse(answer, status=200 if answer["ready"] else 503)
