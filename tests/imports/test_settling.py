"""What becomes of reports that come late, early, twice, from nowhere, or after a part was sent once more."""

import json
from array import array
from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.imports import delivery, matching, settling
from maxops.imports.mapping import files_of
from maxops.imports.models import Answer, Part
from maxops.imports.rejections import early_report, keep_early_report
from maxops.imports.tasks import resume_stale
from maxops.remote.lines import NamedLines
from maxops.remote.platforms.interface import Report
from tests.imports.reporting import report, write_leads
from tests.imports.uploading import assert_adds_up, reasons_by_line, rejects_of, upload


def delete_files(run) -> None:
    """As the sweep does once they are old."""
    for path in files_of(run).personal:
        path.unlink(missing_ok=True)


def give_up(run, days: int) -> None:
    Part.objects.filter(run=run).update(sent_at=timezone.now() - timedelta(days=days))
    type(run).objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(days=days))
    resume_stale()
    assert assert_adds_up(run)["state"] == "no_answer"


def outcomes_of(run) -> list[int]:
    return list(files_of(run).outcomes.read_bytes())


def test_report_after_90_days_counts_although_the_lead_file_is_deleted(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 6, bad=(2,)), mapping)
    give_up(run, 90)
    delete_files(run)
    post(report(4, ((3, "InvalidPhoneNumber"), (5, "Duplicate")), RejectedValidation=1, RejectedDedupe=1))
    state = assert_adds_up(run)
    assert (state["state"], state["accepted"]) == ("finished_with_rejects", 4)
    assert state["rejected"] == {"InvalidPhoneNumber": 1, "Duplicate": 1}
    marked = outcomes_of(run)
    assert [place for place, code in enumerate(marked) if code >= 10] == [2, 4]


def test_lines_that_only_the_deleted_file_could_explain_leave_the_counts(silent, mapping, post, tmp_path, manager):
    path = tmp_path / "a.csv"
    path.write_text('phone,reference,name\n07700900001,1,"a\nb"\n\n07700900002,2,x\n07700900003,3,x\n', "utf-8")
    run = upload(path, mapping)
    mapping.line_base = "physical"
    mapping.save()
    delete_files(run)
    post(report(2, ((4, "Duplicate"),), RejectedDedupe=1))
    state = assert_adds_up(run)
    assert (state["accepted"], state["rejected"]) == (2, {"Duplicate": 1})
    assert "can no longer be told" in run.parts.get().detail
    assert max(outcomes_of(run)) < 10


def test_physical_lines_name_rows_past_line_breaks(silent, mapping, post, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('phone,reference,name\n07700900001,1,"a\nb"\n\n07700900002,2,x\n07700900003,3,x\n', "utf-8")
    run = upload(path, mapping)
    mapping.line_base = "physical"
    mapping.save()
    post(report(2, ((4, "Duplicate"),), RejectedDedupe=1))
    assert reasons_by_line(run) == {5: "Duplicate"}


def sent_twice(run) -> Part:
    """As when somebody had it sent once more, since nobody answered for the first try."""
    Part.objects.filter(run=run).update(tries=2, reference="18")
    return run.parts.get()


def test_two_reports_on_a_part_sent_twice_count_once(silent, mapping, post, tmp_path, manager):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    sent_twice(run)
    assert post(report(4, ((2, "Duplicate"),), ids=[18], RejectedDedupe=1)).state == "matched"
    second = post(report(5, ids=[17]))
    assert (second.state, second.part.run) == ("duplicate", run)
    assert "Report on another try of part 1, which was sent 2 times: 5 loaded" in second.evidence
    state = assert_adds_up(run)
    assert (state["accepted"], state["rejected"]) == (4, {"Duplicate": 1})
    assert "another try" in manager.get(run.get_absolute_url()).content.decode()


def test_a_report_on_the_first_try_settles_a_part_sent_twice(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    sent_twice(run)
    assert post(report(5, ids=[17])).state == "matched"
    assert post(report(0, ids=[18], RejectedDedupe=5)).state == "duplicate"
    assert assert_adds_up(run)["accepted"] == 5


def test_report_on_the_first_try_waits_while_the_second_is_on_its_way(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    Part.objects.filter(run=run).update(state="planned", in_doubt=True)
    answer = post(report(5))
    assert answer.state == "new"
    Part.objects.filter(run=run).update(state="waiting", tries=2)
    matching.settle_open(mapping)
    assert assert_adds_up(run)["state"] == "finished"


def test_rows_rejected_at_once_are_kept_packed_and_counted_once(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    files, part = files_of(run), run.parts.get()
    keep_early_report(files, 1, Report(True, lines=NamedLines([(1, "InvalidSourceFormat"), (2, "Odd one")])))
    assert (files.folder / "early-1").stat().st_size < 200
    kept = early_report(files, 1)
    assert kept.lines.numbers == array("I", [1, 2])
    assert list(kept.lines) == [(1, "InvalidSourceFormat"), (2, "Odd one")]
    part.rejected_at_once = 2
    part.save()
    post(report(2, ((5, "Duplicate"), (2, "Odd one")), RejectedDedupe=1))
    state = assert_adds_up(run)
    assert state["rejected"] == {"Duplicate": 1, "InvalidSourceFormat": 1, "Odd one": 1}
    assert reasons_by_line(run) == {2: "InvalidSourceFormat", 3: "Odd one", 6: "Duplicate"}


def test_forged_report_with_lines_of_another_file_is_not_booked(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    answer = post(report(3, ((700, "Duplicate"), (900, "Duplicate")), RejectedDedupe=2))
    assert answer.state == "unmatched"
    assert "none of most lines" in answer.evidence
    assert assert_adds_up(run)["state"] == "waiting"


def test_report_for_a_run_that_is_no_more_is_kept(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    run.parts.all().delete()
    assert post(report(5, ids=[1001])).state == "unmatched"


def test_import_id_of_another_mapping_tells_what_is_mixed_up(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    Part.objects.filter(run=run).update(reference="77")
    other = type(mapping).objects.create(name="Other", columns=["phone"])
    run.mapping = other
    run.save()
    answer = post(report(5, ids=[77]))
    assert answer.state == "unmatched"
    assert "'Other'" in answer.evidence


@pytest.mark.parametrize(
    "body", [b"<html>Bad gateway</html>", b'{"Errors":[', b"<x", b"\0\0", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"]
)
def test_what_is_no_report_is_kept_and_changes_no_row(silent, mapping, post, tmp_path, body):
    run = upload(write_leads(tmp_path / "a.csv", 3), mapping)
    before = outcomes_of(run), assert_adds_up(run)
    answer = post(body)
    assert answer.state == "unreadable"
    assert settling.body_of(answer).read_bytes() == body
    assert (outcomes_of(run), assert_adds_up(run)) == before


def test_unmatched_report_is_not_read_again_until_a_part_changes(silent, mapping, post, tmp_path):
    upload(write_leads(tmp_path / "a.csv", 5), mapping)
    upload(write_leads(tmp_path / "b.csv", 5, first=100), mapping)
    answer = post(report(5))
    assert answer.facts["total"] == 5
    settling.body_of(answer).write_bytes(b"no longer a report")
    matching.settle_open(mapping)
    answer.refresh_from_db()
    assert answer.state == "unmatched"


def test_report_out_of_order_finds_its_part_of_one_run(silent, mapping, post, tmp_path):
    mapping.part_limit = 900
    mapping.part_limit_at = timezone.now()
    mapping.save()
    run = upload(write_leads(tmp_path / "a.csv", 40, bad=(39,)), mapping)
    parts = list(run.parts.order_by("-number"))
    assert len(parts) > 1
    for part in parts:
        bad = part.last_row == 39
        lines = ((part.rows, "InvalidPhoneNumber"),) if bad else ()
        assert post(report(part.rows - bad, lines, RejectedValidation=int(bad))).part == part
    assert assert_adds_up(run)["state"] == "finished_with_rejects"
    assert reasons_by_line(run) == {41: "InvalidPhoneNumber"}


def test_deadline_of_the_setting_makes_no_answer_and_offers_what_to_do(silent, mapping, tmp_path, manager, settings):
    settings.MAXOPS_ANSWER_HOURS = 5
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    Part.objects.filter(run=run).update(sent_at=timezone.now() - timedelta(hours=4))
    resume_stale()
    assert assert_adds_up(run)["state"] == "waiting"
    Part.objects.filter(run=run).update(sent_at=timezone.now() - timedelta(hours=6))
    resume_stale()
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "A report that still comes counts" in page
    manager.post(f"/imports/{run.pk}/parts/1/decide/", {"found": "missing"})
    assert assert_adds_up(run)["not_attempted"] == 5


def test_row_named_by_two_reasons_has_the_first_and_the_difference_is_shown(silent, mapping, post, tmp_path, manager):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    answer = post(report(2, ((1, "DoNotCall"), (1, "Duplicate")), RejectedDedupe=1, RejectedDnc=1))
    assert answer.state == "unmatched"  # it counts four rows
    manager.post(f"/imports/answers/{answer.pk}/assign/", {"part": run.parts.get().pk})
    state = assert_adds_up(run)
    assert (state["accepted"], state["unknown"]) == (2, 1)
    assert reasons_by_line(run) == {2: "DoNotCall"}
    assert "does not account for 1" in manager.get(run.get_absolute_url()).content.decode()


def test_reports_for_two_parts_alike_are_each_booked_once(silent, mapping, post, tmp_path):
    runs = [upload(write_leads(tmp_path / f"{n}.csv", 5, first=100 * n), mapping) for n in range(2)]
    answers = [post(report(5)) for _ in runs]
    assert [answer.state for answer in answers] == ["unmatched", "unmatched"]
    matching.settle_answer(answers[1].pk, runs[0].parts.get())
    assert [assert_adds_up(run)["state"] for run in runs] == ["finished", "finished"]
    assert Answer.objects.filter(state="matched").count() == 2


def test_report_that_was_booked_once_still_waits_for_a_person_when_it_fits_two_later_parts(
    silent, mapping, post, tmp_path
):
    upload(write_leads(tmp_path / "a.csv", 5), mapping)
    assert post(report(5)).state == "matched"
    for n in (1, 2):
        upload(write_leads(tmp_path / f"{n}.csv", 5, first=100 * n), mapping)
    answer = post(report(5))
    assert (answer.state, answer.repeats) == ("unmatched", 0)


def test_a_lead_repeated_in_a_reason_is_not_kept(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 5), mapping)
    post(report(4, ((2, "Number 07700900002 blocked"),), RejectedMoon=1))
    assert "07700900002" not in json.dumps([*run.tallies.values(), *run.events.values("text")])
    assert "Number … blocked" in {row[-2] for row in rejects_of(run)}
    assert delivery.files_of(run).folder.exists()
