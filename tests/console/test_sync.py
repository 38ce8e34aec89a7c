"""The sync page: how old what we have is, what a dry run shows, and that exactly this is taken over."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.celery import app
from maxops.lists.models import LeadList
from maxops.mirror.models import Difference, Reading
from maxops.teams.models import Team


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def dry_run(client: Client, kind: str) -> Reading:
    """Asked for as a person does it; the queue of the tests works at once."""
    response = client.post(f"/sync/{kind}/read/", {"dry_run": "1"})
    reading = Reading.objects.latest("id")
    assert response.headers["Location"] == f"/sync/{reading.pk}/"
    return reading


def scheduled(**values) -> Reading:
    return Reading.objects.create(**{"kind": "campaigns", "state": "done", "source": "schedule", **values})


def test_each_kind_has_its_age_and_its_numbers(pulled, log_in):
    Campaign.objects.filter(pk=3).update(missing_since=timezone.now())
    page = text_of(log_in("Supervisor").get("/sync/"))
    total = Campaign.objects.count()
    assert f'campaign/?seen=yes"><strong>{total - 1}</strong> present' in page
    assert 'campaign/?seen=no"><strong>1</strong> not there any more' in page
    assert page.count("read <time") == 4


def test_numbers_lead_to_the_rows_they_count(pulled, log_in):
    Campaign.objects.filter(pk=3).update(missing_since=timezone.now())
    page = text_of(log_in("Supervisor").get("/admin/campaigns/campaign/?seen=no"))
    assert Campaign.objects.get(pk=3).name in page
    assert Campaign.objects.get(pk=4).name not in page


def test_what_stands_in_the_way_is_said_with_its_reason(pulled, log_in, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    client = log_in("Supervisor")
    client.post("/sync/teams/read/")
    page = text_of(client.get("/sync/"))
    assert "Could not be read" in page
    assert "MaxContact could not be reached" in page


def test_reading_now_is_open_to_whoever_sees_the_page_and_stands_under_their_name(pulled, log_in):
    client = log_in("Supervisor")
    pulled.state.records["Team"][1]["TeamName"] = "Renamed in the Portal"
    assert client.get("/sync/teams/read/").status_code == 405
    assert client.post("/sync/teams/read/").headers["Location"] == "/sync/"
    reading = Reading.latest_good("teams")
    assert (reading.staff, reading.changed) == ("supervisor", 1)
    page = text_of(client.get("/sync/"))
    assert "1 changed" in page
    assert client.post("/sync/nonsense/read/").status_code == 404


@pytest.fixture
def queue(settings):
    """The queue in files as it is outside of tests: whatever is asked for waits there."""
    waiting = settings.DATA_DIR / "queue" / "waiting"
    app.conf.task_always_eager = False
    yield waiting
    app.conf.task_always_eager = True
    waiting.mkdir(exist_ok=True)


def test_reading_waits_for_the_worker_and_a_queue_that_is_down_leaves_none(pulled, log_in, queue):
    client = log_in("Manager")
    assert "Waiting for the worker." in text_of(client.post("/sync/teams/read/", {"dry_run": "1"}, follow=True))
    assert Reading.objects.latest("id").state == "waiting"
    for message in queue.iterdir():
        message.unlink()
    queue.rmdir()
    before = Reading.objects.count()
    assert "The queue does not answer" in text_of(client.post("/sync/users/read/", follow=True))
    assert Reading.objects.count() == before


def test_scheduled_readings_without_a_difference_share_a_line(pulled, log_in):
    Reading.objects.all().delete()
    for _ in range(70):
        scheduled()
    scheduled(changed=2)
    for _ in range(3):
        scheduled(state="failed", message="MaxContact could not be reached.")
    client = log_in("Supervisor")
    page = text_of(client.get("/sync/"))
    assert "70 readings of campaigns" in page
    assert "3 readings in a row" in page
    assert "2 changed" in page
    each = text_of(client.get("/sync/?each=1"))
    assert each.count("no difference") == 21
    older = text_of(client.get(f"/sync/?each=1&before={Reading.objects.order_by('-id')[24].pk}"))
    assert older.count("no difference") == 25


def test_poll_answers_304_until_a_reading_comes(pulled, log_in):
    client = log_in("Supervisor")
    first = client.get("/sync/live/")
    again = client.get("/sync/live/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    scheduled(changed=1)
    assert client.get("/sync/live/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_page_asks_again_sooner_while_somebody_waits(pulled, log_in):
    client = log_in("Supervisor")
    assert "every 15s" in text_of(client.get("/sync/"))
    waiting = Reading.objects.create(kind="users", state="waiting", source="sync", staff="m.naidu")
    assert "every 2s" in text_of(client.get("/sync/"))
    assert "hx-trigger" in text_of(client.get(f"/sync/{waiting.pk}/"))
    Reading.objects.filter(pk=waiting.pk).update(state="done")
    assert "hx-trigger" not in text_of(client.get(f"/sync/{waiting.pk}/live/"))


def test_second_press_leads_to_the_reading_that_waits(pulled, log_in):
    waiting = Reading.objects.create(kind="users", state="waiting", dry_run=True, source="sync", staff="m.naidu")
    response = log_in("Manager").post("/sync/users/read/", {"dry_run": "1"})
    assert response.headers["Location"] == f"/sync/{waiting.pk}/"
    assert Reading.objects.filter(kind="users", dry_run=True).count() == 1


def test_reading_nobody_took_up_stands_in_nobodys_way(pulled, log_in):
    long_ago = timezone.now() - timedelta(minutes=5)
    left = Reading.objects.create(kind="users", state="waiting", dry_run=True, source="sync", started_at=long_ago)
    dry_run(log_in("Manager"), "users")
    left.refresh_from_db()
    assert (left.state, left.message) == ("failed", "The worker did not take it up.")


@pytest.fixture
def changed_there(pulled):
    """One team new, one renamed, one gone, as somebody else left them."""
    teams = pulled.state.records["Team"]
    teams[1]["TeamName"] = "Renamed in the Portal"
    teams[99] = {**teams[2], "Id": 99, "TeamName": "New in the Portal"}
    del teams[3]
    return pulled


def test_dry_run_changes_nothing_and_shows_each_difference_in_words(changed_there, log_in):
    before = list(Team.objects.order_by("pk").values())
    client = log_in("Manager")
    reading = dry_run(client, "teams")
    page = text_of(client.get(f"/sync/{reading.pk}/"))
    assert list(Team.objects.order_by("pk").values()) == before
    assert "Nothing was written." in page
    for words in ("New in the Portal", f"<del>{before[0]['name']}</del>", "<ins>Renamed in the Portal</ins>"):
        assert words in page
    assert "1 new, 1 changed, 1 marked as not there any more" in page
    assert "Apply these 3 differences" in page


def test_apply_leaves_exactly_what_the_dry_run_showed_and_lands_on_the_rows(changed_there, log_in):
    client = log_in("Manager")
    reading = dry_run(client, "teams")
    changed_there.state.records["Team"][4]["TeamName"] = "Renamed after the dry run"
    untouched = Team.objects.get(pk=4).name
    response = client.post(f"/sync/{reading.pk}/apply/")
    applied = Reading.objects.get(applies=reading)
    assert response.headers["Location"] == f"/admin/teams/team/?reading={applied.pk}"
    assert {team.name for team in Team.objects.filter(pk__in=(1, 4, 99))} == {
        "Renamed in the Portal",
        untouched,
        "New in the Portal",
    }
    assert Team.objects.get(pk=3).missing_since
    page = text_of(client.get(response.headers["Location"]))
    assert "Taken over as the dry run showed it: 1 new, 1 changed, 1 not there any more." in page
    assert untouched not in page.split('id="result_list"')[1]


def test_dry_run_is_applied_once(changed_there, log_in):
    client = log_in("Manager")
    reading = dry_run(client, "teams")
    client.post(f"/sync/{reading.pk}/apply/")
    page = text_of(client.post(f"/sync/{reading.pk}/apply/", follow=True))
    assert "Nothing was taken over." in page
    assert "<strong>Applied</strong>" in page
    assert "Apply these" not in page
    assert Reading.objects.filter(applies=reading, state="done").count() == 1


def test_dry_run_outrun_by_a_whole_reading_says_so_and_offers_nothing(changed_there, log_in):
    client = log_in("Manager")
    reading = dry_run(client, "teams")
    client.post("/sync/teams/read/")
    page = text_of(client.get(f"/sync/{reading.pk}/"))
    assert "There is nothing left to apply." in page
    assert "Apply these" not in page


def test_differences_are_filtered_by_sort_words_and_id_and_paged(pulled, log_in):
    reading = Reading.objects.create(kind="users", state="done", dry_run=True, created=150, missing=1)
    Difference.objects.bulk_create(
        Difference(reading=reading, kind="users", remote_id=5000 + n, subject=f"Agent {n}", sort="added", taken=False)
        for n in range(150)
    )
    Difference.objects.create(reading=reading, kind="users", remote_id=9, subject="Gone", sort="missing", taken=False)
    client, address = log_in("Supervisor"), f"/sync/{reading.pk}/"

    def rows(query: str) -> int:
        return text_of(client.get(address + query)).count('<tr class="sort-')

    assert [rows(query) for query in ("", "?page=2", "?sort=missing", "?q=agent+14", "?q=5007")] == [100, 51, 1, 12, 1]
    assert rows("?sort=zzz&page=-3") == 100
    assert "Nothing fits" in text_of(client.get(f"{address}?q=nobody"))


def test_refused_reading_shows_what_would_be_lost_and_is_taken_over_with_its_number(pulled, log_in):
    lists = pulled.state.records["List"]
    gone = sorted(lists)[: len(lists) // 2]
    for pk in gone:
        del lists[pk]
    client, total = log_in("Manager"), LeadList.objects.count()
    client.post("/sync/lists/read/")
    refused = Reading.objects.filter(state="refused").latest("id")
    page = text_of(client.get(f"/sync/{refused.pk}/"))
    assert f"mark {len(gone)} of {total} as missing" in page
    for row in LeadList.objects.filter(pk__in=gone):
        assert row.name in page
    wrong = client.post(f"/sync/{refused.pk}/accept/", {"missing": str(len(gone) + 1)}, follow=True)
    assert "not what was shown" in text_of(wrong)
    assert not LeadList.objects.exclude(missing_since=None).exists()
    client.post(f"/sync/{refused.pk}/accept/", {"missing": str(len(gone))})
    assert LeadList.objects.exclude(missing_since=None).count() == len(gone)
    assert "There is nothing left to take over." in text_of(client.get(f"/sync/{refused.pk}/"))


def test_dry_run_that_loses_over_a_third_is_applied_only_by_the_button_that_says_so(pulled, log_in):
    teams = pulled.state.records["Team"]
    gone = sorted(teams)[: len(teams) // 2]
    for pk in gone:
        del teams[pk]
    client = log_in("Manager")
    reading = dry_run(client, "teams")
    assert "That is over a third" in text_of(client.get(f"/sync/{reading.pk}/"))
    client.post(f"/sync/{reading.pk}/apply/")
    assert not Team.objects.exclude(missing_since=None).exists()
    client.post(f"/sync/{reading.pk}/apply/", {"missing": str(len(gone))})
    assert Team.objects.exclude(missing_since=None).count() == len(gone)


def test_supervisor_looks_at_a_dry_run_and_takes_nothing_over(changed_there, log_in):
    reading = dry_run(log_in("Manager"), "teams")
    supervisor = log_in("Supervisor")
    page = text_of(supervisor.get(f"/sync/{reading.pk}/"))
    assert "Renamed in the Portal" in page
    assert "Apply these" not in page
    assert supervisor.post(f"/sync/{reading.pk}/apply/").status_code == 403
    assert not Team.objects.filter(name="Renamed in the Portal").exists()


def test_page_is_for_those_who_may_see_all_four_kinds(pulled, log_in):
    assert log_in("Emergency").get("/sync/").status_code == 403
    assert "Supervisor" in text_of(log_in().get("/sync/history/"))


def test_reading_that_is_not_kept_any_more_is_a_plain_404(log_in, db):
    assert log_in("Supervisor").get("/sync/987654/").status_code == 404


def test_history_tells_theirs_beside_ours_and_leads_to_the_record(changed_there, log_in):
    client = log_in("Manager")
    client.post("/sync/teams/read/")
    page = text_of(client.get("/sync/history/"))
    assert "New in MaxContact: team “New in the Portal” (99)" in page
    assert 'href="/admin/teams/team/99/history/"' in page
    assert "MaxContact, by somebody else" in page
    only = text_of(client.get("/sync/history/", {"kind": "lists"}))
    assert "Nothing fits this choice" in only


def test_history_keeps_a_bad_date_and_says_what_is_wrong(pulled, log_in):
    page = text_of(log_in("Supervisor").get("/sync/history/", {"start": "32/13/2026", "kind": "users", "q": "ann"}))
    assert "This is not a date" in page
    for kept in ('value="32/13/2026"', 'value="users" selected', 'value="ann"'):
        assert kept in page


def test_history_is_paged(db, log_in):
    now = timezone.now()
    Difference.objects.bulk_create(
        Difference(kind="lists", remote_id=n, subject=f"List {n}", sort="changed", at=now - timedelta(minutes=n))
        for n in range(60)
    )
    client = log_in("Supervisor")
    assert "“List 49”" in text_of(client.get("/sync/history/"))
    assert "“List 50”" not in text_of(client.get("/sync/history/"))
    assert "“List 50”" in text_of(client.get("/sync/history/?page=2"))
