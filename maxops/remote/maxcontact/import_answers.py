"""What the Lead Management API answers: ImportDataResult at once, ImportDataResponse by callback, as one model.

"Lead Management API Return Object", "Response When Bulk Imports Complete", "Errors and Error Handling". Both envelopes
are read (the result itself, or Success/Data/ResponseCode/ResponseDetail around it), codes by name or number.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, BinaryIO

from maxops.remote.codec import WRAPPERS, unwrap_single
from maxops.remote.errors import Garbled
from maxops.remote.kinds import letters_of, read_flag, read_int
from maxops.remote.lines import NamedLines
from maxops.remote.maxcontact.choices import ErrorId, ErrorSeverity
from maxops.remote.maxcontact.report_pieces import Text
from maxops.remote.maxcontact.reports import Wire, read_wire

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
# A telephone number or an address that a reason repeats: reasons are counted by their words, and kept.
PERSONAL = re.compile(r"\+?\d(?:[\s().-]?\d){8,}|[^\s@]+@[^\s@]+\.[^\s@]+")
MOST_ERRORS = 1_000  # that name no line
MOST_SPELLINGS = 10_000
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
    """`lines` are those that errors name with their reasons; `errors` name none, or say that more than a row failed."""

    success: bool
    errors: tuple[LeadError, ...] = ()
    immediate_rejects: int = 0
    import_ids: tuple[str, ...] = ()
    lines: NamedLines = field(default_factory=NamedLines)


@dataclass(frozen=True, slots=True)
class ImportResponse:
    """The same of a finished import. `imported` is None when not told."""

    success: bool
    errors: tuple[LeadError, ...] = ()
    immediate_rejects: int = 0
    import_ids: tuple[str, ...] = ()
    lines: NamedLines = field(default_factory=NamedLines)
    imported: int | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)
    recovered: bool = False


class Gathered:
    """The errors of a result as they come; a million that name lines take five bytes each."""

    def __init__(self) -> None:
        self.errors: list[LeadError] = []
        self.lines = NamedLines()
        self._codes: dict[Text, Reasons] = {}

    def error(self, wire: Mapping[str, Any]) -> Text | None:
        error = _read_error(wire)
        named = line_and_reason(error.text)
        if named:
            self.lines.add(*named)
        is_more_than_a_row = error.severity == ErrorSeverity.SEVERE or error.code == ErrorId.NOT_AUTH
        if named and not is_more_than_a_row:
            return fixed_text(wire["ErrorText"])
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(error)
        return None

    def run(self, text: Text, numbers: list[bytes], reasons: list[bytes]) -> None:
        codes = self._codes.get(text)
        if codes is None:
            codes = self._codes[text] = Reasons(self.lines, text)
        self.lines.extend(map(int, numbers), map(codes.__getitem__, reasons))


class Reasons(dict[bytes, int]):
    """The byte of each reason as it is spelt behind a fixed text, read as any other the first time it is met."""

    def __init__(self, lines: NamedLines, text: Text) -> None:
        super().__init__()
        self._lines, self._text = lines, text

    def __missing__(self, raw: bytes) -> int:
        if len(self) == MOST_SPELLINGS:
            self.clear()
        named = line_and_reason(f"{self._text.before}1{self._text.between}{raw.decode()}")
        self[raw] = code = self._lines.code_of(named[1] if named else NO_REASON)
        return code


def fixed_text(text: Any) -> Text | None:
    """What an error's text says around number and reason; None where other digits could make another number of it."""
    match = LINE_AND_REASON.search(text) if isinstance(text, str) else None
    if match is None:
        return None
    between = text[match.end(1) : match.start(2)]
    is_apart = bool(between) and not (between[0].isalnum() or between[0] == "_")
    return Text(text[: match.start(1)], between) if is_apart else None


def read_result(body: bytes, content_type: str = "") -> ImportResult:
    """Garbled when the body is no such result."""
    try:
        wire = read_wire(io.BytesIO(body), Gathered, content_type)
        return ImportResult(**_shared_parts(_unwrap(wire.values, wire.sink), wire.sink))
    except ValueError as error:
        raise Garbled(f"The answer is not the result of a lead request: {error}.") from error


def read_response(body: BinaryIO) -> ImportResponse:
    """The report of a finished import, from a callback's body."""
    try:
        wire: Wire[Gathered] = read_wire(body, Gathered)
        values = _unwrap(wire.values, wire.sink)
        parts = _shared_parts(values, wire.sink)
        _refuse_impossible(parts["immediate_rejects"])
        return ImportResponse(
            **parts,
            imported=_refuse_impossible(read_int(values.get("LeadsImported"))),
            rejected=_rejected(values),
            recovered=wire.recovered,
        )
    except ValueError as error:
        raise Garbled(f"The report of an import cannot be read: {error}.") from error


def line_and_reason(text: str) -> tuple[int, str] | None:
    """ "Line: 4 Reason: InvalidSourceFormat" -> (4, "InvalidSourceFormat"); None where no possible line is named."""
    match = LINE_AND_REASON.search(text)
    if match is None or int(match[1]) > LARGEST_COUNT:
        return None
    reason = " ".join(match[2].split())[:REASON_LENGTH]
    return int(match[1]), _reason_named(reason)


@lru_cache(maxsize=1000)
def _reason_named(words: str) -> str:
    return REASONS.get(letters_of(words)) or without_leads(words) or NO_REASON


def without_leads(words: str) -> str:
    """The far side's words without a lead's number or address."""
    return PERSONAL.sub("…", words)


def _unwrap(wire: Any, sink: Gathered) -> dict[str, Any]:
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
    is_told = bool(merged.get("Errors") or sink.errors or sink.lines)
    if not is_told and not read_flag(wire["Success"]):
        code, detail = wire.get("ResponseCode"), wire.get("ResponseDetail")
        merged["Errors"] = [{"ErrorCode": code, "ErrorSeverity": "Severe", "ErrorText": detail}]
    return merged


def _shared_parts(wire: Mapping[str, Any], sink: Gathered) -> dict[str, Any]:
    success = read_flag(wire.get("Success"))
    if success is None:
        raise ValueError("it does not say whether it succeeded")
    for error in _listed(wire.get("Errors")):  # those that lie too oddly to be known for errors as they came
        if isinstance(error, dict):
            sink.error(error)
    return {
        "success": success,
        "errors": tuple(sink.errors),
        "lines": sink.lines,
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
    known = _error_id(str(code))
    severity = _severity(str(wire.get("ErrorSeverity")))
    return LeadError(
        code=None if known is None else known,
        code_name=_storable(code).strip()[:REASON_LENGTH] if known is None else str(ErrorId(known).label),
        severity=ErrorSeverity.NONE if severity is None else severity,
        text=_storable(wire.get("ErrorText") or ""),
    )


def _storable(value: Any) -> str:
    """As text without NUL, which PostgreSQL takes in no column."""
    return str(value).replace("\0", "")


@lru_cache(maxsize=1000)
def _error_id(value: str) -> int | None:
    return _member(ERROR_IDS, value)


@lru_cache(maxsize=1000)
def _severity(value: str) -> int | None:
    return _member(SEVERITIES, value)


def _member(codes: Mapping[str, ErrorId] | Mapping[str, ErrorSeverity], value: str) -> int | None:
    """The number of a code sent by number or name; None for one that is not listed."""
    text = value.strip()
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
