"""The audit page: every write that went out can be found, opened and taken along, and nobody can change it."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.console import audit
from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.models import Ledger


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def entry(**values) -> Ledger:
    wanted = {"operation": "set status of campaign", "kind": "campaigns", "remote_id": 12, "subject": "Spring renewals"}
    beside = {"outcome": "accepted", "staff": "m.naidu", "source": "admin", "changes": {"status": [1, 2]}}
    return Ledger.objects.create(**{**wanted, **beside, **values})


def shown(client: Client, **query) -> int:
    return text_of(client.get("/audit/", query)).count('<tr id="sent-')


@pytest.fixture
def rows_of(log_in):
    """The rows of the download that answers this query."""

    def rows(**query) -> list[dict[str, str]]:
        body = log_in("Supervisor").get("/audit/entries.csv", query).getvalue().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(body)))

    return rows


def test_write_is_told_with_who_where_what_before_after_and_the_answer(pulled, log_in):
    push.perform(Campaign.objects.get(pk=2), "set_status", 2, Author("m.naidu", "bulk", "192.0.2.7"))
    page = text_of(log_in("Supervisor").get("/audit/"))
    name = Campaign.objects.get(pk=2).name
    for words in (
        f"Paused campaign “{name}” (2)",
        "m.naidu",
        "bulk action",
        "192.0.2.7",
        "Accepted",
        "<ins>Paused</ins>",
    ):
        assert words in page


def test_dialler_s_refusal_stands_beside_the_write(db, log_in):
    entry(outcome="refused", answer="MaxContact declined: Invalid Parameters. Campaign is <locked>.")
    page = text_of(log_in("Supervisor").get("/audit/"))
    assert "Tried to pause campaign" in page
    assert "Invalid Parameters. Campaign is &lt;locked&gt;." in page


def test_every_choice_narrows_the_page(db, log_in):
    now = timezone.now()
    entry()
    entry(at=now - timedelta(days=9), staff="s.jones", outcome="refused", answer="The list is in use.")
    entry(kind="users", operation="update user", subject="Ann Lee", remote_id=5, source="command")
    entry(kind="", operation="emergency enable", subject="", remote_id=None, source="emergency")
    entry(kind="", operation="upload part 1 of run 5", subject="Energy", remote_id=None)
    client = log_in("Supervisor")
    assert shown(client) == 5
    day = f"{timezone.localdate(now - timedelta(days=9)):%Y-%m-%d}"
    choices = (
        ({"end": day}, 1),
        ({"start": day, "end": day}, 1),
        ({"outcome": "refused"}, 1),
        ({"staff": "s.jones"}, 1),
        ({"area": "users"}, 1),
        ({"area": "emergency"}, 1),
        ({"area": "leads"}, 1),
        ({"source": "command"}, 1),
        ({"q": "ann LEE"}, 1),
        ({"q": "in use"}, 1),
        ({"q": "12"}, 2),
        ({"q": "nobody at all"}, 0),
        ({"staff": "m.naidu", "area": "users", "outcome": "accepted"}, 1),
    )
    assert [(query, shown(client, **query)) for query, _ in choices] == list(choices)


@pytest.mark.parametrize("bad", ["32/13/2026", "yesterday", "0001-01-01", "9999-12-31"])
def test_bad_date_is_said_and_nothing_typed_is_lost(db, log_in, bad):
    entry()
    page = text_of(log_in("Supervisor").get("/audit/", {"start": bad, "staff": "m.naidu", "q": "spring"}))
    assert 'role="alert"' in page
    assert "Nothing is shown until this is put right" in page
    for kept in (f'value="{bad}"', 'value="m.naidu"', 'value="spring"'):
        assert kept in page


def test_last_day_before_the_first_is_said(db, log_in):
    page = text_of(log_in("Supervisor").get("/audit/", {"start": "2026-11-20", "end": "2026-11-19"}))
    assert "The last day lies before the first one." in page


@pytest.mark.parametrize(
    "nonsense",
    [
        {"before": "x~y"},
        {"q": "a\x00b"},
        {"area": "zzz"},
        {"q": "9" * 40},
        {"before": "~"},
        {"before": "0001-01-01T00:00:00+14:00~1"},
    ],
)
def test_nonsense_in_the_address_is_no_crash(db, log_in, nonsense):
    assert log_in("Supervisor").get("/audit/", nonsense).status_code == 200


def test_pages_follow_each_other_without_a_gap_even_within_one_moment(db, log_in):
    now = timezone.now()
    Ledger.objects.bulk_create(
        Ledger(at=now, operation="update campaign", kind="campaigns", remote_id=n, subject=f"Campaign {n}")
        for n in range(120)
    )
    client, address, seen = log_in("Supervisor"), "/audit/", []
    while address:
        response = client.get(address)
        seen += [line.key for line in response.context["entries"]]
        address = f"/audit/?{response.context['older']}" if response.context["older"] else ""
    assert len(seen) == len(set(seen)) == 120


def test_search_without_an_index_says_how_far_back_it_looked(db, log_in, monkeypatch):
    monkeypatch.setattr(audit, "STRETCH", 30)
    now = timezone.now()
    Ledger.objects.bulk_create(
        Ledger(
            at=now - timedelta(minutes=n), operation="update list", kind="lists", subject="Old" if n == 70 else "New"
        )
        for n in range(80)
    )
    client = log_in("Supervisor")
    response = client.get("/audit/", {"q": "old"})
    assert "and found nothing so far" in text_of(response)
    response = client.get(f"/audit/?{response.context['older']}")
    assert "and found nothing so far" in text_of(response)
    assert text_of(client.get(f"/audit/?{response.context['older']}")).count('<tr id="sent-') == 1


def test_page_costs_the_same_queries_however_many_entries(db, log_in, django_assert_max_num_queries):
    for number in range(60):
        entry(remote_id=number, changes={"default_list_id": [number, number + 1]})
    client = log_in("Supervisor")
    client.get("/audit/")
    with django_assert_max_num_queries(8):
        client.get("/audit/")


def test_download_holds_the_choice_and_all_of_it(db, rows_of):
    for number in range(1100):
        entry(remote_id=number, staff="s.jones" if number % 2 else "m.naidu")
    rows = rows_of(staff="s.jones")
    assert len(rows) == 550
    assert rows[0]["what"] == "Paused campaign “Spring renewals” (1099)"
    assert rows[0]["before and after"] == "status: Running > Paused"


@pytest.mark.parametrize("evil", ["=1+1", "+44", "-2", "@SUM(A1)", "\tx", "\rx", "\n=1", "＝1+1", "＠A"])
def test_download_is_no_formula_to_a_spreadsheet(db, rows_of, evil):
    entry(subject=evil, answer=evil, staff=evil)
    row = rows_of()[0]
    assert row["name"].startswith("'")
    assert row["answer"].startswith("'")
    assert row["who"].startswith("'")


def test_download_begins_with_the_mark_of_utf_8_and_is_streamed(db, log_in):
    entry(subject="Café")
    response = log_in("Supervisor").get("/audit/entries.csv")
    assert response.streaming
    body = response.getvalue()
    assert body.startswith(b"\xef\xbb\xbf")
    assert "Café" in body.decode("utf-8-sig")


def test_download_of_a_bad_choice_leads_back_to_the_page_that_says_so(db, log_in):
    response = log_in("Supervisor").get("/audit/entries.csv", {"start": "yesterday"})
    assert response.headers["Location"] == "/audit/?start=yesterday"


def test_audit_needs_the_right_to_see_it(db, log_in):
    for client in (log_in(), log_in("Emergency")):
        assert client.get("/audit/").status_code == 403
        assert client.get("/audit/entries.csv").status_code == 403


@pytest.mark.parametrize("page", ["change/", "delete/"])
def test_administrators_cannot_change_an_entry_even_by_a_plain_post(db, page):
    client, kept = Client(), entry()
    client.force_login(get_user_model().objects.create_superuser("root"))
    before = Ledger.objects.filter(pk=kept.pk).values().get()
    answer = client.post(
        f"/admin/mirror/ledger/{kept.pk}/{page}", {"staff": "somebody", "outcome": "accepted", "post": "yes"}
    )
    assert answer.status_code == 403
    assert Ledger.objects.filter(pk=kept.pk).values().get() == before


def test_administrators_can_neither_add_nor_bulk_delete_entries(db):
    client, kept = Client(), entry()
    client.force_login(get_user_model().objects.create_superuser("root"))
    assert client.post("/admin/mirror/ledger/add/", {"operation": "made up"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [kept.pk], "post": "yes"}
    client.post("/admin/mirror/ledger/", chosen)
    assert Ledger.objects.count() == 1


def test_audit_page_itself_takes_no_post(db, log_in):
    assert log_in("Manager").post("/audit/").status_code == 405
