"""What the page of a run shows of its report: reasons, rejected rows, attempts (screens.md 4 and 5)."""

from collections.abc import Mapping as Values
from typing import Any, NamedTuple

from maxops.imports.findings import KINDS
from maxops.imports.line_base import known_base
from maxops.imports.mapping import files_of
from maxops.imports.models import Part, Run
from maxops.imports.progress import row_findings
from maxops.imports.rejections import read_outcomes
from maxops.imports.report import ADVICE, DOUBT, SELECTIONS, has_doubt, name_reason, read_page
from maxops.imports.row_pages import Page, cut_page
from maxops.remote.platforms.interface import Fate

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
    numbers, page = cut_page(content, codes, query)
    return Page(read_page(run, numbers), *page, reason if codes != SELECTIONS["rejects"] else "", len(run.header))


def line_words(run: Run) -> str:
    """How sure it is which rows MaxContact's line numbers mean."""
    known = known_base(run.mapping)
    if known.is_certain and not has_doubt(run):
        return f"MaxContact's line numbers are understood: {known.words}"
    return f"{DOUBT} {known.words}"


def report_screen(run: Run, parts: list[Part], *, is_told: bool) -> dict[str, Any]:
    return {
        "reasons": reasons_of(run) if is_told else [],
        "unplaced": sum(part.unplaced for part in parts),
        "differences": [part for part in parts if part.difference],
        "line_words": line_words(run) if any(part.rejected for part in parts) else "",
        "attempts": run.attempts.all(),
    }
