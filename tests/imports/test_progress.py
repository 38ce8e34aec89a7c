"""What the page of a run says while it is under way: no outcome before MaxContact has told one."""

import pytest

from maxops.imports import delivery
from maxops.imports.models import Run
from maxops.imports.progress import cards_of, phases_of
from tests.imports.uploading import check, upload
from tests.leadfiles import ROWS, write_planted


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


def cards(run: Run) -> dict[str, int]:
    run.refresh_from_db()
    return {card.label: card.value for card in cards_of(run, list(run.parts.all()))}


def phases(run: Run) -> list[tuple[str, str]]:
    run.refresh_from_db()
    return [(phase.label, phase.state) for phase in phases_of(run)]


def test_sending_run_shows_rows_and_parts_and_no_outcome(mapping, planted, manager):
    mapping.part_limit = 8_000
    mapping.save()
    run = check(planted.path, mapping)
    delivery.send(run, "drop", "tester")
    assert cards(run) == {"Rows sent": 0, "Parts sent": 0, "Held back": 24}
    run.parts.filter(number=1).update(state="waiting")
    run.parts.filter(number=2).update(state="sending")
    delivery.recount(run.pk)
    assert cards(run) == {"Rows sent": run.parts.get(number=1).rows, "Parts sent": 1, "Held back": 24}
    page = manager.get(run.get_absolute_url()).content.decode()
    for words in ("Not attempted", "Not loaded, by reason", "Downloads", "Upload the corrected rows", 'id="rows"'):
        assert words not in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


def test_waiting_run_tells_outcomes_once_reported(mapping, planted, manager, letter_box):
    run = upload(planted.path, mapping)
    assert cards(run) == {"Rows sent": ROWS, "Parts sent": 1}
    assert "Downloads" not in manager.get(run.get_absolute_url()).content.decode()
    assert 'data-label="Accepted" class="num muted">–<' in manager.get("/imports/").content.decode()
    letter_box.hand_over()
    assert cards(run) == {"Loaded": 960, "Rejected": 40}
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "Downloads" in page
    assert "http-equiv" not in page
    assert phases(run)[3:] == [("Reported by MaxContact", "done"), ("Finished", "done")]


def test_phase_is_called_sent_only_once_it_was(mapping, planted):
    run = check(planted.path, mapping)
    assert phases(run)[1:3] == [("Checked", "done"), ("Send", "current")]
    delivery.send(run, "send", "tester")
    delivery.deliver(run.pk)
    assert phases(run)[2:4] == [("Sent", "done"), ("Waiting for MaxContact", "current")]


def test_cancelled_run_says_nothing_of_sending(mapping, planted, manager):
    run = check(planted.path, mapping)
    manager.post(f"/imports/{run.pk}/cancel/")
    assert phases(run) == [("Received", "done"), ("Checked", "done"), ("Cancelled", "current")]
    assert cards(run) == {"Rows": ROWS, "Not sent": ROWS}
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "Will be sent" not in page
    assert 'data-state="failed"' not in page


def test_refused_upload_names_only_what_was_not_sent(mapping, planted, connected):
    del connected.state.mappings["Planted"]
    assert cards(upload(planted.path, mapping)) == {"Not attempted": ROWS}
