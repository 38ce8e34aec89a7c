"""A part whose answer was lost, sent once more by a person: only where MaxContact was told to leave duplicates out."""

import pytest

from maxops.imports import bookings, delivery, slips, verdicts
from maxops.imports.errors import WrongState
from maxops.imports.models import Part, Run
from maxops.mirror.models import Ledger
from tests.imports.uploading import assert_adds_up, check
from tests.leadfiles import ROWS, write_planted


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


def lost(mapping, planted, connected, **options) -> Run:
    """A run whose only part was taken and never answered."""
    mapping.options = options
    mapping.save()
    connected.faults.add("ImportCsvFiles", "drop_after")
    run = check(planted.path, mapping)
    delivery.send(run, "send", "tester", again=True)
    delivery.deliver(run.pk)
    assert assert_adds_up(run)["unknown"] == ROWS
    return run


def address(run: Run) -> str:
    return f"/imports/{run.pk}/parts/1/again/"


def test_page_offers_it_with_dedupe_and_says_why_not_without(mapping, planted, connected, manager):
    run = lost(mapping, planted, connected)
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "Not offered." in page
    assert "loaded twice" in page
    manager.post(address(run), {"sure": "1"})
    assert assert_adds_up(run)["unknown"] == ROWS
    with pytest.raises(WrongState, match="leaves duplicates out"):
        verdicts.send_again(run.parts.get(), "tester")
    other = lost(mapping, planted, connected, Dedupe=True)
    page = manager.get(other.get_absolute_url()).content.decode()
    assert "Dedupe is on" in page
    assert "Not offered." not in page
    assert len(connected.state.uploads) == 2


def test_press_is_confirmed_and_only_for_those_who_send(mapping, planted, connected, manager, supervisor):
    run = lost(mapping, planted, connected, Dedupe=True)
    assert supervisor.post(address(run), {"sure": "1"}).status_code == 403
    manager.post(address(run))
    assert len(connected.state.uploads) == 1
    assert "Tick the box" in manager.get(run.get_absolute_url()).content.decode()


def test_sent_once_more_and_settled_by_the_report(mapping, planted, connected, manager, letter_box):
    run = lost(mapping, planted, connected, Dedupe=True)
    first = letter_box.next()
    manager.post(address(run), {"sure": "1"})
    part = run.parts.get()
    assert (part.state, part.tries) == (Part.State.WAITING, 2)
    assert "Sent once more, asked by person-" in part.detail
    assert "may have arrived" in part.detail
    letter_box.hand_over()
    state = assert_adds_up(run)
    # All of the first try are there, so the second had nothing to load.
    assert (state["accepted"], state["rejected"]["Duplicate"]) == (0, ROWS - 32)
    assert state["unknown"] == 0
    manager.post(first[0], data=first[1], content_type=first[2])
    assert_adds_up(run)
    assert len(connected.state.uploads) == 2
    operations = list(Ledger.objects.order_by("pk").values_list("operation", "outcome"))
    assert [outcome for _, outcome in operations] == ["accepted", "accepted"]


@pytest.mark.parametrize("trouble", ["success_false", "refused connection", "status"])
def test_second_try_that_came_to_nothing_leaves_the_first_open(mapping, planted, connected, settings, trouble):
    run = lost(mapping, planted, connected, Dedupe=True)
    if trouble == "refused connection":
        settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    else:
        connected.faults.add("ImportCsvFiles", trouble)
    verdicts.send_again(run.parts.get(), "tester")
    delivery.deliver(run.pk)
    state = assert_adds_up(run)
    assert (state["unknown"], state["not_attempted"]) == (ROWS, 0)
    assert "time before is still not known" in state["message"]
    settings.MAXCONTACT_URL = connected.url
    delivery.deliver(run.pk)
    assert len(connected.state.uploads) == 1


def test_stopped_before_it_went_again_it_is_unknown_as_before(mapping, planted, connected, letter_box):
    run = lost(mapping, planted, connected, Dedupe=True)
    verdicts.send_again(run.parts.get(), "tester")
    run.refresh_from_db()
    bookings.pause(run, "tester")
    assert assert_adds_up(run)["unknown"] == ROWS
    letter_box.hand_over()
    assert assert_adds_up(run)["unknown"] == 0
    assert len(connected.state.uploads) == 1


def test_crash_of_the_second_try_is_unknown_even_before_its_first_byte(mapping, planted, connected):
    run = lost(mapping, planted, connected, Dedupe=True)
    verdicts.send_again(run.parts.get(), "tester")
    Part.objects.filter(run=run).update(state=Part.State.SENDING, tries=2)
    slips.enter(delivery.files_of(run), 1, 2)
    delivery.deliver(run.pk)
    assert assert_adds_up(run)["unknown"] == ROWS
    assert len(connected.state.uploads) == 1


def test_part_with_an_import_id_is_not_sent_once_more(mapping, planted, connected, manager):
    run = lost(mapping, planted, connected, Dedupe=True)
    Part.objects.filter(run=run).update(reference="17")
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "import id 17" in page
    assert "Send it once more" not in page
    with pytest.raises(WrongState, match="import id"):
        verdicts.send_again(run.parts.get(), "tester")
