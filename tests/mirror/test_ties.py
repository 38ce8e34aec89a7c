"""Links and skills on the pages of their records: what is known of them, adding, taking away."""

import json

import pytest

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.mirror.models import LastSet, Ledger, NamedId
from maxops.mirror.pull import pull
from maxops.teams.models import Team
from maxops.users.models import User
from tests.mirror.browsing import Bulk, Form, address


class Panel:
    """One panel of one record's page, and its form."""

    def __init__(self, client, model, pk, key) -> None:
        self.client, self.model, self.pk, self.key = client, model, pk, key
        self.page = Form(client, address(model, "change", pk))

    @property
    def node(self):
        return self.page.tree.get_element_by_id(f"tie-{self.key}")

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.node.itertext()).split())

    def do(self, what: str, other, **more) -> str:
        """What the page says afterwards."""
        url = address(self.model, "tie", self.pk)
        form = {"tie": self.key, "do": what, "other": other, **more}
        answer = self.client.post(url, form, follow=True)
        assert answer.status_code == 200
        self.page = Form(self.client, answer.redirect_chain[-1][0], answer.content.decode())
        return self.page.messages


def bodies(sandbox, method: str, path: str) -> list[dict]:
    return [json.loads(entry["body"]) for entry in sandbox.journal.find(method, path)]


def test_list_is_added_to_a_campaign_and_shown_on_both_pages(mirrored, manager):
    panel = Panel(manager, Campaign, 1, "campaigns-lists")
    assert "Unknown: MaxContact does not report which lists a campaign has; none was set from here." in panel.text
    name = str(LeadList.objects.get(pk=3))
    assert panel.do("add", 3) == f"List {name} (3) added to {Campaign.objects.get(pk=1)} in MaxContact."
    assert bodies(mirrored, "PUT", "/campaigns/1/lists$") == [{"ListId": 3}]
    assert f"{name} (3)" in panel.text
    assert "by m.naidu; MaxContact does not report it" in panel.text
    other_side = Panel(manager, LeadList, 3, "campaigns-lists")
    assert str(Campaign.objects.get(pk=1)) in other_side.text
    other_side.do("take", 1)
    assert bodies(mirrored, "DELETE", "/campaigns/1/lists$") == [{"ListId": 3}]
    assert "taken away" in other_side.text


def test_team_takes_a_campaign_from_its_own_page(mirrored, manager):
    Panel(manager, Team, 2, "campaigns-teams").do("add", 5)
    assert bodies(mirrored, "PUT", "/campaigns/5/teams$") == [{"TeamId": 2}]
    assert LastSet.objects.get().set_words.startswith("set here")


def test_records_nobody_has_read_stay_numbers(mirrored, manager):
    panel = Panel(manager, LeadList, 3, "campaigns-lists")
    LastSet.objects.create(kind="campaigns", remote_id=4711, name="lists", other_id=3, value=1, staff="x")
    panel = Panel(manager, LeadList, 3, "campaigns-lists")
    assert "campaign 4711" in panel.text


def test_members_are_those_maxcontact_reports(mirrored, manager):
    panel = Panel(manager, Team, 1, "teams-users")
    members = User.objects.filter(team=1)
    assert all(f"{member} ({member.pk})" in panel.text for member in members)
    newcomer = User.objects.exclude(team=1).exclude(login__iexact="MaxSupport").first()
    panel.do("add", newcomer.pk)
    assert bodies(mirrored, "PUT", "/teams/1/users$") == [{"UserId": newcomer.pk}]
    assert f"{newcomer} ({newcomer.pk})" in panel.text
    (everybody,) = panel.node.xpath("./header/a/@href")
    listed = manager.get(everybody).content.decode()
    assert f"Shown are only those of team {Team.objects.get(pk=1)}." in listed
    assert newcomer.login in listed


def test_team_reported_otherwise_than_set_here_is_said(mirrored, manager):
    panel = Panel(manager, User, 5, "teams-users")
    panel.do("add", 1)
    mirrored.state.records["User"][5]["TeamId"] = 2
    pull("users")
    shown = Panel(manager, User, 5, "teams-users").text
    assert f"{Team.objects.get(pk=2)} (2)" in shown
    assert "added here" in shown
    assert "MaxContact reports otherwise" in shown


def test_skill_is_given_and_taken_by_name(mirrored, manager):
    NamedId.objects.create(register="skill", number=3, name="Spanish")
    panel = Panel(manager, User, 5, "users-skills")
    assert "Unknown: MaxContact does not report which skills a user has" in panel.text
    said = panel.do("add", 3, proficiency=8)
    assert said.startswith("Skill Spanish (3) added")
    assert bodies(mirrored, "PUT", "/users/skills$") == [{"SkillId": 3, "Proficiency": 8, "UserIds": [5]}]
    assert "Spanish (3), proficiency 8" in panel.text
    panel.do("take", 3)
    assert bodies(mirrored, "DELETE", "/users/skills$") == [{"SkillId": 3, "UserIds": [5]}]


@pytest.mark.parametrize("proficiency", ["0", "11", "", "many"])
def test_impossible_proficiency_is_refused_at_its_field(proficiency, mirrored, manager):
    panel = Panel(manager, User, 5, "users-skills")
    panel.do("add", 3, proficiency=proficiency)
    assert mirrored.journal.entries == []
    (field,) = panel.node.xpath(".//div[contains(@class, 'errors')]")
    assert field.xpath("string(label)") == "Proficiency"
    assert panel.node.xpath(".//input[@name='other'][@type='number']/@value") == ["3"]


def test_refused_and_unanswered_are_told_apart(mirrored, manager):
    panel = Panel(manager, Campaign, 1, "campaigns-lists")
    mirrored.faults.add("PUT ", "success_false", times=0)
    assert "was not added" in panel.do("add", 3)
    assert not LastSet.objects.exists()
    mirrored.faults.clear()
    mirrored.faults.add("PUT ", "drop_after", times=0)
    said = panel.do("add", 3)
    assert "not known whether it was added" in said
    assert "safe to set it again" in said
    assert "not certain" in panel.text
    assert sorted(Ledger.objects.values_list("outcome", flat=True)) == ["refused", "unknown"]


def test_supervisor_and_vendor_account_are_looked_at_only(mirrored, manager, supervisor):
    vendor = User.objects.get(login__iexact="MaxSupport")
    page = Form(manager, address(User, "change", vendor.pk))
    assert (
        page.tree.xpath("//section[starts-with(@id, 'tie-')]//form | //aside[contains(@class, 'record-now')]//form")
        == []
    )
    form = {"tie": "users-skills", "do": "add", "other": "3", "proficiency": "5"}
    assert manager.post(address(User, "tie", vendor.pk), form).status_code == 403
    assert supervisor.post(address(User, "tie", 5), form).status_code == 403
    page = Form(supervisor, address(User, "change", 5))
    assert page.tree.xpath("//section[starts-with(@id, 'tie-')]//form") == []
    assert "MaxContact does not report which skills" in page.text
    assert manager.post(address(User, "tie", 5), {**form, "tie": "users-houses"}).status_code == 404
    assert mirrored.journal.entries == []


def test_links_of_a_campaign_belong_to_those_who_may_change_campaigns(mirrored, manager, django_user_model):
    staff = django_user_model.objects.get(username="m.naidu")
    staff.user_permissions.remove(*staff.user_permissions.filter(codename="change_campaign"))
    form = {"tie": "campaigns-lists", "do": "add", "other": "1"}
    assert manager.post(address(LeadList, "tie", 3), form).status_code == 403
    assert mirrored.journal.entries == []


def test_so_they_do_for_acts_over_many(mirrored, manager, django_user_model):
    act = Bulk(manager, LeadList, "add_to_campaign", 3)
    staff = django_user_model.objects.get(username="m.naidu")
    staff.user_permissions.remove(*staff.user_permissions.filter(codename="change_campaign"))
    assert manager.post(act.url, {"do": "confirm", "campaign": "1"}).status_code == 403
    assert manager.post(address(LeadList, "act", 3), {"offer": "add_to_campaign"}).status_code == 403
    page = manager.get(address(LeadList, "change", 3)).content.decode()
    assert "add_to_campaign" not in page
    assert "deactivate" in page
    assert "add_to_campaign" not in manager.get(address(LeadList, "changelist")).content.decode()
    assert mirrored.journal.entries == []


@pytest.mark.parametrize("number", ["2147483648", "9" * 19, "9" * 40])
@pytest.mark.parametrize(
    ("model", "pk", "tie"), [(Campaign, 1, "campaigns-lists"), (User, 5, "users-skills"), (User, 5, "teams-users")]
)
def test_number_no_id_can_have_is_refused_at_its_field(model, pk, tie, number, mirrored, manager):
    form = {"tie": tie, "do": "add", "other": number, "proficiency": "5"}
    answer = manager.post(address(model, "tie", pk), form, follow=True)
    assert "less than or equal to 2147483647" in answer.content.decode()
    assert mirrored.journal.entries == []
