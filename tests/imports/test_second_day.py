"""The second day: workers killed between two steps, a file sent twice, a mapping edited meanwhile."""

import pytest

from maxops.imports import bookings, delivery
from maxops.imports.errors import SentBefore, WrongState
from maxops.imports.files import RunFiles
from maxops.imports.models import Mapping, Run
from maxops.imports.tasks import resume_stale
from maxops.sandbox.server import Sandbox
from tests.imports.uploading import assert_adds_up, check, upload
from tests.leadfiles import write_planted


class Killed(BaseException):
    """What kill -9 looks like from inside."""


def die(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture
def planted(connected: Sandbox, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


def start(run: Run) -> None:
    delivery.send(run, "send", "tester")


def test_killed_while_a_refusal_is_written_down_it_is_not_taken_for_sent(mapping, planted, connected, monkeypatch):
    connected.state.mappings.clear()
    run = check(planted.path, mapping)
    start(run)
    with monkeypatch.context() as patch:
        patch.setattr(bookings, "stop", die)
        with pytest.raises(Killed):
            delivery.deliver(run.pk)
    resume_stale()
    state = assert_adds_up(run)
    assert (state["state"], state["unknown"], state["not_attempted"]) == ("failed", 0, 1000)
    assert connected.state.uploads == []


def test_killed_after_the_last_part_the_run_waits_for_its_report(mapping, planted, monkeypatch, letter_box):
    run = check(planted.path, mapping)
    start(run)
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "settle_open", die)
        with pytest.raises(Killed):
            delivery.deliver(run.pk)
    resume_stale()
    assert assert_adds_up(run)["state"] == "waiting"
    letter_box.hand_over()
    assert assert_adds_up(run)["accepted"] == 960


def test_a_number_that_comes_back_does_not_stop_uploads(mapping, planted, data_folder):
    """SQLite forgets the number of a run that was never committed; its folder lies there all the same."""
    following = (Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    left = RunFiles(data_folder / "runs", following).folder
    for number in range(following, following + 300):
        RunFiles(data_folder / "runs", number).folder.mkdir(parents=True)
    assert left.exists()
    assert check(planted.path, mapping).state == "ready"


def test_the_same_file_checked_twice_is_sent_once(mapping, planted, connected, letter_box):
    first, second = check(planted.path, mapping), check(planted.path, mapping)
    start(first)
    with pytest.raises(SentBefore):
        start(second)
    delivery.deliver(first.pk)
    second.refresh_from_db()
    assert second.findings[-1]["kind"] == "same_file"
    delivery.send(second, "send", "tester", again=True)
    delivery.deliver(second.pk)
    assert len(connected.state.uploads) == 2


def test_a_mapping_edited_meanwhile_changes_nothing_of_what_is_on_its_way(mapping, planted, connected):
    run = check(planted.path, mapping)
    start(run)
    Mapping.objects.filter(pk=mapping.pk).update(list=7, options={"Dedupe": False})
    delivery.deliver(run.pk)
    (entry,) = [entry for entry in connected.journal.entries if "ImportCsvFiles" in entry["path"]]
    assert "7" not in str(entry["upload"]["options"])
    assert "Dedupe" not in str(entry["upload"]["options"])


def test_a_run_called_off_stays_so(mapping, planted, connected):
    connected.state.mappings.clear()
    run = upload(planted.path, mapping)
    assert run.state == "failed"
    delivery.cancel(run, "tester")
    run.refresh_from_db()
    assert run.state == "cancelled"
    with pytest.raises(WrongState):
        start(run)


def test_nul_in_a_header_is_said(mapping, tmp_path):
    path = tmp_path / "nul.csv"
    path.write_bytes(b"pho\0ne,reference,name\n01632960001,1,x\n")
    run = check(path, mapping)
    assert run.state == "failed"
    assert "line 1" in run.message.lower() or run.findings[0]["lines"] == [1]
