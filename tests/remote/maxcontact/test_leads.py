"""The Lead Management API against the stand-in: every action does its work, and no lead is sent twice by itself."""

import hashlib
import io
import json
from collections.abc import Callable

import pytest

from maxops.remote.errors import (
    Busy,
    Garbled,
    NotAuthorised,
    NotFound,
    Refused,
    RemoteError,
    TooLarge,
    Unanswered,
)
from maxops.remote.maxcontact.choices import DeactivationScope, FinalCode
from maxops.remote.maxcontact.leads import MAX_REQUEST_BYTES, Leads, request_size
from maxops.sandbox.server import Sandbox
from tests.remote.maxcontact.clients import leads_of, session_to_sandbox
from tests.remote.scripted import gives_token, says, scripted

CSV = b"phone,reference,first_name,last_name,postcode,product\r\n07700900999,N-1,Jo,Bloggs,LS1 1AA,Dual fuel\r\n"
STYLES = [
    {},
    {"xml_always": True},
    {"xml_always": True, "namespaces": False, "bom": True},
    {"error_key": "ErrorId", "error_values": "number"},
    {"import_ids": "nil"},
]


@pytest.fixture
def leads(sandbox: Sandbox) -> Leads:
    return Leads(session_to_sandbox(sandbox))


@pytest.fixture
def lead(sandbox: Sandbox):
    """One with a phone and a reference of its own."""
    table = sandbox.state.leads
    return next(
        lead
        for lead in table
        if lead.final_code == 0 and len(table.with_phone(lead.phones[0])) == 1 and "-" in lead.reference
    )


def upload(leads: Leads, content: bytes = CSV, map_name: str = "Energy leads", **options):
    return leads.upload(lambda: io.BytesIO(content), len(content), "leads.csv", map_name, options)


def style_name(style: dict) -> str:
    return ",".join(f"{name}={value}" for name, value in style.items()) or "plain"


@pytest.mark.parametrize("style", STYLES, ids=style_name)
def test_actions_change_the_lead_in_every_style(sandbox, leads, lead, style):
    sandbox.state.style.change(**style)
    phone, reference, number = lead.phones[0], lead.reference, str(lead.id)
    steps: list[tuple[Callable, int]] = [
        (lambda: leads.run("DeactivateLeadByPhone", phone, {"result_code": "Left us"}), 1),
        (lambda: leads.run("ReactivateLeadByPhone", phone), 0),
        (lambda: leads.run("DeactivateLeadId", number), 1),
        (lambda: leads.run("ReactivateLeadId", number, {"reactivate_dnc": False}), 0),
        (lambda: leads.run("DeactivateLeadByRefId", reference, {"scope": DeactivationScope.ALL}), 1),
        (lambda: leads.run("ReactivateLeadByRefId", reference), 0),
        (lambda: leads.run("DeactivateLeadsByRefId", body=[reference], parameters={"update_history": True}), 1),
        (lambda: leads.run("ReactivateLeadByRefIds", body=[reference]), 0),
        (lambda: leads.run("DncLeadId", number), 2),
        (lambda: leads.run("ReactivateLeadId", number, {"reactivate_dnc": True}), 0),
        (
            lambda: leads.run(
                "MoveLeadByPhone",
                phone,
                {"new_list_id": 3, "old_list_id": lead.list_id, "update_final": True, "final_code": FinalCode(1)},
            ),
            1,
        ),
        (lambda: leads.run("MoveLeadByRefId", reference, {"new_list_id": 2, "reset_attempts": True}), 1),
    ]
    for step, final_code in steps:
        assert step().success
        assert lead.final_code == final_code
    assert (lead.list_id, lead.attempts) == (2, 0)


def test_added_lead_is_there(sandbox, leads):
    new = {
        "name": "Jo",
        "other_info": "Boiler",
        "list_id": 2,
        "reference": "NEW-1",
        "phones": [{"number": "07700900998"}],
    }
    assert leads.run("AddLead", body=new).success
    [added] = sandbox.state.leads.with_reference("NEW-1")
    assert (added.phones, added.list_id) == (("07700900998",), 2)


def test_do_not_call_by_phone_where_the_tenant_has_it(sandbox, leads, lead):
    with pytest.raises(Refused, match="can't be done"):
        leads.run("DncLeadPhoneNumber", lead.phones[0], {"categories": "1,2"})
    sandbox.state.dnc_by_phone = True
    assert leads.run("DncLeadPhoneNumber", lead.phones[0], {"categories": "1,2"}).success
    assert lead.phones[0] in sandbox.state.dnc


def test_action_is_asked_as_documented(sandbox, leads, lead):
    leads.run("DeactivateLeadByPhone", lead.phones[0], {"scope": 0, "list_id": None, "update_history": False})
    [entry] = sandbox.journal.find("DELETE")
    assert entry["path"].endswith(f"/webservices/services/LeadManagement/DeactivateLeadByPhone/{lead.phones[0]}")
    assert entry["query_string"] == "Scope=0&UpdateHistory=false"
    assert entry["accept"] == "application/json"


@pytest.mark.parametrize("reference", ["a/b", "x?y=1&z", "50%", "é", "#1 ", "../1"])
def test_key_is_safe_in_an_address(reference):
    with scripted(gives_token(), says({"Success": True, "Errors": []})) as server:
        leads_of(server).run("DncLeadId", reference)
        path = server.requests[-1].path
    assert path.startswith("/LeadManagement/DncLeadId/")
    assert path.count("/") == 3
    assert not set("?#& ") & set(path)


@pytest.mark.parametrize(
    ("action", "key", "body", "kind", "code"),
    [
        ("DeactivateLeadByPhone", "0770090", None, NotFound, "PhoneNumberNotFound"),
        ("DeactivateLeadId", "999999", None, Refused, "InvalidLeadId"),
        ("AddLead", None, {"other_info": "No phone", "list_id": 2}, Refused, "InvalidLead"),
    ],
)
@pytest.mark.parametrize("style", STYLES[:4], ids=style_name)
def test_refusal_has_a_code_and_the_diallers_words(sandbox, leads, style, action, key, body, kind, code):
    sandbox.state.style.change(**style)
    with pytest.raises(kind) as caught:
        leads.run(action, key, body=body)
    assert caught.value.code == code
    assert "MaxContact says: " in caught.value.message
    assert caught.value.detail == ""


def test_warning_is_no_refusal(leads, lead):
    result = leads.run("DeactivateLeadsByRefId", body=[lead.reference, "nobody"])
    assert result.success
    assert [error.code_name for error in result.errors] == ["InvalidLeadId"]


def test_wrong_use_is_told_to_the_programmer(leads):
    with pytest.raises(TypeError, match="takes a key"):
        leads.run("DeactivateLeadId")
    with pytest.raises(TypeError, match="no parameter colour"):
        leads.run("DeactivateLeadId", "1", {"colour": 1})


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "truncate"])
def test_action_after_a_drop_is_unknown_and_sent_once(sandbox, leads, lead, kind):
    sandbox.faults.add("DeactivateLeadId", kind, times=0)
    with pytest.raises(Unanswered):
        leads.run("DeactivateLeadId", str(lead.id))
    assert len(sandbox.journal.find("DELETE")) == 1


@pytest.mark.parametrize("style", STYLES, ids=style_name)
def test_upload_arrives_byte_for_byte(sandbox, leads, style):
    sandbox.state.style.change(**style)
    result = upload(leads, ListId=3, CheckDnc=True, Dedupe=None)
    assert result.success
    assert len(result.import_ids) == (0 if style.get("import_ids") == "nil" else 1)
    [received] = sandbox.state.uploads
    assert received["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert (received["mapname"], received["file_name"]) == ("Energy leads", "leads.csv")
    [entry] = sandbox.journal.find("POST", "ImportCsvFiles")
    assert entry["upload"]["options"] in ({"ListId": 3, "CheckDnc": True}, '{"ListId": 3, "CheckDnc": true}')


def test_options_are_left_out_when_none_is_chosen():
    with scripted(gives_token(), says({"Success": True, "Errors": []})) as server:
        upload(leads_of(server), Dedupe=None)
        assert b'name="options"' not in server.requests[-1].body


def test_request_size_is_exact():
    with scripted(gives_token(), says({"Success": True, "Errors": []})) as server:
        upload(leads_of(server), map_name="Énergie", ListId=12)
        sent = len(server.requests[-1].body)
    assert request_size(len(CSV), "leads.csv", "Énergie", {"ListId": 12}) == sent


def test_upload_over_the_limit_is_refused_before_it_is_sent(sandbox, leads):
    def never():
        raise AssertionError("the file was opened")

    room = MAX_REQUEST_BYTES - request_size(0, "a.csv", "Energy leads", {})
    with pytest.raises(TooLarge, match="51,200,000"):
        leads.upload(never, room + 1, "a.csv", "Energy leads", {})
    assert sandbox.journal.find("POST") == []


def test_upload_of_the_largest_size_is_taken(sandbox, leads):
    sandbox.state.max_request_bytes = 300_000
    room = 300_000 - request_size(0, "leads.csv", "Energy leads", {})
    row = b"07700900999,N-1,Jo,Bloggs,LS1 1AA,"
    head = CSV.splitlines(keepends=True)[0]
    assert upload(leads, head + row + b"x" * (room - len(head) - len(row))).success
    with pytest.raises(TooLarge):
        upload(leads, head + row + b"x" * (room - len(head) - len(row) + 1))


@pytest.mark.parametrize(
    ("content", "map_name", "code", "advice"),
    [
        (CSV, "No such map", "NoMapFound", "exactly that in Manager Portal"),
        (b"a,b\r\n1,2\r\n", "Energy leads", "NoMapMatch", "columns do not fit"),
    ],
)
def test_upload_refused_as_a_whole_says_what_to_do(leads, content, map_name, code, advice):
    with pytest.raises(Refused, match=advice) as caught:
        upload(leads, content, map_name)
    assert caught.value.code == code


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_upload_after_a_drop_is_unknown_and_sent_once(sandbox, leads, kind):
    sandbox.faults.add("ImportCsvFiles", kind, times=0)
    with pytest.raises(Unanswered) as caught:
        upload(leads)
    assert caught.value.taken == "unknown"
    assert len(sandbox.journal.find("POST", "ImportCsvFiles")) == 1


def test_upload_turned_away_is_sent_once(sandbox, leads):
    sandbox.faults.add("ImportCsvFiles", "status", times=2, status=503)
    with pytest.raises(Busy) as caught:
        upload(leads)
    assert caught.value.taken == "no"
    assert len(sandbox.journal.find("POST", "ImportCsvFiles")) == 1


def test_upload_with_an_expired_token_is_sent_once_more(sandbox, leads):
    leads.run("DncLeadId", "1")
    sandbox.faults.add("ImportCsvFiles", "expired_token")
    assert upload(leads).success
    assert len(sandbox.journal.find("POST", "ImportCsvFiles")) == 2
    assert len(sandbox.state.uploads) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "html"}, Garbled),
        ({"kind": "garbage"}, Garbled),
        ({"kind": "success_false"}, Refused),
        ({"kind": "status", "status": 500}, Unanswered),
        ({"kind": "status", "status": 502}, Unanswered),
        ({"kind": "status", "status": 413}, TooLarge),
        ({"kind": "status", "status": 503, "retry_after": 600}, Busy),
    ],
)
def test_upload_trouble_becomes_its_error_and_keeps_no_lead(sandbox, leads, fault, kind):
    sandbox.faults.add("ImportCsvFiles", times=0, **fault)
    with pytest.raises(kind) as caught:
        upload(leads)
    assert caught.value.detail == ""
    assert len(sandbox.journal.find("POST", "ImportCsvFiles")) == 1


def test_result_in_an_error_status_is_read():
    wire = {"Success": False, "Errors": [{"ErrorId": 10, "ErrorSeverity": 3, "ErrorText": "No map"}]}
    for status in (400, 500):
        with scripted(gives_token(), says(wire, status)) as server, pytest.raises(Refused) as caught:
            upload(leads_of(server))
        assert caught.value.code == "NoMapFound"


def test_lasting_refusal_names_the_permission():
    wire = {"Success": False, "Errors": [{"ErrorCode": "NotAuth", "ErrorSeverity": "Severe", "ErrorText": "No"}]}
    with scripted(gives_token("a"), says(wire), gives_token("b"), says(wire)) as server:
        with pytest.raises(NotAuthorised, match="API Token Access"):
            upload(leads_of(server))
        assert len(server.requests) == 4


def test_nothing_of_a_lead_is_logged(sandbox, leads, lead, caplog):
    with caplog.at_level("DEBUG"):
        leads.run("DeactivateLeadByPhone", lead.phones[0])
        upload(leads)
        with pytest.raises(RemoteError):
            leads.run("DeactivateLeadByRefId", "Bloggs-1")
    for secret in (lead.phones[0], "Bloggs", "07700900999", "Energy leads", json.dumps(sandbox.password)):
        assert secret not in caplog.text


def severe(code: str, **more) -> dict:
    error = {"ErrorCode": code, "ErrorSeverity": "Severe", "ErrorText": "Broke down in the middle"}
    return {"Success": False, "Errors": [error], **more}


@pytest.mark.parametrize(
    ("wire", "reference"),
    [
        (severe("DBError"), ""),
        (severe("CommsError"), ""),
        (severe("DBError", ImportIDs=[17]), "17"),
        (severe("GeneralError", ImportIDs=[17, 18]), "17,18"),
        (severe("FileWriteError", ImportIDs=[17]), "17"),
        (severe("LicenceExpired", ImportIDs=["a-1"]), "a-1"),
        ({"Success": False, "Errors": severe("GeneralError")["Errors"] + severe("DBError")["Errors"]}, ""),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_upload_that_failed_when_rows_may_be_in_is_not_known(wire, reference, status):
    with scripted(gives_token(), says(wire, status)) as server:
        with pytest.raises(Unanswered, match="MaxContact says: Broke down in the middle") as caught:
            upload(leads_of(server))
        assert len(server.requests) == 2
    assert (caught.value.taken, caught.value.reference) == ("unknown", reference)


@pytest.mark.parametrize("code", ["FileMissing", "FileTooLarge", "NoMapMatch", "NoMapFound", "GeneralError", "Moon"])
def test_upload_refused_before_it_began_was_not_taken(code):
    with scripted(gives_token(), says(severe(code))) as server, pytest.raises(Refused) as caught:
        upload(leads_of(server))
    assert (caught.value.taken, caught.value.code, caught.value.reference) == ("no", code, "")


def test_action_that_failed_in_the_database_is_still_a_refusal():
    with scripted(gives_token(), says(severe("DBError"))) as server, pytest.raises(Refused):
        leads_of(server).run("DeactivateLeadId", "1")
