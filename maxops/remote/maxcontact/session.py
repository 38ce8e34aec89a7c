"""The token of MaxContact: log in, keep it until shortly before it ends, drop it when refused, log in once more.

"Authentication" of both documents: GET apitoken/login/{login}, the password alone as Base64 of its ASCII bytes in the
Authorization header; the TokenKey of the answer goes with every other call as a cookie.
"""

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import quote

from maxops.remote.codec import decode
from maxops.remote.errors import Garbled, MaxopsConfigError, NotAuthorised, RemoteError
from maxops.remote.http import Answer, Call, Timeouts, Transport
from maxops.remote.kinds import read_when

JSON_HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
LOGIN_TIMEOUTS = Timeouts(connect=3, read=10, total=15)

# A token is given up after this share of its life, and renewed ahead of that by `warm`.
USED_SHARE = 0.8
WARM_SHARE = 0.6
UNKNOWN_LIFE_SECONDS = 300.0
LONGEST_LIFE_SECONDS = 12 * 3600.0
# A refused log-in is not tried again for so long: repeated wrong passwords lock the account.
REFUSAL_SECONDS = 60.0
# How long a log-in under way keeps other processes from their own, and how long those wait for its outcome.
CLAIM_SECONDS = 15.0
WAIT_FOR_OTHERS_SECONDS = 2.0
TOKENS_TRIED = 3  # our own, the one another process left, a new one
REFUSED_SENTENCE = (
    "MaxContact refused the API account's log-in; not tried again for a minute, so that the account is not locked."
)

T = TypeVar("T")
Scheme = Literal["basic", "bare"]


class TokenStore(Protocol):
    """Where processes share one token. Values are JSON-like dicts; `seconds` is how long to keep them.

    `claim` is True for the first who asks, until the claim is deleted or its seconds are over.
    """

    def get(self, key: str) -> Mapping[str, Any] | None: ...
    def set(self, key: str, value: Mapping[str, Any], seconds: float) -> None: ...
    def delete(self, key: str) -> None: ...
    def claim(self, key: str, seconds: float) -> bool: ...


class OwnTokens:
    """A store for a single process."""

    def __init__(self) -> None:
        self._values: dict[str, Mapping[str, Any]] = {}

    def get(self, key: str) -> Mapping[str, Any] | None:
        return self._values.get(key)

    def set(self, key: str, value: Mapping[str, Any], seconds: float) -> None:
        self._values[key] = value

    def delete(self, key: str) -> None:
        self._values.pop(key, None)

    def claim(self, key: str, seconds: float) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Token:
    """`given` and `life` by our own clock: the share of its life that is over."""

    key: str = field(repr=False)
    given: float
    life: float

    def share_used(self) -> float:
        used = time.time() - self.given
        # A clock set back would make an old token look young for ever.
        return used / self.life if used >= 0 else 1.0


@contextmanager
def unsent() -> Iterator[None]:
    """A log-in that fails keeps the call itself from being sent, whatever became of the log-in."""
    try:
        yield
    except RemoteError as error:
        error.taken, error.unsent = "no", True
        raise


class Session:
    """Thread-safe. `call` adds the cookie, and renews the token once when it is refused."""

    def __init__(
        self,
        transport: Transport,
        login: str,
        password: str,
        *,
        tokens: TokenStore | None = None,
        scheme: Scheme = "basic",
    ) -> None:
        self.transport = transport
        self._login = login
        self._authorization = authorization(password, scheme)
        self._tokens: TokenStore = tokens or OwnTokens()
        identity = f"{transport.base_url}\0{login}\0{self._authorization}"
        self._store_key = "maxcontact-token-" + hashlib.sha256(identity.encode()).hexdigest()[:32]
        self._token: Token | None = None
        self._lock = threading.Lock()

    def call(self, call: Call, read: Callable[[Answer], T]) -> T:
        """What `read` makes of the answer; a NotAuthorised from the status or from `read` renews the token.

        After a refusal that takes one log-in: a token another process left may be as dead as our own.
        """
        with unsent():
            token = self._current()
        is_last = False
        for _ in range(TOKENS_TRIED - 1):
            try:
                return self._send(call, token, read)
            except NotAuthorised:
                if is_last:
                    raise
            now = time.time()
            with unsent():
                token = self._renew(instead_of=token)
            is_last = token.given >= now
        return self._send(call, token, read)

    def warm(self) -> None:
        """Have a token with a good part of its life left, so that no click has to wait for a log-in."""
        token = self._token or self._shared()
        if token is None or token.share_used() >= WARM_SHARE:
            self._renew(instead_of=token)

    def log_in(self) -> Token:
        """Asks for a token, whatever is kept."""
        return self._renew(instead_of=self._token or self._shared())

    def _send(self, call: Call, token: Token, read: Callable[[Answer], T]) -> T:
        headers = {**JSON_HEADERS, **call.headers}
        answer = self.transport.send(replace(call, headers=headers, cookies={"TokenKey": token.key}))
        return read(answer)

    def _current(self) -> Token:
        token = self._token
        if token is not None and token.share_used() < USED_SHARE:
            return token
        return self._renew(instead_of=token)

    def _renew(self, instead_of: Token | None) -> Token:
        """One log-in for all threads and, by the store, for all processes: whoever comes late finds the newer token."""
        claim = self._store_key + "-claim"
        with self._lock:
            token = self._newer(instead_of)
            if token is None and not self._tokens.claim(claim, CLAIM_SECONDS):
                token = self._await_newer(instead_of)
            try:
                self._token = token or self._ask_and_share()
            finally:
                if token is None:
                    self._tokens.delete(claim)
            return self._token

    def _newer(self, instead_of: Token | None) -> Token | None:
        for token in (self._token, self._shared()):
            if token is not None and token.share_used() < USED_SHARE and not _same(token, instead_of):
                return token
        return None

    def _await_newer(self, instead_of: Token | None) -> Token | None:
        """Another process is logging in: its token, or None after its refusal or a long wait."""
        ends = time.monotonic() + WAIT_FOR_OTHERS_SECONDS
        while time.monotonic() < ends:
            token = self._newer(instead_of)
            if token is not None or self._was_refused():
                return token
            time.sleep(0.05)
        return None

    def _ask_and_share(self) -> Token:
        self._token = None
        self._tokens.delete(self._store_key)
        token = self._ask()
        kept = {"key": token.key, "given": token.given, "life": token.life}
        self._tokens.set(self._store_key, kept, token.life * USED_SHARE)
        return token

    def _shared(self) -> Token | None:
        kept = self._tokens.get(self._store_key)
        try:
            return Token(str(kept["key"]), float(kept["given"]), float(kept["life"])) if kept else None
        except (KeyError, TypeError, ValueError):
            # Left there by another version of ours, or by somebody else.
            return None

    def _was_refused(self) -> bool:
        at = (self._tokens.get(self._store_key + "-refused") or {}).get("at")
        return isinstance(at, float) and 0 <= time.time() - at < REFUSAL_SECONDS

    def _ask(self) -> Token:
        if self._was_refused():
            raise NotAuthorised(REFUSED_SENTENCE, operation="log in")
        call = Call(
            operation="log in",
            method="GET",
            path=f"apitoken/login/{quote(self._login, safe='')}",
            headers={**JSON_HEADERS, "Authorization": self._authorization},
            repeat=True,
            timeouts=LOGIN_TIMEOUTS,
            private=True,
        )
        try:
            return read_token(self.transport.send(call))
        except NotAuthorised as error:
            self._tokens.set(self._store_key + "-refused", {"at": time.time()}, REFUSAL_SECONDS)
            raise NotAuthorised(REFUSED_SENTENCE, operation="log in") from error


def _same(token: Token, other: Token | None) -> bool:
    return other is not None and token.key == other.key


def authorization(password: str, scheme: Scheme) -> str:
    """The header's value: the document encodes the password alone, not `login:password`."""
    try:
        encoded = base64.b64encode(password.encode("ascii")).decode("ascii")
    except UnicodeEncodeError as error:
        raise MaxopsConfigError(
            "MAXCONTACT_PASSWORD holds a character that is not ASCII; the API cannot take it."
        ) from error
    return f"Basic {encoded}" if scheme == "basic" else encoded


def read_token(answer: Answer) -> Token:
    """NotAuthorised when no token came: the document calls a null or missing one the sign of an error."""
    wire = decode(answer.body, answer.content_type, private=True) if answer.body.strip() else None
    if wire is not None and not isinstance(wire, dict):
        raise Garbled("MaxContact answered the log-in with something that is not a token.", operation="log in")
    key = str((wire or {}).get("TokenKey") or "").strip()
    if not key:
        raise NotAuthorised("MaxContact gave no token for the API account.", operation="log in")
    if not key.isprintable() or ";" in key or " " in key:
        raise Garbled("MaxContact gave a token that cannot be sent as a cookie.", operation="log in")
    return Token(key, time.time(), _life(wire or {}, answer))


def _life(wire: Mapping[str, Any], answer: Answer) -> float:
    """Seconds from now to its expiry by the server's own clock (the Date header), since ours may differ."""
    try:
        expiry = read_when(wire.get("ExpiryDate"))
        now = parsedate_to_datetime(answer.headers["Date"]).timestamp() if "Date" in answer.headers else time.time()
    except ValueError:
        return UNKNOWN_LIFE_SECONDS
    life = expiry.timestamp() - now if expiry else 0.0
    # Just given and already over: the date was written in some local time and says nothing.
    return min(life, LONGEST_LIFE_SECONDS) if life > 0 else UNKNOWN_LIFE_SECONDS
