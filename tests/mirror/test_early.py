"""What is refused before anything is sent: nothing reaches the dialler or the ledger, and the field is named."""

import pytest

from maxops.campaigns.models import Campaign
from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.models import Ledger
from maxops.remote.errors import Refused
from maxops.teams.models import Team
from maxops.users.models import User
from tests.mirror.browsing import Form, address

AUTHOR = Author("m.naidu", "admin")
PASSWORD = "new-Secret-9"


@pytest.fixture(autouse=True)
def nothing_was_sent(mirrored):
    yield
    assert mirrored.journal.entries == []
    assert not Ledger.objects.exists()


def refused(model, **values) -> dict[str, str]:
    with pytest.raises(Refused, match="Nothing was sent") as refusal:
        push.create(model, values, AUTHOR)
    return refusal.value.fields


@pytest.mark.parametrize("name", ["", "   ", None])
def test_name_must_be_given(name):
    assert refused(Campaign, name=name) == {"name": "A campaign cannot be without a name."}


def test_name_that_a_present_record_has_is_taken_whatever_its_case():
    other = Team.objects.first()
    said = refused(Team, name=f"  {other.name.upper()} ")
    assert said == {"name": f"Team {other.pk} has this name already."}


def test_login_that_a_present_user_has_is_taken():
    other = User.objects.first()
    said = refused(User, login=other.login.title(), first_name="Ann", password=PASSWORD)
    assert said == {"login": f"User {other.pk} has this login already."}


def test_user_needs_a_password_and_a_login():
    assert set(refused(User, first_name="Ann")) == {"login", "password"}


def test_code_the_document_does_not_list_is_refused():
    assert set(refused(Campaign, name="Brand new", type=9, status=4)) == {"type", "status"}


def test_name_may_not_be_taken_from_a_record():
    with pytest.raises(Refused) as refusal:
        push.update(Campaign.objects.get(pk=1), {"name": " "}, {}, AUTHOR)
    assert set(refusal.value.fields) == {"name"}


def test_put_without_a_password_is_refused():
    with pytest.raises(Refused) as refusal:
        push.update(User.objects.get(pk=5), {"extension": "4711"}, {}, AUTHOR)
    assert set(refusal.value.fields) == {"password"}


def test_form_names_the_field_and_keeps_what_was_typed(manager):
    name = Campaign.objects.get(pk=3).name
    page = Form(manager, address(Campaign, "add")).send(name=name.lower(), description="Typed at length")
    assert "Campaign 3 has this name already." in page.errors
    assert (page.values["name"], page.values["description"].strip()) == (name.lower(), "Typed at length")
