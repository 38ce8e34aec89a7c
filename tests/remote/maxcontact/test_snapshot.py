"""What goes back goes back byte by byte, and a collection is read without being decoded."""

import json

import pytest

from maxops.remote.errors import Garbled, NotAuthorised, Refused
from maxops.remote.maxcontact.management import Management
from maxops.sandbox.server import Sandbox
from tests.remote.maxcontact.clients import management_of, session_to_sandbox
from tests.remote.scripted import gives_token, says, scripted, succeeds

ODD_MEMBERS = [
    rb'"TargetDropPercent":1.50',
    rb'"HoursPerWorkingDay":75e-1',
    rb'"Rate":1e2',
    rb'"Description":"caf\u00e9 \/ \ud83d\ude00"',
    rb'"Serial":123456789012345678901234567890',
    rb'"Extra":{"b" : [1.0, {"a":null}], "a":-0.0}',
    rb'"CallerId":null',
    '"ZipToneWav":"é"'.encode(),
    rb'"Unknown":true',
]


def body_of(*members: bytes) -> bytes:
    row = b'{"Unread" : 0 ,"Id":4,' + b",\n ".join(members) + rb',"CampaignName":"Before"}'
    return b'{"Success":true,"ResponseCode":"Success","Data":' + row + b"}"


def test_untouched_members_go_back_byte_by_byte_and_in_their_order():
    with scripted(gives_token(), says(body_of(*ODD_MEMBERS)), succeeds({"Id": 4, "CampaignName": "After"})) as server:
        campaigns = management_of(server).campaigns
        campaigns.update(campaigns.get(4), {"name": "After"})
        sent = server.requests[-1].body
    assert sent == b'{"Unread":0,"Id":4,' + b",".join(ODD_MEMBERS) + b',"CampaignName":"After"}'


@pytest.mark.parametrize("wrap", [b'{"Campaign":%s}', b"[%s]", b'{"Result":{"Campaign":[%s]}}'])
def test_members_are_kept_however_the_entity_is_wrapped(wrap):
    row = b'{"Id":4,"CampaignName":"x","Rate":1.50}'
    answer = says(b'{"Success":true,"ResponseCode":"Success","Data":' + wrap % row + b"}")
    with scripted(gives_token(), answer) as server:
        campaigns = management_of(server).campaigns
        campaigns.update(campaigns.get(4), {"description": "y"})
        assert server.requests[-1].body == row[:-1] + b',"Description":"y"}'


def test_manner_of_a_changed_field_is_followed():
    """A code written by name goes back by name, a date in milliseconds in milliseconds."""
    row = {"Id": 4, "CampaignName": "x", "Type": "Preview"}
    with scripted(gives_token(), succeeds(row)) as server:
        campaigns = management_of(server).campaigns
        campaigns.update(campaigns.get(4), {"type": 6})
        assert json.loads(server.requests[-1].body)["Type"] == "Inbound"


def test_password_of_a_careless_answer_does_not_go_back():
    row = {"Id": 4, "Login": "jo", "Password": "theirs", "Other": 1.5}
    with scripted(gives_token(), succeeds(row)) as server:
        users = management_of(server).users
        record = users.get(4)
        assert "Password" not in record.raw
        users.update(record, {"password": "ours", "extension": "1"})
        assert json.loads(server.requests[-1].body) == {**row, "Password": "ours", "Extension": "1"}


@pytest.mark.parametrize("style", [{}, {"xml_always": True}, {"xml_always": True, "namespaces": False}])
@pytest.mark.parametrize("kind", ["campaigns", "lists", "teams", "users"])
def test_snapshot_has_the_values_of_the_records(sandbox: Sandbox, kind, style):
    sandbox.state.style.change(**style)
    collection = Management(session_to_sandbox(sandbox)).collection(kind)
    records, snapshot = collection.all(), collection.snapshot()
    assert list(snapshot.rows.ids) == [record["id"] for record in records]
    columns = snapshot.columns(range(len(records)))
    for name, values in columns.items():
        assert values == [record.get(name) for record in records], name


def test_known_answer_is_not_read_again(sandbox):
    users = Management(session_to_sandbox(sandbox)).users
    first = users.snapshot()
    again = users.snapshot(first.mark.__eq__)
    assert (again.mark, again.rows) == (first.mark, None)
    sandbox.state.records["User"][1]["Extension"] = "9999"
    assert users.snapshot(first.mark.__eq__).rows is not None


REFUSED = {
    "truncated": (b'{"Success":true,"Data":[{"Id":1},{"Id"', Garbled),
    "same id twice": (b'{"Success":true,"Data":[{"Id":1},{"Id":1}]}', Garbled),
    "same id twice as text": (b'{"Success":true,"Data":[{"Id":"1"},{"Id":1}]}', Garbled),
    "id null": (b'{"Success":true,"Data":[{"Id":null}]}', Garbled),
    "data null": (b'{"Success":true,"Data":null}', Garbled),
    "no data": (b'{"Success":true}', Garbled),
    "rows that are none": (b'{"Success":true,"Data":[1]}', Garbled),
    "success false": (b'{"Success":false,"Data":[{"Id":1}],"ResponseCode":"Error","ResponseDetail":"x"}', Refused),
    "success not said": (b'{"Data":[{"Id":1}]}', Garbled),
    "not authorised": (b'{"Success":false,"Data":[],"ResponseCode":"Error","ResponseDetail":"NotAuth"}', NotAuthorised),
    "web page": (b"<html><body>Sign in</body></html>", Garbled),
    "xml, same id twice": (b"<R><Success>true</Success><Data><U><Id>1</Id></U><U><Id>1</Id></U></Data></R>", Garbled),
    "xml, truncated": (b"<R><Success>true</Success><Data><U><Id>1</Id></U><U><Id>2</Id>", Garbled),
    "xml, success false": (b"<R><Success>false</Success><Data><U><Id>1</Id></U></Data></R>", Refused),
}


@pytest.mark.parametrize(("body", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_suspicious_answer_is_refused_whole(body, error):
    with scripted(gives_token(), says(body)) as server, pytest.raises(error):
        management_of(server).users.snapshot()


def test_ids_as_text_are_read_all_the_same():
    with scripted(gives_token(), succeeds([{"Id": "7", "Login": "jo"}])) as server:
        snapshot = management_of(server).users.snapshot()
    assert (snapshot.rows.ids, snapshot.columns([0])["login"]) == ([7], ["jo"])


def test_value_that_cannot_be_is_named():
    with scripted(gives_token(), succeeds([{"Id": 7, "Login": "jo", "TeamId": "many"}])) as server:
        snapshot = management_of(server).users.snapshot()
    with pytest.raises(Garbled, match=r"User\.TeamId"):
        snapshot.columns([0])
