"""The page as people meet it: two steps by POST, one event whoever presses, true words in every state."""

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.console.board import glance as board
from maxops.emergency import readings, records
from maxops.emergency.models import Event, State, moment
from maxops.mirror.models import Reading
from tests.emergency.conftest import DISABLE, ENABLE, disables, enables, person, running_ids

pytestmark = pytest.mark.django_db

PAGE = "/emergency/"
ON = "/emergency/on/"
OFF = "/emergency/off/"
DRILL = "/emergency/drill/"


def text_of(response) -> str:
    """What is read on the page, white space evened out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def form_fields(response, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts there, as a browser would send them."""
    page = response.content.decode()
    form = page[page.index(f'action="{action}"') :].split("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_panel_shows_what_runs_and_that_reading_changes_nothing(connected, holder):
    readings.read_now()
    connected.journal.entries.clear()
    response = holder.get(PAGE)
    page = text_of(response)
    assert f"Running now {len(running_ids(connected))}" in page
    assert "Stop everything" in page
    assert "not documented" in page
    assert connected.journal.entries == []


def test_page_asks_for_nothing_to_be_typed_or_chosen(connected, holder):
    response = holder.get(PAGE)
    assert " required" not in response.content.decode()
    holder.post(ON, form_fields(response, ON))
    assert enables(connected) == 1


def test_pull_becomes_a_checklist_with_reason_and_name(connected, holder):
    fields = form_fields(holder.get(PAGE), ON)
    response = holder.post(ON, {**fields, "reason": "Evacuation", "note": "Alarm in the building"}, follow=True)
    page = text_of(response)
    count = Event.objects.get().running_before
    assert f"{count} of {count} campaigns confirmed stopped" in page
    assert "Request accepted" in page
    assert "Evacuation" in page
    assert "h.keeper" in page
    assert "Alarm in the building" in page
    assert "MaxContact gives no read-back" in page
    assert running_ids(connected) == []


def test_bar_is_on_other_pages_for_every_role(connected, holder, supervisor):
    holder.post(ON, {"reason": "Wrong data dialled"})
    count = Event.objects.get().running_before
    for client in (holder, supervisor):
        page = text_of(client.get(PAGE))
        assert "EMERGENCY ON since" in page
        assert f"{count} of {count} stopped" in page
        assert "by h.keeper" in page


def test_bar_is_silent_when_nothing_changed(connected, holder):
    assert holder.get("/emergency/bar/", {"shown": ""}).status_code == 204
    holder.post(ON)
    response = holder.get("/emergency/bar/", {"shown": ""})
    assert "EMERGENCY ON" in text_of(response)
    assert holder.get("/emergency/bar/", {"shown": Event.objects.get().bar_key}).status_code == 204


def test_bar_costs_one_query_for_many_pages(holder, django_assert_num_queries):
    records.glance.look()
    with django_assert_num_queries(0):
        for _ in range(20):
            records.glance.look()


@pytest.mark.parametrize("address", [ON, OFF, DRILL, "/emergency/read/"])
def test_get_never_acts(connected, holder, address):
    assert holder.get(address).status_code == 405
    assert enables(connected) == disables(connected) == 0
    assert not Event.objects.exists()


@pytest.mark.parametrize("address", [ON, OFF, DRILL])
def test_only_holders_may_press(connected, supervisor, address):
    assert supervisor.post(address).status_code == 403
    assert enables(connected) == disables(connected) == 0
    assert not Event.objects.exists()


def test_supervisor_watches_without_buttons(connected, supervisor):
    response = supervisor.get(PAGE)
    assert response.status_code == 200
    assert f'action="{ON}"' not in response.content.decode()


def test_page_is_closed_to_strangers_and_to_staff_without_a_role(connected, db):
    assert person("nobody").get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302
    assert Client().post(ON).status_code == 302
    assert enables(connected) == 0


def test_forged_press_is_refused(connected, holder):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = holder.cookies
    assert strict.post(ON).status_code == 403
    assert enables(connected) == 0


def test_double_click_and_reload_are_one_call(connected, holder):
    fields = form_fields(holder.get(PAGE), ON)
    for _ in range(3):
        assert holder.post(ON, fields).status_code == 302
    assert enables(connected) == 1
    assert Event.objects.count() == 1


def test_failed_press_says_that_nothing_is_known_to_have_stopped(connected, holder):
    connected.faults.add(ENABLE, "success_false", 1)
    page = text_of(holder.post(ON, {"reason": "System fault"}, follow=True))
    assert "nothing is known to have stopped" in page
    assert "telephone MaxContact" in page
    assert "Stop everything" in page
    holder.post(ON)
    assert enables(connected) == 2
    assert Event.objects.first().state == State.ON


def test_unreachable_dialler_is_a_page_not_an_error(holder, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    settings.MAXCONTACT_LOGIN, settings.MAXCONTACT_PASSWORD = "api.maxops", "x"
    assert "not been read yet" in text_of(holder.get(PAGE))
    response = holder.post("/emergency/read/", follow=True)
    assert response.status_code == 200
    response = holder.post("/emergency/read/", headers={"HX-Request": "true"})
    assert "can be sent all the same" in text_of(response)


def test_missing_connection_is_said_before_the_press(holder, settings):
    settings.MAXCONTACT_URL = settings.MAXCONTACT_LOGIN = settings.MAXCONTACT_PASSWORD = ""
    assert "No connection to MaxContact is configured" in text_of(holder.get(PAGE))
    assert "nothing is known to have stopped" in text_of(holder.post(ON, follow=True))


def test_still_running_campaigns_are_named_with_a_button_to_try_again(connected, holder, settings):
    settings.MAXOPS_EMERGENCY_SECONDS = 0
    connected.state.stubborn = {running_ids(connected)[0]}
    response = holder.post(ON, follow=True)
    event = Event.objects.get()
    assert f"Not seen stopped: 1 of {event.running_before}" in text_of(response)
    assert event.still_running[0]["name"] in text_of(response)
    connected.state.stubborn = set()
    holder.post(ON, form_fields(response, ON))
    assert enables(connected) == 2
    assert Event.objects.get().state == State.ON


def test_progress_is_polled_until_confirmed_and_then_draws_the_page_anew(connected, holder):
    connected.state.stop_after = 60
    holder.post(ON)
    event = Event.objects.get()
    response = holder.get("/emergency/progress/", {"state": event.state})
    assert f"0 of {event.running_before} campaigns confirmed stopped" in text_of(response)
    assert "hx-trigger" in response.content.decode()
    for row in connected.state.records["Campaign"].values():
        row["Status"] = 0
    Event.objects.update(read_at=None)
    response = holder.get("/emergency/progress/", {"state": event.state})
    assert response["HX-Refresh"] == "true"
    page = holder.get(PAGE).content.decode()
    assert "/emergency/progress/" not in page


def test_read_again_works_without_script(connected, holder):
    connected.state.stop_after = 60
    holder.post(ON)
    for row in connected.state.records["Campaign"].values():
        row["Status"] = 0
    Event.objects.update(read_at=None)
    response = holder.post("/emergency/read/", follow=True)
    assert "On, confirmed" in text_of(response)


def test_stand_down_shows_before_and_now(connected, holder):
    holder.post(ON)
    response = holder.get(PAGE)
    response = holder.post(OFF, form_fields(response, OFF), follow=True)
    page, drawn = text_of(response), response.content.decode()
    assert disables(connected) == 1
    assert "Before and now" in page
    assert "do not start by themselves" in page
    assert "EMERGENCY ON" not in page
    assert "A Manager starts them in" in page
    assert drawn.index("Before and now") < drawn.index("On record") < drawn.index('id="stop"')


def test_way_back_lists_all_that_was_stopped_with_links_and_what_they_do_now(connected, holder, manager):
    paused = next(row for row in connected.state.records["Campaign"].values() if row["Status"] == 2)
    ran = connected.state.records["Campaign"][running_ids(connected)[0]]
    holder.post(ON)
    assert "Did not run at the pull, stopped as well" in text_of(holder.get(PAGE))
    page = text_of(holder.post(OFF, follow=True))
    assert f"{paused['CampaignName']} Paused Not running" in page
    assert f"{ran['CampaignName']} Running Not running" in page
    ran["Status"] = 1
    readings.read_now()
    response = manager.get(PAGE)
    assert f"{ran['CampaignName']} Running Running" in text_of(response)
    links = [reverse("admin:campaigns_campaign_changelist")]
    links += [reverse("admin:campaigns_campaign_change", args=[row["Id"]]) for row in (paused, ran)]
    for link in links:
        assert f'href="{link}"' in response.content.decode()
    assert "<details" not in response.content.decode().split("Before and now")[1].split("</table>")[0]


def test_paused_campaigns_that_were_stopped_carry_the_mark_on_the_board(connected, holder, manager):
    paused = next(row["CampaignName"] for row in connected.state.records["Campaign"].values() if row["Status"] == 2)
    holder.post(ON)
    board.forget()
    assert f"{paused} emergency" in text_of(manager.get("/"))


def test_panel_says_that_paused_campaigns_are_stopped_too(connected, holder):
    response = holder.get(PAGE)
    assert "paused ones are stopped as well, as MaxContact stops all campaigns" in text_of(response)
    assert 'id="stop" tabindex="-1"' in response.content.decode()


def test_enter_on_a_reason_keeps_it_and_stops_nothing(connected, holder):
    page = holder.get(PAGE).content.decode()
    form = page[page.index(f'action="{ON}"') :].split("</form>")[0]
    first = re.search(r"<button[^>]*>", form).group()
    assert 'type="submit"' in first
    assert f'formaction="{PAGE}#stop"' in first
    fields = form_fields(holder.get(PAGE), ON)
    response = holder.post(PAGE, {**fields, "reason": "Compliance", "note": "Asked by the <office>"})
    page = response.content.decode()
    assert 'value="Compliance" checked' in page
    assert "Asked by the &lt;office&gt;</textarea>" in page
    assert page.count(" checked") == 1
    assert enables(connected) == 0
    assert not Event.objects.exists()
    assert 'value="Test" checked' in holder.get(PAGE, {"reason": "Test"}).content.decode()


def test_stand_down_without_answer_says_press_again_once_and_not_beside_the_pull(connected, holder):
    holder.post(ON)
    connected.faults.add(DISABLE, "drop_after")
    page = text_of(holder.post(OFF, follow=True))
    checklist = page.split("Timeline")[0]
    assert checklist.count("press again") == 1
    assert (
        checklist.index("confirmed stopped") < checklist.index("Stand-down requested") < checklist.index("press again")
    )
    assert "EMERGENCY STANDING DOWN" in page


def test_try_again_stays_while_standing_down_with_campaigns_unconfirmed(connected, holder, settings):
    settings.MAXOPS_EMERGENCY_SECONDS = 0
    connected.state.stubborn = {running_ids(connected)[0]}
    holder.post(ON)
    connected.faults.add(DISABLE, "drop_after")
    response = holder.post(OFF, follow=True)
    assert Event.objects.get().state == State.STANDING_DOWN
    assert "Not seen stopped: 1 of" in text_of(response)
    connected.state.stubborn = set()
    page = text_of(holder.post(ON, form_fields(response, ON), follow=True))
    assert enables(connected) == 2
    assert Event.objects.get().state == State.ON
    assert "Stand-down requested" not in page


def test_stand_down_of_nothing_without_answer_leaves_the_handle_on_the_page(connected, holder):
    connected.faults.add(DISABLE, "drop_after")
    response = holder.post(OFF, follow=True)
    assert "press again" in text_of(response)
    assert "Not seen stopped" not in text_of(response)
    assert f'action="{ON}"' in response.content.decode()


def test_no_answer_claims_nothing_and_says_how_old_the_list_is(connected, holder):
    readings.read_now()
    old = timezone.now() - timedelta(hours=3)
    Reading.objects.update(started_at=old)
    Campaign.objects.update(seen_at=old)
    readings.place().unlink()
    connected.faults.add(ENABLE, "drop_after")
    connected.faults.add("GET .*campaigns", "status", 0, status=500)
    page = text_of(holder.post(ON, follow=True))
    assert "Inbound routing: not known , no answer to the request" in page
    assert "Inbound routing requested" not in page
    assert "EMERGENCY REQUESTED, no answer since" in page
    assert re.search(r"known only from a reading of \d+ \w{3} \d{4}, \d\d:\d\d:\d\d, 3\W+hours", page)


def test_bar_is_a_named_region_with_who_and_why(connected, holder):
    holder.post(ON, {"reason": "Evacuation"})
    response = holder.get(PAGE)
    assert 'role="region" aria-label="Emergency"' in response.content.decode()
    assert "by h.keeper: Evacuation" in text_of(response)
    news = holder.get("/emergency/bar/", {"shown": ""}).content.decode()
    assert 'class="emergency-bar" role="alert"' in news


def test_drill_is_labelled_and_sends_nothing(connected, holder):
    page = text_of(holder.post(DRILL, follow=True))
    assert "DRILL since" in page
    assert "Stop everything" in page  # the real handle stays within reach
    assert enables(connected) == 0
    assert "DRILL since" not in text_of(holder.post(DRILL, {"end": "1"}, follow=True))


def test_record_is_read_only_in_the_admin(connected, holder, admin_client):
    holder.post(ON, {"reason": "Test"})
    event = Event.objects.get()
    address = reverse("admin:emergency_event_change", args=[event.pk])
    page = text_of(admin_client.get(address))
    assert "MaxContact accepted the request" in page
    assert page.count(moment(event.requested_at)) >= 2  # in the title and in its field
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d", moment(event.requested_at))
    assert moment(event.requested_at) in text_of(admin_client.get(reverse("admin:emergency_event_changelist")))
    assert not re.search(r"\d [ap]\.m\.", page)
    assert admin_client.post(address, {"reason": "Other"}).status_code == 403
    assert admin_client.get(reverse("admin:emergency_event_add")).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_one_call(connected, settings):
    clients = [person("first", "pull_handle"), person("second", "pull_handle")]
    start = Barrier(len(clients))

    def pull(client: Client) -> None:
        try:
            start.wait()
            client.post(ON)
        finally:
            connection.close()

    threads = [Thread(target=pull, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert enables(connected) == 1
    assert Event.objects.count() == 1
    assert set(Event.objects.get().steps.filter(what="press").values_list("by", flat=True)) == {"first", "second"}
