"""The one Django-aware module of `remote`: settings and cache -> ready clients, one set per process.

A missing setting is a MaxopsConfigError; a broken cache never stops a call, it only costs a log-in.
"""

import logging
import pickle
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError

from maxops.remote.errors import MaxopsConfigError, RemoteError
from maxops.remote.http import Timeouts, Transport
from maxops.remote.maxcontact.leads import Leads
from maxops.remote.maxcontact.management import Management
from maxops.remote.maxcontact.session import Scheme, Session

logger = logging.getLogger("maxops.remote")

MAXCONTACT_TIMEOUTS = Timeouts(connect=2, read=30, total=90)
SERVICES_PATH = "/webservices/services"
SCHEMES = ("basic", "bare")
REQUIRED = ("MAXCONTACT_URL", "MAXCONTACT_LOGIN", "MAXCONTACT_PASSWORD")
# What Django's file, database and memcached backends raise: disk, a file cut short, the database.
CACHE_FAILURES = (OSError, EOFError, ValueError, pickle.PickleError, zlib.error, DatabaseError)


@dataclass(frozen=True, slots=True)
class MaxContact:
    management: Management
    leads: Leads
    session: Session


class CacheTokens:
    """Tokens in Django's cache, so that all processes of an installation share one log-in.

    Whatever the cache raises (a full disk, Redis gone: each backend has errors of its own) means "not kept".
    """

    def get(self, key: str) -> Mapping[str, Any] | None:
        kept = self._try(lambda: cache.get(key))
        return kept if isinstance(kept, dict) else None

    def set(self, key: str, value: Mapping[str, Any], seconds: float) -> None:
        self._try(lambda: cache.set(key, dict(value), seconds))

    def delete(self, key: str) -> None:
        self._try(lambda: cache.delete(key))

    def claim(self, key: str, seconds: float) -> bool:
        return self._try(lambda: cache.add(key, True, seconds)) is not False

    def _try(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except CACHE_FAILURES as error:
            logger.warning("The cache for MaxContact's token failed: %s", type(error).__name__)
            return None


def maxcontact() -> MaxContact:
    """The clients for the settings as they are now; the same ones as long as these do not change."""
    missing = [name for name in REQUIRED if not getattr(settings, name, "")]
    if missing:
        raise MaxopsConfigError(f"{missing[0]} is not set: maxops cannot reach MaxContact without it.")
    scheme = settings.MAXCONTACT_AUTH_SCHEME.lower()
    if scheme not in SCHEMES:
        raise MaxopsConfigError(f"MAXCONTACT_AUTH_SCHEME is '{scheme}'; it can be basic or bare.")
    return _connect(_base_url(settings.MAXCONTACT_URL), settings.MAXCONTACT_LOGIN, settings.MAXCONTACT_PASSWORD, scheme)


@lru_cache(maxsize=4)
def _connect(base_url: str, login: str, password: str, scheme: Scheme) -> MaxContact:
    transport = Transport(base_url, system="MaxContact", timeouts=MAXCONTACT_TIMEOUTS)
    session = Session(transport, login, password, tokens=CacheTokens(), scheme=scheme)
    return MaxContact(Management(session), Leads(session), session)


def _base_url(text: str) -> str:
    """The host gets the documented path; an address that already ends in /services is taken as it is (quirks: host)."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise MaxopsConfigError("MAXCONTACT_URL is not an address.") from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.username:
        raise MaxopsConfigError("MAXCONTACT_URL has to look like https://customer.maxcontact.com.")
    return url if parts.path.lower().endswith("/services") else url + SERVICES_PATH


def configured_systems() -> list[str]:
    """Slugs of the systems with at least one credential set; a half-filled one fails in `check` by name."""
    return ["maxcontact"] if any(getattr(settings, name, "") for name in REQUIRED) else []


def check(system: str) -> tuple[bool, float, str]:
    """Logs in and reads, changes nothing: whether it worked, how long it took, and a sentence about it."""
    started = time.monotonic()
    try:
        ok, detail = CHECKS[system]()
    except (RemoteError, MaxopsConfigError) as error:
        ok, detail = False, str(error)
    return ok, round(time.monotonic() - started, 3), detail


def _check_maxcontact() -> tuple[bool, str]:
    clients = maxcontact()
    clients.session.log_in()
    campaigns = clients.management.campaigns.all()
    return True, f"Logged in and read {len(campaigns)} campaigns."


CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {"maxcontact": _check_maxcontact}
