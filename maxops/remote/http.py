"""Transport: the only user of requests. Time-outs, the repeat rule, translation of failures into our errors.

Every failure answers one question: was the request certainly not taken ("no"), or may it have been ("unknown")?
Logged are operation, outcome, time and sizes; never an address, a header or a body.
"""

import logging
import math
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import requests
from requests.adapters import HTTPAdapter

from maxops.remote.codec import EXCERPT_BYTES
from maxops.remote.encodings import is_web_page
from maxops.remote.errors import (
    Busy,
    Garbled,
    NotAuthorised,
    NotFound,
    Refused,
    RemoteError,
    TooLarge,
    Unanswered,
    Unreachable,
)
from maxops.remote.multipart import PIECE_BYTES
from maxops.remote.sockets import ATTEMPT, POOL_CLASSES, Attempt

logger = logging.getLogger("maxops.remote")
# urllib3 writes whole addresses into its messages, and ours hold phone numbers and the log-in.
logging.getLogger("urllib3").setLevel(logging.ERROR)

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 5.0
MAX_ANSWER_BYTES = 256 * 1024 * 1024
POOL_SIZE = 32
FOREVER = float("inf")
JITTER = random.SystemRandom()


class Body(Protocol):
    """A request body read in pieces, of known length."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...
    def read(self, count: int = ..., /) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, for a single read or write, and for the whole call with all its repeats."""

    connect: float = 3
    read: float = 30
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `body` may be a factory, called afresh for each try.

    `repeat`: asking twice does no harm, so it may be sent again when nobody knows whether it arrived.
    `attempts`: 1 = never sent twice, whatever happens. `tolerated`: error statuses whose body the caller reads itself.
    What may hold a secret or a lead stays out of its repr, which tracebacks and error pages show.
    `private`: the answer may hold a lead or a secret, so nothing of it is kept in an error.
    `digest` makes one of hashlib's, which takes in the answer piece by piece beside its transfer.
    """

    operation: str
    method: str
    path: str = field(repr=False)
    query: Iterable[tuple[str, str]] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Callable[[], Body] | None = field(default=None, repr=False)
    repeat: bool = False
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeouts: Timeouts | None = None
    attempts: int = ATTEMPTS
    tolerated: frozenset[int] = frozenset()
    private: bool = False
    digest: Callable[[], Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    digest: str = ""


class PatientAdapter(HTTPAdapter):
    """Pools whose connections keep our deadline, and large pieces for large bodies."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, blocksize=PIECE_BYTES, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOL_CLASSES


class Transport:
    """Thread-safe; one per system and process, so that connections stay open between calls."""

    def __init__(
        self, base_url: str, *, system: str, timeouts: Timeouts | None = None, verify: bool | str = True
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.system = system
        self.timeouts = timeouts or Timeouts()
        self._session = requests.Session()
        # No proxies, .netrc or CA bundles out of the environment: a variable must not redirect a token or a lead,
        # and REQUESTS_CA_BUNDLE would override `verify`. An installation behind a proxy names it as its base URL.
        self._session.trust_env = False
        self._session.verify = verify
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = PatientAdapter(pool_maxsize=POOL_SIZE)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(self, call: Call) -> Answer:
        """The answer of a 2xx (or tolerated) status, else a RemoteError."""
        timeouts = call.timeouts or self.timeouts
        ends = time.monotonic() + (FOREVER if timeouts.total is None else timeouts.total)
        tries = 1
        while True:
            try:
                return self._try_once(call, Attempt(ends, timeouts.read), timeouts)
            except (Unreachable, Busy, Unanswered) as error:
                wait = _wait_before_repeat(call, error, tries)
                if wait is None or time.monotonic() + wait >= ends:
                    raise
            time.sleep(wait)
            tries += 1

    def _try_once(self, call: Call, attempt: Attempt, timeouts: Timeouts) -> Answer:
        body = call.body() if callable(call.body) else call.body
        started = time.monotonic()
        outcome, received = "failed", 0
        context = ATTEMPT.set(attempt)
        try:
            answer = self._exchange(call, body, timeouts, attempt)
            outcome, received = str(answer.status), len(answer.body)
            return self._judge(call, answer)
        except RemoteError as error:
            outcome = f"{outcome} {type(error).__name__}"
            raise
        except (requests.RequestException, OSError) as error:
            failure = self._failure(call, attempt, error)
            outcome = type(failure).__name__
            raise failure from error
        finally:
            ATTEMPT.reset(context)
            if body is not None and not isinstance(body, bytes):
                body.close()
            milliseconds = round((time.monotonic() - started) * 1000)
            sizes = (len(body) if body is not None else 0, received)
            logger.info(
                "%s %s: %s in %d ms, %d bytes out, %d in", self.system, call.operation, outcome, milliseconds, *sizes
            )

    def _exchange(self, call: Call, body: bytes | Body | None, timeouts: Timeouts, attempt: Attempt) -> Answer:
        query = urlencode(list(call.query), quote_via=quote)
        headers = dict(call.headers)
        if call.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in call.cookies.items())
        response = self._session.request(
            call.method,
            f"{self.base_url}/{call.path}" + (f"?{query}" if query else ""),
            headers=headers,
            data=body,
            timeout=(min(timeouts.connect, attempt.patience()), timeouts.read),
            allow_redirects=False,
            stream=True,
        )
        with response:
            content, digest = bytearray(), call.digest() if call.digest else None
            for piece in response.iter_content(PIECE_BYTES):
                content += piece
                if digest:
                    digest.update(piece)
                if len(content) > MAX_ANSWER_BYTES:
                    raise self._error(Garbled, call, f"{self.system} sent an answer larger than any it should send.")
        kind, mark = response.headers.get("Content-Type", ""), digest.hexdigest() if digest else ""
        return Answer(response.status_code, kind, bytes(content), response.headers, mark)

    def _failure(self, call: Call, attempt: Attempt, error: Exception) -> RemoteError:
        if isinstance(error, requests.exceptions.SSLError) and not attempt.sent:
            return self._error(
                Unreachable,
                call,
                f"{self.system} could not be reached: its certificate or encryption was not accepted.",
            )
        if not attempt.sent:
            return self._error(Unreachable, call, f"{self.system} could not be reached. Nothing was sent.")
        if isinstance(error, requests.exceptions.ContentDecodingError):
            return self._error(Garbled, call, f"The answer of {self.system} cannot be unpacked.")
        return self._error(Unanswered, call, f"{self.system} did not answer to the end.{_doubt(call)}")

    def _judge(self, call: Call, answer: Answer) -> Answer:
        web_page = is_web_page(answer.body, answer.content_type)
        if 200 <= answer.status < 300 and not web_page:
            return answer
        if answer.status in call.tolerated and answer.body and not web_page:
            return answer
        raise self.refusal(call, answer)

    def refusal(self, call: Call, answer: Answer) -> RemoteError:
        """The error that an answer's status means; also for callers who found nothing to read in a tolerated one."""
        web_page = is_web_page(answer.body, answer.content_type)
        kind, sentence = STATUS_ERRORS.get(answer.status, (None, ""))
        if kind is None:
            kind, sentence = _kind_of_status(call, answer.status)
        if web_page and kind in (Garbled, NotFound, Refused):
            setting = self.system.upper().replace(" ", "_") + "_URL"
            sentence = (
                "answered with a web page instead of data: a proxy or a log-in page may stand in between. "
                f"If it stays so, whoever runs maxops should check {setting}."
            )
            kind = Garbled if kind is not NotFound else NotFound
        detail = "" if call.private else answer.body[:EXCERPT_BYTES].decode("utf-8", "replace")
        error = self._error(kind, call, f"{self.system} {sentence}", detail)
        if isinstance(error, Busy):
            error.retry_after = _retry_after(answer.headers.get("Retry-After", ""))
            error.message += f" Try again {_in_words(error.retry_after)}."
        if isinstance(error, Refused) and not web_page:
            error.code = str(answer.status)
        return error

    def _error(self, kind: type[RemoteError], call: Call, message: str, detail: str = "") -> RemoteError:
        return kind(message, system=self.system, operation=call.operation, detail=detail)


STATUS_ERRORS: dict[int, tuple[type[RemoteError], str]] = {
    401: (NotAuthorised, "does not accept the API account (401)."),
    403: (NotAuthorised, "does not allow the API account to do this."),
    404: (NotFound, "knows nothing at this address."),
    405: (Refused, "does not know this request (405)."),
    413: (TooLarge, "takes no request of this size."),
    429: (Busy, "is busy and turned the request away."),
    503: (Busy, "is busy and turned the request away."),
}


def _doubt(call: Call) -> str:
    """A question that was not answered leaves nothing behind; anything else may have been done."""
    return "" if call.method == "GET" else " Whether it did what was asked is not known."


def _kind_of_status(call: Call, status: int) -> tuple[type[RemoteError], str]:
    if status >= 500:
        return Unanswered, f"failed while working on the request ({status}).{_doubt(call)}"
    if status >= 400:
        return Refused, f"declined the request ({status})."
    if status >= 300:
        return Garbled, f"answered with a redirect ({status}) instead of data: its address may have changed."
    return Garbled, "answered with something that is no answer to this."


def _wait_before_repeat(call: Call, error: RemoteError, tries: int) -> float | None:
    """The repeat rule, here and nowhere else: seconds to wait before sending again, None = not again."""
    if tries >= call.attempts:
        return None
    # Turned away is no proof: a proxy says 503 for a server that has begun. Only what never left goes again unasked.
    if not call.repeat and not isinstance(error, Unreachable):
        return None
    longest = FIRST_WAIT_SECONDS * 2**tries
    wait = JITTER.uniform(longest / 2, longest)
    if isinstance(error, Busy) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    return wait if wait <= LONGEST_WAIT_SECONDS else None


def _in_words(seconds: float | None) -> str:
    """When it is worth another try: as the other side named it, else in a minute."""
    if seconds is None or 45 < seconds <= 90:
        return "in a minute"
    return f"in {math.ceil(seconds)} seconds" if seconds <= 45 else f"in {math.ceil(seconds / 60)} minutes"


def _retry_after(text: str) -> float | None:
    """Seconds, from a number or a date; None when absent or unreadable."""
    if text.strip().isdecimal():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
