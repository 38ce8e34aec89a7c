"""ImportCsvFiles of S000: takes a multipart form, answers at once, judges the file and reports to the mapping's URL."""

import json
import threading
import time
from dataclasses import dataclass

from maxops.sandbox.documents import LEAD_MANAGEMENT
from maxops.sandbox.exchange import BrokenBodyError, Request
from maxops.sandbox.maxcontact.callbacks import report
from maxops.sandbox.maxcontact.csv_records import CsvRecords, Judge, Options, Verdict
from maxops.sandbox.maxcontact.multipart import FilePart, Form, read_form
from maxops.sandbox.maxcontact.results import LeadCallError, write_import_result
from maxops.sandbox.maxcontact.state import Mapping, State

OPTION_TYPES = {"integer": int, "boolean": bool}
OPTION_KINDS = {name.lower(): (name, kind) for name, kind in LEAD_MANAGEMENT["upload_options"]}
FIRST_IMPORT = 1001
# The reason a parser can give before it has looked at any other lead.
IMMEDIATE = "InvalidSourceFormat"


@dataclass
class Import:
    mapping: Mapping
    options: Options
    records: CsvRecords
    summary: dict


def receive(state: State, request: Request) -> dict:
    """The ImportDataResult of an upload; what becomes of its rows follows by callback."""
    form = Form()
    try:
        form = read_form(request)
        note_upload(request, form)
        mapping = find_mapping(state, form)
        options = read_options(state, mapping, form)
        accepted = [accept(state, mapping, options, part) for part in form.files]
    except BrokenBodyError as error:
        return discard(form, LeadCallError("GeneralError", str(error))).as_result(state.style)
    except LeadCallError as problem:
        return discard(form, problem).as_result(state.style)
    return begin(state, accepted)


def discard(form: Form, problem: LeadCallError) -> LeadCallError:
    for part in form.files:
        part.content.close()
    return problem


def note_upload(request: Request, form: Form) -> None:
    request.entry["upload"] = {
        "fields": form.names,
        "mapname": form.fields.get("mapname"),
        "options": form.fields.get("options"),
        "files": [
            {"field": part.name, "file_name": part.file_name, "size": part.size, "sha256": part.sha256}
            for part in form.files
        ],
    }


def find_mapping(state: State, form: Form) -> Mapping:
    if not any(part.file_name for part in form.files):
        raise LeadCallError("FileMissing", "There is no file with a filename in the request")
    mapping = state.mappings.get(form.fields.get("mapname", ""))
    if mapping is None:
        raise LeadCallError("NoMapFound", "There is no import mapping of this name")
    return mapping


def read_options(state: State, mapping: Mapping, form: Form) -> Options:
    """The mapping's own settings, overlaid with the options sent; a fixed list is not to be overruled."""
    given = parse_options(form.fields.get("options", ""))
    list_id = mapping.list_id if mapping.list_fixed else given.get("ListId", mapping.list_id)
    if list_id not in state.records["List"]:
        raise LeadCallError("GeneralError", f"There is no list {list_id}")
    return Options(
        list_id,
        given.get("Dedupe", mapping.dedupe),
        given.get("CheckDnc", mapping.check_dnc),
        given.get("RemoveNonDigits", mapping.remove_non_digits),
        given.get("TruncateExtraDigits", mapping.truncate_extra_digits),
        given.get("SecondaryEnabled", mapping.secondary_enabled),
    )


def parse_options(text: str) -> dict:
    """Names count without letter case (the table says ListId, the code sample ListID); values must be of their type."""
    if not text.strip():
        return {}
    try:
        sent = json.loads(text)
    except ValueError as error:
        raise LeadCallError("GeneralError", "The options are not a JSON object") from error
    if not isinstance(sent, dict):
        raise LeadCallError("GeneralError", "The options are not a JSON object")
    options = {}
    for key, value in sent.items():
        name, kind = OPTION_KINDS.get(key.lower(), (key, ""))
        if not kind:
            raise LeadCallError("GeneralError", f"There is no option {key}")
        if type(value) is not OPTION_TYPES[kind]:
            raise LeadCallError("GeneralError", f"The option {key} must be of type {kind}")
        options[name] = value
    return options


def accept(state: State, mapping: Mapping, options: Options, part: FilePart) -> Import:
    records = CsvRecords(part.content, state.style.line_base)
    if not set(mapping.columns) <= set(records.header):
        raise LeadCallError("NoMapMatch", "You do not have a valid map to import with")
    with state.lock:
        summary = {
            "import_id": FIRST_IMPORT + len(state.uploads),
            "mapname": mapping.name,
            "file_name": part.file_name,
            "size": part.size,
            "sha256": part.sha256,
            "list_id": options.list_id,
            "state": "accepted",
            "records": None,
            "imported": None,
            "rejected": {},
        }
        state.uploads.append(summary)
    return Import(mapping, options, records, summary)


def begin(state: State, accepted: list[Import]) -> dict:
    """Rows are judged after the answer; with `immediate_rejects` those that cannot be parsed are told at once."""
    errors, at_once = [], {}
    if state.style.immediate_rejects:
        for item in accepted:
            at_once[item.summary["import_id"]] = verdict = settle(state, item)
            lines = [line for line, reason in verdict.rejects if reason == IMMEDIATE]
            errors += [("GeneralWarning", "Warning", f"Line: {line} Reason: {IMMEDIATE}") for line in lines]
    for item in accepted:
        verdict = at_once.get(item.summary["import_id"])
        threading.Thread(target=complete, args=(state, item, verdict), daemon=True).start()
    ids = [item.summary["import_id"] for item in accepted]
    return write_import_result(state.style, errors, rejected=len(errors), ids=ids)


def settle(state: State, item: Import) -> Verdict:
    verdict = Judge(state, item.mapping, item.options).judge(item.records)
    item.records.close()
    reasons = LEAD_MANAGEMENT["reject_reasons"]
    item.summary.update(
        state="imported",
        records=verdict.records,
        imported=verdict.imported,
        rejected={reason: verdict.count(reason) for reason in reasons if verdict.count(reason)},
    )
    return verdict


def complete(state: State, item: Import, verdict: Verdict | None) -> None:
    """Runs in a thread of its own: judge, wait, report."""
    started = time.monotonic()
    immediate = 0
    if verdict is None:
        verdict = settle(state, item)
    else:
        immediate = verdict.count(IMMEDIATE)
        verdict.rejects = [(line, reason) for line, reason in verdict.rejects if reason != IMMEDIATE]
    if state.closed.wait(max(0.0, state.callback_delay - (time.monotonic() - started))):
        return
    report(state, item.mapping, item.summary, verdict, immediate)
