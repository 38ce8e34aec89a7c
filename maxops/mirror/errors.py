"""What the mirror itself declines or cannot settle; what goes wrong out there is `maxops.remote.errors`.

`message` is a sentence for a manager, as it is there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from maxops.remote.errors import Busy, NotAuthorised, RemoteError, Unreachable

HOPELESS = (Unreachable, Busy, NotAuthorised)  # the next call would meet the same


class PullRefused(Exception):
    """We declined to take over what was read, or to read at all; no row was changed."""

    def __init__(self, message: str, *, missing: int = 0, present: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.missing = missing
        self.present = present


class PullBusy(PullRefused):
    """The same kind is being read at this moment."""


class Conflict(Exception):
    """Somebody changed the same fields in MaxContact meanwhile; nothing was sent."""

    def __init__(self, message: str, fields: Mapping[str, tuple[Any, Any, Any]]) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields)  # attribute -> (as opened, theirs, yours)


class Partly(RemoteError):
    """An earlier step was taken, a later one was not; `saved` and `unsaved` name attributes."""

    def __init__(self, message: str, saved: Iterable[str], unsaved: Iterable[str], cause: RemoteError) -> None:
        super().__init__(message, operation=cause.operation, detail=cause.detail, fields=cause.fields)
        self.saved = list(saved)
        self.unsaved = list(unsaved)
        self.taken = cause.taken


class Occupied(RemoteError):
    """Another write to the same record is on its way, and it took longer than a person waits. Nothing was sent."""

    taken = "no"


class NotKept(Exception):
    """MaxContact took it, but our own database could not write it down. Never to be shown as a refusal."""

    def __init__(self, remote_id: int) -> None:
        self.message = "Saved in MaxContact; maxops could not write it down. The next reading will show it here."
        super().__init__(self.message)
        self.remote_id = remote_id


def sentence(error: Exception) -> str:
    """What to tell a person of a RemoteError, an error of ours above, or a wrong setup."""
    return str(getattr(error, "message", error))
