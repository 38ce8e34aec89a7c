"""Skills of many users: called for together, told one by one, and nothing sent that the document rules out."""

import json

import pytest

from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.models import LastSet, Ledger
from maxops.remote.errors import Refused, Unreachable
from maxops.users.models import User

AUTHOR = Author("m.naidu", "admin", "192.0.2.7")


@pytest.fixture
def users(mirrored) -> list[User]:
    return [user for user in User.objects.order_by("pk") if not user.is_locked]


def calls(sandbox) -> list[int]:
    """How many users each call named."""
    return [len(json.loads(entry["body"])["UserIds"]) for entry in sandbox.journal.find("", "/users/skills")]


def outcomes() -> dict[int, str]:
    return dict(Ledger.objects.values_list("remote_id", "outcome"))


def test_skill_is_given_and_taken_in_one_call_each(mirrored, users):
    assert push.give_skill(users, 17, 8, AUTHOR) == {user.pk: None for user in users}
    assert mirrored.state.skills == {(user.pk, 17): 8 for user in users}
    push.take_skill(users[:2], 17, AUTHOR)
    assert calls(mirrored) == [len(users), 2]
    assert {one.remote_id: one.value for one in LastSet.objects.filter(name="skills", other_id=17)} == {
        user.pk: 0 if user in users[:2] else 8 for user in users
    }
    taken, given = Ledger.objects.filter(remote_id=users[0].pk)
    assert (given.operation, given.changes) == ("give skill", {"skills": [None, 17], "proficiency": [None, 8]})
    assert (taken.operation, taken.changes) == ("take skill", {"skills": [17, None]})
    assert (taken.outcome, taken.subject, taken.staff, taken.address) == (
        "accepted",
        str(users[0]),
        "m.naidu",
        "192.0.2.7",
    )


def test_refused_call_is_halved_until_those_it_was_refused_for_are_found(mirrored, users):
    gone = users[3]
    del mirrored.state.records["User"][gone.pk]
    told = push.give_skill(users[:8], 17, 5, AUTHOR)
    assert [pk for pk, error in told.items() if error] == [gone.pk]
    assert "was not found" in told[gone.pk].message
    assert set(mirrored.state.skills) == {(user.pk, 17) for user in users[:8] if user != gone}
    assert outcomes() == {user.pk: "refused" if user == gone else "accepted" for user in users[:8]}
    assert calls(mirrored) == [8, 4, 2, 2, 1, 1, 4]
    assert not LastSet.objects.filter(remote_id=gone.pk).exists()


def test_unanswered_call_is_unknown_for_each_of_it(mirrored, users):
    mirrored.faults.add("PUT .*/users/skills", "drop_after", times=0)
    told = push.give_skill(users[:3], 17, 5, AUTHOR)
    assert {error.taken for error in told.values()} == {"unknown"}
    assert "safe to set it again" in told[users[0].pk].message
    assert set(outcomes().values()) == {"unknown"}
    assert {(one.value, one.is_certain) for one in LastSet.objects.all()} == {(5, False)}


def test_dialler_away_is_asked_once(mirrored, users, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    told = push.give_skill(users[:4], 17, 5, AUTHOR)
    assert {type(error) for error in told.values()} == {Unreachable}
    assert not LastSet.objects.exists()


def test_more_users_than_fit_a_call_go_in_several(mirrored, users):
    template = mirrored.state.records["User"][users[0].pk]
    for pk in range(1000, 1120):
        mirrored.state.records["User"][pk] = {**template, "Id": pk, "Login": f"agent{pk}"}
    many = [User(pk=pk, login=f"agent{pk}") for pk in range(1000, 1120)]
    assert set(push.give_skill(many, 17, 5, AUTHOR).values()) == {None}
    assert calls(mirrored) == [100, 20]


@pytest.mark.parametrize(
    ("skill", "proficiency", "field"), [(17, 0, "proficiency"), (17, 11, "proficiency"), (0, 5, "skill")]
)
def test_numbers_the_document_rules_out_are_refused_here(mirrored, users, skill, proficiency, field):
    with pytest.raises(Refused) as refusal:
        push.give_skill(users, skill, proficiency, AUTHOR)
    assert set(refusal.value.fields) == {field}
    assert mirrored.journal.entries == []
    assert not Ledger.objects.exists()


def test_vendor_account_is_left_out_and_told(mirrored, users):
    vendor = User.objects.get(login__iexact="MaxSupport")
    told = push.give_skill([users[0], vendor], 17, 5, AUTHOR)
    assert "vendor's own account" in told[vendor.pk].message
    assert told[users[0].pk] is None
    assert [json.loads(entry["body"])["UserIds"] for entry in mirrored.journal.find("PUT")] == [[users[0].pk]]
    assert set(outcomes()) == {users[0].pk}
