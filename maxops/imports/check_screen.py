"""What the page of a run shows of its check, before anything is sent (screens.md 3)."""

from collections.abc import Mapping as Values
from typing import Any

from maxops.imports.findings import HOLDING_CODES, KINDS, ROW_KINDS
from maxops.imports.intake import rows_to_hold
from maxops.imports.mapping import files_of
from maxops.imports.models import Mapping, Run
from maxops.imports.progress import file_findings, row_findings
from maxops.imports.report import read_flagged
from maxops.imports.row_pages import Page, cut_page


def may_recheck(run: Run, was_sent: bool) -> bool:
    """Whether another mapping may fit a file that was refused: it could be read, but its columns are others."""
    return (
        not was_sent
        and run.state == Run.State.FAILED
        and run.findings[:1] != []
        and (run.findings[0]["kind"] in ("column_missing", "no_header"))
    )


def flagged_page(run: Run, query: Values[str, str]) -> Page:
    """Rows that the check flagged, before sending."""
    files, kind = files_of(run), KINDS.get(query.get("reason", ""))
    codes = {kind.code} if kind and kind.code else HOLDING_CODES | set(ROW_KINDS)
    if not files.codes.exists():
        return Page([], 1, 1, 0, "")
    numbers, page = cut_page(files.codes.read_bytes(), codes, query)
    return Page(read_flagged(run, numbers), *page, kind.name if kind and kind.code else "", len(run.header))


def check_screen(run: Run, was_sent: bool) -> dict[str, Any]:
    held = rows_to_hold(run)
    return {
        "is_refused": run.state == Run.State.FAILED and not was_sent,
        "other_mappings": Mapping.objects.exclude(pk=run.mapping_id) if may_recheck(run, was_sent) else [],
        "held": held,
        "proposed": run.rows - held,
        "row_findings": row_findings(run),
        "file_findings": file_findings(run),
        "is_blocked": any(finding["blocks"] for finding in run.findings),
        "same_file": any(finding["kind"] == "same_file" for finding in run.findings),
    }
