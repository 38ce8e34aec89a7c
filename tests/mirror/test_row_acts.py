"""Acts from the rows of a list page: only what fits, at once or by its question, and back to the same list."""

import pytest
from lxml import html

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.users.models import User
from tests.mirror.browsing import address
from tests.mirror.conftest import manager, mirrored, supervisor

__all__ = ["manager", "mirrored", "supervisor"]


def buttons(client, model, query=""):
    """{row id: {offer: address of its press}} of the list page."""
    page = html.fromstring(client.get(address(model, "changelist") + query).content)
    found = {}
    for button in page.xpath("//table[@id='result_list']//button[@name='offer']"):
        pk = int(button.get("formaction").split("/")[4])
        found.setdefault(pk, {})[button.get("value")] = button.get("formaction")
    return found


def test_a_campaign_offers_what_its_status_allows(mirrored, manager):
    shown = buttons(manager, Campaign)
    for campaign in Campaign.objects.all():
        expected = {0: {"start"}, 1: {"pause", "stop"}}.get(campaign.status, {"start", "stop"})
        assert shown[campaign.pk].keys() == expected


def test_start_acts_at_once_and_leads_back_to_the_same_list(mirrored, manager):
    stopped = Campaign.objects.filter(status=0).first()
    press = buttons(manager, Campaign, "?status__exact=0&q=")[stopped.pk]["start"]
    answer = manager.post(press, {"offer": "start", "action": "", "select_across": "0"})
    assert answer.url == address(Campaign, "changelist") + "?status__exact=0&q="
    assert mirrored.state.records["Campaign"][stopped.pk]["Status"] == 1


def test_stop_asks_first(mirrored, manager):
    running = Campaign.objects.filter(status=1).first()
    answer = manager.post(buttons(manager, Campaign)[running.pk]["stop"], {"offer": "stop"})
    assert "/bulk/" in answer.url
    assert "Nothing has been sent" in manager.get(answer.url).content.decode()
    assert mirrored.journal.find("PATCH", "/status$") == []


def test_a_list_offers_the_other_activity_once_it_is_known(mirrored, manager):
    assert buttons(manager, LeadList)[1].keys() == {"activate", "deactivate"}
    push.perform(LeadList.objects.get(pk=1), "set_active", False, Author("m.naidu", "admin"))
    assert buttons(manager, LeadList)[1].keys() == {"activate"}


@pytest.mark.parametrize("query", ["", "?_popup=1"])
def test_who_may_not_change_or_only_picks_a_row_sees_none(query, mirrored, manager, supervisor):
    assert buttons(manager if query else supervisor, Campaign, query) == {}


def test_the_vendors_account_offers_nothing(mirrored, manager):
    locked = next(user for user in User.objects.all() if user.is_locked)
    assert locked.pk not in buttons(manager, User)
