"""Several runs at once: no run waits for another mapping's, and each gets its turn."""

import threading
from pathlib import Path

import pytest
from django.db import connections

from maxops.imports import delivery, planning, turns
from maxops.imports.models import Mapping, Run
from maxops.imports.tasks import deliver_run
from maxops.locks import hold
from tests.imports.uploading import assert_adds_up, check
from tests.leadfiles import COLUMNS, LIST_ID, write_planted


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv").path


def sending(path: Path, mapping: Mapping, limit: int = 12_000) -> Run:
    planning.learn_limit(mapping, limit)
    run = check(path, mapping)
    delivery.send(run, "send", "tester", again=True)
    return run


def order_of(connected, runs: list[Run]) -> list[int]:
    """Whose part each upload was, by the file's name."""
    names = {f"run{place}": place for place in range(len(runs))}
    return [names[upload["file_name"].split("-")[0].removesuffix(".csv")] for upload in connected.state.uploads]


def test_runs_take_turns_part_by_part_when_there_are_more_than_places(planted, mapping, connected, tmp_path):
    runs = []
    for place in range(3):
        path = tmp_path / f"run{place}.csv"
        path.write_bytes(planted.read_bytes())
        runs.append(sending(path, mapping))
    deliver_run(runs[0].pk)
    for run in runs:
        assert assert_adds_up(run)["state"] == "waiting"
    order = order_of(connected, runs)
    assert len(order) == sum(run.parts.count() for run in runs)
    assert set(order[:3]) == {0, 1, 2}, order


def test_run_goes_out_while_another_mappings_run_hangs(planted, mapping, connected):
    other = Mapping.objects.create(name="Other", columns=COLUMNS, fields={"phone": "phone"}, list_id=LIST_ID)
    connected.state.mappings["Other"] = connected.state.mappings["Planted"]
    slow, quick = sending(planted, mapping, 50_000_000), sending(planted, other, 50_000_000)
    hanging = connected.faults.add("ImportCsvFiles", "slow", seconds=60)

    def deliver_slow() -> None:
        deliver_run(slow.pk)
        connections.close_all()

    thread = threading.Thread(target=deliver_slow, daemon=True)
    thread.start()
    while hanging.times:
        thread.join(0.02)
    deliver_run(quick.pk)
    assert assert_adds_up(quick)["state"] == "waiting"
    assert assert_adds_up(slow)["state"] == "sending"
    connected.stopped.set()
    thread.join(20)
    connected.stopped.clear()
    assert assert_adds_up(slow)["state"] == "waiting"


def test_no_more_than_two_are_sent_at_once(planted, mapping, connected, data_folder):
    run = sending(planted, mapping)
    with hold(data_folder / "runs" / "sender-0.lock"), hold(data_folder / "runs" / "sender-1.lock"):
        assert turns.take_turn(run.pk) is None
        assert connected.state.uploads == []
    deliver_run(run.pk)
    assert assert_adds_up(run)["state"] == "waiting"
