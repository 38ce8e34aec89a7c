"""The ImportDataResponse of S000, posted to the Response URL of the mapping once an import has been judged."""

import http.client
from urllib.parse import urlsplit

from maxops.sandbox.documents import LEAD_MANAGEMENT
from maxops.sandbox.maxcontact.csv_records import Verdict
from maxops.sandbox.maxcontact.results import write_import_result
from maxops.sandbox.maxcontact.state import Mapping, State
from maxops.sandbox.maxcontact.wire import write_result

COUNTERS: dict[str, str] = LEAD_MANAGEMENT["counters"]
# The order of the counters in the sample.
COUNTED = ("Duplicate", "DuplicateInFile", "DoNotCall", "InvalidSourceFormat", "InvalidPhoneNumber")
TIMEOUT = 30.0


def report(state: State, mapping: Mapping, summary: dict, verdict: Verdict, immediate: int) -> None:
    """Posts as many copies as wanted, and notes how each was received."""
    body = write_report(state, mapping, summary, verdict, immediate)
    for _ in range(state.callback_copies if mapping.response_url else 0):
        entry = {
            "import_id": summary["import_id"],
            "mapname": mapping.name,
            "url": mapping.response_url,
            "status": None,
            "tries": 0,
            "body": body.decode(),
        }
        state.callbacks.append(entry)
        deliver(state, mapping, body, entry)
        if entry["status"]:
            summary["state"] = "reported"


def write_report(state: State, mapping: Mapping, summary: dict, verdict: Verdict, immediate: int) -> bytes:
    errors = [("GeneralInfo", "Info", f"Line: {line} Reason: {reason}") for line, reason in verdict.rejects]
    ids = [summary["import_id"]] if state.style.import_ids == "filled" else None
    result = write_import_result(state.style, errors, success=not (errors or immediate), rejected=immediate, ids=ids)
    success = result.pop("Success")
    result["LeadsImported"] = verdict.imported
    result.update({COUNTERS[reason]: verdict.count(reason) for reason in COUNTED})
    result["Success"] = success
    return write_result("ImportDataResponse", result, state.style, as_json=mapping.response_format == "json")


def deliver(state: State, mapping: Mapping, body: bytes, entry: dict) -> None:
    """Tries again while nobody listens; whatever is answered ends it, as nothing promises a second delivery."""
    while entry["tries"] < state.callback_tries and not state.closed.is_set():
        entry["tries"] += 1
        try:
            entry["status"] = post(mapping, body)
        except (OSError, http.client.HTTPException) as error:
            entry["error"] = type(error).__name__
        else:
            return
        state.closed.wait(state.callback_pause)


def post(mapping: Mapping, body: bytes) -> int:
    parts = urlsplit(mapping.response_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    content_type = "application/json" if mapping.response_format == "json" else "application/xml"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, {"Content-Type": f"{content_type}; charset=utf-8"})
        return connection.getresponse().status
    finally:
        connection.close()
