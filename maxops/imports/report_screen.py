"""What the page of a run shows of its report: figures, reasons, rejected rows, attempts (screens.md 4 and 5)."""

from collections.abc import Mapping as Values
from typing import Any

from maxops.imports.attempts import attempts_of, family_of, sum_up
from maxops.imports.charts import bar_chart
from maxops.imports.chosen_rows import ChosenRows, choose, count_of
from maxops.imports.corrections import corrected_rows, rows_by_number
from maxops.imports.downloads import reason_for_none
from maxops.imports.files import RunFiles
from maxops.imports.line_base import known_base, why_assumed
from maxops.imports.mapping import files_of
from maxops.imports.models import Part, Run
from maxops.imports.reasons import Reason, choice_of, counters_of, label_of, reasons_of
from maxops.imports.rejected_rows import read_page, with_notes
from maxops.imports.report import DOUBT, has_doubt, outcome_words
from maxops.imports.row_edits import edit_of
from maxops.imports.row_pages import PAGE_ROWS, Page, asked_number, page_of_rows

CORRECTED = "corrected"


def rows_of(run: Run, files: RunFiles, reason: str) -> tuple[ChosenRows, str]:
    """The rows that a page of the report is about, and by what they were chosen: "" when by nothing."""
    if reason == CORRECTED:
        return rows_by_number(corrected_rows(run, files), count_of(files)), CORRECTED
    choice, chosen = choice_of(run, reason)
    return choose(files, choice), chosen


def rejected_page(run: Run, query: Values[str, str]) -> Page:
    """Rejected and held-back rows in the order of the file, all or of one reason; `line` opens the page it is on."""
    files = files_of(run)
    if not count_of(files) or not files.header.exists() or reason_for_none(run):
        return Page([], 1, 1, 0, "")
    rows, chosen = rows_of(run, files, query.get("reason", ""))
    found = find_line(files, query.get("line", ""))
    number = asked_number(query) if found < 0 else rows.rank(found) // PAGE_ROWS + 1
    numbers, page = page_of_rows(rows, number)
    return Page(with_notes(run, files, read_page(run, numbers)), *page, chosen, len(run.header))


def find_line(files: RunFiles, asked: str) -> int:
    """The row that the person's line belongs to; -1 when there is none."""
    count = count_of(files)
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and count):
        return -1
    line, low, high = int(asked), 0, count
    while low < high:
        middle = (low + high) // 2
        if files.lines_of(middle, 1)[0] <= line:
            low = middle + 1
        else:
            high = middle
    return low - 1


def line_found(run: Run, files: RunFiles, asked: str) -> dict[str, Any]:
    """What became of the line that somebody looks for."""
    row = find_line(files, asked)
    words = outcome_words(run, row) if row >= 0 else "There is no row on this line."
    return {"asked": asked[:12], "row": row, "words": words}


def line_words(run: Run) -> str:
    """Why it is not sure which rows MaxContact's line numbers mean; "" once it is."""
    known = known_base(run.mapping)
    if known.is_certain and not has_doubt(run):
        return ""
    return f"{DOUBT} {known.words} {why_assumed(run)}".strip()


def chart_of(reasons: list[Reason]) -> Any:
    return bar_chart([(reason.label, reason.rows, reason.tone) for reason in reasons])


def report_screen(run: Run, parts: list[Part], query: Values[str, str], *, is_told: bool) -> dict[str, Any]:
    family = family_of(run)
    reasons = reasons_of(run) if is_told else []
    files = files_of(run)
    edit = edit_of(run, files, find_line(files, query.get("edit", ""))) if is_told else None
    screen = {
        "reasons": reasons,
        "chart": chart_of(reasons),
        "rejected": sum(reason.rows for reason in reasons),
        "counters": counters_of(run) if is_told else [],
        "unplaced": sum(part.unplaced for part in parts),
        "differences": [part for part in parts if part.difference],
        "line_words": line_words(run) if any(part.rejected for part in parts) else "",
        "attempts": attempts_of(family, run) if len(family) > 1 else [],
        "sums": sum_up(family),
        "first": family[0],
        "no_rows_because": reason_for_none(run) if run.rows else "",
        "corrected": len(corrected_rows(run, files)) if is_told else 0,
        "edit": edit,
        "found": line_found(run, files, query["line"]) if is_told and query.get("line") else None,
        "filter_words": label_of(run, query.get("reason", "")),
    }
    # A page that asks for itself again would take away what somebody is typing.
    return screen | {"polls": False} if edit else screen
