"""The ManagementActionResponse and what it wraps: success is what `Success` says, never the HTTP status.

Management API 1.3, "Responses". `Data` is a list or an object in JSON; in XML its inner element names are not
documented, so rows are found by shape: a list, one list or one object inside, or the entity itself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from maxops.remote.codec import WRAPPERS, decode_verbatim, unwrap_single
from maxops.remote.errors import Garbled, NotAuthorised, NotFound, Refused, RemoteError
from maxops.remote.fields import Textual
from maxops.remote.http import Answer, Call, Transport
from maxops.remote.kinds import letters_of, read_flag
from maxops.remote.maxcontact.import_answers import read_errors

# Error statuses that may carry an envelope with a better sentence than the status has.
TOLERATED = frozenset({400, 404, 409, 422})

ADVICE = {
    "invalidparameters": "MaxContact declined the values sent",
    "error": "MaxContact declined the request",
}
SUCCESS_NAMES = ("success", "issuccess", "succeeded")
# No code is documented for a refused token here, so its words have to do; one log-in too many does no harm.
NOT_AUTHORISED = re.compile(
    r"not\s*auth\b|(?:not|un)[\s-]*authori[sz]ed|(?:invalid|expired|missing|no)\s+token"
    r"|token\s+(?:is\s+|has\s+|was\s+)?(?:invalid|expired|missing|not)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """`has_data` is False where the answer has no `Data` at all, or a null one."""

    success: bool
    data: Any
    has_data: bool
    code: str
    detail: str


def read_envelope(
    call: Call, transport: Transport, answer: Answer, decoder: Callable[..., Any] = decode_verbatim
) -> Envelope:
    """The envelope of a success; Refused with the dialler's own words when it says no."""
    try:
        envelope = find_envelope(decoder(answer.body, answer.content_type, private=call.private))
    except Garbled as error:
        if answer.status >= 400:
            raise transport.refusal(call, answer) from error
        error.operation = call.operation
        raise
    return judged(call, transport, answer, envelope)


def judged(call: Call, transport: Transport, answer: Answer, envelope: Envelope | None) -> Envelope:
    if envelope is None:
        raise transport.refusal(call, answer) if answer.status >= 400 else _shapeless(call)
    if not envelope.success or answer.status >= 400:
        raise _declined(call, envelope, answer.status)
    return envelope


def find_envelope(wire: Any) -> Envelope | None:
    """None when nothing in the answer says whether it succeeded."""
    wire = unwrap_single(wire, ())
    if not isinstance(wire, dict):
        return None
    names = {letters_of(name): name for name in wire}
    code, detail = (str(wire.get(names.get(name, "")) or "") for name in ("responsecode", "responsedetail"))
    success = _success(wire, names, code)
    if success is None:
        return None
    errors = read_errors(wire.get("Errors")) if not code else ()
    if errors:
        # The result object of the Lead Management API, which may also guard this one.
        code, detail = errors[0].code_name, detail or errors[0].text
    data = wire.get(names.get("data", ""))
    if data == "" and isinstance(wire, Textual):
        data = []  # <Data/> without nil: a collection without members
    return Envelope(success, data, data is not None, code, detail)


def _success(wire: Mapping[str, Any], names: Mapping[str, str], code: str) -> bool | None:
    """The flag and the code have to agree; SkillUserResult is not described, so a code alone will do there."""
    said = letters_of(code)
    flag = next((wire[names[name]] for name in SUCCESS_NAMES if name in names), None)
    try:
        success = read_flag(flag)
    except ValueError:
        success = None
    if said in ADVICE:
        return False
    return said == "success" if success is None and said else success


def rows_of(data: Any, depth: int = WRAPPERS) -> list[dict[str, Any]] | None:
    """The objects in `Data`; None when there is nothing that could be rows."""
    if isinstance(data, list):
        return data if all(isinstance(row, dict) for row in data) else None
    if not isinstance(data, dict) or depth == 0:
        return None
    if "Id" in data:
        return [data]
    inner = [value for value in data.values() if value is not None]
    if inner == [""] and isinstance(data, Textual):
        return []
    return rows_of(inner[0], depth - 1) if len(inner) == 1 else None


def _declined(call: Call, envelope: Envelope, status: int) -> RemoteError:
    code = letters_of(envelope.code)
    advice = ADVICE.get(code, "MaxContact declined the request")
    message = f"{advice}: {envelope.detail}" if envelope.detail else f"{advice} and gave no reason."
    kind: type[Refused] = NotFound if status == 404 else Refused
    if NOT_AUTHORISED.search(f"{envelope.code} {envelope.detail}"):
        kind = NotAuthorised
    error = kind(message, operation=call.operation, detail="" if call.private else envelope.detail)
    error.code = envelope.code or str(status)
    return error


def _shapeless(call: Call) -> Garbled:
    return Garbled("MaxContact's answer does not say whether it did what was asked.", operation=call.operation)
