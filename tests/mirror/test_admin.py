"""The registers of what went out and what was read, and the line that says how old a list is."""

import pytest
from django.db import connection
from django.template import Context, Template
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.models import Ledger, Reading
from maxops.mirror.pull import pull
from maxops.mirror.templatetags.age import age, age_in_words
from maxops.remote.maxcontact.management import Collection
from maxops.users.models import User
from tests.mirror.browsing import Form, address, client_of


def test_ledger_shows_before_and_after_in_words_and_cannot_be_edited(mirrored, manager):
    push.perform(Campaign.objects.get(pk=1), "set_status", 2, Author("m.naidu", "admin"))
    entry = Ledger.objects.get()
    page = manager.get(address(Ledger, "change", entry.pk)).content.decode()
    assert "<td>Running</td><td>Paused</td>" in page
    assert "m.naidu" in manager.get(address(Ledger, "changelist")).content.decode()
    for where in (address(Ledger, "change", entry.pk), address(Ledger, "delete", entry.pk), address(Ledger, "add")):
        assert manager.post(where, {"answer": "x", "post": "yes"}).status_code == 403


def test_readings_are_listed(mirrored, manager):
    assert "Done" in manager.get(address(Reading, "changelist")).content.decode()


def test_list_page_reads_again_and_says_why_it_could_not(mirrored, manager, settings):
    mirrored.state.records["Campaign"][1]["CampaignName"] = "Changed in the Portal"
    where = address(Campaign, "read")
    assert manager.get(where).status_code == 405
    page = manager.post(where, follow=True).content.decode()
    assert "Changed in the Portal" in page
    assert "12 campaigns read from MaxContact: 0 new, 1 changed" in page
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    page = manager.post(where, follow=True).content.decode()
    assert "The campaigns were not read." in page
    assert "Failed" in page


def test_record_that_cannot_be_read_again_is_told(mirrored, manager, supervisor, client):
    where = address(Campaign, "reread", 1)
    assert "Read from MaxContact." in supervisor.post(where, follow=True).content.decode()
    del mirrored.state.records["Campaign"][1]
    assert "was not read. MaxContact declined" in manager.post(where, follow=True).content.decode()
    assert (
        "MaxContact has no campaign 4711, or it was not read yet"
        in manager.post(address(Campaign, "reread", 4711), follow=True).content.decode()
    )
    stranger = client_of("no.rights")
    assert stranger.post(where).status_code == 403
    assert stranger.post(address(Campaign, "read")).status_code == 403


def test_field_named_by_a_refusal_carries_it(mirrored, manager):
    page = Form(manager, address(User, "change", 5))
    mirrored.faults.add("PUT ", "success_false", times=0)
    assert "MaxContact declined" in page.send(extension="4711", password="new-Secret-9").errors


def test_rows_of_a_long_kind_are_looked_up_instead_of_listed(mirrored, manager):
    mirrored.state.records["List"].update(
        {pk: {**mirrored.state.records["List"][1], "Id": pk, "ListName": f"List {pk}"} for pk in range(1000, 1300)}
    )
    pull("lists")
    page = Form(manager, address(Campaign, "change", 1))
    assert "vForeignKeyRawIdAdminField" in page.text
    assert page.send(default_list="1234").errors == ""
    assert mirrored.state.records["Campaign"][1]["DefaultListId"] == 1234


def test_list_without_a_hit_shows_the_way_back(mirrored, manager):
    page = manager.get(address(Campaign, "changelist") + "?q=nosuchcampaign").content.decode()
    assert "No campaign matches" in page
    assert '<a class="button ghost" href="?">Show all</a>' in page


def test_history_has_the_path_back_of_every_page(mirrored, manager):
    page = manager.get(address(Campaign, "history", 1)).content.decode()
    assert 'All registers</a> › <a href="/admin/campaigns/campaign/">Campaigns</a> › <a' in page


def test_missing_row_says_since_when(mirrored, manager):
    del mirrored.state.records["Campaign"][1]
    pull("campaigns")
    assert "not seen since" in manager.get(address(Campaign, "changelist")).content.decode()
    assert "Not in MaxContact any more" in manager.get(address(Campaign, "change", 1)).content.decode()


def test_unconfigured_save_is_told_on_the_page(mirrored, manager, settings):
    settings.MAXCONTACT_URL = ""
    answer = manager.post(address(Campaign, "add"), {"name": "New", "_save": "1"})
    assert "MAXCONTACT_URL is not set" in answer.content.decode()


def test_stranger_is_sent_to_the_log_in(client, db):
    for page in ("changelist", "add"):
        assert client.get(address(Campaign, page)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_no_transaction_spans_the_call(mirrored, manager, monkeypatch):
    """A dialler that takes its time must not keep everybody else from writing."""
    held = []
    page = Form(manager, address(Campaign, "change", 1))
    send = Collection.update

    def watched(collection, record, changes):
        held.append(connection.in_atomic_block)
        return send(collection, record, changes)

    monkeypatch.setattr(Collection, "update", watched)
    assert page.send(name="Renamed").redirected
    assert held == [False]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (200_000, "2 d ago")],
)
def test_age_in_words(seconds, words):
    assert age_in_words(seconds) == words


def test_age_carries_the_moment_for_the_script():
    now = timezone.now()
    drawn = Template("{% load age %}{{ when|age }}").render(Context({"when": now}))
    assert f'<time datetime="{now.isoformat(timespec="seconds")}"' in drawn
    assert "data-age" in drawn
    assert age(None) == "never"
