"""A run that was stopped goes on: what is in MaxContact already by then is not sent once more."""

import pytest

from maxops.imports import bookings, delivery, intake, matching, overlap, resuming, verdicts
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of
from maxops.imports.models import Answer, Part, Run
from maxops.mirror.models import Ledger
from maxops.sandbox.server import Sandbox
from tests.imports.reporting import report, write_leads
from tests.imports.uploading import assert_adds_up, reasons_by_line, upload


def journal(sandbox: Sandbox) -> int:
    return len([entry for entry in sandbox.journal.entries if "ImportCsvFiles" in entry["path"]])


def numbers_sent(sandbox: Sandbox) -> int:
    return sum(upload["records"] for upload in sandbox.state.uploads)


# A report on a part that a person did not find in MaxContact


def lost(mapping, sandbox: Sandbox, path, rows: int = 5) -> Run:
    """A run whose only part was taken and never answered, and which somebody looked for in vain."""
    sandbox.faults.add("ImportCsvFiles", "drop_after")
    run = upload(write_leads(path, rows, first=rows * 10), mapping)
    verdicts.decide(run.parts.get(), taken=False, staff="m.naidu")
    assert assert_adds_up(run)["not_attempted"] == rows
    return run


def test_late_report_on_a_part_not_found_settles_it_and_nothing_is_sent_again(silent, mapping, post, tmp_path):
    run = lost(mapping, silent, tmp_path / "a.csv")
    assert post(report(4, ((1, "Duplicate"),), RejectedDedupe=1)).state == "matched"
    state = assert_adds_up(run)
    assert (state["state"], state["accepted"], state["rejected"]) == ("finished_with_rejects", 4, {"Duplicate": 1})
    with pytest.raises(WrongState):
        delivery.send(run, "send", "tester")
    delivery.deliver(run.pk)
    assert journal(silent) == 1
    assert "came after all" in run.parts.get().detail
    assert [entry.outcome for entry in Ledger.objects.all()] == ["accepted"]


def test_report_that_may_be_of_it_is_assigned_before_it_is_sent_again(silent, mapping, post, tmp_path, manager):
    run = lost(mapping, silent, tmp_path / "a.csv")
    other = upload(write_leads(tmp_path / "b.csv", 5, first=100), mapping)
    answer = post(report(5))
    assert answer.state == "unmatched"
    assert (
        'href="/imports/answers/"' in manager.get(run.get_absolute_url()).content.decode().partition("not sent</h2>")[2]
    )
    refusal = manager.post(f"/imports/{run.pk}/send/", follow=True).content.decode()
    assert "A report came that may be of part 1: assign it first" in refusal
    assert "Sending again what was not sent" not in refusal
    assert assert_adds_up(run)["state"] == "interrupted"
    assert b"a.csv" in manager.get("/imports/answers/").content
    manager.post(f"/imports/answers/{answer.pk}/assign/", {"part": run.parts.get().pk})
    assert assert_adds_up(run)["state"] == "finished"
    assert assert_adds_up(other)["state"] == "waiting"
    assert journal(silent) == 2


def test_report_of_something_else_does_not_keep_it_back(silent, mapping, post, tmp_path):
    run = lost(mapping, silent, tmp_path / "a.csv")
    post(report(50))
    delivery.send(run, "send", "tester")
    delivery.deliver(run.pk)
    assert journal(silent) == 2
    # Both tries may be reported on; one of the reports counts.
    first, second = post(report(5)), post(report(0, ((1, "Duplicate"),), RejectedDedupe=5))
    assert (first.state, second.state) == ("matched", "duplicate")
    assert assert_adds_up(run)["accepted"] == 5


def test_report_that_comes_between_the_press_and_the_sending_settles_it(silent, mapping, post, tmp_path):
    run = lost(mapping, silent, tmp_path / "a.csv")
    delivery.send(run, "send", "tester")
    assert post(report(5)).state == "matched"
    delivery.deliver(run.pk)
    assert assert_adds_up(run)["state"] == "finished"
    assert journal(silent) == 1


def test_nothing_is_booked_on_it_while_a_sender_has_the_run(silent, mapping, post, tmp_path):
    run = lost(mapping, silent, tmp_path / "a.csv")
    delivery.send(run, "send", "tester")
    with delivery.hold(files_of(run).folder / "lock"):
        answer = post(report(5))
        assert answer.state == "new"
        matching.settle_answer(answer.pk, run.parts.get())
        assert run.parts.get().state == "planned"
        # A sender who comes to that part by now leaves it here.
        run.refresh_from_db()
        assert delivery.go_on(run, delivery.never) is False
    state = assert_adds_up(run)
    assert (state["state"], journal(silent)) == ("interrupted", 1)
    assert "may be of part 1" in state["message"]
    matching.settle_open(mapping)
    assert assert_adds_up(run)["state"] == "finished"


@pytest.mark.parametrize("trouble", ["refused connection", "success_false"])
def test_try_that_came_to_nothing_leaves_the_first_one_open(silent, mapping, post, tmp_path, settings, trouble):
    run = lost(mapping, silent, tmp_path / "a.csv")
    if trouble == "refused connection":
        settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    else:
        silent.faults.add("ImportCsvFiles", trouble)
    delivery.send(run, "send", "tester")
    delivery.deliver(run.pk)
    assert assert_adds_up(run)["not_attempted"] == 5
    assert post(report(5)).state == "matched"
    assert assert_adds_up(run)["state"] == "finished"


def test_report_alike_to_one_booked_before_is_news_for_it(silent, mapping, post, tmp_path):
    upload(write_leads(tmp_path / "b.csv", 5, first=100), mapping)
    post(report(5))
    run = lost(mapping, silent, tmp_path / "a.csv")
    post(report(5))
    assert Answer.objects.count() == 2
    assert assert_adds_up(run)["state"] == "finished"


# Another attempt of the upload sends the rows of one that was stopped


@pytest.fixture(params=["numpy", "plain"])
def either_way(request, monkeypatch):
    if request.param == "plain":
        monkeypatch.setattr(overlap, "numpy", None)
    monkeypatch.setattr(overlap, "SLICE", 3)
    monkeypatch.setattr(overlap, "SLICE_WITHOUT_NUMPY", 3)


def attempt(run: Run, path) -> Run:
    wish = intake.Wish(run.mapping, attempt_of=run, staff="tester")
    again = intake.receive(intake.stage([path.read_bytes()]), path.name, wish)
    intake.check(again.pk)
    again.refresh_from_db()
    return again


def stopped(run: Run, parts: int = 0) -> Run:
    """Pressed, and stopped after so many parts."""
    delivery.send(run, "send", "tester")
    run.refresh_from_db()
    sent = iter(range(parts))
    if parts:
        delivery.deliver(run.pk, lambda: next(sent, None) == parts - 1)
        run.refresh_from_db()
    bookings.pause(run, "tester")
    run.refresh_from_db()
    return run


def first_of_two(mapping, path) -> Run:
    """An upload with a row that MaxContact rejects, so that there is something to try again."""
    return upload(write_leads(path, 3, bad=(2,)), mapping)


@pytest.mark.usefixtures("either_way")
def test_rows_that_a_later_attempt_sent_stay_behind_when_the_earlier_goes_on(silent, mapping, tmp_path, manager):
    first = first_of_two(mapping, tmp_path / "a.csv")
    second = stopped(attempt(first, write_leads(tmp_path / "b.csv", 8, first=100)))
    third = attempt(first, write_leads(tmp_path / "c.csv", 5, first=102))
    delivery.send(third, "send", "tester")
    delivery.deliver(third.pk)
    delivery.send(second, "send", "tester")
    delivery.deliver(second.pk)
    state = assert_adds_up(second)
    assert (state["held_back"], state["sent"], state["waiting"]) == (5, 3, 3)
    assert numbers_sent(silent) == 3 + 5 + 3
    assert reasons_by_line(second) == dict.fromkeys(range(4, 9), "accepted_before")
    (found,) = (finding for finding in state["findings"] if finding["kind"] == "accepted_before")
    assert (found["count"], found["lines"], found["runs"]) == (5, [4, 5, 6, 7, 8], [third.pk])
    page = manager.get(second.get_absolute_url()).content.decode()
    assert "5 rows held back: other attempts of this upload sent them" in page


def test_rows_that_another_attempt_is_about_to_send_count_as_well(silent, mapping, tmp_path):
    first = first_of_two(mapping, tmp_path / "a.csv")
    second = stopped(attempt(first, write_leads(tmp_path / "b.csv", 4, first=100)))
    third = attempt(first, write_leads(tmp_path / "c.csv", 2, first=102))
    delivery.send(third, "send", "tester")
    delivery.send(second, "send", "tester")
    for run in (second, third):
        delivery.deliver(run.pk)
    assert numbers_sent(silent) == 3 + 2 + 2
    assert assert_adds_up(second)["held_back"] == 2


@pytest.mark.parametrize("parts", [0, 1])
def test_nothing_left_to_send_is_said(silent, mapping, tmp_path, manager, parts):
    first = first_of_two(mapping, tmp_path / "a.csv")
    mapping.part_limit = 1_000
    mapping.save()
    leads = write_leads(tmp_path / "b.csv", 40, first=100)
    second = stopped(attempt(first, leads), parts)
    sent = second.sent
    third = attempt(first, leads)
    delivery.send(third, "send", "tester", again=True)
    delivery.deliver(third.pk)
    before = journal(silent)
    manager.post(f"/imports/{second.pk}/send/")
    delivery.deliver(second.pk)
    state = assert_adds_up(second)
    assert state["state"] == ("waiting" if parts else "finished")
    assert (state["sent"], state["held_back"], state["not_attempted"]) == (sent, 40 - sent, 0)
    assert bool(sent) == bool(parts)
    assert "Nothing is left to send" in manager.get(second.get_absolute_url()).content.decode()
    assert journal(silent) == before
    assert numbers_sent(silent) == 3 + 40


def test_rows_between_parts_that_went_out_are_cut_anew_where_they_lie(silent, mapping, tmp_path):
    """The middle part was not found in MaxContact; another attempt sent one row of it."""
    first = first_of_two(mapping, tmp_path / "a.csv")
    mapping.part_limit = 1_000
    mapping.save()
    silent.faults.add("ImportCsvFiles", "drop_before", skip=1)
    second = attempt(first, write_leads(tmp_path / "b.csv", 60, first=100))
    delivery.send(second, "send", "tester")
    delivery.deliver(second.pk)
    lost_part = second.parts.get(state=Part.State.UNKNOWN)
    Run.objects.filter(pk=second.pk).update(state=Run.State.SENDING)
    delivery.deliver(second.pk)
    assert second.parts.filter(number__gt=lost_part.number, state=Part.State.WAITING).exists()
    verdicts.decide(lost_part, taken=False, staff="tester")
    third = attempt(first, write_leads(tmp_path / "c.csv", 1, first=100 + lost_part.first_row))
    delivery.send(third, "send", "tester")
    delivery.deliver(third.pk)
    delivery.send(second, "send", "tester")
    delivery.deliver(second.pk)
    state = assert_adds_up(second)
    assert (state["held_back"], state["waiting"], state["not_attempted"]) == (1, 59, 0)
    assert numbers_sent(silent) == 3 + 1 + 59


def test_too_large_in_the_middle_cuts_only_rows_of_its_own(silent, mapping, tmp_path):
    mapping.part_limit = 4_000
    mapping.save()
    silent.faults.add("ImportCsvFiles", "drop_before", skip=1)
    run = upload(write_leads(tmp_path / "a.csv", 400), mapping)
    middle = run.parts.get(state=Part.State.UNKNOWN)
    Run.objects.filter(pk=run.pk).update(state=Run.State.SENDING)
    delivery.deliver(run.pk)
    sent = numbers_sent(silent)
    verdicts.decide(middle, taken=False, staff="tester")
    silent.state.max_request_bytes = 3_000
    delivery.send(run, "send", "tester")
    delivery.deliver(run.pk)
    assert assert_adds_up(run)["waiting"] == 400
    assert numbers_sent(silent) == sent + middle.rows == 400


def test_rows_a_person_sends_all_the_same_stay_in(silent, mapping, tmp_path, manager):
    first = first_of_two(mapping, tmp_path / "a.csv")
    second = attempt(first, write_leads(tmp_path / "b.csv", 4))
    manager.post(f"/imports/{second.pk}/hold/accepted_before/", {"hold": "no"})
    second.refresh_from_db()
    stopped(second)
    delivery.send(second, "send", "tester")
    assert assert_adds_up(second)["held_back"] == 0


def test_part_sent_once_more_takes_no_row_along_that_another_attempt_sent(silent, mapping, tmp_path):
    first = first_of_two(mapping, tmp_path / "a.csv")
    mapping.part_limit, mapping.options = 1_000, {"Dedupe": True}
    mapping.save()
    second = attempt(first, write_leads(tmp_path / "b.csv", 40, first=100))
    silent.faults.add("ImportCsvFiles", "drop_before")
    delivery.send(second, "send", "tester")
    delivery.deliver(second.pk)
    unknown = second.parts.get(state=Part.State.UNKNOWN)
    third = attempt(first, write_leads(tmp_path / "c.csv", 3, first=137))
    delivery.send(third, "send", "tester")
    delivery.deliver(third.pk)
    verdicts.send_again(unknown, "tester")
    delivery.deliver(second.pk)
    state = assert_adds_up(second)
    assert (state["held_back"], state["waiting"]) == (3, 37)
    assert numbers_sent(silent) == 3 + 3 + 37


def test_killed_between_the_rows_and_the_parts_it_is_taken_up(silent, mapping, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    first = first_of_two(mapping, tmp_path / "a.csv")
    second = stopped(attempt(first, write_leads(tmp_path / "b.csv", 6, first=100)))
    third = attempt(first, write_leads(tmp_path / "c.csv", 2, first=102))
    delivery.send(third, "send", "tester")
    delivery.deliver(third.pk)
    with monkeypatch.context() as patch:
        patch.setattr(resuming, "plan_anew", die)
        with pytest.raises(Killed):
            delivery.send(second, "send", "tester")
    delivery.send(second, "send", "tester")
    delivery.deliver(second.pk)
    assert assert_adds_up(second)["held_back"] == 2
    assert numbers_sent(silent) == 3 + 2 + 4
