"""What is removed by itself, and what never is: counts stay, open runs keep their files, nothing lies about."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from maxops.celery import app
from maxops.imports import delivery, retention
from maxops.imports.errors import WrongState
from maxops.imports.files import RunFiles
from maxops.imports.models import Answer, Run, Upload
from maxops.imports.tasks import sweep
from tests.imports.test_commands import run_command
from tests.imports.uploading import assert_adds_up, check, upload
from tests.leadfiles import write_planted

NOW = timezone.now()


def age(path: Path, days: float) -> Path:
    then = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))
    return path


def make(path: Path, days: float = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"07700900001,1,Lead\n")
    return age(path, days)


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


@pytest.fixture
def finished(mapping, planted, letter_box) -> Run:
    """Sent and reported on; as old as the test makes it."""
    run = upload(planted.path, mapping)
    letter_box.hand_over()
    run.refresh_from_db()
    return run


def grow_old(run: Run, days: int) -> None:
    then = NOW - timedelta(days=days)
    Run.objects.filter(pk=run.pk).update(created_at=then)
    Answer.objects.filter(part__run=run).update(received_at=then)


def personal(run: Run, data_folder: Path) -> list[Path]:
    return [path for path in RunFiles(data_folder / "runs", run.pk).personal if path.exists()]


def bodies(data_folder: Path) -> list[Path]:
    return [path for path in (data_folder / "answers").glob("*") if path.suffix != ".lock"]


def test_old_files_go_and_counts_stay(finished, data_folder, manager):
    before = assert_adds_up(finished)
    grow_old(finished, 31)
    removed = retention.sweep()
    assert (removed["runs"], removed["answers"]) == (1, 1)
    assert personal(finished, data_folder) == []
    assert bodies(data_folder) == []
    assert assert_adds_up(finished) == before
    assert finished.files_deleted_at is not None
    assert finished.events.last().text == "The lead file was deleted as set (30 days); counts stay."
    assert "as set (30 days)" in retention.deleted_words(finished)
    assert manager.get(finished.get_absolute_url()).status_code == 200
    assert not retention.sweep()


@pytest.mark.parametrize(("kept", "days"), [(30, 29), (0, 4000), (400, 399)])
def test_files_stay_as_long_as_is_set(finished, data_folder, settings, kept, days):
    settings.MAXOPS_KEEP_FILES_DAYS = kept
    grow_old(finished, days)
    assert not retention.sweep()
    assert personal(finished, data_folder)
    assert bodies(data_folder)
    assert retention.deleted_words(finished) == ""


def test_an_open_run_keeps_its_file_for_ninety_days(mapping, planted, data_folder, manager):
    run = check(planted.path, mapping)
    assert run.state == "ready"
    grow_old(run, 89)
    assert not retention.sweep()
    grow_old(run, 91)
    assert retention.sweep()["runs"] == 1
    assert personal(run, data_folder) == []
    assert_adds_up(run)
    assert run.state == "cancelled"
    assert "was deleted" in run.message
    with pytest.raises(WrongState):
        delivery.send(run, "send", "tester")
    assert "was deleted" in manager.get(run.get_absolute_url()).content.decode()


@pytest.mark.parametrize("state", ["received", "checking", "sending"])
def test_a_run_that_never_went_on_is_not_picked_up_for_ever(mapping, planted, state):
    run = check(planted.path, mapping)
    Run.objects.filter(pk=run.pk).update(state=state)
    grow_old(run, 91)
    retention.sweep()
    run.refresh_from_db()
    assert run.state not in ("received", "checking", "sending")


def test_a_file_somebody_works_with_stays(finished, data_folder):
    grow_old(finished, 31)
    with retention.hold(RunFiles(data_folder / "runs", finished.pk).folder / "lock") as mine:
        assert mine
        assert retention.sweep()["runs"] == 0
        with pytest.raises(WrongState, match="being worked on"):
            retention.delete_now(finished, "tester")
    assert personal(finished, data_folder)


def test_a_late_report_counts_after_the_file_is_gone(mapping, planted, letter_box, data_folder):
    run = upload(planted.path, mapping)
    Run.objects.filter(pk=run.pk).update(state="no_answer")
    grow_old(run, 40)
    assert retention.sweep()["runs"] == 1
    letter_box.hand_over()
    assert assert_adds_up(run)["accepted"] == 960


def test_a_report_nobody_assigned_waits_longer_than_a_settled_one(mapping, data_folder):
    for name, state, days in (
        ("settled", "matched", 31),
        ("twice", "duplicate", 31),
        ("nobodys", "unmatched", 89),
        ("long-nobodys", "unmatched", 91),
        ("new", "new", 400),
    ):
        make(data_folder / "answers" / name, days)
        answer = Answer.objects.create(mapping=mapping, file=name, sha256=name, state=state)
        Answer.objects.filter(pk=answer.pk).update(received_at=NOW - timedelta(days=days))
    assert retention.sweep()["answers"] == 3
    assert sorted(path.name for path in bodies(data_folder)) == ["new", "nobodys"]
    assert Answer.objects.count() == 5


def test_stale_uploads_and_leftovers_go(manager, mapping, data_folder, settings):
    incoming, runs = data_folder / "runs" / "incoming", data_folder / "runs"
    settings.FILE_UPLOAD_TEMP_DIR = data_folder / "form-files"
    stale, fresh = (Upload.objects.create(staff="x", file_name="leads.csv", size=99) for _ in range(2))
    gone = [
        make(incoming / str(stale.pk)),
        make(incoming / "0b9f6f0e-6d0c-4f3e-9d35-3c1f6f0e6d0c"),
        make(settings.FILE_UPLOAD_TEMP_DIR / "tmpx1.upload.csv"),
        make(data_folder / "answers" / ".half-an-answer"),
        make(runs / "7" / "original.unfinished"),
        make(runs / "8-left-ab" / "original"),
        make(runs / "9" / "original", 40),
    ]
    kept = [
        make(incoming / str(fresh.pk), 3),  # its row says that somebody is at it
        make(incoming / f"{fresh.pk}.sample", 3),
        make(incoming / "1b9f6f0e-6d0c-4f3e-9d35-3c1f6f0e6d0c", 0.5),
        make(settings.FILE_UPLOAD_TEMP_DIR / "tmpx2.upload.csv", 0.5),
        make(runs / "10" / "original", 20),
    ]
    Upload.objects.filter(pk=stale.pk).update(touched_at=NOW - timedelta(hours=25))
    age(runs / "8-left-ab", 2)
    age(runs / "9", 40)
    removed = retention.sweep()
    assert [path for path in gone if path.exists()] == []
    assert [path for path in kept if not path.exists()] == []
    assert (removed["uploads"], removed["files"], removed["folders"]) == (1, 4, 2)
    assert removed["bytes"] == 7 * 19
    assert [upload.pk for upload in Upload.objects.all()] == [fresh.pk]


def test_the_row_of_an_upload_that_became_a_run_goes_alone(finished, data_folder):
    Upload.objects.create(staff="x", file_name="leads.csv", size=99, run=finished)
    Upload.objects.update(touched_at=NOW - timedelta(hours=25))
    assert not retention.sweep()
    assert not Upload.objects.exists()
    assert personal(finished, data_folder)


def test_the_schedule_sweeps_each_hour(finished, data_folder):
    (entry,) = [entry for entry in app.conf.beat_schedule.values() if entry["task"] == sweep.name]
    assert entry["schedule"] == 3600
    grow_old(finished, 31)
    sweep()
    assert personal(finished, data_folder) == []


def test_command_tells_what_it_removed(finished, capsys):
    grow_old(finished, 31)
    code, told = run_command(capsys, "sweep")
    assert (code, told["runs"], told["answers"], told["uploads"]) == (0, 1, 1, 0)
    assert told["bytes"] > 20_000
    call_command("sweep")
    assert capsys.readouterr().out == "Nothing to remove.\n"


def test_command_deletes_the_files_of_one_run_at_once(finished, capsys, data_folder, mapping):
    other = Run.objects.create(mapping=mapping, file_name="x", sha256="x", state="sending")
    code, told = run_command(capsys, "sweep", "--run", str(finished.pk))
    assert (code, told["runs"]) == (0, 1)
    assert personal(finished, data_folder) == []
    assert "command line" in finished.events.last().text
    assert run_command(capsys, "sweep", "--run", str(finished.pk))[0] == 1
    assert run_command(capsys, "sweep", "--run", str(other.pk))[0] == 1
    assert run_command(capsys, "sweep", "--run", "999")[0] == 2
    with pytest.raises(CommandError, match="deleted on"):
        call_command("sweep", "--run", str(finished.pk))
