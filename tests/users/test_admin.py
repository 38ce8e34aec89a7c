"""Users: the suite of every mirrored kind, then the password that is sent and never kept."""

import json
import logging

import pytest

from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.models import Ledger
from maxops.mirror.pull import pull
from maxops.remote.errors import Refused
from maxops.users.models import User
from tests.mirror.browsing import Bulk, Form, address
from tests.mirror.suite import Case, MirrorSuite, manager, mirrored, supervisor

__all__ = ["manager", "mirrored", "supervisor"]

SECRET = "new-Secret-9"
PK = 5


class TestUser(MirrorSuite):
    case = Case(
        User,
        "User",
        "first_name",
        "FirstName",
        unique="login",
        other_wire="LastName",
        with_each_save=(("password", SECRET),),
    )


@pytest.fixture
def page(mirrored, manager) -> Form:
    return Form(manager, address(User, "change", PK))


def test_save_without_a_password_is_refused_before_anything_is_sent(mirrored, page):
    back = page.send(extension="4711")
    assert "cannot save a user without a password" in back.errors
    assert back.values["extension"] == "4711"
    assert mirrored.journal.entries == []


def test_password_is_sent_and_nowhere_kept(mirrored, page, caplog):
    caplog.set_level(logging.DEBUG)
    back = page.send(extension="4711", password=SECRET)
    assert back.redirected
    assert mirrored.state.passwords[PK] == SECRET
    kept = json.dumps([list(Ledger.objects.values()), list(User.objects.filter(pk=PK).values())], default=str)
    assert SECRET not in kept + back.text + caplog.text
    assert Ledger.objects.get().changes["password"] == [None, "(not shown)"]


def test_password_alone_can_be_set(mirrored, page):
    assert page.send(password=SECRET).redirected
    assert mirrored.state.passwords[PK] == SECRET


def test_unanswered_password_alone_stays_unknown(mirrored, page):
    mirrored.faults.add("PUT ", "drop_after", times=0)
    back = page.send(password=SECRET)
    assert "cannot be asked whether it was taken" in back.errors
    assert Ledger.objects.get().outcome == "unknown"


def test_typed_password_does_not_come_back_in_the_page(mirrored, page):
    taken = User.objects.exclude(pk=PK).first().login
    assert SECRET not in page.send(login=taken, password=SECRET).text


def test_vendor_account_may_be_looked_at_only(mirrored, manager):
    vendor = User.objects.get(login__iexact="MaxSupport")
    page = Form(manager, address(User, "change", vendor.pk))
    assert "Save to MaxContact" not in page.text
    assert manager.post(page.url, {"first_name": "x", "_save": "1"}).status_code == 403
    with pytest.raises(Refused, match="vendor"):
        push.perform(vendor, "set_active", False, Author("m.naidu", "admin"))
    assert mirrored.journal.entries == []


def test_activity_is_unknown_until_set_from_here(mirrored, manager, page):
    assert "Unknown: MaxContact does not report it" in page.text
    Bulk(manager, User, "deactivate", PK).do("confirm")
    assert mirrored.state.activity["User"][PK] is False
    text = Form(manager, page.url).text
    assert "Inactive, set here" in text
    assert "by m.naidu" in text


def test_team_that_was_not_read_is_kept(mirrored, manager):
    mirrored.state.records["User"][PK]["TeamId"] = 999
    pull("users")
    assert (
        "team 999" in manager.get(address(User, "changelist") + f"?q={User.objects.get(pk=PK).login}").content.decode()
    )
    Form(manager, address(User, "change", PK)).send(extension="4711", password=SECRET)
    assert mirrored.state.records["User"][PK]["TeamId"] == 999
