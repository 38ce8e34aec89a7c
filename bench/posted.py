"""Reports of an import as MaxContact posts them (ImportDataResponse), made from nothing: so many rejected lines."""

import json
from collections import Counter
from pathlib import Path

REASONS = {
    "Duplicate": "RejectedDedupe",
    "DoNotCall": "RejectedDnc",
    "DuplicateInFile": "RejectedDedupeFile",
    "InvalidSourceFormat": "RejectedParsing",
    "InvalidPhoneNumber": "RejectedValidation",
}
NAMES = "http://schemas.datacontract.org/2004/07/Max.LeadManagement"
XML_ERROR = (
    "<a:APIError><a:ErrorCode>GeneralInfo</a:ErrorCode><a:ErrorSeverity>Info</a:ErrorSeverity>"
    "<a:ErrorText>Line: {line} Reason: {reason}</a:ErrorText></a:APIError>"
)
JSON_ERROR = '{{"ErrorCode":"GeneralInfo","ErrorSeverity":"Info","ErrorText":"Line: {line} Reason: {reason}"}}'
BLOCK = 20_000


def picked(line: int) -> str:
    """Every reason, in no regular order."""
    return list(REASONS)[line * 7919 % 13 % 5]


def counted(errors: int, rows: int) -> tuple[list[int], Counter[str]]:
    """Which lines are named, spread over all rows, and how many for each reason."""
    lines = [number * rows // errors + 1 for number in range(errors)]
    return lines, Counter(map(picked, lines))


def make(path: Path, errors: int, rows: int) -> None:
    """XML or JSON by the name of the file."""
    lines, counts = counted(errors, rows)
    is_xml = path.suffix == ".xml"
    error, comma = (XML_ERROR, "") if is_xml else (JSON_ERROR, ",")
    with path.open("w", encoding="utf-8") as file:
        file.write(opening(is_xml=is_xml))
        for first in range(0, errors, BLOCK):
            texts = (error.format(line=line, reason=picked(line)) for line in lines[first : first + BLOCK])
            file.write((comma if first else "") + comma.join(texts))
        totals = {"LeadsImported": rows - errors, **{REASONS[reason]: count for reason, count in counts.items()}}
        file.write(closing(totals, is_xml=is_xml))


def opening(*, is_xml: bool) -> str:
    if not is_xml:
        return '{"Errors":['
    return (
        f'<LeadAPIResult.ImportDataResponse xmlns="{NAMES}.LeadAPIPublic" '
        f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Errors xmlns:a="{NAMES}.APIError">'
    )


def closing(totals: dict[str, int], *, is_xml: bool) -> str:
    if not is_xml:
        rest = {"ImmediateRejectCount": 0, "ImportIDs": None, **totals, "Success": False}
        return "]," + json.dumps(rest)[1:]
    words = "".join(f"<{name}>{value}</{name}>" for name, value in totals.items())
    nil = '<ImportIDs i:nil="true" xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays"/>'
    return (
        f"</Errors><ImmediateRejectCount>0</ImmediateRejectCount>{nil}{words}<Success>false</Success>"
        "</LeadAPIResult.ImportDataResponse>"
    )
