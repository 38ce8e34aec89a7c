"""The token service: what opens it, what does not, and how long a token lasts."""

import base64
from datetime import UTC, datetime, timedelta

from maxops.sandbox import PASSWORD
from tests.sandbox.caller import SERVICES, Caller

CAMPAIGNS = f"{SERVICES}/management/campaigns"


def test_token_has_the_fields_of_the_sample_in_xml_by_default(sandbox):
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    answer = Caller(sandbox).send(
        "GET", f"{SERVICES}/apitoken/login/api.maxops", headers={"Authorization": f"Basic {encoded}"}
    )
    root = answer.xml()
    assert root.tag == "APIToken"
    names = [child.tag for child in root]
    assert names == ["ID", "UserID", "IsApplicationToken", "TokenKey", "ExpiryDate", "UserName", "UserAddress"]
    expires = datetime.fromisoformat(root.findtext("ExpiryDate")[:26] + "+00:00")
    assert timedelta(minutes=29) < expires - datetime.now(UTC) <= timedelta(minutes=30)


def test_token_is_json_when_accept_asks_for_it(sandbox):
    answer = Caller(sandbox).log_in()
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["UserName"] == "api.maxops"


def test_password_without_scheme_is_taken(sandbox):
    assert Caller(sandbox).log_in(scheme="").status == 200


def test_wrong_password_is_answered_401_without_a_body(sandbox):
    answer = Caller(sandbox).log_in("wrong")
    assert (answer.status, answer.body) == (401, b"")


def test_login_and_password_together_are_refused(sandbox):
    assert Caller(sandbox).log_in(f"api.maxops:{PASSWORD}").status == 401


def test_login_is_percent_decoded(sandbox):
    sandbox.state.login = "anna smith/ops"
    assert Caller(sandbox).log_in(login="anna%20smith%2Fops").status == 200


def test_refusal_can_be_a_null_token(sandbox):
    sandbox.state.style.login_refusal = "null"
    answer = Caller(sandbox).log_in("wrong")
    assert (answer.status, answer.json()) == (200, None)


def test_fifth_wrong_password_locks_the_account(sandbox):
    for _ in range(5):
        Caller(sandbox).log_in("wrong")
    assert Caller(sandbox).log_in().status == 401


def test_calls_need_the_cookie(sandbox, caller):
    assert caller.send("GET", CAMPAIGNS).status == 200
    caller.token = "made-up"
    assert caller.send("GET", CAMPAIGNS).status == 401


def test_leads_without_token_get_the_documented_refusal(sandbox):
    root = Caller(sandbox).send("POST", f"{SERVICES}/LeadManagement/AddLead", b"{}").xml()
    assert root.tag.endswith("}LeadAPIResult.ImportDataResult")
    texts = {child.tag.split("}")[1]: child.text for child in root.iter()}
    assert texts["ErrorCode"] == "NotAuth"
    assert texts["ErrorSeverity"] == "Severe"
    assert texts["Success"] == "false"


def test_missing_token_is_worded_in_the_style_switched_on(sandbox):
    caller = Caller(sandbox)
    sandbox.state.style.not_auth = "401"
    assert caller.send("POST", f"{SERVICES}/LeadManagement/AddLead", b"{}").status == 401
    sandbox.state.style.not_auth = "result"
    assert caller.manage("GET", "campaigns")["Success"] is False


def test_token_expires(sandbox):
    sandbox.state.token_seconds = -1
    caller = Caller(sandbox)
    assert caller.log_in().status == 200
    assert caller.send("GET", CAMPAIGNS).status == 401


def test_dates_can_be_milliseconds(sandbox):
    sandbox.state.style.dates = "ms"
    assert Caller(sandbox).log_in().json()["ExpiryDate"].startswith("/Date(")
