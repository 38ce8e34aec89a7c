"""What a lead platform must do, and the words in which it reports: fate, outcome, receipt, report.

Line numbers crossing this interface are always ours (`Batch.lines`); a platform translates its own in `settle`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, BinaryIO, Literal, NamedTuple, Protocol

Row = Mapping[str, str]

LineBase = Literal["record", "record0", "file"]
# What a platform that counts so calls the first row under the header.
FIRST_NUMBERS: dict[str, int] = {"record": 1, "record0": 0, "file": 2}
"""What a platform's line number counts: records from 1, records from 0, or records with the header as line 1."""


class Fate(StrEnum):
    ACCEPTED = "accepted"
    PENDING = "pending"
    DUPLICATE = "duplicate"
    DO_NOT_CALL = "do_not_call"
    INVALID = "invalid"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Target:
    """A place of the platform that a column can go to; kind: text, phone, email, int, decimal, flag, when."""

    name: str
    label: str
    required: bool = False
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Option:
    """A switch of a delivery (int, flag, text); None means "not sent": as the platform's own mapping says."""

    name: str
    label: str
    kind: str
    default: Any = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """None = no such limit. `max_request_bytes` counts the whole request body (`Platform.request_size`)."""

    max_request_bytes: int | None = None
    max_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Records to deliver at once: `open` gives UTF-8 CSV with a header (`size` bytes), `rows` the same as mappings."""

    lines: Sequence[int]
    columns: tuple[str, ...]
    size: int
    open: Callable[[], BinaryIO]
    rows: Callable[[], Iterator[Row]]
    file_name: str
    map_name: str = ""


class Outcome(NamedTuple):
    """The fate of one of our lines, with the platform's own code and words, and its id for the lead if it gave one."""

    line: int
    fate: Fate
    reason: str = ""
    text: str = ""
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A platform's news about a delivery; `lines` are the platform's own numbers with its reasons.

    `imported` is None when the platform did not say; `recovered`: the text was malformed and mended to be read;
    `failure` is the platform's code when the delivery failed as a whole.
    """

    success: bool
    imported: int | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[tuple[int, str], ...] = ()
    references: tuple[str, ...] = ()
    detail: str = ""
    recovered: bool = False
    failure: str = ""

    def joined_to(self, earlier: "Report | None") -> "Report":
        """This report with what the receipt had already told, which it does not repeat."""
        if earlier is None or not earlier.lines:
            return self
        told = set(self.lines)
        lines = tuple(line for line in earlier.lines if line not in told) + self.lines
        return replace(self, lines=lines)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known when the delivery returns: outcomes known at once, and the reference under which news will come.

    `report` is for platforms that name rejected rows in their first answer and the others later: join it to the later.
    """

    outcomes: tuple[Outcome, ...] = ()
    reference: str = ""
    detail: str = ""
    report: Report | None = None


class Platform(Protocol):
    slug: str
    label: str
    limits: Limits
    targets: tuple[Target, ...]
    options: tuple[Option, ...]

    def deliver(self, batch: Batch, options: Mapping[str, Any]) -> Receipt:
        """Send the batch once; RemoteError.taken says what is known when it fails."""
        ...

    def settle(
        self, reference: str, lines: Sequence[int], report: Report | None, line_base: LineBase | Sequence[int]
    ) -> tuple[Outcome, ...]:
        """One outcome for each of `lines`, in order; without a report all are pending.

        `line_base` may be a sequence instead: the number the platform has for each of `lines` (its physical lines).
        """
        ...

    def read_report(self, body: bytes) -> Report:
        """Garbled when the body is no report."""
        ...

    def request_size(self, batch: Batch, options: Mapping[str, Any]) -> int:
        """Bytes of the whole request body that `deliver` would send."""
        ...
