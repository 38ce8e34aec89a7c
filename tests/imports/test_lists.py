"""The list of uploads with their attempts beneath them, and what each supplier's leads were worth."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from maxops.imports.attempts import family_of, name_attempt, sum_up
from maxops.imports.models import Mapping, Part, Run, Tally
from tests.imports.folders import make_run


@pytest.fixture
def energy(db) -> Mapping:
    return Mapping.objects.create(name="Energy", columns=["phone"], fields={"phone": "phone"}, supplier="Switchwise")


def add(mapping: Mapping, name: str, **figures) -> Run:
    day = figures.pop("day", None)
    reasons = figures.pop("reasons", {})
    run = Run.objects.create(mapping=mapping, file_name=name, sha256=name, **{"state": "finished", **figures})
    for code, (reason, rows) in enumerate(reasons.items(), 10):
        Tally.objects.create(run=run, reason=reason, fate="invalid", code=code, rows=rows)
    if day:
        Run.objects.filter(pk=run.pk).update(created_at=day)
    return run


def mark_sent(*names: str) -> None:
    for run in Run.objects.filter(file_name__in=names):
        Part.objects.create(run=run, number=1, first_row=0, last_row=run.rows - 1, rows=run.rows, bytes=1, first_line=2)


def names(manager, query: str = "") -> list[str]:
    return [line.run.file_name for line in manager.get(f"/imports/{query}").context["lines"]]


def test_attempts_are_folded_under_their_first_upload_and_counted_once(manager, energy):
    first = add(energy, "may.csv", rows=100, sent=100, accepted=80, reasons={"InvalidPhoneNumber": 20})
    add(energy, "may-attempt-2.csv", rows=20, sent=20, accepted=15, attempt_of=first, reasons={"InvalidPhoneNumber": 5})
    add(energy, "may-attempt-3.csv", rows=5, state="ready", attempt_of=first)
    add(energy, "june.csv", rows=10, state="ready")
    answer = manager.get("/imports/")
    assert names(manager) == ["june.csv", "may.csv"]
    line = answer.context["lines"][1]
    assert (line.sums.rows, line.sums.accepted, line.sums.left) == (100, 95, 5)
    assert [attempt.name for attempt in line.attempts] == ["2nd", "3rd"]
    assert answer.context["totals"] == {"rows": 110, "accepted": 95, "unknown": 0, "waiting": 0}
    assert "2 later attempts" in answer.content.decode()


def test_an_upload_is_found_by_its_attempts_too(manager, energy):
    first = add(energy, "may.csv", rows=10, staff="m.naidu")
    add(energy, "second.csv", rows=2, state="ready", attempt_of=first)
    add(energy, "june.csv", rows=10)
    assert names(manager, "?show=attention") == ["may.csv"]
    assert names(manager, "?q=SECOND") == ["may.csv"]
    assert names(manager, f"?q={first.pk}&mapping={energy.pk}") == ["may.csv"]
    assert names(manager, "?q=naidu&supplier=Switchwise") == ["may.csv"]
    assert names(manager, "?q=nothing") == []
    assert names(manager, "?supplier=nobody") == []


def test_days_narrow_the_list_and_nonsense_is_said(manager, energy):
    add(energy, "old.csv", day=timezone.now() - timedelta(days=40))
    add(energy, "new.csv")
    today = timezone.localdate()
    assert names(manager, f"?start={today - timedelta(days=3)}") == ["new.csv"]
    assert names(manager, f"?end={today - timedelta(days=3):%d/%m/%Y}") == ["old.csv"]
    page = manager.get("/imports/?start=never&page=x").content.decode()
    assert "This is not a date" in page
    assert 'value="never"' in page
    for query in ("?start=2026-11-20&end=2026-11-01", "?mapping=x", "?q=" + "9" * 300, "?start=0001-01-01", "?q=%00"):
        assert manager.get(f"/imports/{query}").status_code == 200


def test_needs_you_forgets_a_failure_that_was_tried_again(manager, energy):
    first = add(energy, "first", state="failed")
    second = add(energy, "second", state="failed", attempt_of=first)
    assert manager.get("/imports/").context["groups"][1]["count"] == 1
    add(energy, "third", state="finished", attempt_of=first)
    assert manager.get("/imports/").context["groups"][1]["count"] == 0
    assert second.attempt_of == first


def test_cards_count_uploads_as_the_table_does(manager, energy):
    first = add(energy, "first", state="finished_with_rejects")
    add(energy, "second", attempt_of=first)
    add(energy, "third", attempt_of=first)
    page = manager.get("/imports/?show=finished")
    counts = {group["key"]: group["count"] for group in page.context["groups"]}
    assert counts["finished"] == len(page.context["lines"]) == 1


def test_ten_thousand_runs_cost_as_many_queries_as_ten(manager, energy, django_assert_max_num_queries):
    runs = [
        Run(mapping=energy, file_name=f"{number}.csv", sha256="0", state="finished", rows=1) for number in range(10_000)
    ]
    Run.objects.bulk_create(runs)
    manager.get("/imports/")
    with django_assert_max_num_queries(15):
        answer = manager.get("/imports/?page=400")
    assert "10,000</strong> uploads" in answer.content.decode()
    assert len(answer.context["lines"]) == 25


def test_deep_chains_of_attempts_are_one_family(energy):
    first = last = add(energy, "first", rows=10)
    for number in range(5):
        last = add(energy, f"{number}", rows=1, attempt_of=last)
    assert [run.pk for run in family_of(last)] == [run.pk for run in family_of(first)]
    assert len(family_of(last)) == 6
    assert [name_attempt(place) for place in (1, 2, 3, 4, 11, 12, 13, 21, 102)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd"
    ]  # fmt: skip


def test_rows_that_the_first_file_does_not_have_are_told_apart(energy):
    first = add(energy, "first", rows=10, accepted=9)
    add(energy, "second", rows=5, accepted=4, attempt_of=first)
    sums = sum_up(family_of(first))
    assert (sums.rows, sums.accepted, sums.left, sums.beyond) == (10, 13, 0, 3)


def test_a_first_file_that_could_not_be_read_counts_by_its_next_attempt(energy):
    first = add(energy, "first", state="failed")
    add(energy, "second", rows=5, accepted=4, unknown=1, attempt_of=first)
    sums = sum_up(family_of(first))
    assert (sums.rows, sums.accepted, sums.open, sums.left) == (5, 4, 1, 0)


def test_suppliers_are_compared_by_month_without_probes_and_called_off_runs(manager, energy):
    other = Mapping.objects.create(name="Own", columns=["phone"], fields={"phone": "phone"})
    march, april = datetime(2026, 3, 9, 12, tzinfo=UTC), datetime(2026, 4, 9, 12, tzinfo=UTC)
    first = add(energy, "a", rows=100, accepted=60, reasons={"Duplicate": 30, "=danger": 10}, day=march)
    add(energy, "b", rows=40, accepted=20, attempt_of=first, reasons={"Duplicate": 20}, day=april)
    add(energy, "probe", rows=3, accepted=2, is_probe=True, reasons={"Duplicate": 1}, day=april)
    add(energy, "off", rows=900, state="cancelled", day=april)
    add(other, "c", rows=13, accepted=10, held_back=3, day=april)
    add(other, "never sent", rows=70, state="ready", day=april)
    add(other, "under way", rows=9, accepted=2, unknown=1, waiting=3, not_attempted=3, state="sending", day=april)
    mark_sent("a", "b", "probe", "c", "under way")
    page = manager.get("/imports/suppliers/").content.decode()
    figures = [
        re.findall(r'data-label="[^"]*"[^>]*>(?:<strong>|<a [^>]*>)?([^<]*)', row)
        for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[1:3]
    ]
    assert figures[0] == ["Energy", "1", "140", "80", "60", "0", "0", "0", "57.1 %"]
    assert figures[1] == ["Own", "2", "22", "12", "0", "3", "3", "4", "100.0 %"]
    for _, _, rows, *kinds, _ in figures:
        assert int(rows) == sum(map(int, kinds))
    assert "No supplier named" in page
    label = re.search(r'aria-label="Rows by month: ([^"]*)"', page)[1]
    assert (
        label
        == "Mar 26: Accepted 60, Duplicates in list 30, Other reasons 10; Apr 26: Accepted 20, Duplicates in list 20"
    )
    only_april = manager.get("/imports/suppliers/?start=2026-04-01").content.decode()
    assert "Mar 26" not in only_april
    content = b"".join(manager.get("/imports/suppliers.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert ["Switchwise", "Energy", "2026-03", "1", "100", "60", "60.0", "0", "0", "0", "'=danger", "10"] in rows
    assert manager.get("/imports/suppliers.csv?start=x").status_code == 302
    assert "This is not a date" in manager.get("/imports/suppliers/?start=x").content.decode()


def test_figures_of_suppliers_survive_the_files(manager, db):
    run = make_run(b"phone,reference,name", [b"07700900001,1,x", b"bad,2,y"], [3, 14])
    before = manager.get("/imports/suppliers/").context["total"]
    run.delete_files()
    after = manager.get("/imports/suppliers/").context["total"]
    assert (before.rows, before.accepted, before.rejected) == (after.rows, after.accepted, after.rejected) == (2, 1, 1)
