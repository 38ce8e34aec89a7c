"""The page of received reports: what speaks for which part, assigning, putting aside."""

import re

import pytest

from maxops.imports.models import Answer
from tests.imports.reporting import report, write_leads
from tests.imports.uploading import assert_adds_up, upload


@pytest.fixture
def two_alike(silent, mapping, post, tmp_path):
    """A report that fits two uploads alike, and a third upload of another size."""
    runs = [
        upload(write_leads(tmp_path / f"{name}.csv", 6, bad=(2,), first=100 * n), mapping)
        for n, name in enumerate("ab")
    ]
    upload(write_leads(tmp_path / "large.csv", 9, first=300), mapping)
    answer = post(report(5, ((3, "InvalidPhoneNumber"),), RejectedValidation=1))
    assert answer.state == "unmatched"
    return runs, answer


def text_of(client) -> str:
    page = client.get("/imports/answers/")
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_page_says_what_the_report_says_and_what_speaks_for_each_part(two_alike, manager):
    text = text_of(manager)
    assert "It fits 2 waiting parts of this mapping alike." in text
    assert "5 loaded, 1 rejected: 1 Bad phone number" in text
    assert text.count("It rejects 1 of 1 rows that the check expected to fail.") == 2
    assert "The report counts 3 rows fewer." in text
    assert "none given" in text
    assert "0770090" not in text


def test_reports_alike_to_the_byte_are_said_to_be(two_alike, manager, post):
    post(report(5, ((3, "InvalidPhoneNumber"),), RejectedValidation=1))
    assert "1 more just like it waits too" in text_of(manager)


def test_assigning_needs_a_choice_and_books_once(two_alike, manager):
    (first, second), answer = two_alike
    path = f"/imports/answers/{answer.pk}/assign/"
    assert "Choose a part" in manager.post(path, {}, follow=True).content.decode()
    manager.post(path, {"part": second.parts.get().pk})
    assert assert_adds_up(second)["state"] == "finished_with_rejects"
    assert "Not assigned" in manager.post(path, {"part": first.parts.get().pk}, follow=True).content.decode()
    assert assert_adds_up(first)["state"] == "waiting"


def test_report_put_aside_counts_nowhere_and_can_be_taken_up_again(two_alike, manager):
    _, answer = two_alike
    path = f"/imports/answers/{answer.pk}/aside/"
    manager.post(path, {"part": ""})
    answer.refresh_from_db()
    assert answer.state == "aside"
    assert "Put aside by person-" in text_of(manager)
    assert "fits 2 waiting" not in text_of(manager)
    manager.post(path, {"do": "back"})
    answer.refresh_from_db()
    assert answer.state == "unmatched"
    assert answer.facts["weighed"]


def test_supervisor_sees_the_evidence_and_no_buttons(two_alike, supervisor):
    page = supervisor.get("/imports/answers/").content.decode()
    assert "Assigning needs the group Manager" in page
    assert "Assign to the chosen part" not in page
    answer = Answer.objects.get()
    assert supervisor.post(f"/imports/answers/{answer.pk}/aside/").status_code == 403


def test_many_reports_are_paged(mapping, manager):
    Answer.objects.bulk_create(
        Answer(mapping=mapping, file="x", sha256=str(n), state="unreadable", evidence="No report.") for n in range(60)
    )
    assert "Page 1 of 2" in text_of(manager)
    assert manager.get("/imports/answers/?page=2").content.decode().count("No report.") == 10
