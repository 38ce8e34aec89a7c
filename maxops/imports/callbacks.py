"""Where platforms post results: the secret is checked, the body stored, the work queued. Nothing is read here.

S000, "Response When Bulk Imports Complete". The secret in the address is all there is: no signature is documented.
"""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from maxops.celery import enqueue
from maxops.imports.answers import BODY_LIMIT, NoRoomForAnswer, find_mapping, store_answer
from maxops.imports.errors import BodyTooLarge
from maxops.imports.tasks import settle_answer

BLOCK = 1 << 18
GRACE = 30.0  # seconds for a body of any size
SLOWEST = 50_000  # bytes a second
OF_UNKNOWN_SIZE = 600.0  # seconds
log = logging.getLogger(__name__)


class BodyCutShort(Exception):
    """Fewer bytes came than were announced, or they came too slowly."""


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, platform: str, secret: str) -> HttpResponse:
    """200 once the body is safely on disk; the same body again is harmless."""
    mapping = find_mapping(platform, secret)
    if mapping is None:
        raise Http404
    announced = announced_size(request)
    if announced > BODY_LIMIT:
        return refusal(413, "Too large.")
    try:
        with deadline(request, announced):
            answer, is_news = store_answer(mapping, read_blocks(request, announced), announced)
    except BodyTooLarge:
        return refusal(413, "Too large.")
    except BodyCutShort:
        return refusal(400, "The body did not come whole.")
    except NoRoomForAnswer as error:
        log.error("a report for mapping %s was not taken: %s", mapping.pk, error)
        return refusal(507, "There is no room for it. Send it again later.")
    if is_news:
        enqueue(settle_answer, answer.pk)
    return HttpResponse("Stored.", content_type="text/plain")


def refusal(status: int, words: str) -> HttpResponse:
    """The server reads a little of what is still coming, and closes the connection on more."""
    return HttpResponse(words, status=status, content_type="text/plain")


def announced_size(request: HttpRequest) -> int:
    """0 for a body in chunks; beyond all limits for a number that is none."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else BODY_LIMIT + 1


def read_blocks(request: HttpRequest, announced: int = 0) -> Iterator[bytes]:
    """The body as it comes. Django does not see a chunked one, which .NET likes to send; the server's stream does."""
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    stream = request.META["wsgi.input"] if chunked and request.META.get("wsgi.input_terminated") else request
    received = 0
    while True:
        try:
            block = stream.read(BLOCK)
        except OSError as error:
            raise BodyCutShort from error
        if not block:
            break
        received += len(block)
        yield block
    if received < announced:
        raise BodyCutShort


@contextmanager
def deadline(request: HttpRequest, announced: int) -> Iterator[None]:
    """Nothing more is read from the connection after a time in which any honest sender is done."""
    connection = request.META.get("gunicorn.socket")
    if connection is None:
        yield
        return
    seconds = GRACE + announced / SLOWEST if announced else OF_UNKNOWN_SIZE
    timer = threading.Timer(seconds, stop_reading, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def stop_reading(connection: socket.socket) -> None:
    """Whoever waits for more of the body sees its end."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
