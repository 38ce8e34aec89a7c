"""The Management API against the stand-in: every verb, every style of answer, and what a failure leaves behind."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from maxops.remote.codec import encode
from maxops.remote.errors import (
    Busy,
    Garbled,
    NotAuthorised,
    NotFound,
    Refused,
    RemoteError,
    Unanswered,
)
from maxops.remote.fields import Record
from maxops.remote.maxcontact.choices import CampaignStatus, CampaignType
from maxops.remote.maxcontact.entities import ENTITIES
from maxops.remote.maxcontact.management import Management
from maxops.sandbox.server import Sandbox
from tests.remote.maxcontact.clients import management_of, session_to_sandbox
from tests.remote.scripted import gives_token, says, scripted, succeeds

STYLES = [
    {},
    {"xml_always": True},
    {"xml_always": True, "namespaces": False},
    {"xml_always": True, "enums": "name"},
    {"enums": "name"},
    {"dates": "ms"},
    {"verb_answer": "number"},
    {"verb_answer": "entity"},
    {"entity_wrapper": True},
    {"bom": True},
    {"xml_always": True, "bom": True, "dates": "ms", "verb_answer": "number"},
    {"not_found_status": 404},
]
ROWS = {
    "campaigns": {"name": "Heat pumps", "type": CampaignType.PREVIEW, "target_drop_percent": Decimal("2.50")},
    "lists": {"name": "Heat pumps July", "max_callback_date": datetime(2026, 7, 1, 9, tzinfo=UTC), "fetch_weight": 3},
    "teams": {"name": "Green team", "hours_per_working_day": Decimal("7.5")},
    "users": {"first_name": "Jo", "login": "jo.new", "password": "s3cret", "use_rtc": True},
}


@pytest.fixture
def management(sandbox: Sandbox) -> Management:
    return Management(session_to_sandbox(sandbox))


def style_name(style: dict) -> str:
    return ",".join(f"{name}={value}" for name, value in style.items()) or "plain"


def bodies(sandbox: Sandbox, method: str, path: str) -> list[dict]:
    return [json.loads(entry["body"]) for entry in sandbox.journal.find(method, path)]


@pytest.mark.parametrize("style", STYLES, ids=style_name)
def test_every_style_of_answer_reads_the_same(sandbox, management, style):
    """Create, read, change, verb and link: what comes back equals what a plain JSON answer gives."""
    plain = {kind: management.collection(kind).all() for kind in ENTITIES}
    sandbox.state.style.change(**style)
    for kind, expected in plain.items():
        collection = management.collection(kind)
        assert collection.all() == expected
        assert collection.get(expected[0]["id"]) == expected[0]
        created = collection.create(ROWS[kind])
        given = {name: value for name, value in ROWS[kind].items() if name != "password"}
        assert created.items() >= given.items()
        extra = {"password": "an0ther"} if kind == "users" else {}
        name = "login" if kind == "users" else "name"
        updated = collection.update(created, {name: "changed", **extra})
        assert updated == {**created, name: "changed"}
        assert collection.get(created["id"]) == updated


@pytest.mark.parametrize("style", STYLES, ids=style_name)
def test_verbs_and_links_work_in_every_style(sandbox, management, style):
    sandbox.state.style.change(**style)
    management.campaigns.perform("set_status", 1, CampaignStatus.PAUSED)
    management.campaigns.perform("set_type", 1, CampaignType.IVR)
    management.campaigns.perform("set_active", 1, False)
    for kind in ("lists", "teams", "users"):
        management.collection(kind).perform("set_active", 1, False)
    campaign = management.campaigns.get(1)
    assert (campaign["status"], campaign["type"], campaign["active"]) == (2, 3, False)
    assert not any(sandbox.state.activity[name][1] for name in ("List", "Team", "User"))
    management.campaigns.link("lists", 1, 2)
    management.campaigns.link("teams", 1, 2)
    management.campaigns.unlink("lists", 1, 2)
    management.teams.link("users", 1, 3)
    management.skills_on(5, 10, [1, 2])
    management.skills_off(5, [2])
    assert sandbox.state.skills == {(1, 5): 10}


def test_verb_answers_a_record_only_when_it_got_a_whole_one(sandbox, management):
    assert management.campaigns.perform("set_status", 1, 1) is None
    assert isinstance(management.campaigns.perform("set_active", 1, True), Record)


def test_verbs_go_out_as_documented(sandbox, management):
    management.campaigns.perform("set_status", 1, 0)
    management.campaigns.perform("set_type", 1, 8)
    management.lists.perform("set_active", 2, True)
    assert bodies(sandbox, "PATCH", "campaigns/1/status$") == [{"CampaignStatus": "Not Running"}]
    assert bodies(sandbox, "PATCH", "campaigns/1/type$") == [{"CampaignType": "Interaction"}]
    assert bodies(sandbox, "PUT", "lists/2/activitystatus$") == [{"Active": True}]
    management.campaigns.unlink("teams", 1, 2)
    assert bodies(sandbox, "DELETE", "campaigns/1/teams$") == [{"TeamId": 2}]
    assert sandbox.journal.find("DELETE", "teams")[0]["content_type"] == "application/json"


@pytest.mark.parametrize("style", [{}, {"xml_always": True}, {"dates": "ms", "enums": "name"}], ids=style_name)
def test_update_sends_untouched_fields_back_as_they_came(sandbox, management, style):
    sandbox.state.records["List"][4]["Colour"] = "teal"
    sandbox.state.style.change(**style)
    before = management.lists.get(4)
    management.lists.update(before, {"description": "by us"})
    [sent] = bodies(sandbox, "PUT", "lists/4$")
    assert sent == {**json.loads(encode(before.raw)), "Description": "by us"}
    assert sent["Colour"] == "teal"
    assert sent.keys() >= {field.wire for field in management.lists.entity.fields}
    after = management.lists.get(4)
    assert after == {**before, "description": "by us"}
    assert json.loads(encode(after.raw)) == sent


def test_user_cannot_be_saved_without_a_password(sandbox, management):
    user = management.users.get(2)
    for changes in ({"extension": "12"}, {"extension": "12", "password": ""}):
        with pytest.raises(Refused) as caught:
            management.users.update(user, changes)
        assert "password" in caught.value.fields
    assert sandbox.journal.find("PUT") == []
    assert management.users.perform("set_active", 2, True) is not None


def test_refusal_carries_the_diallers_words(management):
    with pytest.raises(Refused) as caught:
        management.campaigns.create({"name": ""})
    assert caught.value.code == "Invalid Parameters"
    assert caught.value.message.startswith("MaxContact declined the values sent: ")
    assert caught.value.taken == "no"
    assert caught.value.operation == "create campaign"


def test_refusal_about_a_user_keeps_no_password():
    refusal = {"Success": False, "ResponseCode": "Error", "ResponseDetail": "Login taken"}
    with scripted(gives_token(), says(refusal)) as server, pytest.raises(Refused, match="Login taken") as caught:
        management_of(server).users.create({"login": "jo", "password": "hunter2"})
    assert "hunter2" not in repr(vars(caught.value))


def test_missing_record_is_told(sandbox, management):
    with pytest.raises(RemoteError, match="999"):
        management.campaigns.get(999)
    sandbox.state.style.change(not_found_status=404)
    with pytest.raises(NotFound):
        management.campaigns.get(999)


def test_expired_token_is_renewed_once(sandbox, management):
    management.campaigns.all()
    for style in ("401", "result", "documented"):
        sandbox.state.style.change(not_auth=style)
        sandbox.faults.add("GET .*/teams", "expired_token")
        logins = sandbox.state.logins
        assert management.teams.all()
        assert sandbox.state.logins == logins + 1


def test_create_after_a_drop_is_unknown_and_not_sent_twice(sandbox, management):
    count = len(sandbox.state.records["Campaign"])
    sandbox.faults.add("POST .*/campaigns", "drop_after", times=0)
    with pytest.raises(Unanswered) as caught:
        management.campaigns.create({"name": "Once only"})
    assert caught.value.taken == "unknown"
    assert len(sandbox.state.records["Campaign"]) == count + 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate", "status"])
def test_whole_row_is_never_sent_again_by_itself(sandbox, management, kind):
    """Read a while ago by then, it would set back what somebody else has changed meanwhile."""
    record = management.campaigns.get(3)
    sandbox.faults.add("PUT", kind)
    with pytest.raises((Unanswered, Busy)):
        management.campaigns.update(record, {"description": "once"})
    assert len(sandbox.journal.find("PUT")) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_change_of_one_value_after_a_drop_is_sent_again(sandbox, management, kind):
    sandbox.faults.add("PATCH", kind)
    management.campaigns.perform("set_active", 3, True)
    sandbox.faults.add("PUT", kind)
    management.campaigns.link("lists", 3, 1)


@pytest.mark.parametrize(
    ("kind", "error"),
    [("html", Garbled), ("garbage", Garbled), ("success_false", Refused), ("drop_before", Unanswered)],
)
def test_trouble_with_a_collection_gives_no_rows(sandbox, management, kind, error):
    sandbox.faults.add("GET .*/campaigns", kind, times=0)
    with pytest.raises(error):
        management.campaigns.all()


def test_truncated_collection_is_read_again(sandbox, management):
    sandbox.faults.add("GET .*/campaigns", "truncate")
    assert len(management.campaigns.all()) == len(sandbox.state.records["Campaign"])


@pytest.mark.parametrize("switch", ["enable", "disable"])
def test_emergency_is_one_request_without_a_body(sandbox, management, switch):
    getattr(management, f"emergency_{switch}")()
    [entry] = sandbox.journal.find("POST", f"globalemergency/{switch}$")
    assert entry["content_length"] == 0
    assert sandbox.state.emergency is (switch == "enable")


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"kind": "drop_after"}, Unanswered), ({"kind": "status", "status": 503}, Busy)],
)
def test_emergency_is_never_repeated_by_itself(sandbox, management, fault, error):
    sandbox.faults.add("globalemergency", times=0, **fault)
    with pytest.raises(error):
        management.emergency_enable()
    assert len(sandbox.journal.find("POST", "globalemergency")) == 1


def test_emergency_renews_a_lost_token(sandbox, management):
    management.campaigns.all()
    sandbox.faults.add("globalemergency", "expired_token")
    management.emergency_enable()
    assert sandbox.state.emergency


@pytest.mark.parametrize(
    "answer",
    [
        {"Success": True, "Data": None, "ResponseCode": "Success"},
        {"Success": True, "ResponseCode": "Success"},
        {"Success": True, "Data": "lots", "ResponseCode": "Success"},
        {"Success": True, "Data": [1, 2], "ResponseCode": "Success"},
        {"Success": True, "Data": [{"CampaignName": "no id"}], "ResponseCode": "Success"},
        {"Success": True, "Data": [{"Id": 1}, {"Id": 1}], "ResponseCode": "Success"},
        {"Success": True, "Data": [{"Id": 1, "MaxLines": "many"}], "ResponseCode": "Success"},
        {"Success": "maybe", "Data": []},
        {"Data": []},
        [],
        "Success",
    ],
)
def test_odd_collection_is_garbled(answer):
    with scripted(gives_token(), says(answer)) as server, pytest.raises(Garbled) as caught:
        management_of(server).campaigns.all()
    assert caught.value.operation == "read all campaign"


@pytest.mark.parametrize(
    "answer",
    [
        {"Success": True, "Data": [], "ResponseCode": "Success"},
        b"<r><Success>true</Success><Data/><ResponseCode>Success</ResponseCode></r>",
        b"<r><Success>true</Success><Data><Campaigns></Campaigns></Data></r>",
        {"success": True, "data": [], "responseCode": "Success"},
        {"GetCampaignsResult": {"Success": True, "Data": []}},
    ],
)
def test_empty_collection_is_empty(answer):
    with scripted(gives_token(), says(answer)) as server:
        assert management_of(server).campaigns.all() == []


@pytest.mark.parametrize(
    "answer",
    [
        {"Success": "false", "ResponseCode": "Error", "ResponseDetail": "No"},
        {"Success": False, "Data": [{"Id": 1}], "ResponseCode": "Error", "ResponseDetail": "No"},
        {"Success": True, "Data": [], "ResponseCode": "Invalid Parameters", "ResponseDetail": "No"},
        b"<r><Success>false</Success><ResponseCode>Error</ResponseCode><ResponseDetail>No</ResponseDetail></r>",
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_success_is_what_the_answer_says_not_the_status(answer, status):
    with scripted(gives_token(), says(answer, status)) as server, pytest.raises(Refused, match="No"):
        management_of(server).campaigns.all()


@pytest.mark.parametrize("data", [7, "7", {"Id": 7}, None, True])
def test_created_row_not_shown_is_looked_up(data):
    whole = {"Id": 7, "CampaignName": "New"}
    steps = [succeeds([{"Id": 6, "CampaignName": "Old"}, whole])] if data in (None, True) else [succeeds(whole)]
    with scripted(gives_token(), succeeds(data), *steps) as server:
        assert management_of(server).campaigns.create({"name": "New"}) == {"id": 7, "name": "New"}


def test_created_row_that_cannot_be_told_is_garbled():
    twins = [{"Id": 6, "CampaignName": "New"}, {"Id": 7, "CampaignName": "New"}]
    with scripted(gives_token(), succeeds(None), succeeds(twins)) as server, pytest.raises(Garbled, match="may exist"):
        management_of(server).campaigns.create({"name": "New"})


def test_update_answered_without_the_row_is_read_again():
    record = Record({"id": 7}, raw={"Id": 7, "CampaignName": "Old"})
    whole = {"Id": 7, "CampaignName": "New"}
    with scripted(gives_token(), succeeds(True), succeeds(whole)) as server:
        assert management_of(server).campaigns.update(record, {"name": "New"})["name"] == "New"


def test_answer_about_another_record_is_garbled():
    with scripted(gives_token(), succeeds({"Id": 8, "CampaignName": "x"})) as server, pytest.raises(Garbled):
        management_of(server).campaigns.get(7)


def test_permission_that_is_lacking_is_not_authorised():
    steps = [gives_token("a"), says({}, 403), gives_token("b"), says({}, 403)]
    with scripted(*steps) as server, pytest.raises(NotAuthorised, match="does not allow"):
        management_of(server).campaigns.all()


@pytest.mark.parametrize(
    "answer",
    [
        {"Success": True},
        {"SkillUserResult": {"Success": True}},
        b"<SkillUserResult><Success>true</Success></SkillUserResult>",
    ],
)
def test_success_alone_is_an_answer_about_skills(answer):
    with scripted(gives_token(), says(answer)) as server:
        assert management_of(server).skills_on(5, 10, [1, 2]) == {}


def test_refusal_alone_is_one():
    with scripted(gives_token(), says({"Success": False})) as server, pytest.raises(Refused, match="gave no reason"):
        management_of(server).skills_on(5, 10, [1, 2])
