"""A part that was never answered, settled by what a person found in MaxContact."""

import pytest

from maxops.imports import delivery, verdicts
from maxops.imports.errors import WrongState
from maxops.imports.models import Answer, Part
from tests.imports.conftest import log_in
from tests.imports.uploading import assert_adds_up, reasons_by_line, upload
from tests.leadfiles import REASONS, ROWS, write_planted

FORTY = dict.fromkeys(REASONS, 8)


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


@pytest.fixture
def silent(mapping, planted, connected):
    """A run whose only part was lost on its way there: nothing was taken, and maxops cannot know."""
    connected.faults.add("ImportCsvFiles", "drop_before")
    run = upload(planted.path, mapping)
    assert (run.state, run.unknown) == ("waiting", ROWS)
    return run


def test_missing_rows_are_sent_again_when_asked(silent, planted, manager, connected, letter_box):
    page = manager.get(silent.get_absolute_url()).content.decode()
    assert "they are not there" in page
    assert "Not known" in page
    assert "Rows sent" not in page
    manager.post(f"/imports/{silent.pk}/parts/1/decide/", {"found": "missing"})
    state = assert_adds_up(silent)
    assert (state["state"], state["not_attempted"], state["unknown"]) == ("interrupted", ROWS, 0)
    assert connected.state.uploads == []
    event = silent.events.last().text
    assert "person-" in event
    assert "not there" in event
    assert "Send again" in manager.get(silent.get_absolute_url()).content.decode()
    manager.post(f"/imports/{silent.pk}/send/")
    letter_box.hand_over()
    state = assert_adds_up(silent)
    assert (state["accepted"], state["rejected"]) == (ROWS - 40, FORTY)
    assert len(connected.state.uploads) == 1
    assert reasons_by_line(silent) == planted.faults


def test_rows_that_are_there_count_as_loaded(silent, manager):
    path = f"/imports/{silent.pk}/parts/1/decide/"
    manager.post(path, {"found": "there"})
    assert assert_adds_up(silent)["unknown"] == ROWS
    page = manager.get(silent.get_absolute_url()).content.decode()
    assert "Tick the box" in page
    assert f"the {ROWS:,} rows of part 1 are there" in page
    manager.post(path, {"found": "there", "sure": "1"})
    state = assert_adds_up(silent)
    assert (state["state"], state["accepted"], state["unknown"]) == ("finished", ROWS, 0)
    assert "they are not there" not in manager.get(silent.get_absolute_url()).content.decode()


def test_report_after_the_decision_can_be_assigned_and_counts_more(mapping, planted, connected, manager, letter_box):
    connected.faults.add("ImportCsvFiles", "drop_after")
    run = upload(planted.path, mapping)
    manager.post(f"/imports/{run.pk}/parts/1/decide/", {"found": "there", "sure": "1"})
    letter_box.hand_over()
    answer = Answer.objects.get()
    assert answer.state == "unmatched"
    manager.post(f"/imports/answers/{answer.pk}/assign/", {"part": run.parts.get().pk})
    assert assert_adds_up(run)["rejected"] == FORTY
    assert reasons_by_line(run) == planted.faults


def test_only_an_open_part_can_be_decided_and_only_by_those_who_send(silent, supervisor, manager):
    part = silent.parts.get()
    path = f"/imports/{silent.pk}/parts/1/decide/"
    assert supervisor.post(path, {"found": "missing"}).status_code == 403
    looked = manager.get(path)
    assert looked.status_code == 405
    assert f'href="{silent.get_absolute_url()}"' in looked.content.decode()
    manager.post(path, {"found": "perhaps"})
    assert log_in("view_run", "add_run").post(f"/imports/{silent.pk}/parts/9/decide/").status_code == 404
    part.refresh_from_db()
    assert part.state == "unknown"
    verdicts.decide(part, taken=False, staff="tester")
    with pytest.raises(WrongState):
        verdicts.decide(part, taken=True, staff="tester")


def test_part_is_not_decided_while_its_run_is_sent(silent):
    part = silent.parts.get()
    with delivery.hold(delivery.files_of(silent).folder / "lock"), pytest.raises(WrongState, match="just now"):
        verdicts.decide(part, taken=False, staff="tester")


def test_part_with_an_import_id_is_never_sent_again(silent):
    Part.objects.filter(run=silent).update(reference="17")
    with pytest.raises(WrongState, match="import id"):
        verdicts.decide(silent.parts.get(), taken=False, staff="tester")
