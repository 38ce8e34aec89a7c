"""The thirteen single-lead actions of the Lead Management API as rows, and the rows of a lead to add.

Names and parameters as the document's detailed sections spell them; its cheat sheet slips (docs/quirks.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from maxops.remote.fields import Field
from maxops.remote.kinds import DECIMAL, FLAG, INT, TEXT, WHEN, Kind, choice
from maxops.remote.maxcontact.choices import DeactivationScope, FinalCode, PhoneType

BodyKind = Literal["string[]", "APILead"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """`default` is what MaxContact takes when the parameter is not sent; None as a value means "not sent"."""

    name: str
    wire: str
    kind: Kind
    label: str
    default: Any = None
    help: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """`key` chooses the lead in the address; `body` says what the request carries instead of, or beside it."""

    name: str
    label: str
    method: str
    path: str
    key: Parameter | None
    parameters: tuple[Parameter, ...] = ()
    body: BodyKind | None = None

    def parameter(self, name: str) -> Parameter:
        return next(parameter for parameter in self.parameters if parameter.name == name)


PHONE = Parameter("phone", "phoneNumber", TEXT, "Phone number", help="As it stands in MaxContact.", required=True)
REFERENCE = Parameter(
    "reference", "referenceId", TEXT, "Reference", help="The reference the lead was imported with.", required=True
)
LEAD_ID = Parameter("lead_id", "leadId", TEXT, "Lead id", help="MaxContact's own number of the lead.", required=True)

LIST_ID = Parameter("list_id", "ListID", INT, "List", default=0, help="0 or empty: all lists.")
DEACTIVATION = (
    Parameter(
        "scope",
        "Scope",
        choice(DeactivationScope),
        "Which of the leads found",
        default=DeactivationScope.ALL.value,
        help="Several leads may share a number or reference.",
    ),
    LIST_ID,
    Parameter(
        "result_code", "ResultCode", TEXT, "Result code", default="API-Removed", help="Recorded as the lead's result."
    ),
    Parameter(
        "update_history",
        "UpdateHistory",
        FLAG,
        "Change the last history entry",
        default=False,
        help="Also gives the lead's last history entry this result code.",
    ),
)
REACTIVATE_DNC = Parameter(
    "reactivate_dnc",
    "ReactivateDNC",
    FLAG,
    "Also leads marked do not call",
    default=False,
    help="Makes leads diallable again whose final code is do not call.",
)
MOVE = (
    Parameter("new_list_id", "NewListID", INT, "To list", default=0, help="0 or empty: stays in its list."),
    Parameter("old_list_id", "OldListID", INT, "From list", default=0, help="0 or empty: looked for in all lists."),
    Parameter(
        "reset_attempts", "ResetAttempts", FLAG, "Reset attempts", default=False, help="Counts calls anew from 0."
    ),
    Parameter("update_final", "UpdateFinal", FLAG, "Change the final code", default=False),
    Parameter(
        "final_code",
        "FinalCode",
        choice(FinalCode),
        "Final code",
        default=FinalCode.ELIGIBLE.value,
        help="Used only when the final code is to be changed.",
    ),
)
CATEGORIES = Parameter(
    "categories",
    "DncCategories",
    TEXT,
    "Do-not-call categories",
    help="Ids separated by commas; your administrator or MaxContact knows them.",
    required=True,
)


def _key(row: Parameter, wire: str) -> Parameter:
    """The same key under another spelling of the document."""
    return Parameter(row.name, wire, row.kind, row.label, row.default, row.help, row.required)


def _action(
    name: str, label: str, method: str, key: Parameter | None, parameters: tuple[Parameter, ...] = ()
) -> Action:
    return Action(name, label, method, f"LeadManagement/{name}", key, parameters)


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        _action("DeactivateLeadByPhone", "Deactivate by phone number", "DELETE", PHONE, DEACTIVATION),
        _action("DeactivateLeadId", "Deactivate by lead id", "DELETE", LEAD_ID),
        _action("DeactivateLeadByRefId", "Deactivate by reference", "DELETE", REFERENCE, DEACTIVATION),
        Action(
            "DeactivateLeadsByRefId",
            "Deactivate many by reference",
            "POST",
            "LeadManagement/DeactivateLeadsByRefId",
            None,
            DEACTIVATION,
            "string[]",
        ),
        _action("DncLeadPhoneNumber", "Add to do not call by phone number", "POST", PHONE, (LIST_ID, CATEGORIES)),
        _action("DncLeadId", "Add to do not call by lead id", "POST", LEAD_ID),
        Action("AddLead", "Add a lead", "POST", "LeadManagement/AddLead", None, (), "APILead"),
        _action("ReactivateLeadByPhone", "Reactivate by phone number", "POST", PHONE, (LIST_ID, REACTIVATE_DNC)),
        _action("ReactivateLeadId", "Reactivate by lead id", "POST", _key(LEAD_ID, "leadid"), (REACTIVATE_DNC,)),
        _action(
            "ReactivateLeadByRefId",
            "Reactivate by reference",
            "POST",
            _key(REFERENCE, "referenceid"),
            (LIST_ID, REACTIVATE_DNC),
        ),
        Action(
            "ReactivateLeadByRefIds",
            "Reactivate many by reference",
            "POST",
            "LeadManagement/ReactivateLeadByRefIds",
            None,
            (REACTIVATE_DNC,),
            "string[]",
        ),
        _action("MoveLeadByRefId", "Move by reference", "POST", REFERENCE, MOVE),
        _action("MoveLeadByPhone", "Move by phone number", "POST", PHONE, MOVE),
    )
}

LEAD_FIELDS = (
    Field("name", "Name", TEXT),
    Field("name2", "Name2", TEXT),
    Field("other_info", "OtherInfo", TEXT, required=True),
    Field("reference", "ReferenceID", TEXT),
    Field("supplier", "Supplier", TEXT),
    Field("list_id", "ListID", INT),
    Field("cost", "Cost", DECIMAL),
)
LEAD_PHONE_FIELDS = (
    Field("can_call_date", "CanCallDate", WHEN),
    Field("number", "PhoneNum", TEXT, required=True),
    Field("phone_type", "PhoneTypeID", choice(PhoneType)),
    Field("time_zone_id", "TimeZoneID", INT),
    Field("is_high_priority", "IsHighPriority", FLAG),
)


def write_lead(lead: Mapping[str, Any]) -> dict[str, Any]:
    """An APILead from our attribute names (`phones` for its numbers); names we do not know go out as they are."""
    wire = _write(LEAD_FIELDS, lead)
    if "phones" in wire:
        wire["LeadPhones"] = [_write(LEAD_PHONE_FIELDS, phone) for phone in wire.pop("phones")]
    return wire


def _write(fields: tuple[Field, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    known = {field.attribute: field for field in fields}
    wire: dict[str, Any] = {}
    for name, value in values.items():
        if name in known:
            wire[known[name].wire] = known[name].kind.write(value, None)
        else:
            wire[name] = value
    return wire
