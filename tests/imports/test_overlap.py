"""Numbers that went to the same list before: said of other uploads, held back where an earlier attempt loaded them."""

from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone

from maxops.imports import bookings, delivery, intake, overlap
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of
from maxops.imports.models import Mapping, Part, Run
from maxops.lists.models import LeadList
from tests.imports.uploading import assert_adds_up, check
from tests.leadfiles import LIST_ID

HEADER = "phone,reference,name\n"
NAMES = count()


@pytest.fixture(params=["numpy", "plain"])
def either_way(request, monkeypatch):
    """With numpy and without it, and in slices far smaller than the files."""
    if request.param == "plain":
        monkeypatch.setattr(overlap, "numpy", None)
    monkeypatch.setattr(overlap, "SLICE", 3)
    monkeypatch.setattr(overlap, "SLICE_WITHOUT_NUMPY", 3)
    monkeypatch.setattr(overlap, "CHUNK", 2)


@pytest.fixture
def write(tmp_path):
    def write(*numbers: int | str, start: str = ""):
        path = tmp_path / f"leads-{next(NAMES)}.csv"
        rows = [f"{number if isinstance(number, str) else f'0770090{number:04d}'},{number},x" for number in numbers]
        path.write_text(HEADER + "\n".join(rows) + "\n")
        return path

    return write


def receive(path, mapping, **wish) -> Run:
    run = intake.receive(intake.stage([path.read_bytes()]), path.name, intake.Wish(mapping, staff="tester", **wish))
    intake.check(run.pk)
    run.refresh_from_db()
    return run


def send(run: Run, letter_box, held_back: str = "send") -> Run:
    delivery.send(run, held_back, "tester")
    delivery.deliver(run.pk)
    letter_box.hand_over()
    run.refresh_from_db()
    return run


def finding(run: Run, kind: str) -> dict | None:
    return next((found for found in run.findings if found["kind"] == kind), None)


@pytest.mark.usefixtures("either_way")
def test_numbers_that_went_to_the_list_lately_are_named_with_their_run(manager, mapping, write, letter_box):
    LeadList.objects.create(pk=LIST_ID, name="Web enquiries")
    first = send(check(write(1, 2, 3, 4, 5), mapping), letter_box)
    second = send(check(write(6, 7, 7), mapping), letter_box)
    # Written otherwise, the numbers are the same.
    third = check(write("07700 900006", 9, 3, 10, "+447700900005", "077009", 4, 4), mapping)
    found = finding(third, "sent_before")
    day = timezone.localtime(first.created_at)
    on = f"on {day.day} {day:%B %Y}"
    assert found["count"] == 3
    assert found["lines"] == [2, 4, 8]
    assert found["detail"] == (
        f"1 number went to list Web enquiries (1) in run {second.pk} {on}, 2 in run {first.pk} {on}."
    )
    assert not found["holds_back"]
    page = manager.get(f"{third.get_absolute_url()}?reason=sent_before").content.decode()
    assert f'href="/imports/{second.pk}/">Run {second.pk}</a>' in page
    assert page.count('data-label="Line"') == 3
    assert "Send 6 rows, hold back 2" in page


@pytest.mark.usefixtures("either_way")
def test_only_what_may_be_in_the_list_counts(mapping, write, letter_box):
    """Rows that were rejected, held back or never sent are no reason to warn."""
    send(check(write("0770090", 1, 2, 2), mapping), letter_box, "drop")
    check(write(3, 4), mapping)
    run = check(write(1, 3, 4), mapping)
    assert finding(run, "sent_before")["lines"] == [2]
    files_of(Run.objects.order_by("pk").first()).outcomes.write_bytes(bytes(4))
    assert finding(check(write(1, 3, 5), mapping), "sent_before") is None


def test_other_lists_old_runs_and_probes_do_not_count(mapping, write, letter_box):
    first = send(check(write(1, 2), mapping), letter_box)
    assert finding(check(write(1), mapping), "sent_before")["count"] == 1
    assert finding(receive(write(1, 8), mapping, list_id=77), "sent_before") is None
    assert finding(receive(write(1, 9), mapping, is_probe=True), "sent_before") is None
    Run.objects.filter(pk=first.pk).update(is_probe=True)
    assert finding(check(write(1, 10), mapping), "sent_before") is None
    Run.objects.filter(pk=first.pk).update(is_probe=False, created_at=timezone.now() - timedelta(days=31))
    assert finding(check(write(1, 11), mapping), "sent_before") is None


def test_list_that_only_maxcontact_knows_is_that_of_the_mapping(mapping, write, letter_box, connected):
    Mapping.objects.update(list=None)
    mapping.refresh_from_db()
    first = send(check(write(1, 2), mapping), letter_box)
    found = finding(check(write(1), mapping), "sent_before")
    assert f"1 number went with this mapping in run {first.pk}" in found["detail"]
    other = Mapping.objects.create(name="Other", columns=mapping.columns, fields=mapping.fields)
    assert finding(check(write(1), other), "sent_before") is None


def test_runs_whose_files_are_gone_are_named(manager, mapping, write, letter_box):
    first = send(check(write(1, 2), mapping), letter_box)
    second = send(check(write(3, 4), mapping), letter_box)
    files_of(first).keys.unlink()
    run = check(write(1, 3), mapping)
    assert finding(run, "sent_before")["runs"] == [second.pk]
    told = finding(run, "not_compared")
    assert f"run {first.pk}" in told["detail"]
    assert not told["blocks"]
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "Recent uploads that could not be compared" in page


def test_many_runs_are_summed_up(mapping, write, letter_box):
    for number in range(5):
        send(check(write(number, 100 + number), mapping), letter_box)
    found = finding(check(write(0, 1, 2, 3, 4), mapping), "sent_before")
    assert found["count"] == 5
    assert found["detail"].endswith(", 2 in other runs.")
    assert len(found["runs"]) == 3


@pytest.mark.usefixtures("either_way")
def test_whole_file_again_as_an_attempt_sends_only_what_was_not_loaded(manager, mapping, write, letter_box, connected):
    first = send(check(write(1, 2, 3, "0770090"), mapping), letter_box)
    assert first.state == "finished_with_rejects"
    again = receive(write(1, 2, 3, 4), mapping, attempt_of=first)
    found = finding(again, "accepted_before")
    assert (found["count"], found["lines"], found["holds_back"]) == (3, [2, 3, 4], True)
    assert finding(again, "sent_before") is None
    page = manager.get(again.get_absolute_url()).content.decode()
    assert "Send 1 row, hold back 3" in page
    # Also whoever asks for all of them sends nobody twice.
    again = send(again, letter_box, "send")
    assert (again.sent, again.accepted, again.held_back) == (1, 1, 3)
    assert_adds_up(again)
    assert len(connected.state.leads) == 4


def test_rows_loaded_before_go_again_only_when_just_they_are_meant(manager, mapping, write, letter_box):
    first = send(check(write(1, 2, "0770090"), mapping), letter_box)
    again = receive(write(1, 2, 4), mapping, attempt_of=first)
    manager.post(f"/imports/{again.pk}/hold/accepted_before/", {"hold": "no"})
    assert "Send 3 rows" in manager.get(again.get_absolute_url()).content.decode()
    again.refresh_from_db()
    delivery.send(again, "drop", "tester")
    again.refresh_from_db()
    assert again.held_back == 0


def test_every_attempt_of_an_upload_is_looked_at(mapping, write, letter_box):
    first = send(check(write(1, "0770090", "077009001"), mapping), letter_box)
    Run.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=200))
    second = send(receive(write(2, "077009001"), mapping, attempt_of=first), letter_box)
    third = receive(write(1, 2, 3), mapping, attempt_of=second)
    assert finding(third, "accepted_before")["lines"] == [2, 3]
    beside = receive(write(2, 4), mapping, attempt_of=first)
    assert finding(beside, "accepted_before")["lines"] == [2]


def test_part_that_may_have_arrived_counts_as_loaded_for_an_attempt(mapping, write, letter_box):
    first = send(check(write(1, 2), mapping), letter_box)
    part = first.parts.get()
    bookings.set_part(part, Part.State.UNKNOWN, 4, "")
    again = receive(write(1, 3), mapping, attempt_of=first)
    assert finding(again, "accepted_before")["lines"] == [2]


def test_attempt_that_was_overtaken_is_looked_at_again_before_it_goes(manager, mapping, write, letter_box, connected):
    """Two next attempts made of one upload: what the first one loads, the second one no longer sends."""
    first = send(check(write(1, "0770090"), mapping), letter_box)
    one = receive(write(2, 3), mapping, attempt_of=first)
    other = receive(write(2, 4), mapping, attempt_of=first)
    send(one, letter_box)
    page = manager.post(f"/imports/{other.pk}/send/", {"held_back": "send"}, follow=True).content.decode()
    assert "went out meanwhile" in page
    other.refresh_from_db()
    assert other.state == "ready"
    assert "Send 1 row, hold back 1" in page
    send(other, letter_box, "drop")
    assert len(connected.state.leads) == 4


def test_what_was_loaded_stays_behind_whatever_else_is_wrong_with_its_row(mapping, write, letter_box, connected):
    """Twice in the file, without its zero: all rows are sent, and nobody is loaded twice."""
    first = send(check(write(1, 2, "0770090"), mapping), letter_box)
    again = receive(write(1, 1, "7700900002", 3), mapping, attempt_of=first)
    assert finding(again, "accepted_before")["lines"] == [2, 3, 4]
    send(again, letter_box)
    assert (again.held_back, again.sent) == (3, 1)
    assert len(connected.state.leads) == 3


def test_attempt_with_rows_that_another_is_about_to_send_waits_for_a_look(mapping, write, letter_box, connected):
    """Two managers press Send before the worker has sent a byte of either."""
    first = send(check(write(1, "0770090"), mapping), letter_box)
    one = receive(write(2, 3), mapping, attempt_of=first)
    other = receive(write(2, 4), mapping, attempt_of=first)
    delivery.send(one, "send", "tester")
    with pytest.raises(WrongState, match="went out meanwhile"):
        delivery.send(other, "send", "tester")
    other.refresh_from_db()
    assert finding(other, "accepted_before")["lines"] == [2]
    delivery.send(other, "send", "tester")
    for run in (one, other):
        delivery.deliver(run.pk)
    assert len(connected.state.leads) == 4


def test_number_corrected_here_is_compared_too(manager, mapping, write, letter_box):
    first = send(check(write(1, 2), mapping), letter_box)
    run = check(write("7700900001", 3), mapping)
    assert finding(run, "sent_before") is None
    manager.post(f"/imports/{run.pk}/fix/phone_lost_zero/")
    run.refresh_from_db()
    assert finding(run, "sent_before")["runs"] == [first.pk]
