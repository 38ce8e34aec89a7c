"""The rows of the thirteen actions: what a form and a request take from them."""

from decimal import Decimal

from maxops.remote.maxcontact.lead_actions import ACTIONS, write_lead


def test_rows_carry_what_a_form_shows():
    for action in ACTIONS.values():
        assert action.label
        assert len({parameter.name for parameter in action.parameters}) == len(action.parameters)
        assert all(parameter.label for parameter in action.parameters)
        assert action.key is None or action.key.required


def test_defaults_are_the_documents():
    defaults = {parameter.wire: parameter.default for parameter in ACTIONS["DeactivateLeadByPhone"].parameters}
    assert defaults == {"Scope": 0, "ListID": 0, "ResultCode": "API-Removed", "UpdateHistory": False}
    move = ACTIONS["MoveLeadByRefId"]
    assert [parameter.default for parameter in move.parameters] == [0, 0, False, False, 0]
    assert move.parameter("final_code").kind.choices is not None


def test_lead_is_written_by_our_names_or_by_the_documents():
    ours = {
        "name": "Jo",
        "other_info": "Boiler",
        "cost": Decimal("2.60"),
        "list_id": 2,
        "phones": [{"number": "07700900123", "phone_type": 2, "is_high_priority": True}],
    }
    theirs = {
        "Name": "Jo",
        "OtherInfo": "Boiler",
        "Cost": Decimal("2.60"),
        "ListID": 2,
        "LeadPhones": [{"PhoneNum": "07700900123", "PhoneTypeID": 2, "IsHighPriority": True}],
    }
    assert write_lead(ours) == theirs
    assert write_lead(theirs) == theirs
