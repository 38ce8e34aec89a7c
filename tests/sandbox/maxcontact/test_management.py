"""The Management API: every collection and verb of S001, and its refusals."""

import json

import pytest

from maxops.sandbox.documents import MANAGEMENT
from tests.sandbox.caller import SERVICES, XML

ENTITIES = MANAGEMENT["entities"]
NAMES = {"Campaign": "CampaignName", "List": "ListName", "Team": "TeamName", "User": "Login"}
PER_ENTITY = pytest.mark.parametrize("entity", ENTITIES)


def path_of(entity, number=None):
    return ENTITIES[entity]["path"] + (f"/{number}" if number else "")


def with_password(entity, record):
    return {**record, "Password": "N3w-secret!"} if entity == "User" else record


@PER_ENTITY
def test_collection_has_all_readable_fields(caller, sandbox, entity):
    answer = caller.manage("GET", path_of(entity))
    assert answer["Success"] is True
    assert answer["ResponseCode"] == "Success"
    assert len(answer["Data"]) == len(sandbox.state.records[entity])
    readable = {name for name, _ in ENTITIES[entity]["fields"]} - set(ENTITIES[entity]["write_only"])
    assert all(set(row) == readable for row in answer["Data"])


@PER_ENTITY
def test_xml_is_the_default_and_says_the_same(caller, entity):
    wanted = caller.manage("GET", path_of(entity, 2))["Data"]
    root = caller.send("GET", f"{SERVICES}/management/{path_of(entity, 2)}", headers=XML).xml()
    found = {child.tag.split("}")[1]: child for child in root.find("{*}Data")}
    assert root.tag.endswith("}ManagementActionResponse")
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        text = found[name].text or ""
        nil = found[name].get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
        assert nil if value is None else text == (str(value).lower() if isinstance(value, bool) else str(value))


@PER_ENTITY
def test_put_of_the_whole_record_changes_it(caller, entity):
    record = caller.manage("GET", path_of(entity, 3))["Data"]
    record[NAMES[entity]] = "Renamed by hand"
    answer = caller.manage("PUT", path_of(entity, 3), with_password(entity, record))
    assert answer["Data"] == record
    assert caller.manage("GET", path_of(entity, 3))["Data"] == record


@PER_ENTITY
def test_put_without_a_field_is_refused_by_its_name(caller, entity):
    record = caller.manage("GET", path_of(entity, 3))["Data"]
    for name in record:
        if name in ENTITIES[entity]["optional_on_put"]:
            continue
        less = {key: value for key, value in with_password(entity, record).items() if key != name}
        answer = caller.manage("PUT", path_of(entity, 3), less)
        assert (answer["Success"], answer["ResponseCode"]) == (False, "Invalid Parameters")
        assert name in answer["ResponseDetail"]


def test_list_keeps_use_max_callback_days_when_left_out(caller):
    record = caller.manage("GET", "lists/1")["Data"]
    kept = record.pop("UseMaxCallbackDays")
    assert caller.manage("PUT", "lists/1", record)["Data"]["UseMaxCallbackDays"] is kept


@PER_ENTITY
def test_post_creates_under_a_new_id(caller, sandbox, entity):
    body = with_password(entity, {NAMES[entity]: "Brand new"})
    answer = caller.manage("POST", path_of(entity), body)
    number = answer["Data"]["Id"]
    assert number == len(sandbox.state.records[entity])
    assert caller.manage("GET", path_of(entity, number))["Data"] == answer["Data"]


@PER_ENTITY
@pytest.mark.parametrize("name", ["", "  ", "taken"])
def test_empty_and_taken_names_are_invalid(caller, sandbox, entity, name):
    if name == "taken":
        name = sandbox.state.records[entity][1][NAMES[entity]].upper()
    answer = caller.manage("POST", path_of(entity), with_password(entity, {NAMES[entity]: name}))
    assert (answer["Success"], answer["ResponseCode"]) == (False, "Invalid Parameters")


@PER_ENTITY
def test_unknown_id_is_an_error(caller, sandbox, entity):
    answer = caller.manage("GET", path_of(entity, 9999))
    assert (answer["Success"], answer["ResponseCode"], answer["Data"]) == (False, "Error", None)
    assert "9999" in answer["ResponseDetail"]
    sandbox.state.style.not_found_status = 404
    assert caller.ask_json("GET", f"{SERVICES}/management/{path_of(entity, 9999)}").status == 404


@PER_ENTITY
def test_nothing_can_be_deleted(caller, entity):
    answer = caller.ask_json("DELETE", f"{SERVICES}/management/{path_of(entity, 1)}")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, PUT")


@PER_ENTITY
def test_activity_has_its_own_verb_per_entity(caller, sandbox, entity):
    verb = next(verb for verb in ENTITIES[entity]["verbs"] if verb["field"] == "Active")
    path = f"{path_of(entity, 2)}/{verb['path']}"
    answer = caller.manage(verb["method"], path, {"Active": False})
    assert sandbox.state.activity[entity][2] is False
    assert answer["Data"] is False if entity in ("List", "Team") else answer["Data"]["Id"] == 2
    wrong = "PUT" if verb["method"] == "PATCH" else "PATCH"
    assert caller.ask_json(wrong, f"{SERVICES}/management/{path}", {"Active": True}).status == 405
    assert caller.manage(verb["method"], path, {"Active": "yes"})["ResponseCode"] == "Invalid Parameters"


@pytest.mark.parametrize(
    ("field", "value", "number"), [("CampaignStatus", "Paused", 2), ("CampaignStatus", "3", 3), ("CampaignType", 2, 2)]
)
def test_status_and_type_are_set_by_name_or_number(caller, sandbox, field, value, number):
    path = {"CampaignStatus": "status", "CampaignType": "type"}[field]
    answer = caller.manage("PATCH", f"campaigns/1/{path}", {field: value})
    assert answer["Data"] == MANAGEMENT["codes"][field][str(number)]
    assert sandbox.state.records["Campaign"][1][{"status": "Status", "type": "Type"}[path]] == number


def test_status_answer_follows_the_style(caller, sandbox):
    sandbox.state.style.verb_answer = "number"
    assert caller.manage("PATCH", "campaigns/1/status", {"CampaignStatus": "Paused"})["Data"] == 2
    sandbox.state.style.verb_answer = "entity"
    assert caller.manage("PATCH", "campaigns/1/status", {"CampaignStatus": "Running"})["Data"]["Status"] == 1


@pytest.mark.parametrize(
    "change",
    [{"Type": 9}, {"Status": "Running"}, {"ZipTone": -1}, {"DefaultListId": 77}, {"Active": "true"}, {"MaxLines": "5"}],
)
def test_values_beyond_the_document_are_invalid(caller, change):
    record = {**caller.manage("GET", "campaigns/1")["Data"], **change}
    answer = caller.manage("PUT", "campaigns/1", record)
    assert answer["ResponseCode"] == "Invalid Parameters"
    assert next(iter(change)) in answer["ResponseDetail"]


def test_codes_can_be_answered_by_name(caller, sandbox):
    sandbox.state.style.enums = "name"
    record = caller.manage("GET", "campaigns/6")["Data"]
    assert (record["Type"], record["Status"]) == ("Progressive", "Paused")
    assert caller.manage("PUT", "campaigns/6", record)["Success"] is True
    assert sandbox.state.records["Campaign"][6]["Status"] == 2


def test_unknown_fields_survive_a_put_that_sends_them(caller, sandbox):
    sandbox.state.records["Campaign"][1]["WrapUpTime"] = 30
    record = caller.manage("GET", "campaigns/1")["Data"]
    assert caller.manage("PUT", "campaigns/1", record)["Data"]["WrapUpTime"] == 30
    del record["WrapUpTime"]
    assert "WrapUpTime" not in caller.manage("PUT", "campaigns/1", record)["Data"]


def test_user_needs_a_password_and_never_shows_it(caller, sandbox):
    record = caller.manage("GET", "users/5")["Data"]
    for body in (record, {**record, "Password": ""}):
        assert "Password" in caller.manage("PUT", "users/5", body)["ResponseDetail"]
    answer = caller.manage("PUT", "users/5", {**record, "Password": "S3cret"})
    assert answer["Success"] is True
    assert "Password" not in answer["Data"]
    assert sandbox.state.passwords[5] == "S3cret"


@pytest.mark.parametrize(
    ("path", "field", "key"),
    [("campaigns/1/lists", "ListId", ("campaigns", "lists")), ("campaigns/1/teams", "TeamId", ("campaigns", "teams"))],
)
def test_links_are_set_and_taken_away_by_a_body(caller, sandbox, path, field, key):
    assert caller.manage("PUT", path, {field: 8})["Success"] is True
    assert 8 in sandbox.state.links[key][1]
    assert caller.manage("DELETE", path, {field: 8})["Success"] is True
    assert 8 not in sandbox.state.links[key][1]
    assert caller.manage("PUT", path, {field: 999})["ResponseCode"] == "Error"
    assert caller.manage("PUT", path, {})["ResponseCode"] == "Invalid Parameters"


def test_user_moves_with_the_team_link(caller):
    caller.manage("PUT", "teams/5/users", {"UserId": 10})
    assert caller.manage("GET", "users/10")["Data"]["TeamId"] == 5
    caller.manage("DELETE", "teams/5/users", {"UserId": 10})
    assert caller.manage("GET", "users/10")["Data"]["TeamId"] == 0


def test_skills_take_proficiencies_from_one_to_ten(caller, sandbox):
    body = {"SkillId": 4, "Proficiency": 10, "UserIds": [5, 6]}
    assert caller.manage("PUT", "users/skills", body)["Success"] is True
    assert sandbox.state.skills == {(5, 4): 10, (6, 4): 10}
    assert caller.manage("PUT", "users/skills", {**body, "Proficiency": 11})["ResponseCode"] == "Invalid Parameters"
    assert caller.manage("PUT", "users/skills", {**body, "UserIds": [5, 999]})["ResponseCode"] == "Error"
    assert caller.manage("DELETE", "users/skills", {"SkillId": 4, "UserIds": [5]})["Success"] is True
    assert sandbox.state.skills == {(6, 4): 10}


def test_skills_answer_carries_its_own_name_in_xml(caller, sandbox):
    sandbox.state.style.xml_always = True
    body = json.dumps({"SkillId": 4, "Proficiency": 1, "UserIds": [5]}).encode()
    answer = caller.send("PUT", f"{SERVICES}/management/users/skills", body, {"Content-Type": "application/json"})
    assert answer.xml().tag.endswith("}SkillUserResult")
    assert answer.xml().findtext("{*}Success") == "true"


def test_emergency_stops_what_runs_or_is_paused(caller, sandbox):
    before = {row["Id"]: row["Status"] for row in caller.manage("GET", "campaigns")["Data"]}
    assert sorted(before.values()) == [0, *[1] * 9, 2, 3]
    sandbox.state.stubborn = {3}
    assert caller.manage("POST", "globalemergency/enable")["Success"] is True
    after = {row["Id"]: row["Status"] for row in caller.manage("GET", "campaigns")["Data"]}
    assert {number for number, status in after.items() if status == 1} == {3}
    assert after[12] == 3
    assert sandbox.state.emergency is True
    assert caller.manage("POST", "globalemergency/disable")["Success"] is True
    assert sandbox.state.emergency is False
    assert {row["Id"]: row["Status"] for row in caller.manage("GET", "campaigns")["Data"]} == after


def test_emergency_may_take_a_while_to_stop_campaigns(caller, sandbox):
    sandbox.state.stop_after = 60
    caller.manage("POST", "globalemergency/enable")
    assert caller.manage("GET", "campaigns/1")["Data"]["Status"] == 1
    sandbox.state.stopping = dict.fromkeys(sandbox.state.stopping, 0.0)
    assert caller.manage("GET", "campaigns/1")["Data"]["Status"] == 0


def test_emergency_is_post_only(caller):
    assert caller.send("GET", f"{SERVICES}/management/globalemergency/enable").status == 405


@pytest.mark.parametrize("path", ["nothing", "campaigns/abc", "campaigns/1/users", "globalemergency"])
def test_unknown_addresses_are_not_found(caller, path):
    assert caller.send("GET", f"{SERVICES}/management/{path}").status == 404


def test_paths_are_read_without_letter_case(caller):
    assert caller.send("GET", "/WebServices/Services/Management/Campaigns").status == 200


def test_body_must_be_said_to_be_json(caller):
    body = json.dumps({"Active": True}).encode()
    answer = caller.send(
        "PATCH", f"{SERVICES}/management/campaigns/1/activityStatus", body, {"Accept": "application/json"}
    )
    assert answer.json()["ResponseCode"] == "Invalid Parameters"
