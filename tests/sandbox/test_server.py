"""The server itself: kept connections, the faults on demand, the journal and the levers under /_sandbox/."""

import http.client
import json
import time

import pytest

from maxops.sandbox import LOGIN, PASSWORD, Sandbox
from tests.sandbox.caller import JSON, SERVICES, Caller

CAMPAIGNS = f"{SERVICES}/management/campaigns"


def test_starts_and_stops_without_leaving_anything(recwarn):
    with Sandbox(seed="empty") as sandbox:
        caller = Caller(sandbox)
        assert caller.log_in().status == 200
        assert caller.manage("GET", "campaigns")["Data"] == []
        address = caller.address
    connection = http.client.HTTPConnection(address, timeout=2)
    with pytest.raises(ConnectionError):
        connection.request("GET", "/")
    connection.close()


def test_connection_is_kept_between_requests(sandbox, caller):
    connection = http.client.HTTPConnection(caller.address, timeout=5)
    sockets = set()
    for _ in range(3):
        connection.request("POST", CAMPAIGNS, b'{"unread": "without token"}')
        assert connection.getresponse().read() == b""
        sockets.add(connection.sock)
    connection.close()
    assert len(sockets) == 1


def test_post_without_length_is_refused(caller):
    connection = http.client.HTTPConnection(caller.address, timeout=5)
    connection.putrequest("POST", f"{SERVICES}/management/globalemergency/enable")
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


@pytest.mark.parametrize("path", ["/", "/webservices", "/webservices/services/nothing/here"])
def test_other_addresses_are_not_found(caller, path):
    assert caller.send("GET", path).status == 404


def test_status_fault_does_not_act_and_may_name_a_wait(caller, sandbox):
    sandbox.faults.add("PATCH .*/status", "status", status=503, retry_after=2)
    path = f"{CAMPAIGNS}/1/status"
    answer = caller.ask_json("PATCH", path, {"CampaignStatus": "Paused"})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert sandbox.state.records["Campaign"][1]["Status"] == 1
    assert caller.ask_json("PATCH", path, {"CampaignStatus": "Paused"}).status == 200


@pytest.mark.parametrize(("kind", "status"), [("drop_before", 1), ("drop_after", 2)])
def test_dropped_connections_differ_in_what_was_done(caller, sandbox, kind, status):
    sandbox.faults.add("PATCH", kind)
    with pytest.raises(http.client.RemoteDisconnected):
        caller.manage("PATCH", "campaigns/1/status", {"CampaignStatus": "Paused"})
    assert sandbox.state.records["Campaign"][1]["Status"] == status


def test_truncated_answer_breaks_off(caller, sandbox):
    sandbox.faults.add("GET .*campaigns", "truncate")
    with pytest.raises(http.client.IncompleteRead):
        caller.send("GET", CAMPAIGNS)


@pytest.mark.parametrize("kind", ["slow", "slow_after", "trickle"])
def test_slow_answers_take_their_time_and_are_whole(caller, sandbox, kind):
    sandbox.faults.add("GET .*campaigns", kind, seconds=0.3)
    started = time.monotonic()
    answer = caller.send("GET", CAMPAIGNS, headers=JSON)
    assert time.monotonic() - started >= 0.25
    assert len(answer.json()["Data"]) == 12


def test_html_and_garbage_come_with_status_200(caller, sandbox):
    sandbox.faults.add("campaigns", "html")
    sandbox.faults.add("campaigns", "garbage")
    page, garbage = caller.send("GET", CAMPAIGNS), caller.send("GET", CAMPAIGNS)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"<html>" in page.body
    assert garbage.status == 200
    with pytest.raises(ValueError, match=r"Expecting|decode"):
        json.loads(garbage.body)


def test_expired_token_is_mended_by_a_new_log_in(caller, sandbox):
    sandbox.faults.add("campaigns", "expired_token")
    assert caller.send("GET", CAMPAIGNS).status == 401
    caller.log_in()
    assert caller.send("GET", CAMPAIGNS).status == 200


def test_success_false_is_the_platforms_own_no(caller, sandbox):
    sandbox.faults.add("management|leadmanagement", "success_false", times=2)
    assert caller.manage("GET", "campaigns")["ResponseCode"] == "Error"
    assert caller.lead("DELETE", "DeactivateLeadId/1")["Errors"][0]["ErrorCode"] == "GeneralError"


def test_fault_can_skip_first_requests_and_last_for_ever(caller, sandbox):
    sandbox.faults.add("campaigns", "status", times=0, skip=1, status=500)
    assert [caller.send("GET", CAMPAIGNS).status for _ in range(4)] == [200, 500, 500, 500]
    sandbox.faults.clear()
    assert caller.send("GET", CAMPAIGNS).status == 200


def test_unknown_fault_is_refused(sandbox):
    with pytest.raises(ValueError, match="no fault of kind"):
        sandbox.faults.add("GET", "explode")


def test_journal_names_each_request_and_no_password(caller, sandbox):
    caller.manage("PUT", "users/5", {"Password": 'S3cret "quoted"', "FirstName": "Ann"})
    text = json.dumps(sandbox.journal.entries)
    assert "S3cret" not in text
    assert PASSWORD not in text
    log_in, put = sandbox.journal.entries
    assert (log_in["method"], log_in["path"], log_in["authorization"]) == (
        "GET",
        f"{SERVICES}/apitoken/login/{LOGIN}",
        "Basic",
    )
    assert (put["cookie"], put["content_type"], put["status"]) == (True, "application/json", 200)
    assert '"FirstName": "Ann"' in put["body"]
    assert put["accept"] == "application/json"


def test_password_in_the_address_is_not_kept(sandbox):
    Caller(sandbox).send("GET", f"{SERVICES}/apitoken/login/{LOGIN}/{PASSWORD}")
    assert PASSWORD not in json.dumps(sandbox.journal.entries)


def test_levers_show_and_change_the_state(caller, sandbox):
    state = caller.lever("PATCH", "state", {"style": {"enums": "name"}, "stubborn": [1], "stop_after": 2})
    assert (state["style"]["enums"], state["settings"]["stop_after"], state["emergency"]) == ("name", 2, False)
    assert state["campaigns"]["6"] == 2
    assert sandbox.state.stubborn == {1}
    assert "error" in caller.lever("PATCH", "state", {"style": {"enum": "name"}})
    assert "error" in caller.lever("PATCH", "state", {"password": "x"})


def test_levers_register_mappings(caller, sandbox):
    mapping = {"columns": ["Tel"], "phone": "Tel", "list_id": 3, "response_url": "http://127.0.0.1:9/"}
    assert caller.lever("PUT", "mappings/My%20Mapping", mapping)["response_format"] == "xml"
    changed = caller.lever("PUT", "mappings/My%20Mapping", {"response_format": "json"})
    assert (changed["columns"], changed["response_format"]) == (["Tel"], "json")
    assert [entry["name"] for entry in caller.lever("GET", "mappings")][-1] == "My Mapping"
    assert "error" in caller.lever("PUT", "mappings/Other", {"columns": ["Tel"], "phone": "Mobile", "list_id": 1})


def test_levers_add_faults_and_clear_them(caller, sandbox):
    caller.lever("POST", "faults", {"operation": "campaigns", "kind": "status", "status": 502})
    assert caller.send("GET", CAMPAIGNS).status == 502
    caller.lever("DELETE", "faults")
    assert sandbox.faults.rules == []
    assert "error" in caller.lever("POST", "faults", {"operation": "campaigns"})


def test_levers_play_the_portal_user(caller):
    caller.lever("PATCH", "records/Campaign/1", {"Description": "changed meanwhile", "WrapUpTime": 5})
    record = caller.manage("GET", "campaigns/1")["Data"]
    assert (record["Description"], record["WrapUpTime"]) == ("changed meanwhile", 5)
    caller.lever("DELETE", "records/Campaign/1")
    assert caller.manage("GET", "campaigns/1")["Success"] is False


def test_levers_reset_and_show_the_journal(caller, sandbox):
    caller.manage("GET", "teams")
    assert [entry["path"] for entry in caller.lever("GET", "journal?path=teams")] == [f"{SERVICES}/management/teams"]
    caller.lever("DELETE", "journal")
    assert caller.lever("GET", "journal") == []
    assert caller.lever("POST", "reset", {"seed": "empty"})["counts"]["Campaign"] == 0
    assert caller.lever("POST", "reset")["counts"] == {"Campaign": 12, "List": 20, "Team": 8, "User": 60}
    assert "levers" in caller.lever("GET", "nothing")
    assert caller.lever("GET", "leads?list=19")[0]["list_id"] == 19
