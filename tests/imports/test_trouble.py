"""Our own disk or database fails while a run is sent: it stops where it is, says so, and loses no answer."""

import json
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from maxops.emergency import service
from maxops.imports import departures, slips
from maxops.imports.delivery import deliver, files_of, send
from maxops.imports.models import Part
from maxops.imports.tasks import resume_stale
from tests.imports.uploading import assert_adds_up, check
from tests.leadfiles import ROWS, write_planted


@pytest.fixture
def ready(mapping, connected, tmp_path):
    run = check(write_planted(connected, tmp_path / "planted.csv").path, mapping)
    send(run, "send", "tester")
    return run


@contextmanager
def full_disk(path):
    """Whatever is written to this file meets the kernel's own "No space left on device"."""
    kept = path.with_suffix(".kept")
    if path.exists():
        path.rename(kept)
    path.symlink_to("/dev/full")
    yield
    path.unlink()
    if kept.exists():
        kept.rename(path)


def test_full_disk_before_the_first_byte_sends_nothing_and_goes_on_later(ready, connected, manager, letter_box):
    with full_disk(slips.path_of(files_of(ready), 1)):
        deliver(ready.pk)
        state = assert_adds_up(ready)
        assert (state["state"], state["not_attempted"]) == ("sending", ROWS)
        assert "No space left on device" in state["message"]
        assert "No space left on device" in manager.get(ready.get_absolute_url()).content.decode()
        deliver(ready.pk)
        assert connected.state.uploads == []
        assert ready.events.filter(text__contains="No space").count() == 1
    resume_stale()
    state = assert_adds_up(ready)
    assert (state["state"], state["message"]) == ("waiting", "")
    assert len(connected.state.uploads) == 1


def test_full_disk_after_the_answer_loses_neither_answer_nor_lead(ready, connected, letter_box):
    with full_disk(files_of(ready).outcomes):
        deliver(ready.pk)
        assert "No space left on device" in assert_adds_up(ready)["message"]
    assert len(connected.state.uploads) == 1
    resume_stale()
    state = assert_adds_up(ready)
    assert (state["state"], state["sent"], state["message"]) == ("waiting", ROWS, "")
    assert state["parts"][0]["reference"] == str(connected.state.uploads[0]["import_id"])
    letter_box.hand_over()
    assert assert_adds_up(ready)["accepted"] == ROWS - 40
    assert len(connected.state.uploads) == 1


def test_picture_of_progress_that_cannot_be_written_stops_nothing(ready, connected):
    with full_disk(files_of(ready).folder / "gone"):
        deliver(ready.pk)
    assert assert_adds_up(ready)["sent"] == ROWS


@contextmanager
def database_gone(when):
    """Every statement fails as with a lost connection while `when` says so."""

    def refuse(execute, sql, params, many, context):
        if when():
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


def test_database_lost_after_the_answer_is_booked_from_the_slip(ready, connected, letter_box):
    with database_gone(lambda: bool(connected.state.uploads)):
        assert deliver(ready.pk) is False
    assert Part.objects.get(run=ready).state == Part.State.SENDING
    resume_stale()
    state = assert_adds_up(ready)
    assert (state["state"], state["sent"]) == ("waiting", ROWS)
    assert state["parts"][0]["reference"] == str(connected.state.uploads[0]["import_id"])
    letter_box.hand_over()
    assert assert_adds_up(ready)["state"] == "finished_with_rejects"
    assert len(connected.state.uploads) == 1


def test_database_lost_before_the_part_was_booked_sends_nothing(ready, connected):
    begun = iter([False, False])
    with database_gone(lambda: next(begun, True)):
        assert deliver(ready.pk) is False
    assert connected.state.uploads == []
    resume_stale()
    assert assert_adds_up(ready)["sent"] == ROWS
    assert len(connected.state.uploads) == 1


@pytest.mark.parametrize(("step", "state"), [(slips.LEFT, "unknown"), (slips.TAKEN, "waiting")])
def test_database_that_lost_its_last_second_is_corrected_by_the_slip(ready, connected, step, state):
    """The machine went down: the part counts as not sent, and yet it left."""
    slips.write(files_of(ready), 1, slips.Slip(step, 1, "17" if step == slips.TAKEN else ""))
    deliver(ready.pk)
    part = ready.parts.get()
    assert (part.state, part.tries) == (state, 1)
    assert connected.state.uploads == []
    assert_adds_up(ready)


def test_slip_cut_short_by_a_crash_tells_nothing(ready):
    part = ready.parts.get()
    assert slips.read(files_of(ready), part, 1) is None
    slips.path_of(files_of(ready), 1).write_bytes(b'{"step": "tak')
    assert slips.read(files_of(ready), part, 1) is None


def test_slip_has_room_for_any_words(ready):
    long = slips.Slip(slips.TAKEN, 3, "7,8", "é" * 100_000)
    slips.write(files_of(ready), 1, long)
    read = slips.read(files_of(ready), ready.parts.get(), 3)
    assert (read.reference, read.detail[:5]) == ("7,8", "ééééé")
    assert slips.path_of(files_of(ready), 1).stat().st_size == slips.ROOM


def test_what_has_gone_out_is_told_while_the_part_is_on_its_way(ready, manager):
    part = ready.parts.get()
    Part.objects.filter(pk=part.pk).update(state=Part.State.SENDING, bytes=51_000_000)
    departures.write(files_of(ready), departures.Departure(1, 31_000_000, 51_000_000))
    page = manager.get(ready.get_absolute_url()).content.decode()
    assert "29.6\xa0MB of 48.6\xa0MB gone out; MaxContact has not answered yet." in page
    assert '<progress max="51000000" value="31000000"' in page
    departures.write(files_of(ready), departures.Departure(1, 51_000_000, 51_000_000))
    assert "All 48.6\xa0MB gone out" in manager.get(ready.get_absolute_url()).content.decode()
    Part.objects.filter(pk=part.pk).update(number=2)
    assert 'value="0"' in manager.get(ready.get_absolute_url()).content.decode()


# Emergency


def test_pulled_handle_is_told_before_sending_and_forbids_nothing(mapping, connected, tmp_path, manager, capsys):
    run = check(write_planted(connected, tmp_path / "planted.csv").path, mapping)
    assert "Emergency is on" not in manager.get(run.get_absolute_url()).content.decode()
    service.pull(service.Press(by="holder", reason="Wrong data dialled"))
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "Emergency is on." in page
    assert "handle was pulled at" in page
    assert "loaded, but not dialled" in page
    manager.post(f"/imports/{run.pk}/send/", {"held_back": "send"})
    assert assert_adds_up(run)["sent"] == ROWS
    other = write_planted(connected, tmp_path / "other.csv").path
    other.write_text(other.read_text("utf-8").replace("Lead", "Person"), "utf-8")
    call_command("upload", str(other), "--mapping", "Planted", "--json")
    said = capsys.readouterr()
    assert "not dialled" in said.err
    assert json.loads(said.out)["sent"] == ROWS
