"""What can go wrong with another system, told by the one question that matters: did the other side act on it?

`message` is a sentence for a manager; `detail` is the far side's own words (2 kB at most, no secret, no lead).
"""

from collections.abc import Mapping
from typing import Literal

from django.core.exceptions import ImproperlyConfigured

Taken = Literal["no", "unknown"]

DETAIL_LIMIT = 2048


class RemoteError(Exception):
    """Any failure of a call to another system; `taken` says whether it may have been acted on all the same."""

    taken: Taken = "unknown"
    unsent = False  # not a byte of the request itself has left: whatever it asks for may be asked again later

    def __init__(
        self,
        message: str,
        *,
        system: str = "MaxContact",
        operation: str = "",
        detail: str = "",
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.system = system
        self.operation = operation
        self.detail = detail[:DETAIL_LIMIT]
        self.fields: dict[str, str] = dict(fields or {})
        self.reference = ""  # under which the other side began the work all the same, when it named one


class Unreachable(RemoteError):
    """Nothing was sent: connection refused, unknown host, connect time-out, failed TLS handshake."""

    taken: Taken = "no"
    unsent = True


class Busy(RemoteError):
    """Turned away for now (429, 503); `retry_after` in seconds when the other side named it."""

    taken: Taken = "no"
    retry_after: float | None = None


class Unanswered(RemoteError):
    """Sent, then dropped, timed out or failed on the way (500, 502, 504): it may have been acted on."""

    taken: Taken = "unknown"


class Garbled(RemoteError):
    """An answer that cannot be read; what was asked may have been done."""

    taken: Taken = "unknown"


class Refused(RemoteError):
    """Understood and declined; `code` and `words` are the other side's own, `fields` names form fields."""

    taken: Taken = "no"
    code: str = ""
    words: str = ""


class NotAuthorised(Refused):
    """Log-in or permission declined (401, 403, NotAuth)."""


class NotFound(Refused):
    """The other side has no such thing."""


class TooLarge(Refused):
    """The request was larger than the other side takes (413, FileTooLarge)."""


class MaxopsConfigError(ImproperlyConfigured):
    """A wrong setup of ours. Never a RemoteError, so that no handler for those swallows it."""
