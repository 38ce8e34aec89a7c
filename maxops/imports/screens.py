"""What the page of a run shows, put together from the run, its parts and its folder (screens.md 3 to 5)."""

from collections.abc import Mapping as Values
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from maxops.imports.findings import HOLDING_CODES, KINDS, ROW_KINDS
from maxops.imports.intake import rows_to_hold
from maxops.imports.line_base import known_base
from maxops.imports.mapping import files_of, options_of, platform_of
from maxops.imports.models import Part, Run
from maxops.imports.rejections import count_rows, read_outcomes, select_rows
from maxops.imports.report import ADVICE, DOUBT, SELECTIONS, Cell, Rejection, has_doubt, read_flagged, read_page
from maxops.remote.platforms.interface import Fate

PAGE_ROWS = 25
NO_CELL = Cell("", "", is_offending=False)
PHASES = ("Received", "Checked", "Sent", "Waiting for MaxContact", "Finished")
CURRENT_PHASE = {
    "received": 1,
    "checking": 1,
    "ready": 2,
    "sending": 2,
    "waiting": 3,
    "no_answer": 3,
    "interrupted": 2,
    "partly_sent": 2,
    "finished": 5,
    "finished_with_rejects": 5,
}
STUCK = frozenset({"interrupted", "partly_sent", "no_answer"})
FATE_WORDS = {
    Fate.DUPLICATE: "Duplicate",
    Fate.DO_NOT_CALL: "Do not call",
    Fate.INVALID: "Invalid",
    Fate.REJECTED: "Rejected",
}


class Phase(NamedTuple):
    label: str
    state: str


class Card(NamedTuple):
    label: str
    value: int
    note: str
    tone: str


class Reason(NamedTuple):
    """A line of the reason table; `key` is what the rows are filtered by."""

    key: str
    label: str
    fate: str
    rows: int
    advice: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows with everything its links need."""

    rows: list[Rejection]
    number: int
    count: int
    total: int
    reason: str
    width: int = 0

    @property
    def surplus(self) -> range:
        """Columns beyond the header that some row of this page has."""
        return range(max((len(row.cells) for row in self.rows), default=0) - self.width)

    @property
    def even_rows(self) -> list[Rejection]:
        """The rows, each with as many cells as the longest."""
        longest = self.width + len(self.surplus)
        return [row._replace(cells=row.cells + [NO_CELL] * (longest - len(row.cells))) for row in self.rows]

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def following(self) -> int | None:
        return self.number + 1 if self.number < self.count else None


def phases_of(run: Run) -> list[Phase]:
    failed_at = 1 if run.state == "failed" and not run.rows else 2
    current = CURRENT_PHASE.get(run.state, failed_at)
    phases = []
    for place, label in enumerate(PHASES):
        state = "done" if place < current else "todo"
        if place == current:
            state = "failed" if run.state in STUCK | {"failed", "cancelled"} else "current"
        phases.append(Phase(label, state))
    return phases


def has_news_coming(run: Run) -> bool:
    return run.is_moving or bool(run.state in STUCK and (run.waiting or run.unknown))


def cards_of(run: Run) -> list[Card]:
    """Four big numbers before sending; afterwards what became of the rows, nothing that is zero but the first two."""
    if not run.parts.exists():
        held = rows_to_hold(run)
        look = sum(finding["count"] for finding in row_findings(run) if not finding["holds_back"])
        return [
            Card("Rows", run.rows, "under the header", ""),
            Card("Will be sent", run.rows - held, "as proposed", "ok"),
            Card("Will be held back", held, "MaxContact would reject them", "warn" if held else ""),
            Card("Need a look", look, "sent as they are", "info" if look else ""),
        ]
    rejected = sum(tally.rows for tally in run.tallies.all())
    cards = [
        Card("Loaded", run.accepted, f"of {run.rows:,} rows", "ok"),
        Card("Rejected", rejected, "by MaxContact", "warn" if rejected else ""),
        Card("Held back", run.held_back, "not sent, as chosen", "warn"),
        Card("Waiting", run.waiting, "for MaxContact's report", "info"),
        Card("Not known", run.unknown, "whether loaded", "bad"),
        Card("Not attempted", run.not_attempted, "never sent", "bad"),
    ]
    return [card for place, card in enumerate(cards) if place < 2 or card.value]


def row_findings(run: Run) -> list[dict]:
    """Findings about rows, not about the file as a whole."""
    return [finding for finding in run.findings if KINDS[finding["kind"]].code]


def file_findings(run: Run) -> list[dict]:
    return [finding for finding in run.findings if not KINDS[finding["kind"]].code]


def reasons_of(run: Run) -> list[Reason]:
    reasons = [
        Reason(
            tally.reason, tally.reason, FATE_WORDS.get(tally.fate, "Rejected"), tally.rows, ADVICE.get(tally.reason, "")
        )
        for tally in run.tallies.all()
        if tally.rows
    ]
    if run.held_back:
        reasons += [
            Reason(finding["kind"], finding["text"], "Held back", finding["count"], finding["advice"])
            for finding in row_findings(run)
            if finding["holds_back"]
        ]
    return reasons


def rejected_page(run: Run, query: Values[str, str]) -> Page:
    """Rejected and held-back rows in the order of the file, all or of one reason."""
    files, reason = files_of(run), query.get("reason", "")
    if not files.outcomes.exists():
        return Page([], 1, 1, 0, "")
    kind = KINDS.get(reason)
    if kind and kind.code:
        content, codes = files.codes.read_bytes(), {kind.code}
    else:
        content = read_outcomes(files)
        codes = {tally.code for tally in run.tallies.all() if tally.reason == reason} or SELECTIONS["rejects"]
    numbers, page = _cut_page(content, codes, query)
    return Page(read_page(run, numbers), *page, reason if codes != SELECTIONS["rejects"] else "", len(run.header))


def flagged_page(run: Run, query: Values[str, str]) -> Page:
    """Rows that the check flagged, before sending."""
    files, kind = files_of(run), KINDS.get(query.get("reason", ""))
    codes = {kind.code} if kind and kind.code else HOLDING_CODES | set(ROW_KINDS)
    if not files.codes.exists():
        return Page([], 1, 1, 0, "")
    numbers, page = _cut_page(files.codes.read_bytes(), codes, query)
    return Page(read_flagged(run, numbers), *page, kind.name if kind and kind.code else "", len(run.header))


def _cut_page(content: bytes, codes: set[int], query: Values[str, str]) -> tuple[list[int], tuple[int, int, int]]:
    total = count_rows(content, codes)
    count = max(1, -(-total // PAGE_ROWS))
    asked = query.get("page", "1")
    number = min(max(int(asked), 1), count) if asked.isascii() and asked.isdigit() else 1
    first = (number - 1) * PAGE_ROWS
    return list(islice(select_rows(content, codes), first, first + PAGE_ROWS)), (number, count, total)


def option_words(run: Run) -> list[str]:
    labels = {option.name: option.label.lower() for option in platform_of(run.mapping.platform).options}
    words = {True: "yes", False: "no"}
    return [
        f"{labels.get(name, name)}: {words[value] if isinstance(value, bool) else value}"
        for name, value in options_of(run).items()
    ]


def line_words(run: Run) -> str:
    """How sure it is which rows MaxContact's line numbers mean."""
    known = known_base(run.mapping)
    if known.is_certain and not has_doubt(run):
        return f"MaxContact's line numbers are understood: {known.words}"
    return f"{DOUBT} {known.words}"


def screen_of(run: Run, query: Values[str, str]) -> dict[str, Any]:
    """The template's context."""
    parts = list(run.parts.all())
    was_sent = bool(parts)
    unsent = sum(part.rows for part in parts if part.state in (Part.State.PLANNED, Part.State.REFUSED))
    held = rows_to_hold(run)
    return {
        "run": run,
        "phases": phases_of(run),
        "polls": has_news_coming(run),
        "cards": cards_of(run) if run.rows else [],
        "was_sent": was_sent,
        "parts": parts,
        "unsent": unsent,
        "held": held,
        "proposed": run.rows - held,
        "may_resend": was_sent and unsent and run.state in ("interrupted", "failed", "partly_sent"),
        "row_findings": row_findings(run),
        "file_findings": file_findings(run),
        "is_blocked": any(finding["blocks"] for finding in run.findings),
        "same_file": any(finding["kind"] == "same_file" for finding in run.findings),
        "reasons": reasons_of(run) if was_sent else [],
        "page": rejected_page(run, query) if was_sent else flagged_page(run, query),
        "unplaced": sum(part.unplaced for part in parts),
        "differences": [part for part in parts if part.difference],
        "line_words": line_words(run) if was_sent and any(part.rejected for part in parts) else "",
        "options": option_words(run),
        "events": run.events.all(),
        "attempts": run.attempts.all(),
    }
