"""The bulk loader of MaxContact as a lead platform: a CSV file goes up, the fate of its rows comes by callback.

Lead Management API, "Bulk loading leads". The far side names only rejected lines; what it does not name was imported
if, and only if, its own counts say so.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, BinaryIO

from maxops.remote.connect import maxcontact
from maxops.remote.kinds import letters_of
from maxops.remote.lines import Numbering
from maxops.remote.maxcontact.choices import ErrorSeverity
from maxops.remote.maxcontact.import_answers import line_and_reason, read_response
from maxops.remote.maxcontact.leads import MAX_REQUEST_BYTES, request_size
from maxops.remote.platforms.interface import (
    Batch,
    Fate,
    Limits,
    Option,
    Outcome,
    Receipt,
    Report,
    Settlement,
    Target,
)

FATES: dict[str, Fate] = {
    "Duplicate": Fate.DUPLICATE,
    "DuplicateInFile": Fate.DUPLICATE,
    "DoNotCall": Fate.DO_NOT_CALL,
    "InvalidSourceFormat": Fate.INVALID,
    "InvalidPhoneNumber": Fate.INVALID,
}
# The document counts "the request" and does not say whether its first line and its headers are part of it (Q35).
ROOM_FOR_HEADERS = 4_096
UNEXPLAINED = "MaxContact's counts do not say what became of this row."
LONGEST_DETAIL = 2_000


class MaxContactBulk:
    slug = "maxcontact"
    label = "MaxContact bulk loader"
    limits = Limits(max_request_bytes=MAX_REQUEST_BYTES - ROOM_FOR_HEADERS)
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
        texts = [error.text for error in result.errors if error.text and line_and_reason(error.text) is None]
        if result.immediate_rejects:
            texts.insert(0, f"{result.immediate_rejects} rejected at once.")
        early = Report(result.success, lines=result.lines, references=result.import_ids) if result.lines else None
        return Receipt(",".join(result.import_ids), " ".join(texts)[:LONGEST_DETAIL], early)

    def request_size(self, batch: Batch, options: Mapping[str, Any]) -> int:
        return request_size(batch.size, batch.file_name, batch.map_name, options)

    def read_report(self, body: BinaryIO) -> Report:
        response = read_response(body)
        others = [error for error in response.errors if line_and_reason(error.text) is None]
        severe = [error for error in others if error.severity == ErrorSeverity.SEVERE]
        return Report(
            success=response.success,
            imported=response.imported,
            rejected=dict(response.rejected) or response.lines.count(),
            lines=response.lines,
            references=response.import_ids,
            detail=" ".join(error.text for error in others if error.text)[:LONGEST_DETAIL],
            recovered=response.recovered,
            failure=severe[0].code_name if severe and not response.success else "",
        )

    def settle(self, count: int, report: Report | None, numbering: Numbering) -> Settlement:
        """A row named more than once has the first reason; a number that points outside belongs to no row of ours."""
        if report is None:
            return Settlement(bytes(count), (Outcome(Fate.PENDING),))
        lines = report.lines
        codes = numbering.mark(lines, count)
        named = Counter({reason: codes.count(code) for code, reason in enumerate(lines.reasons, 1)})
        unnamed = _unnamed_outcome(report, codes.count(0), named)
        return Settlement(codes, (unnamed, *(Outcome(fate_of(reason), reason) for reason in lines.reasons)))


def _unnamed_outcome(report: Report, count: int, named: Counter[str]) -> Outcome:
    """What became of the `count` rows that no error names: by the counts, else unknown, never by guessing."""
    if report.failure and not report.imported:
        return Outcome(Fate.REJECTED, report.failure, report.detail)
    if report.imported is None:
        return Outcome(Fate.ACCEPTED) if report.success else Outcome(Fate.UNKNOWN, "", UNEXPLAINED)
    if report.imported == count:
        return Outcome(Fate.ACCEPTED)
    left = Counter(report.rejected)
    left.subtract(named)
    reasons = [(reason, number) for reason, number in left.items() if number > 0]
    if report.imported == 0 and len(reasons) == 1 and reasons[0][1] == count:
        return Outcome(fate_of(reasons[0][0]), reasons[0][0])
    return Outcome(Fate.UNKNOWN, "", UNEXPLAINED)


def fate_of(reason: str) -> Fate:
    """A reason MaxContact's document does not list is a rejection under its own words."""
    return KNOWN_FATES.get(letters_of(reason), Fate.REJECTED)


KNOWN_FATES = {letters_of(reason): fate for reason, fate in FATES.items()}
