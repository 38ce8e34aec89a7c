"""The page as people meet it: two steps by POST, one event whoever presses, true words in every state."""

import re
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from maxops.emergency import readings, records
from maxops.emergency.models import Event, State
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
    page = text_of(holder.post(OFF, form_fields(response, OFF), follow=True))
    assert disables(connected) == 1
    assert "Before and now" in page
    assert "do not start by themselves" in page
    assert "EMERGENCY ON" not in page
    assert "Stop everything" in page


def test_stand_down_without_answer_says_press_again(connected, holder):
    holder.post(ON)
    connected.faults.add(DISABLE, "drop_after")
    page = text_of(holder.post(OFF, follow=True))
    assert "press again" in page
    assert "EMERGENCY STANDING DOWN" in page


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
    assert "MaxContact accepted the request" in text_of(admin_client.get(address))
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
