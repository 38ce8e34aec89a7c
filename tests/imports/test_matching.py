"""Which upload a report belongs to: by import id, by counts and lines, else a person; early, late, twice."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.imports import bookings, delivery, matching, settling
from maxops.imports.models import Answer, Mapping, Part
from maxops.imports.tasks import resume_stale
from tests.imports.reporting import report, write_leads
from tests.imports.uploading import assert_adds_up, check, reasons_by_line, rejects_of, upload


def test_two_open_uploads_are_told_apart_by_their_row_counts(silent, mapping, post, tmp_path):
    small = upload(write_leads(tmp_path / "small.csv", 5), mapping)
    large = upload(write_leads(tmp_path / "large.csv", 7, first=100), mapping)
    post(report(7))
    assert assert_adds_up(large)["state"] == "finished"
    assert assert_adds_up(small)["state"] == "waiting"
    post(report(5))
    assert assert_adds_up(small)["state"] == "finished"


def test_two_uploads_of_one_size_are_told_apart_by_expected_lines(silent, mapping, post, tmp_path):
    first = upload(write_leads(tmp_path / "a.csv", 9, bad=(2, 5)), mapping)
    second = upload(write_leads(tmp_path / "b.csv", 9, bad=(3, 7), first=100), mapping)
    lines = ((4, "InvalidPhoneNumber"), (8, "InvalidPhoneNumber"))
    post(report(7, lines, RejectedValidation=2))
    assert assert_adds_up(second)["rejected"] == {"InvalidPhoneNumber": 2}
    assert reasons_by_line(second) == {5: "InvalidPhoneNumber", 9: "InvalidPhoneNumber"}
    assert assert_adds_up(first)["state"] == "waiting"


def test_report_that_fits_two_uploads_waits_for_a_person(silent, mapping, post, tmp_path, manager):
    first = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    second = upload(write_leads(tmp_path / "b.csv", 5, first=100), mapping)
    answer = post(report(5))
    assert answer.state == "unmatched"
    assert "2 waiting parts" in answer.evidence
    assert b"b.csv" in manager.get("/imports/answers/").content
    part = second.parts.get()
    manager.post(f"/imports/answers/{answer.pk}/assign/", {"part": part.pk})
    assert assert_adds_up(second)["state"] == "finished"
    assert assert_adds_up(first)["state"] == "waiting"


def test_report_left_over_is_matched_once_only_one_part_is_left(silent, mapping, post, tmp_path):
    first = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    second = upload(write_leads(tmp_path / "b.csv", 5, bad=(3,), first=100), mapping)
    assert post(report(5)).state == "unmatched"
    post(report(4, ((4, "InvalidPhoneNumber"),), RejectedValidation=1))
    assert assert_adds_up(second)["state"] == "finished_with_rejects"
    assert assert_adds_up(first)["state"] == "finished"


def test_report_for_more_rows_than_any_part_has_is_not_guessed(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    assert post(report(50)).state == "unmatched"
    assert assert_adds_up(run)["state"] == "waiting"


def test_import_id_decides_against_counts(connected, mapping, post, tmp_path):
    connected.state.mappings["Planted"].response_url = ""
    first = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    second = upload(write_leads(tmp_path / "b.csv", 5, first=100), mapping)
    post(report(5, ids=[int(first.parts.get().reference)]))
    assert assert_adds_up(first)["state"] == "finished"
    assert assert_adds_up(second)["state"] == "waiting"
    assert post(report(5, ids=[999])).state == "unmatched"


def test_report_before_the_answer_to_the_upload_is_kept_until_then(silent, mapping, post, tmp_path):
    run = check(write_leads(tmp_path / "a.csv", 5), mapping)
    delivery.send(run, "send", "tester")
    part = run.parts.get()
    part.state, part.sent_at = Part.State.SENDING, timezone.now()
    part.save()
    answer = post(report(5))
    assert answer.state == "new"
    assert "open" not in answer.facts  # it is read again whatever the part looks like by then
    bookings.set_part(part, Part.State.WAITING, 2, "")
    matching.settle_open(mapping)
    assert assert_adds_up(run)["state"] == "finished"
    answer.refresh_from_db()
    assert answer.part == part


def test_same_report_again_changes_nothing(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    body = report(4, ((2, "Duplicate"),), RejectedDedupe=1)
    for _ in range(3):
        post(body)
    assert assert_adds_up(run)["rejected"] == {"Duplicate": 1}
    assert [(answer.state, answer.repeats) for answer in Answer.objects.all()] == [("matched", 2)]


def test_same_report_for_a_later_upload_is_news(silent, mapping, post, tmp_path):
    upload(write_leads(tmp_path / "a.csv", 5), mapping)
    post(report(5))
    later = upload(write_leads(tmp_path / "b.csv", 5, first=100), mapping)
    post(report(5))
    assert assert_adds_up(later)["state"] == "finished"


def test_late_report_reopens_a_run_given_up(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    Part.objects.filter(run=run).update(sent_at=timezone.now() - timedelta(hours=3))
    resume_stale()
    state = assert_adds_up(run)
    assert (state["state"], state["unknown"]) == ("no_answer", 5)
    post(report(4, ((1, "DoNotCall"),), RejectedDnc=1))
    state = assert_adds_up(run)
    assert (state["state"], state["accepted"], state["unknown"]) == ("finished_with_rejects", 4, 0)


def test_counts_without_lines_still_give_the_counts(silent, mapping, post, tmp_path, manager):
    run = upload(write_leads(tmp_path / "a.csv", 10), mapping)
    post(report(7, ((2, "Duplicate"),), RejectedDedupe=2, RejectedDnc=1))
    state = assert_adds_up(run)
    assert (state["accepted"], state["rejected"]) == (7, {"Duplicate": 2, "DoNotCall": 1})
    assert reasons_by_line(run) == {3: "Duplicate"}
    assert "counted 2 rejected rows without saying which lines" in manager.get(run.get_absolute_url()).content.decode()


@pytest.mark.parametrize(("imported", "unknown"), [(6, 3), (4, 5)])
def test_rows_the_report_does_not_account_for_are_unknown(silent, mapping, post, tmp_path, imported, unknown):
    silent.state.style.change(import_ids="filled")
    run = upload(write_leads(tmp_path / "a.csv", 10), mapping)
    post(report(imported, ((2, "Duplicate"),), ids=[int(run.parts.get().reference)], RejectedDedupe=1))
    state = assert_adds_up(run)
    assert (state["unknown"], state["accepted"], state["state"]) == (unknown, imported, "finished_with_rejects")


def test_unknown_reason_is_a_rejection_in_its_own_words(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 3), mapping)
    post(report(2, ((2, "Moon phase"),)))
    assert assert_adds_up(run)["rejected"] == {"Moon phase": 1}


def test_report_of_a_failed_import_fails_the_run(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 3), mapping)
    body = {"Errors": [{"ErrorId": 8, "ErrorSeverity": 3, "ErrorText": "The database is full"}], "Success": False}
    post(json.dumps({**body, "ImportIDs": None, "ImmediateRejectCount": 0, "LeadsImported": 0}).encode())
    state = assert_adds_up(run)
    assert (state["state"], state["accepted"]) == ("failed", 0)
    assert "The database is full" in state["message"]


def test_unreadable_report_is_kept_and_said(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 3), mapping)
    answer = post(b"<html>error</html>")
    assert answer.state == "unreadable"
    assert answer.evidence
    assert assert_adds_up(run)["state"] == "waiting"


DUPLICATE_ON_THE_THIRD_ROW = ((4, "Duplicate"),)  # by a dialler that counts the header as line 1


def test_rows_named_by_a_line_nobody_understands_yet_are_shown_with_doubt(silent, mapping, post, tmp_path, manager):
    run = upload(write_leads(tmp_path / "a.csv", 6), mapping)
    post(report(5, DUPLICATE_ON_THE_THIRD_ROW, RejectedDedupe=1))
    assert assert_adds_up(run)["line_base"]["certain"] is False
    assert rejects_of(run)[0][-1].startswith("It is not yet certain which rows")
    assert "It is not yet certain which rows" in manager.get(run.get_absolute_url()).content.decode()


def test_rows_are_assigned_anew_once_the_lines_are_understood(silent, mapping, post, tmp_path):
    first = upload(write_leads(tmp_path / "a.csv", 6), mapping)
    post(report(5, DUPLICATE_ON_THE_THIRD_ROW, RejectedDedupe=1))
    assert reasons_by_line(first) == {5: "Duplicate"}
    upload(write_leads(tmp_path / "b.csv", 7, bad=(2, 5), first=100), mapping)
    post(report(5, ((4, "InvalidPhoneNumber"), (7, "InvalidPhoneNumber")), RejectedValidation=2))
    assert reasons_by_line(first) == {4: "Duplicate"}
    assert "not yet certain" not in rejects_of(first)[0][-1]
    assert assert_adds_up(first)["line_base"]["certain"] is True


def test_what_other_mappings_showed_is_believed(silent, mapping, post, tmp_path):
    Mapping.objects.create(name="Other", columns=["phone"], line_base="file", line_base_evidence="3 of 3")
    run = upload(write_leads(tmp_path / "a.csv", 6), mapping)
    post(report(5, DUPLICATE_ON_THE_THIRD_ROW, RejectedDedupe=1))
    assert reasons_by_line(run) == {4: "Duplicate"}
    assert assert_adds_up(run)["line_base"]["certain"] is True


def test_report_of_somebody_elses_import_is_not_booked(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    assert post(report(3)).state == "unmatched"
    assert assert_adds_up(run)["state"] == "waiting"
    assert post(report(5)).state == "matched"
    assert assert_adds_up(run)["state"] == "finished"


def test_two_reports_alike_to_the_byte_are_two(silent, mapping, post, tmp_path):
    runs = [upload(write_leads(tmp_path / f"{n}.csv", 5, first=n * 100), mapping) for n in (0, 1)]
    first, second = post(report(5)), post(report(5))
    assert first.pk != second.pk
    for answer, run in zip((first, second), runs, strict=True):
        matching.settle_answer(answer.pk, run.parts.get())
    assert [assert_adds_up(run)["state"] for run in runs] == ["finished", "finished"]


def test_two_reports_assigned_to_one_part_leave_the_first(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    upload(write_leads(tmp_path / "b.csv", 5, first=100), mapping)
    first = post(report(4, ((1, "Duplicate"),), RejectedDedupe=1))
    second = post(report(5))
    part = run.parts.get()
    matching.settle_answer(first.pk, part)
    matching.settle_answer(second.pk, part)
    assert assert_adds_up(run)["accepted"] == 4


@pytest.mark.parametrize("count", [-1, 10**20])
def test_report_with_impossible_figures_is_put_aside_and_the_next_one_counts(silent, mapping, post, tmp_path, count):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    assert post(report(count)).state != "new"
    assert post(report(5)).state == "matched"
    assert assert_adds_up(run)["state"] == "finished"


def test_a_worker_killed_after_booking_leaves_true_figures(silent, mapping, post, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    with monkeypatch.context() as patch:
        patch.setattr(settling, "recount", die)
        with pytest.raises(Killed):
            post(report(5))
    resume_stale()
    assert assert_adds_up(run)["state"] == "finished"
