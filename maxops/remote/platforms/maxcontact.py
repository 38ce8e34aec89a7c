"""The bulk loader of MaxContact as a lead platform: a CSV file goes up, the fate of its rows comes by callback.

Lead Management API, "Bulk loading leads". The far side names only rejected lines; what it does not name was imported
if, and only if, its own counts say so.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from maxops.remote.connect import maxcontact
from maxops.remote.kinds import letters_of
from maxops.remote.maxcontact.choices import ErrorSeverity
from maxops.remote.maxcontact.import_answers import ImportResponse, line_and_reason, lines_named, read_response
from maxops.remote.maxcontact.leads import MAX_REQUEST_BYTES, request_size
from maxops.remote.platforms.interface import (
    FIRST_NUMBERS,
    Batch,
    Fate,
    Limits,
    LineBase,
    Option,
    Outcome,
    Receipt,
    Report,
    Target,
)

FATES: dict[str, Fate] = {
    "Duplicate": Fate.DUPLICATE,
    "DuplicateInFile": Fate.DUPLICATE,
    "DoNotCall": Fate.DO_NOT_CALL,
    "InvalidSourceFormat": Fate.INVALID,
    "InvalidPhoneNumber": Fate.INVALID,
}
UNEXPLAINED = "MaxContact's counts do not say what became of this row."


class MaxContactBulk:
    slug = "maxcontact"
    label = "MaxContact bulk loader"
    limits = Limits(max_request_bytes=MAX_REQUEST_BYTES)
    targets: tuple[Target, ...] = (
        Target("phone", "Phone number", required=True, kind="phone"),
        Target("phone2", "Second phone number", kind="phone"),
        Target("phone3", "Third phone number", kind="phone"),
        Target("reference", "Reference"),
        Target("name", "First name"),
        Target("name2", "Last name"),
        Target("other_info", "Information shown to the agent"),
        Target("secondary", "Secondary table (script)"),
    )
    options: tuple[Option, ...] = (
        Option(
            "ListId", "List", "int", help="The mapping may be fixed to a list of its own, and then this is ignored."
        ),
        Option("SecondaryEnabled", "Fill the secondary table (script)", "flag"),
        Option("CheckDnc", "Check against do not call", "flag"),
        Option("Dedupe", "Leave out duplicates", "flag"),
        Option("RemoveNonDigits", "Remove all but digits from phone numbers", "flag"),
        Option("TruncateExtraDigits", "Cut digits too many off phone numbers", "flag"),
    )

    def deliver(self, batch: Batch, options: Mapping[str, Any]) -> Receipt:
        """All rows are pending afterwards; those named as rejected at once are in the receipt's report."""
        result = maxcontact().leads.upload(batch.open, batch.size, batch.file_name, batch.map_name, options)
        lines = lines_named(result.errors)
        texts = [error.text for error in result.errors if error.text and line_and_reason(error.text) is None]
        if result.immediate_rejects:
            texts.insert(0, f"{result.immediate_rejects} rejected at once.")
        early = Report(result.success, lines=lines, references=result.import_ids) if lines else None
        return Receipt(reference=",".join(result.import_ids), detail=" ".join(texts), report=early)

    def request_size(self, batch: Batch, options: Mapping[str, Any]) -> int:
        return request_size(batch.size, batch.file_name, batch.map_name, options)

    def read_report(self, body: bytes) -> Report:
        response = read_response(body)
        others = [error for error in response.errors if line_and_reason(error.text) is None]
        severe = [error for error in others if error.severity == ErrorSeverity.SEVERE]
        return Report(
            success=response.success,
            imported=response.imported,
            rejected=_rejected(response),
            lines=response.lines,
            references=response.import_ids,
            detail=" ".join(error.text for error in others if error.text),
            recovered=response.recovered,
            failure=severe[0].code_name if severe and not response.success else "",
        )

    def settle(
        self, reference: str, lines: Sequence[int], report: Report | None, line_base: LineBase | Sequence[int]
    ) -> tuple[Outcome, ...]:
        if report is None:
            return tuple(Outcome(line, Fate.PENDING, remote_id=reference) for line in lines)
        named = _named_reasons(lines, report, line_base)
        unnamed = _unnamed_fate(report, len(lines) - len(named), named)
        return tuple(_outcomes(lines, named, unnamed))


def _rejected(response: ImportResponse) -> dict[str, int]:
    """The counters, or, where none came, a count of the lines."""
    return dict(response.rejected) or dict(Counter(reason for _, reason in response.lines))


def _named_reasons(lines: Sequence[int], report: Report, line_base: LineBase | Sequence[int]) -> dict[int, str]:
    """Position in `lines` -> reason; a number that points outside belongs to no row of ours."""
    if isinstance(line_base, str):
        first = FIRST_NUMBERS[line_base]
        places = ((number - first, reason) for number, reason in report.lines)
    else:
        position = {number: place for place, number in enumerate(line_base)}
        places = ((position.get(number, -1), reason) for number, reason in report.lines)
    named: dict[int, str] = {}
    for place, reason in places:
        if 0 <= place < len(lines):
            named.setdefault(place, reason)
    return named


def _unnamed_fate(report: Report, count: int, named: Mapping[int, str]) -> tuple[Fate, str, str]:
    """Fate, reason and text of the rows that no error names: by the counts, else unknown, never by guessing."""
    if report.failure and not report.imported:
        return Fate.REJECTED, report.failure, report.detail
    if report.imported is None:
        return (Fate.ACCEPTED, "", "") if report.success else (Fate.UNKNOWN, "", UNEXPLAINED)
    if report.imported == count:
        return Fate.ACCEPTED, "", ""
    left = Counter(report.rejected)
    left.subtract(Counter(named.values()))
    reasons = [(reason, number) for reason, number in left.items() if number > 0]
    if report.imported == 0 and len(reasons) == 1 and reasons[0][1] == count:
        return fate_of(reasons[0][0]), reasons[0][0], ""
    return Fate.UNKNOWN, "", UNEXPLAINED


def _outcomes(lines: Sequence[int], named: Mapping[int, str], unnamed: tuple[Fate, str, str]) -> Iterator[Outcome]:
    for place, line in enumerate(lines):
        reason = named.get(place)
        if reason is None:
            yield Outcome(line, *unnamed)
        else:
            yield Outcome(line, fate_of(reason), reason)


def fate_of(reason: str) -> Fate:
    """A reason MaxContact's document does not list is a rejection under its own words."""
    return KNOWN_FATES.get(letters_of(reason), Fate.REJECTED)


KNOWN_FATES = {letters_of(reason): fate for reason, fate in FATES.items()}
