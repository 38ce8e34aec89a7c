"""The thirteen lead actions on the lead table, with the documented defaults and refusals."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from maxops.sandbox.documents import LEAD_MANAGEMENT
from maxops.sandbox.maxcontact.leads import Lead
from tests.sandbox.caller import BOUNDARY, JSON, SERVICES

PHONE = "07700900955"
ACTIONS = {action["name"]: action for action in LEAD_MANAGEMENT["actions"]}


@pytest.fixture
def leads(sandbox):
    """One number in two lists, seven and thirteen months old, and a third lead from yesterday."""
    now = datetime.now(UTC)
    ages = [(1, 210), (2, 400), (1, 1)]
    return [
        sandbox.state.leads.add(
            Lead(
                number,
                (PHONE,),
                reference=f"REF/{index}",
                created=now - timedelta(days=days),
                history=["No answer"],
                attempts=3,
            )
        )
        for index, (number, days) in enumerate(ages)
    ]


def codes(leads):
    return [lead.final_code for lead in leads]


def error_of(answer):
    return answer["Success"], answer["Errors"][0]["ErrorCode"]


def test_deactivate_by_phone_ends_all_leads_with_the_default_code(caller, leads):
    assert caller.lead("DELETE", f"DeactivateLeadByPhone/{PHONE}")["Success"] is True
    assert codes(leads) == [1, 1, 1]
    assert {lead.result_code for lead in leads} == {"API-Removed"}
    assert leads[0].history == ["No answer"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Scope=0&ListID=1", [1, 0, 1]),
        ("Scope=1", [1, 1, 0]),
        ("Scope=2", [1, 1, 0]),
        ("Scope=3", [0, 1, 0]),
        ("scope=KeepNewest&listid=1", [1, 0, 0]),
    ],
)
def test_scope_and_list_choose_the_leads(caller, leads, query, expected):
    assert caller.lead("DELETE", f"DeactivateLeadByPhone/{PHONE}?{query}")["Success"] is True
    assert codes(leads) == expected


def test_update_history_changes_the_last_entry(caller, leads):
    caller.lead("DELETE", "DeactivateLeadByRefId/REF%2F0?ResultCode=GONE&UpdateHistory=true")
    assert (leads[0].result_code, leads[0].history) == ("GONE", ["GONE"])
    assert codes(leads) == [1, 0, 0]


def test_deactivate_by_id(caller, leads):
    assert caller.lead("DELETE", f"DeactivateLeadId/{leads[1].id}")["Success"] is True
    assert codes(leads) == [0, 1, 0]


def test_deactivate_by_references_warns_of_unknown_ones(caller, leads):
    answer = caller.lead("POST", "DeactivateLeadsByRefId?Scope=0&listID=1", ["REF/0", "REF/9"])
    assert answer["Success"] is True
    assert [error["ErrorSeverity"] for error in answer["Errors"]] == ["Warning"]
    assert codes(leads) == [1, 0, 0]


def test_references_may_come_as_the_form_field_of_the_example(caller, leads):
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="referenceIds"\r\n\r\n["REF/1"]\r\n--{BOUNDARY}--\r\n'
    headers = {**JSON, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    path = f"{SERVICES}/LeadManagement/DeactivateLeadsByRefId"
    assert caller.send("POST", path, part.encode(), headers).json()["Success"] is True
    assert codes(leads) == [0, 1, 0]


def test_reactivate_leaves_do_not_call_alone_unless_told(caller, sandbox, leads):
    caller.lead("POST", f"DncLeadId/{leads[0].id}")
    caller.lead("DELETE", f"DeactivateLeadId/{leads[1].id}")
    assert codes(leads) == [2, 1, 0]
    assert PHONE in sandbox.state.dnc
    caller.lead("POST", f"ReactivateLeadByPhone/{PHONE}?listID=0")
    assert codes(leads) == [2, 0, 0]
    caller.lead("POST", f"ReactivateLeadId/{leads[0].id}?reactivateDnc=true")
    assert codes(leads) == [0, 0, 0]
    assert PHONE not in sandbox.state.dnc


def test_reactivate_by_reference_and_by_references(caller, leads):
    caller.lead("DELETE", f"DeactivateLeadByPhone/{PHONE}")
    caller.lead("POST", "ReactivateLeadByRefId/REF%2F1?listID=2")
    assert codes(leads) == [1, 0, 1]
    caller.lead("POST", "ReactivateLeadByRefIds?listID=1&reactivateDnc=false", ["REF/0", "REF/1"])
    assert codes(leads) == [0, 0, 1]


def test_move_by_phone_and_by_reference(caller, leads):
    caller.lead("POST", f"MoveLeadByPhone/{PHONE}?newListID=5&oldListID=1&resetAttempts=true")
    assert [(lead.list_id, lead.attempts) for lead in leads] == [(5, 0), (2, 3), (5, 0)]
    caller.lead("POST", "MoveLeadByRefId/REF%2F1?NewListID=0&UpdateFinal=true&FinalCode=1")
    assert (leads[1].list_id, leads[1].final_code) == (2, 1)
    assert error_of(caller.lead("POST", f"MoveLeadByPhone/{PHONE}?newListID=99")) == (False, "GeneralError")
    refused = caller.lead("POST", f"MoveLeadByPhone/{PHONE}?updateFinal=true&finalCode=3")
    assert error_of(refused) == (False, "GeneralError")


def test_do_not_call_by_phone_is_not_in_the_product(caller, sandbox, leads):
    path = f"DncLeadPhoneNumber/{PHONE}?listID=1"
    answer = caller.lead("POST", f"{path}&dnccategories=1,2")
    assert error_of(answer) == (False, "GeneralError")
    assert "can't be done in the product" in answer["Errors"][0]["ErrorText"]
    sandbox.state.dnc_by_phone = True
    assert error_of(caller.lead("POST", path)) == (False, "GeneralError")
    assert caller.lead("POST", f"{path}&dnccategories=1,2")["Success"] is True
    assert codes(leads) == [2, 0, 2]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("DELETE", "DeactivateLeadByPhone/07700900000?ListID=99", "PhoneNumberNotFound"),
        ("POST", "MoveLeadByPhone/02079460999", "PhoneNumberNotFound"),
        ("DELETE", "DeactivateLeadId/999999", "InvalidLeadId"),
        ("POST", "DncLeadId/abc", "InvalidLeadId"),
        ("POST", "ReactivateLeadByRefId/nobody", "InvalidLeadId"),
        ("DELETE", f"DeactivateLeadByPhone/{PHONE}?Scope=4", "GeneralError"),
        ("DELETE", f"DeactivateLeadByPhone/{PHONE}?UpdateHistory=1", "GeneralError"),
        ("DELETE", f"DeactivateLeadByPhone/{PHONE}?List=1", "GeneralError"),
    ],
)
def test_what_cannot_be_done_is_refused_by_a_documented_code(caller, leads, method, path, code):
    answer = caller.lead(method, path)
    assert error_of(answer) == (False, code)
    assert answer["Errors"][0]["ErrorSeverity"] == "Severe"


def new_lead(**changes):
    return {
        "Name": "Mr",
        "Name2": "Smith",
        "OtherInfo": "Mr Smith",
        "ReferenceID": "123436",
        "Supplier": "LeadSupplier ABC",
        "ListID": 2,
        "Cost": 2.6,
        "LeadPhones": [{"PhoneNum": "07700900901", "PhoneTypeID": 0, "TimeZoneID": 0, "IsHighPriority": True}],
        **changes,
    }


def test_add_lead_puts_it_into_the_table(caller, sandbox):
    assert caller.lead("POST", "AddLead", new_lead())["Success"] is True
    (lead,) = sandbox.state.leads.with_reference("123436")
    assert (lead.list_id, lead.phones, lead.high_priority) == (2, ("07700900901",), True)


@pytest.mark.parametrize(
    "changes",
    [
        {"LeadPhones": []},
        {"LeadPhones": [{"PhoneTypeID": 0}]},
        {"LeadPhones": [{"PhoneNum": 7700900901}]},
        {"ListID": 99},
        {"ListID": "2"},
        {"OtherInfo": ""},
        {"Cost": "2.6"},
    ],
)
def test_add_lead_refuses_what_is_no_lead(caller, sandbox, changes):
    before = len(sandbox.state.leads)
    assert error_of(caller.lead("POST", "AddLead", new_lead(**changes))) == (False, "InvalidLead")
    assert len(sandbox.state.leads) == before


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_each_action_has_one_method(caller, action):
    wrong = "POST" if action["method"] == "DELETE" else "DELETE"
    path = f"{SERVICES}/leadmanagement/{action['name'].lower()}" + ("/1" if action["key"] else "")
    answer = caller.send(wrong, path, b"")
    assert (answer.status, answer.headers["Allow"]) == (405, action["method"])


def test_slips_of_the_cheat_sheet_are_not_found(caller):
    assert caller.send("POST", f"{SERVICES}/LeadManagement/ReactivateLeadByLeadId/1", b"").status == 404


def test_errors_follow_the_style(caller, sandbox):
    sandbox.state.style.change(error_key="ErrorId", error_values="number")
    (error,) = caller.lead("DELETE", "DeactivateLeadId/999999")["Errors"]
    assert (error["ErrorId"], error["ErrorSeverity"]) == (12, 3)


def test_body_that_is_no_json_is_refused(caller):
    path = f"{SERVICES}/LeadManagement/AddLead"
    answer = caller.send("POST", path, b"{'Name'}", {**JSON, "Content-Type": "application/json"})
    assert error_of(json.loads(answer.body)) == (False, "GeneralError")
