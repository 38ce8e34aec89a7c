"""What the Lead Management API answers: ImportDataResult at once, ImportDataResponse by callback, as one model.

"Lead Management API Return Object", "Response When Bulk Imports Complete", "Errors and Error Handling". Both envelopes
are read (the result itself, or Success/Data/ResponseCode/ResponseDetail around it), codes by name or number.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from maxops.remote.codec import WRAPPERS, decode_report, unwrap_single
from maxops.remote.errors import Garbled
from maxops.remote.kinds import letters_of, read_flag, read_int
from maxops.remote.maxcontact.choices import ErrorId, ErrorSeverity

REJECT_COUNTERS = {
    "RejectedDedupe": "Duplicate",
    "RejectedDedupeFile": "DuplicateInFile",
    "RejectedDnc": "DoNotCall",
    "RejectedParsing": "InvalidSourceFormat",
    "RejectedValidation": "InvalidPhoneNumber",
}
REASONS = {letters_of(reason): reason for reason in REJECT_COUNTERS.values()}
ERROR_IDS = {letters_of(str(member.label)): member for member in ErrorId}
SEVERITIES = {letters_of(str(member.label)): member for member in ErrorSeverity}
LINE_AND_REASON = re.compile(
    r"\bline\s*[:=#]?\s*(\d{1,10})\b[\s,;.\-]*(?:reason\s*[:=]?)?\s*(.*)", re.IGNORECASE | re.DOTALL
)
REASON_LENGTH = 200
LARGEST_COUNT = 2**31 - 1  # of rows or lines; what is larger counts nothing real, and no database column holds it
NO_REASON = "NoReasonGiven"
RESULT_NAMES = frozenset({"Success", "Errors", "ImportIDs", "LeadsImported"})


@dataclass(frozen=True, slots=True)
class LeadError:
    """`code` is None for one the document does not list; `code_name` is then what was sent."""

    code: int | None
    code_name: str
    severity: int
    text: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    success: bool
    errors: tuple[LeadError, ...] = ()
    immediate_rejects: int = 0
    import_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResponse:
    """`imported` is None when not told; `lines` are the (line, reason) pairs found in the error texts."""

    success: bool
    errors: tuple[LeadError, ...] = ()
    immediate_rejects: int = 0
    import_ids: tuple[str, ...] = ()
    imported: int | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[tuple[int, str], ...] = ()
    recovered: bool = False


def read_result(body: bytes, content_type: str = "") -> ImportResult:
    """Garbled when the body is no such result."""
    wire, _ = decode_report(body, content_type)
    try:
        return ImportResult(**_shared_parts(_unwrap(wire)))
    except ValueError as error:
        raise Garbled(f"The answer is not the result of a lead request: {error}.") from error


def read_response(body: bytes, content_type: str = "") -> ImportResponse:
    """The report of a finished import, from a callback's body."""
    wire, recovered = decode_report(body, content_type)
    try:
        wire = _unwrap(wire)
        parts = _shared_parts(wire)
        _refuse_impossible(parts["immediate_rejects"])
        return ImportResponse(
            **parts,
            imported=_refuse_impossible(read_int(wire.get("LeadsImported"))),
            rejected=_rejected(wire),
            lines=lines_named(parts["errors"]),
            recovered=recovered,
        )
    except ValueError as error:
        raise Garbled(f"The report of an import cannot be read: {error}.") from error


def lines_named(errors: Iterable[LeadError]) -> tuple[tuple[int, str], ...]:
    return tuple(line for error in errors if (line := line_and_reason(error.text)))


def line_and_reason(text: str) -> tuple[int, str] | None:
    """ "Line: 4 Reason: InvalidSourceFormat" -> (4, "InvalidSourceFormat"); None where no possible line is named."""
    match = LINE_AND_REASON.search(text)
    if match is None or int(match[1]) > LARGEST_COUNT:
        return None
    reason = " ".join(match[2].split())[:REASON_LENGTH]
    return int(match[1]), REASONS.get(letters_of(reason), reason) or NO_REASON


def _unwrap(wire: Any) -> dict[str, Any]:
    """The result itself, whichever envelope it came in; an envelope's own refusal becomes an error in the result."""
    wire = unwrap_single(wire, RESULT_NAMES)
    if not isinstance(wire, dict):
        raise ValueError("it is not an object")
    if "Errors" in wire or "ImportIDs" in wire or "LeadsImported" in wire:
        return wire
    if "Success" not in wire:
        raise ValueError("it does not say whether it succeeded")
    inner = wire.get("Data")
    merged = {**wire, **(inner if isinstance(inner, dict) else {}), "Success": wire["Success"]}
    if not merged.get("Errors") and not read_flag(wire["Success"]):
        code, detail = wire.get("ResponseCode"), wire.get("ResponseDetail")
        merged["Errors"] = [{"ErrorCode": code, "ErrorSeverity": "Severe", "ErrorText": detail}]
    return merged


def _shared_parts(wire: Mapping[str, Any]) -> dict[str, Any]:
    success = read_flag(wire.get("Success"))
    if success is None:
        raise ValueError("it does not say whether it succeeded")
    return {
        "success": success,
        "errors": read_errors(wire.get("Errors")),
        "immediate_rejects": read_int(wire.get("ImmediateRejectCount")) or 0,
        "import_ids": tuple(
            _storable(number) for number in _listed(wire.get("ImportIDs", wire.get("ImportIds"))) if number != ""
        ),
    }


def read_errors(value: Any) -> tuple[LeadError, ...]:
    """The members of an `Errors`, whichever way it is written."""
    return tuple(_read_error(error) for error in _listed(value) if isinstance(error, dict))


def _listed(value: Any, depth: int = WRAPPERS) -> list[Any]:
    """The members of a list that JSON writes as such and XML as elements of some name inside another."""
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return [member for member in value if member is not None]
    if not isinstance(value, dict) or depth == 0:
        return [value]
    if "ErrorText" in value or "ErrorCode" in value or "ErrorId" in value:
        return [value]
    return [member for inner in value.values() for member in _listed(inner, depth - 1)]


def _read_error(wire: Mapping[str, Any]) -> LeadError:
    code = next((wire[name] for name in ("ErrorCode", "ErrorId", "ErrorID") if wire.get(name) is not None), "")
    known = _member(ERROR_IDS, code)
    severity = _member(SEVERITIES, wire.get("ErrorSeverity"))
    return LeadError(
        code=None if known is None else known,
        code_name=_storable(code).strip()[:REASON_LENGTH] if known is None else str(ErrorId(known).label),
        severity=ErrorSeverity.NONE if severity is None else severity,
        text=_storable(wire.get("ErrorText") or ""),
    )


def _storable(value: Any) -> str:
    """As text without NUL, which PostgreSQL takes in no column."""
    return str(value).replace("\0", "")


def _member(codes: Mapping[str, ErrorId] | Mapping[str, ErrorSeverity], value: Any) -> int | None:
    """The number of a code sent by number or name; None for one that is not listed."""
    text = str(value).strip()
    if text.isdecimal() and len(text) < 10:
        return next((int(member) for member in codes.values() if int(member) == int(text)), None)
    member = codes.get(letters_of(text))
    return None if member is None else int(member)


def _rejected(wire: Mapping[str, Any]) -> dict[str, int]:
    """Counters above zero by reason; one the document does not list keeps its own name."""
    counted = {name: _refuse_impossible(read_int(value)) for name, value in wire.items() if name.startswith("Rejected")}
    _refuse_impossible(sum(count or 0 for count in counted.values()))
    return {_reason_counted(name): count for name, count in counted.items() if count}


def _reason_counted(name: str) -> str:
    return REJECT_COUNTERS.get(name) or _storable(name.removeprefix("Rejected"))[:REASON_LENGTH] or NO_REASON


def _refuse_impossible(count: int | None) -> int | None:
    if count is not None and not 0 <= count <= LARGEST_COUNT:
        raise ValueError("it counts a number of leads that cannot be")
    return count
