"""The thirteen single-lead actions of S000, on the lead table, with the defaults of its parameter tables."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from maxops.sandbox.documents import LEAD_MANAGEMENT
from maxops.sandbox.exchange import BrokenBodyError, Request
from maxops.sandbox.maxcontact.leads import DO_NOT_CALL, ELIGIBLE, FINAL, Lead
from maxops.sandbox.maxcontact.multipart import read_form
from maxops.sandbox.maxcontact.new_lead import add_lead
from maxops.sandbox.maxcontact.results import LeadCallError, write_import_result
from maxops.sandbox.maxcontact.state import State

SCOPES: dict[str, str] = LEAD_MANAGEMENT["codes"]["Scope"]
FINAL_CODES: dict[str, str] = LEAD_MANAGEMENT["codes"]["FinalCode"]
ALL, KEEP_NEWEST, OVER_6_MONTHS, OVER_12_MONTHS = range(4)
AGES = {OVER_6_MONTHS: timedelta(days=183), OVER_12_MONTHS: timedelta(days=365)}
DEFAULTS = {"scope": 0, "integer": 0, "boolean": False, "string": ""}
# The section's parameter list lacks what its own example sends.
EXAMPLE_ONLY = {"ReactivateLeadByRefIds": [["ListID", "integer"]]}

Parameters = dict[str, object]


def read_scope(value: str) -> int:
    names = {label.lower(): int(number) for number, label in SCOPES.items()}
    number = names.get(value.lower(), int(value) if value.isdecimal() else -1)
    if str(number) not in SCOPES:
        raise ValueError(value)
    return number


def read_boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower() == "true"


READERS: dict[str, Callable[[str], object]] = {
    "scope": read_scope,
    "integer": int,
    "boolean": read_boolean,
    "string": str,
}


def read_parameters(action: dict, query: dict[str, str]) -> Parameters:
    """Every documented parameter, given or by default. Names count without letter case; strangers are refused."""
    kinds = {name.lower(): kind for name, kind in action["query"] + EXAMPLE_ONLY.get(action["name"], [])}
    values = {name: DEFAULTS[kind] for name, kind in kinds.items()}
    for name, text in query.items():
        kind = kinds.get(name.lower())
        if kind is None:
            raise LeadCallError("GeneralError", f"{action['name']} has no parameter {name}")
        try:
            values[name.lower()] = READERS[kind](text)
        except ValueError as error:
            raise LeadCallError("GeneralError", f"{name} is not a valid {kind}") from error
    return values


def perform(state: State, action: dict, key: str, request: Request) -> dict:
    """`key` is the last part of the address: a phone, a lead id or a reference, or nothing when a body names them."""
    given = read_parameters(action, request.query)
    name = action["name"]
    if name == "AddLead":
        add_lead(state, request)
        return write_import_result(state.style, [])
    if name == "DncLeadPhoneNumber":
        check_dnc_by_phone(state, given)
    leads, errors = choose(state, action, key, request, int(given.get("listid", given.get("oldlistid", 0))))
    effect = next(effect for start, effect in EFFECTS.items() if name.startswith(start))
    effect(state, leads, given)
    return write_import_result(state.style, errors)


def choose(
    state: State, action: dict, key: str, request: Request, list_id: int
) -> tuple[list[Lead], list[tuple[str, str, str]]]:
    if action["body"]:
        return choose_by_references(state, read_references(request), list_id)
    if action["key"] == "phoneNumber":
        found = state.leads.with_phone(key, list_id)
        missing = LeadCallError("PhoneNumberNotFound", "The phone number was not found")
    elif action["key"].lower() == "leadid":
        lead = state.leads.by_id.get(int(key)) if key.isdecimal() else None
        found = [lead] if lead else []
        missing = LeadCallError("InvalidLeadId", f"There is no lead with the id {key}")
    else:
        found = state.leads.with_reference(key, list_id)
        missing = LeadCallError("InvalidLeadId", "There is no lead with this reference")
    if not found:
        raise missing
    return found, []


def choose_by_references(
    state: State, references: list[str], list_id: int
) -> tuple[list[Lead], list[tuple[str, str, str]]]:
    """Unknown references are warned of one by one; only when none is known is the call refused."""
    leads, errors = [], []
    for reference in references:
        found = state.leads.with_reference(reference, list_id)
        leads.extend(found)
        if not found:
            errors.append(("InvalidLeadId", "Warning", f"There is no lead with the reference {reference}"))
    if not leads:
        raise LeadCallError("InvalidLeadId", "There is no lead with any of these references")
    return leads, errors


def read_references(request: Request) -> list[str]:
    """A JSON array of strings: as the body, or as the form field `referenceIds` that the example's header names."""
    try:
        if request.content_type == "multipart/form-data":
            value = json.loads(read_form(request).fields.get("referenceids", ""))
        else:
            value = request.json()
    except (BrokenBodyError, ValueError) as error:
        raise LeadCallError("GeneralError", "The body must be a JSON array of reference ids") from error
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise LeadCallError("GeneralError", "The body must be a JSON array of reference ids")
    return value


def check_dnc_by_phone(state: State, given: Parameters) -> None:
    if not state.dnc_by_phone:
        raise LeadCallError("GeneralError", "This can't be done in the product currently")
    if not str(given["dnccategories"]):
        raise LeadCallError("GeneralError", "DncCategories is required")


def narrow(leads: list[Lead], scope: int) -> Iterable[Lead]:
    if scope == KEEP_NEWEST:
        newest = max(leads, key=lambda lead: (lead.created, lead.id))
        return [lead for lead in leads if lead is not newest]
    if scope in AGES:
        limit = datetime.now(UTC) - AGES[scope]
        return [lead for lead in leads if lead.created < limit]
    return leads


def deactivate(state: State, leads: list[Lead], given: Parameters) -> None:
    code = str(given.get("resultcode") or LEAD_MANAGEMENT["default_result_code"])
    for lead in narrow(leads, int(given.get("scope", ALL))):
        lead.final_code = FINAL
        lead.result_code = code
        if given.get("updatehistory") and lead.history:
            lead.history[-1] = code


def reactivate(state: State, leads: list[Lead], given: Parameters) -> None:
    for lead in leads:
        if lead.final_code == DO_NOT_CALL:
            if not given["reactivatednc"]:
                continue
            state.dnc.difference_update(lead.phones)
        lead.final_code = ELIGIBLE
        lead.result_code = ""


def stop_calling(state: State, leads: list[Lead], given: Parameters) -> None:
    for lead in leads:
        lead.final_code = DO_NOT_CALL
        state.dnc.update(lead.phones)


def move(state: State, leads: list[Lead], given: Parameters) -> None:
    target = int(given["newlistid"])
    if target and target not in state.records["List"]:
        raise LeadCallError("GeneralError", f"There is no list {target}")
    if given["updatefinal"] and str(given["finalcode"]) not in FINAL_CODES:
        raise LeadCallError("GeneralError", f"There is no final code {given['finalcode']}")
    for lead in leads:
        lead.list_id = target or lead.list_id
        lead.attempts = 0 if given["resetattempts"] else lead.attempts
        lead.final_code = int(given["finalcode"]) if given["updatefinal"] else lead.final_code


EFFECTS: dict[str, Callable[[State, list[Lead], Parameters], None]] = {
    "Deactivate": deactivate,
    "Reactivate": reactivate,
    "Dnc": stop_calling,
    "Move": move,
}
