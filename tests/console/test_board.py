"""The board: what a supervisor sees of the dialler, how old it is, and what it says when it cannot be read."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.console.board import GROUPS, glance, group_of
from maxops.imports.models import Mapping, Run
from maxops.lists.models import LeadList
from maxops.mirror import watch
from maxops.mirror.models import LastSet, Reading
from maxops.remote.maxcontact.choices import CampaignStatus


def text_of(response) -> str:
    return response.content.decode()


def test_board_shows_every_campaign_of_the_dialler_under_its_status(pulled, log_in):
    page = text_of(log_in("Supervisor").get("/"))
    for campaign in Campaign.objects.all():
        assert campaign.name in page
        assert f'href="/admin/campaigns/campaign/{campaign.pk}/change/"' in page
    assert page.index("Running <span") < page.index("Paused <span")
    assert "Read from MaxContact" in page


def test_running_campaign_is_shown_as_running_even_when_inactive():
    assert group_of(Campaign(status=CampaignStatus.RUNNING, active=False)) == "running"
    assert group_of(Campaign(status=CampaignStatus.NOT_RUNNING, active=False)) == "inactive"
    assert group_of(Campaign(status=CampaignStatus.NOT_RUNNING, active=None)) == "not-running"
    assert group_of(Campaign(status=77)) == "other"
    assert group_of(Campaign(status=CampaignStatus.RUNNING, missing_since=timezone.now())) == "missing"


def test_every_group_a_campaign_can_fall_into_has_a_heading():
    assert {group.key for group in GROUPS} >= {group_of(Campaign(status=status)) for status in CampaignStatus}


def test_campaign_gone_from_the_dialler_is_kept_and_says_since_when(pulled, log_in):
    campaign = Campaign.objects.first()
    campaign.missing_since = timezone.now()
    campaign.save()
    page = text_of(log_in("Supervisor").get("/"))
    assert "No longer in MaxContact" in page
    assert "not seen since" in page


def test_unchanged_board_answers_304_without_a_body(pulled, log_in):
    client = log_in("Supervisor")
    first = client.get("/board/rows/")
    assert first.status_code == 200
    again = client.get("/board/rows/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_changed_status_is_sent_to_open_boards(pulled, log_in):
    client = log_in("Supervisor")
    etag = client.get("/board/rows/").headers["ETag"]
    campaign = Campaign.objects.filter(status=CampaignStatus.RUNNING).first()
    Campaign.objects.filter(pk=campaign.pk).update(
        status=CampaignStatus.PAUSED, fingerprint="changed", seen_at=timezone.now()
    )
    glance.forget()
    answer = client.get("/board/rows/", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != etag


def test_open_boards_share_one_look_a_second(pulled, log_in, django_assert_max_num_queries):
    client = log_in("Supervisor")
    client.get("/board/rows/")
    glance.until += 60
    with django_assert_max_num_queries(6) as queries:  # the session, the account and its permissions
        client.get("/board/rows/")
    assert not [query["sql"] for query in queries if "campaigns_campaign" in query["sql"]]


def test_number_of_queries_does_not_grow_with_campaigns(pulled, log_in, django_assert_max_num_queries):
    Campaign.objects.bulk_create(Campaign(id=10_000 + n, name=f"Extra {n}", default_list_id=n) for n in range(150))
    client = log_in("Supervisor")
    with django_assert_max_num_queries(15):
        client.get("/board/rows/")


def test_search_and_status_narrow_the_board_without_javascript(pulled, log_in):
    client = log_in("Supervisor")
    wanted, other = Campaign.objects.filter(missing_since=None)[:2]
    page = text_of(client.get("/board/rows/", {"q": wanted.name.upper()}))
    assert wanted.name in page
    assert f'campaign/{other.pk}/change/"' not in page
    assert "No campaign contains" in text_of(client.get("/board/rows/", {"q": "no such name at all"}))
    running = text_of(client.get("/board/rows/", {"show": "running"}))
    assert 'aria-current="true"' in running
    assert "Paused <span" not in running


def test_row_offers_what_its_state_allows_to_those_who_may_change_it(pulled, log_in):
    running, idle = (Campaign.objects.filter(status=status, active=True).first() for status in (1, 0))
    page = text_of(log_in("Manager").get("/"))
    assert f'aria-label="Pause {running.name}"' in page
    assert f'aria-label="Start {running.name}"' not in page
    assert f'aria-label="Start {idle.name}"' in page
    assert f'aria-label="Stop {idle.name}"' not in page
    assert 'name="offer"' not in text_of(log_in("Supervisor").get("/"))


def test_lists_and_teams_are_shown_as_last_set_here(pulled, log_in):
    client = log_in("Supervisor")
    before = client.get("/board/rows/").headers["ETag"]
    campaign = Campaign.objects.first()
    for name, other, is_certain in (("lists", 1, True), ("lists", 2, True), ("teams", 1, True), ("teams", 2, False)):
        LastSet.objects.create(
            kind="campaigns", remote_id=campaign.pk, name=name, other_id=other, value=1, is_certain=is_certain
        )
    glance.forget()
    rows = client.get("/board/rows/", headers={"If-None-Match": before})
    assert "2 lists, 1 team set here" in text_of(rows)


def test_unknown_group_in_the_address_shows_all(pulled, log_in):
    page = text_of(log_in("Supervisor").get("/?show=zzz"))
    assert page.count("<tr data-row") == Campaign.objects.count()


def test_failed_reading_marks_the_line_of_the_age_at_once(pulled, log_in, settings):
    client = log_in("Supervisor")
    assert "data-failure" not in text_of(client.get("/"))
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError):
        call_command("pull", "campaigns", verbosity=0)
    glance.forget()
    assert f'data-failure="{Reading.objects.first().pk}"' in text_of(client.get("/"))


def test_unreachable_dialler_is_named_with_the_time_of_what_is_seen(pulled, log_in, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    with pytest.raises((SystemExit, CommandError)):
        call_command("pull", "campaigns", verbosity=0)
    page = text_of(log_in("Supervisor").get("/"))
    assert "MaxContact has not answered since" in page
    assert "What you see is as read" in page
    assert Campaign.objects.first().name in page


def test_old_reading_is_marked_as_old(pulled, log_in):
    client = log_in("Supervisor")
    assert 'data-freshness="fresh"' in text_of(client.get("/board/rows/"))
    earlier = timezone.now() - timedelta(minutes=30)
    Reading.objects.update(started_at=earlier)
    Campaign.objects.update(seen_at=earlier)
    glance.forget()
    page = text_of(client.get("/board/rows/"))
    assert 'data-freshness="stale"' in page
    assert "No reading since" in page


def test_age_turns_amber_before_it_turns_grey(pulled):
    picture = glance.look()
    read_at = picture.read_at
    seconds = {second: picture.freshness(15, read_at + timedelta(seconds=second)) for second in (5, 60, 120)}
    assert seconds == {5: "fresh", 60: "ageing", 120: "stale"}


def test_interval_is_that_of_a_board_somebody_looks_at(pulled, log_in, settings):
    client = log_in("Supervisor")
    idle, watched = (f'data-interval="{n}"' for n in (settings.MAXOPS_IDLE_SECONDS, settings.MAXOPS_BOARD_SECONDS))
    assert idle in text_of(client.get("/"))
    cache.set(watch.LOOKED_AT, True)
    assert watched in text_of(client.get("/board/rows/"))


def test_first_look_after_an_idle_time_asks_for_a_reading(pulled, log_in):
    before = Reading.objects.count()
    watch._noted["at"] = float("-inf")
    client = log_in("Supervisor")
    client.get("/")
    assert watch.is_watched()
    assert Reading.objects.count() == before + 1
    client.get("/board/rows/")
    assert Reading.objects.count() == before + 1


def test_age_is_shown_on_a_row_only_where_it_differs(pulled, log_in):
    client = log_in("Supervisor")
    before = text_of(client.get("/board/rows/")).count("data-age")
    campaign = Campaign.objects.first()
    Campaign.objects.filter(pk=campaign.pk).update(seen_at=timezone.now() + timedelta(seconds=1))
    glance.forget()
    assert text_of(client.get("/board/rows/")).count("data-age") == before + 1


def test_campaigns_read_outside_the_schedule_count_as_a_reading(pulled):
    later = timezone.now() + timedelta(seconds=5)
    Campaign.objects.update(seen_at=later)
    glance.forget()
    assert glance.look().read_at == later


def test_campaigns_stopped_by_an_open_emergency_are_marked(pulled, log_in):
    running = Campaign.objects.filter(status=CampaignStatus.RUNNING).first()
    client = log_in("Supervisor", "Emergency")
    assert client.post("/emergency/on/", {"reason": "Test"}).status_code == 302
    glance.forget()
    page = text_of(client.get("/board/rows/"))
    assert f'{running.name}</a> <span class="badge tone-bad">emergency</span>' in page


def test_board_without_a_connection_says_what_to_set(log_in, settings):
    settings.MAXCONTACT_URL = settings.MAXCONTACT_LOGIN = settings.MAXCONTACT_PASSWORD = ""
    page = text_of(log_in("Supervisor").get("/"))
    for name in ("MAXCONTACT_URL", "MAXCONTACT_LOGIN", "MAXCONTACT_PASSWORD"):
        assert name in page


def test_board_before_the_first_reading_says_so(connected, log_in):
    assert "Waiting for the first reading" in text_of(log_in("Supervisor").get("/"))


def test_latest_imports_are_shown_to_those_who_may_see_them(pulled, log_in):
    mapping = Mapping.objects.create(name="Energy leads", columns=["phone"])
    Run.objects.create(mapping=mapping, file_name="november.csv", sha256="0" * 64, state="ready", rows=400)
    assert "november.csv" in text_of(log_in("Supervisor").get("/"))
    assert "november.csv" not in text_of(log_in("Emergency").get("/board/rows/"))


def test_reading_again_is_asked_for_by_post_only(pulled, log_in):
    client = log_in("Supervisor")
    before = Reading.objects.filter(kind="campaigns").count()
    assert client.get("/board/read/").status_code == 405
    assert client.post("/board/read/").status_code == 302
    assert client.get("/board/rows/").status_code == 200
    assert Reading.objects.filter(kind="campaigns").count() >= before


def test_account_without_a_group_is_told_what_it_lacks(log_in):
    response = log_in().get("/")
    assert response.status_code == 403
    assert "Supervisor" in text_of(response)


def test_board_needs_a_log_in(client, db):
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"
    assert client.get("/board/rows/").status_code == 302


def test_ages_are_counted_from_the_reading(pulled, log_in):
    with time_machine.travel(timezone.now() + timedelta(seconds=20), tick=False):
        client = log_in("Supervisor")
        glance.forget()
        page = text_of(client.get("/board/rows/"))
    assert "data-age" in page
    assert glance.picture.read_at.isoformat(timespec="seconds") in page


def test_rows_are_read_anew_only_when_one_of_them_or_a_name_beside_them_moved(db):
    LeadList.objects.create(pk=7, name="Before")
    Campaign.objects.create(pk=1, name="Spring", status=CampaignStatus.RUNNING, default_list_id=7, fingerprint="a")
    glance.forget()
    first = glance.look()
    glance.until = 0.0
    assert glance.look().groups is first.groups
    LeadList.objects.filter(pk=7).update(name="After")
    glance.until = 0.0
    assert str(glance.look().groups[0].rows[0].default_list) == "After"
    Campaign.objects.filter(pk=1).update(status=CampaignStatus.PAUSED, fingerprint="b")
    glance.until = 0.0
    assert [len(group.rows) for group in glance.look().groups][:2] == [0, 1]
