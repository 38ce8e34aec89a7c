"""What the page of a run shows, put together from the run, its parts and its folder (screens.md 3 to 5)."""

from collections.abc import Mapping as Values
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from maxops.imports.findings import HOLDING_CODES, KINDS, ROW_KINDS
from maxops.imports.intake import rows_to_hold
from maxops.imports.line_base import known_base
from maxops.imports.mapping import files_of, list_words, options_of, platform_of
from maxops.imports.models import Mapping, Part, Run
from maxops.imports.progress import (
    cards_of,
    file_findings,
    has_news_coming,
    has_outcomes,
    phases_of,
    row_findings,
)
from maxops.imports.rejections import count_rows, read_outcomes, select_rows
from maxops.imports.report import (
    ADVICE,
    DOUBT,
    SELECTIONS,
    Cell,
    Rejection,
    has_doubt,
    name_reason,
    read_flagged,
    read_page,
)
from maxops.remote.platforms.interface import Fate

PAGE_ROWS = 25
NO_CELL = Cell("", "", is_offending=False)
FATE_WORDS = {
    Fate.DUPLICATE: "Duplicate",
    Fate.DO_NOT_CALL: "Do not call",
    Fate.INVALID: "Invalid",
    Fate.REJECTED: "Rejected",
}


class Reason(NamedTuple):
    """A line of the reason table; `key` is what the rows are filtered by, `word` the dialler's own if it differs."""

    key: str
    label: str
    word: str
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


def may_recheck(run: Run, was_sent: bool) -> bool:
    """Whether another mapping may fit a file that was refused: it could be read, but its columns are others."""
    return (
        not was_sent
        and run.state == Run.State.FAILED
        and run.findings[:1] != []
        and (run.findings[0]["kind"] in ("column_missing", "no_header"))
    )


NO_PAGE = Page([], 1, 1, 0, "")


def reasons_of(run: Run) -> list[Reason]:
    reasons = [
        Reason(
            tally.reason,
            *name_reason(tally.reason),
            FATE_WORDS.get(tally.fate, "Rejected"),
            tally.rows,
            ADVICE.get(tally.reason, ""),
        )
        for tally in run.tallies.all()
        if tally.rows
    ]
    if run.held_back:
        reasons += [
            Reason(finding["kind"], finding["text"], "", "Held back", finding["count"], finding["advice"])
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


def page_of(run: Run, query: Values[str, str], parts: list[Part]) -> Page:
    """Flagged rows before sending, rejected ones once they are known, none in between."""
    if not parts:
        return flagged_page(run, query)
    return rejected_page(run, query) if has_outcomes(run, parts) else NO_PAGE


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
    was_sent, is_told = bool(parts), has_outcomes(run, parts)
    unsent = sum(part.rows for part in parts if part.state in (Part.State.PLANNED, Part.State.REFUSED))
    held = rows_to_hold(run)
    return {
        "run": run,
        "phases": phases_of(run),
        "polls": has_news_coming(run),
        "cards": cards_of(run, parts) if run.rows and run.state != Run.State.CHECKING else [],
        "list_words": list_words(run),
        "was_sent": was_sent,
        "is_told": is_told,
        "is_refused": run.state == Run.State.FAILED and not was_sent,
        "other_mappings": Mapping.objects.exclude(pk=run.mapping_id) if may_recheck(run, was_sent) else [],
        "parts": parts,
        "unsent": unsent,
        "held": held,
        "proposed": run.rows - held,
        "may_resend": was_sent and unsent and run.state in ("interrupted", "failed", "partly_sent"),
        "row_findings": row_findings(run),
        "file_findings": file_findings(run),
        "is_blocked": any(finding["blocks"] for finding in run.findings),
        "same_file": any(finding["kind"] == "same_file" for finding in run.findings),
        "reasons": reasons_of(run) if is_told else [],
        "page": page_of(run, query, parts),
        "unplaced": sum(part.unplaced for part in parts),
        "differences": [part for part in parts if part.difference],
        "line_words": line_words(run) if was_sent and any(part.rejected for part in parts) else "",
        "options": option_words(run),
        "events": run.events.all(),
        "attempts": run.attempts.all(),
    }
