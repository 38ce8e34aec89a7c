"""The Lead Management API: run one of the thirteen actions, upload a CSV file.

A lead is never sent twice by itself: a request is repeated only where it is certain that it was not taken.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from urllib.parse import quote

from maxops.remote.codec import encode
from maxops.remote.errors import Garbled, NotAuthorised, NotFound, Refused, TooLarge, Unanswered
from maxops.remote.http import Answer, Call, Timeouts
from maxops.remote.maxcontact.choices import ErrorId, ErrorSeverity
from maxops.remote.maxcontact.import_answers import (
    ImportResponse,
    ImportResult,
    LeadError,
    read_response,
    read_result,
)
from maxops.remote.maxcontact.lead_actions import ACTIONS, Action, Parameter, write_lead
from maxops.remote.maxcontact.session import Session
from maxops.remote.multipart import Form, MultipartBody

__all__ = [
    "MAX_REQUEST_BYTES",
    "ImportResponse",
    "ImportResult",
    "LeadError",
    "Leads",
    "read_response",
    "read_result",
    "request_size",
]

MAX_REQUEST_BYTES = 51_200_000
UPLOAD = "upload leads"
UPLOAD_TIMEOUTS = Timeouts(connect=3, read=120, total=900)
TOLERATED = frozenset({400, 404, 409, 422, 500})
# Of an upload: what may fail when rows are already in, or on their way to another part of the dialler.
DURING_IMPORT = frozenset({ErrorId.COMMS_ERROR, ErrorId.DB_ERROR})
# ... and what fails before any row is looked at, however severe it is called.
BEFORE_IMPORT = frozenset(
    {
        ErrorId.FILE_MISSING,
        ErrorId.FILE_TOO_LARGE,
        ErrorId.FILE_WRITE_ERROR,
        ErrorId.NO_MAP_MATCH,
        ErrorId.NO_MAP_FOUND,
    }
)

DECLINED = "MaxContact declined the request."
ADVICE: dict[int, tuple[type[Refused], str]] = {
    ErrorId.NOT_AUTH: (
        NotAuthorised,
        "The API account may not do this: its role in MaxContact needs the permission 'API Token Access'.",
    ),
    ErrorId.GENERAL_INFO: (Refused, DECLINED),
    ErrorId.GENERAL_WARNING: (Refused, DECLINED),
    ErrorId.GENERAL_ERROR: (Refused, DECLINED),
    ErrorId.FILE_MISSING: (Refused, "MaxContact found no file in the upload."),
    ErrorId.FILE_TOO_LARGE: (TooLarge, "The file is larger than MaxContact takes at once."),
    ErrorId.FILE_WRITE_ERROR: (
        Refused,
        "MaxContact could not store the file. Try again, and tell MaxContact if it stays.",
    ),
    ErrorId.COMMS_ERROR: (Refused, "A part of MaxContact could not be reached by another. Try again in a minute."),
    ErrorId.DB_ERROR: (Refused, "MaxContact's database declined the request. Try again in a minute."),
    ErrorId.NO_MAP_MATCH: (
        Refused,
        "The file's columns do not fit the import mapping: compare them in Manager Portal, Import API Mapping.",
    ),
    ErrorId.NO_MAP_FOUND: (
        Refused,
        "MaxContact knows no import mapping of this name: its name here must be exactly that in Manager Portal.",
    ),
    ErrorId.INVALID_LEAD: (Refused, "MaxContact cannot take this lead: it needs at least a phone number and a list."),
    ErrorId.INVALID_LEAD_ID: (Refused, "MaxContact has no lead with this id or reference."),
    ErrorId.PHONE_NUMBER_NOT_FOUND: (NotFound, "MaxContact has no lead with this phone number."),
}


class Leads:
    def __init__(self, session: Session) -> None:
        self._session = session

    def run(
        self,
        action: Action | str,
        key: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> ImportResult:
        """`parameters` by their row's name, None = not sent; `body` a list of references, or a lead (see write_lead).

        Refused when MaxContact says that it failed severely; else the result, whose `success` may still be False.
        """
        row = ACTIONS[action] if isinstance(action, str) else action
        if (row.key is None) != (key is None) or (row.body is None) != (body is None):
            raise TypeError(f"{row.name} takes {'a key' if row.key else 'no key'} and {row.body or 'no body'}")
        wire = write_lead(body) if row.body == "APILead" else body
        call = Call(
            operation=row.label.lower(),
            method=row.method,
            path=row.path + ("" if key is None else f"/{quote(key.strip(), safe='')}"),
            query=write_query(row, parameters or {}),
            body=b"" if wire is None else encode(wire),
            tolerated=TOLERATED,
            private=True,
        )
        return self._send(call)

    def upload(
        self,
        open_body: Callable[[], BinaryIO],
        size: int,
        file_name: str,
        map_name: str,
        options: Mapping[str, Any],
    ) -> ImportResult:
        """One file of `size` bytes to the bulk loader, streamed; `options` by the document's names, None = not sent."""
        form = Form(form_fields(map_name, options), file_name)
        whole = form.request_size(size)
        if whole > MAX_REQUEST_BYTES:
            message = f"The upload would be {whole:,} bytes; MaxContact takes {MAX_REQUEST_BYTES:,} at once."
            raise TooLarge(message, operation=UPLOAD)
        call = Call(
            operation=UPLOAD,
            method="POST",
            path="LeadManagement/ImportCsvFiles",
            headers={"Content-Type": form.content_type},
            body=lambda: MultipartBody(form, open_body, size),
            timeouts=UPLOAD_TIMEOUTS,
            tolerated=TOLERATED,
            private=True,
        )
        return self._send(call)

    def _send(self, call: Call) -> ImportResult:
        def read(answer: Answer) -> ImportResult:
            try:
                result = read_result(answer.body, answer.content_type)
            except Garbled as error:
                if answer.status >= 400:
                    raise self._session.transport.refusal(call, answer) from error
                error.operation = call.operation
                raise
            if call.operation == UPLOAD:
                doubt_upload(result)
            refuse_severe(result, call.operation)
            if answer.status >= 400:
                raise self._session.transport.refusal(call, answer)
            return result

        return self._session.call(call, read)


def request_size(size: int, file_name: str, map_name: str, options: Mapping[str, Any]) -> int:
    """Bytes of the whole request body for a file of `size` bytes: what the limit of 51,200,000 counts."""
    return Form(form_fields(map_name, options), file_name).request_size(size)


def form_fields(map_name: str, options: Mapping[str, Any]) -> dict[str, str]:
    """The options are a field of the form, as in the document's example, not a header as in its prose."""
    fields = {"mapname": map_name}
    chosen = {name: value for name, value in options.items() if value is not None}
    if chosen:
        fields["options"] = json.dumps(chosen)
    return fields


def write_query(action: Action, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    unknown = set(parameters) - {row.name for row in action.parameters}
    if unknown:
        raise TypeError(f"{action.name} has no parameter {', '.join(sorted(unknown))}")
    chosen = ((row, parameters.get(row.name)) for row in action.parameters)
    return [(row.wire, _query_text(row, value)) for row, value in chosen if value is not None and value != ""]


def _query_text(row: Parameter, value: Any) -> str:
    written = row.kind.write(value, None)
    return str(written).lower() if isinstance(written, bool) else str(written)


def refuse_severe(result: ImportResult, operation: str) -> None:
    """Raises for a request that failed as a whole; the dialler's own words follow our sentence."""
    worst = worst_error(result)
    if worst is None:
        return
    kind, sentence = (Refused, DECLINED) if worst.code is None else ADVICE[worst.code]
    error = kind(_with_words(sentence, worst), operation=operation)
    error.code, error.words = worst.code_name, worst.text
    raise error


def doubt_upload(result: ImportResult) -> None:
    """Unanswered, with the import ids as its reference, for an upload that failed after rows may have been taken."""
    worst = worst_error(result)
    severe = {error.code for error in result.errors if error.severity == ErrorSeverity.SEVERE}
    if worst is None and not (result.success or result.import_ids or result.errors):
        raise Unanswered("MaxContact says that the upload did not succeed, but not why.", operation=UPLOAD)
    if worst is None or not (result.import_ids or severe & DURING_IMPORT):
        return
    error = Unanswered(_with_words("MaxContact failed while it was taking the file.", worst), operation=UPLOAD)
    error.reference = ",".join(result.import_ids)
    raise error


def worst_error(result: ImportResult) -> LeadError | None:
    """Why a request failed as a whole; None when it did not. A refused account comes first: a new token may heal it."""
    if result.success:
        return None
    refused = [error for error in result.errors if error.code == ErrorId.NOT_AUTH]
    severe = [error for error in result.errors if error.severity == ErrorSeverity.SEVERE]
    before = [error for error in result.errors if error.code in BEFORE_IMPORT]
    return next(iter(refused + severe + before), None)


def _with_words(sentence: str, error: LeadError) -> str:
    if not error.text:
        return sentence
    return f"{sentence} MaxContact says: {error.text}{'' if error.text.endswith(('.', '!', '?')) else '.'}"
