"""AddLead of S000: one APILead with its phones, as JSON."""

from datetime import datetime

from maxops.sandbox.documents import LEAD_MANAGEMENT
from maxops.sandbox.exchange import BrokenBodyError, Request
from maxops.sandbox.maxcontact.leads import Lead
from maxops.sandbox.maxcontact.results import LeadCallError
from maxops.sandbox.maxcontact.state import State

LEAD_FIELDS = dict(LEAD_MANAGEMENT["lead_fields"])
PHONE_FIELDS = dict(LEAD_MANAGEMENT["lead_phone_fields"])
TYPES = {
    "string": lambda value: value is None or isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "decimal": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "datetime": lambda value: value is None or is_datetime(value),
}


def is_datetime(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return str(value).startswith("/Date(")
    return True


def add_lead(state: State, request: Request) -> Lead:
    body = read_lead(request)
    phones = read_phones(body.get("LeadPhones"))
    if state.strict_leads and not body.get("OtherInfo"):
        raise LeadCallError("InvalidLead", "OtherInfo is required")
    list_id = body.get("ListID", 0)
    if list_id not in state.records["List"]:
        raise LeadCallError("InvalidLead", f"There is no list {list_id}")
    lead = Lead(
        list_id,
        tuple(phone["PhoneNum"] for phone in phones),
        reference=body.get("ReferenceID") or "",
        name=" ".join(filter(None, (body.get("Name"), body.get("Name2")))),
        supplier=body.get("Supplier") or "",
        high_priority=any(phone.get("IsHighPriority", False) for phone in phones),
    )
    return state.leads.add(lead)


def read_lead(request: Request) -> dict:
    if request.content_type != "application/json":
        raise LeadCallError("GeneralError", "AddLead takes a JSON body")
    try:
        body = request.json()
    except BrokenBodyError as error:
        raise LeadCallError("GeneralError", "The body is not JSON") from error
    if not isinstance(body, dict):
        raise LeadCallError("InvalidLead", "A single APILead is expected")
    check_types(body, LEAD_FIELDS)
    return body


def read_phones(value: object) -> list[dict]:
    if not isinstance(value, list) or not value or not all(isinstance(phone, dict) for phone in value):
        raise LeadCallError("InvalidLead", "A lead needs a phone number")
    for phone in value:
        check_types(phone, PHONE_FIELDS)
        if not phone.get("PhoneNum"):
            raise LeadCallError("InvalidLead", "A lead needs a phone number")
    return value


def check_types(body: dict, fields: dict[str, str]) -> None:
    for name, kind in fields.items():
        if name in body and not TYPES[kind](body[name]):
            raise LeadCallError("InvalidLead", f"{name} is not a valid {kind}")
