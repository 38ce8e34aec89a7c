"""What a lead platform must do, and the words in which it reports: fate, outcome, settlement, receipt, report.

Rows crossing this interface are those of the batch, counted from 0 (docs/decisions/0010). What a platform calls them
is a Numbering; a million of them cost a byte each, never an object.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, BinaryIO, NamedTuple, Protocol

from maxops.remote.lines import NamedLines, Numbering

Row = Mapping[str, str]


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
    """What a row can meet: its fate, with the platform's own code and words."""

    fate: Fate
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The fate of every row of a batch: `outcomes[codes[n]]` is what became of row n.

    `ids` are the platform's own for the leads, row by row, where it gives any.
    """

    codes: bytes | bytearray
    outcomes: tuple[Outcome, ...]
    ids: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Outcome]:
        return map(self.outcomes.__getitem__, self.codes)

    def count(self) -> Counter[Outcome]:
        """How many rows met each outcome."""
        counted: Counter[Outcome] = Counter()
        for code, outcome in enumerate(self.outcomes):
            counted[outcome] += self.codes.count(code)
        return counted


@dataclass(frozen=True, slots=True)
class Report:
    """A platform's news about a delivery; `lines` are the platform's own numbers with its reasons.

    `imported` is None when the platform did not say; `recovered`: the text was malformed and mended to be read;
    `failure` is the platform's code when the delivery failed as a whole.
    """

    success: bool
    imported: int | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)
    lines: NamedLines = field(default_factory=NamedLines)
    references: tuple[str, ...] = ()
    detail: str = ""
    recovered: bool = False
    failure: str = ""

    @property
    def total(self) -> int | None:
        """How many rows it accounts for; None when it does not say, or failed as a whole and counted nothing."""
        if self.imported is None:
            return None
        return self.imported + sum(self.rejected.values()) or (None if self.failure else 0)

    def joined_to(self, earlier: "Report | None") -> "Report":
        """This report with what the receipt had already told, which it does not repeat."""
        if earlier is None or not earlier.lines:
            return self
        return replace(self, lines=self.lines.behind(earlier.lines))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known when the delivery returns, and the reference under which news will come.

    A platform that judges every row at once gives the `settlement`, and there will be no news. One that names some
    rejected rows at once and reports on the others later gives a `report` of those: join it to the later one.
    """

    reference: str = ""
    detail: str = ""
    report: Report | None = None
    settlement: Settlement | None = None


class Platform(Protocol):
    slug: str
    label: str
    limits: Limits
    targets: tuple[Target, ...]
    options: tuple[Option, ...]

    def deliver(self, batch: Batch, options: Mapping[str, Any]) -> Receipt:
        """Send the batch once; RemoteError.taken says what is known when it fails."""
        ...

    def read_report(self, body: BinaryIO) -> Report:
        """What the platform posted or was asked for, from a file that can be read twice; Garbled when it is none.

        It is read as it comes: a report of any size takes the memory of its packed lines.
        """
        ...

    def settle(self, count: int, report: Report | None, numbering: Numbering) -> Settlement:
        """The fate of each of `count` rows by a report that came later; without one all are pending.

        What the report neither names nor accounts for is unknown, never guessed.
        """
        ...

    def request_size(self, batch: Batch, options: Mapping[str, Any]) -> int:
        """Bytes of the whole request body that `deliver` would send."""
        ...
