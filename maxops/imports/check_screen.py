"""What the page of a run shows of its check, before anything is sent (screens.md 3).

Counts were made when the file was checked; a page costs a few passes over one byte a row, whatever the file's size.
"""

from collections.abc import Collection
from collections.abc import Mapping as Values
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.dateparse import parse_datetime

from maxops.imports.after_check import edit_of, sent_columns
from maxops.imports.check_rows import Example, RowReader, ShownRow
from maxops.imports.chosen_list import list_choices
from maxops.imports.chosen_rows import ChosenRows, mark
from maxops.imports.encoding import UTF8
from maxops.imports.files import RunFiles
from maxops.imports.findings import KINDS, ROW_KINDS
from maxops.imports.holding import NEVER_SENT, codes_to_hold, rows_to_hold
from maxops.imports.mapping import files_of, region_of
from maxops.imports.models import Mapping, Run
from maxops.imports.phone_fixes import FIXES
from maxops.imports.progress import file_findings, row_findings
from maxops.imports.rewriting import examples
from maxops.imports.row_pages import Page, asked_number, page_of_rows
from maxops.imports.versions import has_changed_since

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}
DELIMITERS = {",": "comma", ";": "semicolon, sent as comma", "\t": "tab, sent as comma", "|": "pipe, sent as comma"}
EVERY_CODE = frozenset(range(256))
FLAGGED = frozenset(ROW_KINDS)
WRONG_COLUMNS = frozenset({"column_missing", "column_repeated", "no_header"})  # another mapping may fit
OWN_PLACE = frozenset({"same_file", "column_renamed"})  # said elsewhere on the page


class OfferedFix(NamedTuple):
    kind: str
    words: str
    finding: str
    examples: list[Any]
    more: int


class MadeFix(NamedTuple):
    words: str
    by: str
    at: Any


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows are shown: those of one kind of finding, or of one of the groups that the big numbers count."""

    show: str
    kind: str
    codes: Collection[int]

    @property
    def query(self) -> str:
        return f"reason={self.kind}" if self.kind else f"show={self.show}"

    @property
    def text(self) -> str:
        return KINDS[self.kind].text if self.kind else ""


def read_filter(run: Run, query: Values[str, str]) -> RowFilter:
    """What the address asks for; else what there is to look at, and in a faultless file its rows."""
    kind = KINDS.get(query.get("reason", ""))
    if kind and kind.code:
        return RowFilter("", kind.name, frozenset({kind.code}))
    held = codes_to_hold(run, Run.HeldBack.DROP)
    groups = {
        "flagged": FLAGGED,
        "held_back": held,
        "look": FLAGGED - held,
        "sent": EVERY_CODE - held,
        "all": EVERY_CODE,
    }
    usual = next((show for show, codes in (("held_back", held), ("flagged", found_codes(run))) if codes), "all")
    show = query.get("show", "")
    show = show if show in groups else usual
    return RowFilter(show, "", groups[show])


def found_codes(run: Run) -> frozenset[int]:
    return frozenset(KINDS[finding["kind"]].code for finding in row_findings(run))


def page_of_check(run: Run, files: RunFiles, chosen: RowFilter, query: Values[str, str]) -> Page:
    rows = ChosenRows(mark(files.codes.read_bytes(), chosen.codes))
    numbers, page = page_of_rows(rows, asked_number(query))
    shown: list[ShownRow] = RowReader(run).rows(numbers, codes_to_hold(run, Run.HeldBack.DROP))
    return Page(shown, *page, chosen.kind, len(run.header))


def findings_with_examples(run: Run, files: RunFiles) -> list[dict[str, Any]]:
    """The lines of the reason table, faults first, then by rows; no line moves when somebody decides about it."""
    codes, reader, lines = files.codes.read_bytes(), RowReader(run), []
    for finding in sorted(row_findings(run), key=lambda row: (not KINDS[row["kind"]].holds_back, -row["count"])):
        place = codes.find(KINDS[finding["kind"]].code)
        example = reader.example(place) if place >= 0 else Example([])
        lines.append({**finding, "example": example, "may_choose": finding["kind"] not in NEVER_SENT})
    return lines


def offered_fixes(run: Run, files: RunFiles) -> list[OfferedFix]:
    offers = []
    for finding in row_findings(run):
        fix, offered = FIXES.get(finding["kind"]), finding.get("fix")
        edit = edit_of(run, files, finding["kind"]) if fix and offered else None
        if edit is None:
            continue
        words = fix.words("offer", offered["count"], region_of(run.mapping))
        shown = examples(files, edit, offered["rows"])
        offers.append(OfferedFix(finding["kind"], words, finding["text"], shown, offered["count"] - len(shown)))
    return offers


def made_fixes(run: Run) -> list[MadeFix]:
    region = region_of(run.mapping)
    return [
        MadeFix(FIXES[fix["kind"]].words("done", fix["rows"], region), fix["by"], parse_datetime(fix["at"]))
        for fix in run.fixes
        if fix["rows"] is not None
    ]


def fix_in_work(run: Run) -> str:
    """What is being corrected at this moment, "" for nothing."""
    if run.state != Run.State.CHECKING or not run.fixes or run.fixes[-1]["rows"] is not None:
        return ""
    fix = run.fixes[-1]
    words = FIXES[fix["kind"]].words("doing", 0, region_of(run.mapping))
    return f"{words}: {fix['done']:,} rows so far." if fix.get("done") else f"{words}."


def encoding_words(run: Run) -> str:
    return ENCODINGS.get(run.encoding, run.encoding)


def renamed_columns(run: Run, files: RunFiles) -> list[tuple[str, str]]:
    pairs = zip(run.header, sent_columns(files), strict=False)
    return [(old, new) for old, new in pairs if old != new]


def check_screen(run: Run, query: Values[str, str], *, was_sent: bool) -> dict[str, Any]:
    """The template's context for a run of which nothing was sent."""
    is_refused = run.state == Run.State.FAILED and not was_sent
    screen = {
        "is_refused": is_refused,
        "is_blocked": any(finding["blocks"] for finding in run.findings),
        "blocking": [finding for finding in run.findings if finding["blocks"]],
        "fixing": fix_in_work(run),
        "encoding_words": encoding_words(run),
    }
    if is_refused:
        screen |= refused_screen(run)
    files = files_of(run)
    if run.state == Run.State.READY and not was_sent and files.header.exists() and files.sendable.exists():
        screen |= ready_screen(run, files, query)
    return screen


def refused_screen(run: Run) -> dict[str, Any]:
    """What can be done about a file that cannot be sent: it is still here, or it has to be brought again."""
    is_here = files_of(run).original.exists()
    kinds = {finding["kind"] for finding in run.findings if finding["blocks"]}
    wrong_columns = bool(kinds & WRONG_COLUMNS)
    return {
        "may_check_again": is_here and (wrong_columns or not kinds),
        "columns_page": reverse("imports:run_columns", args=[run.pk]) if is_here and wrong_columns else "",
        "other_mappings": Mapping.objects.exclude(pk=run.mapping_id) if is_here and wrong_columns else [],
    }


def ready_screen(run: Run, files: RunFiles, query: Values[str, str]) -> dict[str, Any]:
    held, staying = rows_to_hold(run), rows_to_hold(run, Run.HeldBack.SEND)
    chosen = read_filter(run, query)
    return {
        "check": {
            "held": held,
            "staying": staying,
            "proposed": run.rows - held,
            "at_most": run.rows - staying,
            "look": sum(finding["count"] for finding in row_findings(run)) - held,
            "findings": findings_with_examples(run, files),
            "told": [finding for finding in file_findings(run) if finding["kind"] not in OWN_PLACE],
            "same_file": next((finding for finding in run.findings if finding["kind"] == "same_file"), None),
            "lists": list_choices(run.mapping, run.list_id),
            "renamed": renamed_columns(run, files),
            "encoding": f"{encoding_words(run)}{'' if run.encoding in UTF8 else ', sent as UTF-8'}",
            "delimiter": DELIMITERS.get(run.delimiter, run.delimiter),
            "offers": offered_fixes(run, files),
            "fixes": made_fixes(run),
            "is_outdated": has_changed_since(run),
            "filter": chosen,
            "page": page_of_check(run, files, chosen, query),
        },
        "cards": [],
    }
