"""Reports that say nothing of most rows, and answers that never came: nothing is called finished that nobody knows."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.imports import settling
from maxops.imports.models import Answer, Part
from maxops.imports.progress import phases_of
from maxops.imports.tasks import resume_stale
from tests.imports.reporting import report, write_leads
from tests.imports.uploading import assert_adds_up, upload

EMPTY = json.dumps({"Success": False, "Errors": [], "ImportIDs": None}).encode()
LOADED = json.dumps({"Success": True, "Errors": [], "ImportIDs": None}).encode()


@pytest.fixture
def lost(connected, mapping, silent, tmp_path):
    """A run of six rows whose only part was never answered."""
    connected.faults.add("ImportCsvFiles", "drop_after")
    run = upload(write_leads(tmp_path / "a.csv", 6), mapping)
    assert assert_adds_up(run)["unknown"] == 6
    return run


@pytest.fixture
def untold(silent, mapping, post, tmp_path):
    """A run of six rows, taken, whose report names neither rows nor counts."""
    run = upload(write_leads(tmp_path / "a.csv", 6), mapping)
    assert post(EMPTY).state == "matched"
    return run


def page_of(client, run) -> str:
    return client.get(run.get_absolute_url()).content.decode()


def decide(client, run, **typed) -> None:
    client.post(f"/imports/{run.pk}/parts/1/decide/", typed)


@pytest.mark.parametrize("body", [EMPTY, LOADED])
def test_a_report_without_figures_is_not_booked_on_a_part_in_doubt(lost, post, manager, body):
    answer = post(body)
    assert (answer.state, answer.part) == ("unmatched", None)
    assert "perhaps never taken" in answer.evidence
    state = assert_adds_up(lost)
    assert (state["state"], state["unknown"]) == ("waiting", 6)
    assert "they are not there" in page_of(manager, lost)
    assert "perhaps never taken" in manager.get("/imports/answers/").content.decode()


def test_a_run_of_which_nothing_is_known_waits_for_a_person(untold, manager):
    state = assert_adds_up(untold)
    assert (state["state"], state["unknown"]) == ("waiting", 6)
    page = page_of(manager, untold)
    assert 'tone-warn">Not known</span>' in page
    untold.refresh_from_db()
    assert [(phase.label, phase.state) for phase in phases_of(untold)][3:] == [
        ("Waiting for MaxContact", "current"),
        ("Finished", "todo"),
    ]
    assert "not known of 6 rows" in page
    listed = manager.get("/imports/?show=attention").content.decode()
    assert "a.csv" in listed
    assert 'tone-warn">Not known</span>' in listed


def test_a_run_that_was_reported_on_is_not_called_unanswered(untold, manager):
    Part.objects.filter(run=untold).update(sent_at=timezone.now() - timedelta(days=30))
    resume_stale()
    assert assert_adds_up(untold)["state"] == "waiting"
    assert "has not reported" not in page_of(manager, untold)


def test_rows_that_a_report_left_open_are_counted_by_a_person(untold, manager):
    decide(manager, untold, found="there")
    assert assert_adds_up(untold)["unknown"] == 6
    decide(manager, untold, found="there", sure="1")
    state = assert_adds_up(untold)
    assert (state["state"], state["accepted"]) == ("finished", 6)


def test_a_fuller_report_counts_after_a_person_looked(untold, manager, post):
    decide(manager, untold, found="missing")
    state = assert_adds_up(untold)
    assert (state["state"], state["not_attempted"]) == ("interrupted", 6)
    assert Answer.objects.get().state == "aside"
    assert post(report(6)).state == "matched"
    assert assert_adds_up(untold)["accepted"] == 6


def test_rows_that_a_report_names_stay_rejected(silent, mapping, post, tmp_path, manager):
    run = upload(write_leads(tmp_path / "a.csv", 6), mapping)
    part = run.parts.get()
    Part.objects.filter(pk=part.pk).update(reference="18")
    post(report(1, ((2, "Duplicate"),), ids=[18], RejectedDedupe=1))
    assert (run.parts.get().unknown, assert_adds_up(run)["state"]) == (4, "waiting")
    decide(manager, run, found="missing")
    assert assert_adds_up(run)["unknown"] == 4
    decide(manager, run, found="there", sure="1")
    state = assert_adds_up(run)
    assert (state["state"], state["accepted"], state["rejected"]) == ("finished_with_rejects", 5, {"Duplicate": 1})
    settling.book_again(mapping)
    assert assert_adds_up(run)["accepted"] == 5


def test_a_lost_answer_is_told_once_and_no_longer_once_a_report_came(lost, manager, post):
    page = page_of(manager, lost)
    told = page[: page.index("Parts of this upload")]
    assert 'tone-warn">Not known</span>' in told
    assert told.count("not known whether MaxContact took") == 1
    assert told.count("never sent again by itself") == 1
    assert told.count("report settles it") == 1
    post(report(6))
    part = lost.parts.get()
    assert part.detail == settling.CAME_AFTER_ALL
    assert "not known" not in page_of(manager, lost).split("Events")[0]


def test_one_row_is_one_row(silent, mapping, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 1), mapping)
    assert run.events.filter(text__contains="1 row to be sent").exists()


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/imports/{run}/send/", "/imports/{run}/"),
        ("/imports/{run}/cancel/", "/imports/{run}/"),
        ("/imports/{run}/fix/bad_number/", "/imports/{run}/"),
        ("/imports/{run}/stop/", "/imports/{run}/"),
        ("/imports/{run}/corrections/undo/", "/imports/{run}/"),
        ("/imports/mappings/{mapping}/clone/", "/imports/mappings/{mapping}/"),
        ("/imports/answers/1/aside/", "/imports/answers/"),
    ],
)
def test_address_of_a_button_leads_back(untold, manager, address, back):
    numbers = {"run": untold.pk, "mapping": untold.mapping_id}
    answer = manager.get(address.format(**numbers))
    assert answer.status_code == 405
    assert f'class="button" href="{back.format(**numbers)}"' in answer.content.decode()
    assert manager.head(address.format(**numbers)).status_code == 405
