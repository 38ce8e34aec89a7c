"""The list chosen where it matters: on the check page before sending, and on the page that matches columns."""

import pytest

from maxops.imports import chosen_list
from maxops.imports.models import Run
from maxops.lists.models import LeadList
from tests.imports.test_column_pages import EXACT, choices, upload
from tests.imports.uploading import assert_adds_up, check
from tests.leadfiles import LIST_ID

OTHER = 2
LEADS = "phone,reference,name\n07700900001,1,a\n07700900002,2,b\n"
TICK = "Send this file again all the same"


@pytest.fixture
def sent(manager, mapping, tmp_path, letter_box) -> Run:
    """A run that went to the mapping's own list."""
    LeadList.objects.all().delete()
    LeadList.objects.create(pk=LIST_ID, name="January")
    LeadList.objects.create(pk=OTHER, name="February")
    path = tmp_path / "leads.csv"
    path.write_text(LEADS)
    run = check(path, mapping)
    manager.post(f"/imports/{run.pk}/send/", {"held_back": "send"})
    letter_box.hand_over()
    return run


@pytest.fixture
def again(sent, mapping, tmp_path) -> Run:
    return check(tmp_path / "leads.csv", mapping)


def kinds(run: Run) -> dict[str, int]:
    run.refresh_from_db()
    return {finding["kind"]: finding["count"] for finding in run.findings}


def page_of(client, run: Run) -> str:
    return client.get(run.get_absolute_url()).content.decode()


def test_another_list_is_chosen_and_what_went_there_is_looked_at_anew(manager, again, sent):
    assert kinds(again) == {"sent_before": 2, "same_file": 1}
    assert TICK in page_of(manager, again)
    manager.post(f"/imports/{again.pk}/list/", {"list": str(OTHER)})
    assert kinds(again) == {"same_file": 1}
    assert (again.state, again.list_id) == ("ready", OTHER)
    page = page_of(manager, again)
    assert f"Into list February ({OTHER})" in page
    assert TICK not in page
    assert f"Run {sent.pk} on" in page
    assert f"into list January ({LIST_ID})" in page
    manager.post(f"/imports/{again.pk}/list/", {"list": ""})
    assert kinds(again) == {"sent_before": 2, "same_file": 1}
    assert TICK in page_of(manager, again)


def test_to_another_list_the_same_file_goes_without_a_tick(manager, again):
    manager.post(f"/imports/{again.pk}/list/", {"list": str(OTHER)})
    manager.post(f"/imports/{again.pk}/send/", {"held_back": "send", "list": str(OTHER)})
    again.refresh_from_db()
    assert (again.state, again.sent) == ("waiting", 2)
    assert_adds_up(again)


def test_send_with_another_list_than_was_checked_sends_nothing(manager, again, connected):
    manager.post(f"/imports/{again.pk}/send/", {"held_back": "send", "again": "1", "list": str(OTHER)})
    again.refresh_from_db()
    assert (again.state, again.list_id, again.sent) == ("ready", OTHER, 0)
    assert "Nothing was sent: another list was chosen" in page_of(manager, again)


@pytest.mark.parametrize("word", ["999", "x", "-1", "1 OR 1"])
def test_a_list_that_is_not_offered_changes_nothing(manager, again, word):
    page = manager.post(f"/imports/{again.pk}/list/", {"list": word}, follow=True).content.decode()
    assert "Choose one of the lists shown" in page
    again.refresh_from_db()
    assert (again.state, again.list_id) == ("ready", None)


def test_once_sent_the_list_stays(manager, sent):
    page = manager.post(f"/imports/{sent.pk}/list/", {"list": str(OTHER)}, follow=True).content.decode()
    assert "before anything is sent" in page
    sent.refresh_from_db()
    assert sent.list_id == LIST_ID


def test_supervisor_sees_no_choice(supervisor, again):
    assert "Change the list" not in page_of(supervisor, again)
    assert supervisor.post(f"/imports/{again.pk}/list/", {"list": str(OTHER)}).status_code == 403


def test_large_files_are_looked_at_by_the_queue(manager, again, monkeypatch):
    monkeypatch.setattr(chosen_list, "AT_ONCE", 1)
    manager.post(f"/imports/{again.pk}/list/", {"list": str(OTHER)})
    assert kinds(again) == {"same_file": 1}
    assert again.state == "ready"


def test_who_dies_on_the_way_leaves_a_run_that_is_checked_again(again):
    from_list = str(OTHER)
    chosen_list.change(again, from_list, "tester")
    again.refresh_from_db()
    assert (again.state, again.list_id) == ("checking", OTHER)
    chosen_list.look_anew(again.pk)
    chosen_list.look_anew(again.pk)
    assert kinds(again) == {"same_file": 1}
    assert again.state == "ready"


def test_list_is_chosen_where_columns_are_matched(manager, sent):
    address = upload(manager, EXACT)
    drawn = manager.get(address)
    assert "List in MaxContact" in drawn.content.decode()
    answer = manager.post(address, choices(drawn) | {"list": "999"})
    assert "Choose one of the lists shown" in answer.content.decode()
    manager.post(address, choices(drawn) | {"list": str(OTHER)})
    assert Run.objects.order_by("pk").last().list_id == OTHER
