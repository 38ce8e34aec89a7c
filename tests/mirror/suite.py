"""What holds for every mirrored kind, from reading to conflict. Each kind's tests subclass it with a Case."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from maxops.mirror.errors import PullRefused
from maxops.mirror.models import Difference, Ledger, Mirrored, Reading
from maxops.mirror.pull import pull
from maxops.remote.errors import RemoteError
from maxops.sandbox.server import Sandbox
from tests.mirror.browsing import Form, address
from tests.mirror.conftest import manager, mirrored, supervisor

__all__ = ["Case", "MirrorSuite", "manager", "mirrored", "supervisor"]
STYLES = {
    "JSON": {},
    "XML": {"xml_always": True},
    "XML without namespaces": {"xml_always": True, "namespaces": False, "bom": True},
    "names and other dates": {"enums": "name", "dates": "ms"},
}


@dataclass(frozen=True)
class Case:
    model: type[Mirrored]
    entity: str  # the stand-in's name of it
    field: str  # a text field of the form ...
    wire: str  # ... and its name on the wire
    unique: str  # the field that must be nobody else's
    other_wire: str  # another text field on the wire
    their_value: Any = "theirs"
    with_each_save: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        return self.model.kind()

    def remote(self, sandbox: Sandbox, pk: int) -> dict[str, Any]:
        return sandbox.state.records[self.entity][pk]

    def form(self, client: Client, pk: int) -> Form:
        return Form(client, address(self.model, "change", pk))

    def puts(self, sandbox: Sandbox, pk: int) -> int:
        return len(sandbox.journal.find("PUT", f"/{self.kind}/{pk}$"))

    def save(self, form: Form, **changes: Any) -> Form:
        return form.send(**dict(self.with_each_save), **changes)


class MirrorSuite:
    case: Case

    @pytest.fixture
    def pk(self, mirrored: Sandbox) -> int:
        return sorted(mirrored.state.records[self.case.entity])[1]

    @pytest.fixture
    def row(self, pk: int) -> Any:
        """The row as it is when called, not as it was."""
        return lambda: self.case.model.objects.get(pk=pk)

    # Reading

    @pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
    def test_every_style_of_answer_reads_the_same(self, style, connected, db):
        pull(self.case.kind)
        before = self.rows()
        connected.state.style.change(**style)
        result = pull(self.case.kind)
        assert (result.read, result.changed, result.missing) == (len(before), 0, 0)
        assert self.rows() == before
        assert not Difference.objects.exists()

    def rows(self) -> list[dict[str, Any]]:
        """All that anybody can see of them: other bytes of the same values are another fingerprint."""
        rows = self.case.model.objects.order_by("pk").values()
        return [{name: value for name, value in row.items() if name != "fingerprint"} for row in rows]

    @pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
    def test_changes_come_in_and_are_remembered_in_every_style(self, style, connected, pk, row):
        connected.state.style.change(**style)
        pull(self.case.kind)
        before = getattr(row(), self.case.field)
        self.case.remote(connected, pk)[self.case.wire] = "Zoë & <Co>"
        assert pull(self.case.kind).changed == 1
        difference = Difference.objects.get()
        assert (difference.remote_id, difference.sort) == (pk, "changed")
        assert difference.fields == {self.case.field: [before, "Zoë & <Co>"]}
        assert getattr(row(), self.case.field) == "Zoë & <Co>"

    def test_second_reading_writes_no_row(self, mirrored, django_assert_max_num_queries):
        before = list(self.case.model.objects.values())
        with django_assert_max_num_queries(12) as queries:
            result = pull(self.case.kind)
        table = self.case.model._meta.db_table
        written = [
            query["sql"]
            for query in queries
            if f'INTO "{table}"' in query["sql"] or f'UPDATE "{table}"' in query["sql"]
        ]
        assert (result.unchanged, written) == (len(before), [])
        assert list(self.case.model.objects.values()) == before

    def test_remote_change_comes_in(self, mirrored, pk, row):
        self.case.remote(mirrored, pk)[self.case.wire] = "Changed in the Portal"
        result = pull(self.case.kind)
        assert (result.changed, result.created) == (1, 0)
        assert getattr(row(), self.case.field) == "Changed in the Portal"

    def test_vanished_row_is_marked_and_comes_back(self, mirrored, pk, row):
        record = mirrored.state.records[self.case.entity].pop(pk)
        assert pull(self.case.kind).missing == 1
        assert row().missing_since is not None
        assert pull(self.case.kind).missing == 0
        mirrored.state.records[self.case.entity][pk] = record
        assert pull(self.case.kind).changed == 1
        assert row().missing_since is None

    def test_loss_of_over_a_third_is_refused_until_accepted(self, mirrored):
        table = mirrored.state.records[self.case.entity]
        gone = sorted(table)[: len(table) // 2]
        for pk in gone:
            del table[pk]
        with pytest.raises(PullRefused) as refusal:
            pull(self.case.kind)
        assert refusal.value.missing == len(gone)
        assert not self.case.model.objects.exclude(missing_since=None).exists()
        assert Reading.objects.filter(kind=self.case.kind).first().state == "refused"
        assert pull(self.case.kind, accept_loss=True).missing == len(gone)

    # Saving

    def test_untouched_form_sends_nothing(self, mirrored, manager, pk):
        page = self.case.form(manager, pk).send()
        assert page.redirected
        assert "nothing was sent" in page.messages
        assert mirrored.journal.entries == []
        assert not LogEntry.objects.exists()

    def test_save_changes_the_dialler_and_only_that_field(self, mirrored, manager, pk, row):
        self.case.remote(mirrored, pk)["WrapUpTime"] = {"not": "in the documents"}
        before = dict(self.case.remote(mirrored, pk))
        page = self.case.save(self.case.form(manager, pk), **{self.case.field: "Renamed by us"})
        assert page.redirected
        assert "Saved in MaxContact and here" in page.messages
        assert self.case.remote(mirrored, pk) == before | {self.case.wire: "Renamed by us"}
        assert getattr(row(), self.case.field) == "Renamed by us"
        entry = Ledger.objects.get()
        assert (entry.staff, entry.outcome, entry.remote_id) == ("m.naidu", "accepted", pk)
        assert entry.changes[self.case.field][1] == "Renamed by us"
        assert pull(self.case.kind).changed == 0

    @pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
    def test_save_works_in_every_style(self, style, mirrored, manager, pk):
        before = dict(self.case.remote(mirrored, pk))
        mirrored.state.style.change(**style)
        page = self.case.save(self.case.form(manager, pk), **{self.case.field: "Renamed by us"})
        assert page.errors == ""
        after = self.case.remote(mirrored, pk)
        # A date goes back as it came, in milliseconds: the same moment, which the stand-in writes with its zone.
        assert {name for name in after if str(after[name])[:19] != str(before[name])[:19]} == {self.case.wire}

    def test_save_keeps_what_changed_remotely_in_other_fields(self, mirrored, manager, pk):
        form = self.case.form(manager, pk)
        self.case.remote(mirrored, pk)[self.case.other_wire] = self.case.their_value
        page = self.case.save(form, **{self.case.field: "Renamed by us"})
        assert page.errors == ""
        remote = self.case.remote(mirrored, pk)
        assert (remote[self.case.wire], remote[self.case.other_wire]) == ("Renamed by us", self.case.their_value)

    def test_refusal_comes_back_on_the_form(self, mirrored, manager, pk, row):
        taken = getattr(self.case.model.objects.exclude(pk=pk).first(), self.case.unique)
        before = row().__dict__
        page = self.case.save(self.case.form(manager, pk), **{self.case.unique: taken, self.case.field: taken})
        assert not page.redirected
        assert "is already in use" in page.errors
        assert page.values[self.case.unique] == taken
        assert {**row().__dict__, "_state": 0} == {**before, "_state": 0}
        assert Ledger.objects.get().outcome == "refused"
        assert not LogEntry.objects.exists()

    def test_create_takes_the_id_the_dialler_gave(self, mirrored, manager):
        form = Form(manager, address(self.case.model, "add"))
        page = self.case.save(form, **{self.case.unique: "Brand new", self.case.field: "Brand new"})
        assert page.errors == ""
        new_id = max(mirrored.state.records[self.case.entity])
        assert self.case.remote(mirrored, new_id)[self.case.wire] == "Brand new"
        assert page.url == address(self.case.model, "change", new_id)
        assert getattr(self.case.model.objects.get(pk=new_id), self.case.field) == "Brand new"
        assert Ledger.objects.get().remote_id == new_id
        assert pull(self.case.kind).changed == 0

    # Two at once

    @property
    def choice(self) -> str:
        return f"_choice_{self.case.field}"

    def in_conflict(self, sandbox, client, pk) -> Form:
        form = self.case.form(client, pk)
        self.case.remote(sandbox, pk)[self.case.wire] = "Theirs"
        return self.case.save(form, **{self.case.field: "Ours"})

    def test_conflict_asks_and_sends_nothing_before_a_choice(self, mirrored, manager, pk):
        before = self.case.form(manager, pk).values[self.case.field]
        page = self.in_conflict(mirrored, manager, pk)
        assert "Not saved: changed in MaxContact meanwhile" in page.text
        (asked,) = page.questions.values()
        assert asked == (before, "Theirs", "Ours")
        assert not page.tree.xpath("//input[@type='radio'][@checked]")
        page = self.case.save(page)
        assert "choose above whose value is to stand" in page.errors
        assert (page.values[self.case.field], self.case.puts(mirrored, pk)) == ("Ours", 0)
        assert list(page.questions.values()) == [asked]

    def test_conflict_sends_mine_when_chosen(self, mirrored, manager, pk):
        page = self.in_conflict(mirrored, manager, pk)
        assert self.case.save(page, **{self.choice: "mine"}).redirected
        assert self.case.remote(mirrored, pk)[self.case.wire] == "Ours"
        assert self.case.puts(mirrored, pk) == 1

    def test_conflict_keeps_theirs_when_chosen_and_sends_nothing(self, mirrored, manager, pk, row):
        page = self.in_conflict(mirrored, manager, pk)
        done = page.send(**{self.choice: "theirs"})
        assert "MaxContact's values stand, nothing was sent" in done.messages
        assert (self.case.remote(mirrored, pk)[self.case.wire], self.case.puts(mirrored, pk)) == ("Theirs", 0)
        assert getattr(row(), self.case.field) == "Theirs"

    def test_third_change_meanwhile_asks_again(self, mirrored, manager, pk):
        before = self.case.form(manager, pk).values[self.case.field]
        page = self.in_conflict(mirrored, manager, pk)
        self.case.remote(mirrored, pk)[self.case.wire] = "Third"
        page = self.case.save(page, **{self.choice: "mine"})
        assert list(page.questions.values()) == [(before, "Third", "Ours")]
        assert not page.tree.xpath("//input[@type='radio'][@checked]")
        assert self.case.puts(mirrored, pk) == 0
        assert self.case.save(page, **{self.choice: "mine"}).redirected
        assert self.case.remote(mirrored, pk)[self.case.wire] == "Ours"

    def test_second_of_two_saves_from_the_same_page_is_a_conflict(self, mirrored, manager, pk):
        first, second = self.case.form(manager, pk), self.case.form(manager, pk)
        self.case.save(first, **{self.case.field: "First"})
        page = self.case.save(second, **{self.case.field: "Second"})
        assert [asked[1:] for asked in page.questions.values()] == [("First", "Second")]
        assert self.case.puts(mirrored, pk) == 1

    # Trouble

    def test_expired_token_is_renewed_unseen(self, mirrored, manager, pk):
        mirrored.faults.add("PUT ", "expired_token")
        page = self.case.save(self.case.form(manager, pk), **{self.case.field: "Renamed by us"})
        assert "Saved in MaxContact" in page.messages

    @pytest.mark.parametrize("kind", ["html", "garbage", "truncate", "success_false", "status"])
    def test_trouble_while_reading_changes_no_row(self, kind, mirrored):
        before = list(self.case.model.objects.values())
        mirrored.faults.add(f"GET .*/{self.case.kind}$", kind, times=0)
        with pytest.raises(RemoteError):
            pull(self.case.kind)
        assert list(self.case.model.objects.values()) == before
        assert Reading.objects.filter(kind=self.case.kind).first().state == "failed"

    @pytest.mark.parametrize("kind", ["drop_after", "truncate", "status_after"])
    def test_unanswered_save_is_settled_by_reading(self, kind, mirrored, manager, pk):
        mirrored.faults.add("PUT ", kind, times=0)
        page = self.case.save(self.case.form(manager, pk), **{self.case.field: "Renamed by us"})
        assert page.redirected
        assert "it is saved" in page.messages
        assert Ledger.objects.get().outcome == "accepted"

    @pytest.mark.parametrize("fault", ["drop_before", "html", "garbage", "status", "success_false"])
    def test_save_that_did_not_arrive_says_so(self, fault, mirrored, manager, pk, row):
        before = dict(self.case.remote(mirrored, pk))
        mirrored.faults.add("PUT ", fault, times=0, status=500)
        page = self.case.save(self.case.form(manager, pk), **{self.case.field: "Renamed by us"})
        assert not page.redirected
        assert page.errors
        assert page.values[self.case.field] == "Renamed by us"
        assert self.case.remote(mirrored, pk) == before
        assert getattr(row(), self.case.field) != "Renamed by us"
        assert Ledger.objects.get().outcome == "refused"

    def test_save_of_which_nothing_is_known_says_so_first(self, mirrored, manager, pk, row):
        mirrored.faults.add("PUT ", "drop_after", times=0)
        mirrored.faults.add(f"GET .*/{self.case.kind}/{pk}$", "status", times=0, skip=1, status=500)
        page = self.case.save(self.case.form(manager, pk), **{self.case.field: "Renamed by us"})
        assert "Not known whether it was saved in MaxContact" in page.text
        assert "Not saved in MaxContact" not in page.text
        assert page.values[self.case.field] == "Renamed by us"
        assert getattr(row(), self.case.field) != "Renamed by us"
        assert Ledger.objects.get().outcome == "unknown"

    @pytest.mark.parametrize("fault", ["drop_after", "truncate", "drop_before", "status_after"])
    def test_unanswered_create_is_never_sent_twice(self, fault, mirrored, manager):
        count = len(mirrored.state.records[self.case.entity])
        mirrored.faults.add("POST ", fault, times=0)
        form = Form(manager, address(self.case.model, "add"))
        page = self.case.save(form, **{self.case.unique: "Brand new", self.case.field: "Brand new"})
        arrived = fault != "drop_before"
        assert len(mirrored.journal.find("POST", f"/{self.case.kind}$")) == 1
        assert len(mirrored.state.records[self.case.entity]) == count + arrived
        assert page.redirected is arrived
        assert Ledger.objects.get().outcome == ("accepted" if arrived else "refused")

    def test_dialler_away_leaves_everything_as_it_was(self, mirrored, manager, pk, settings, row):
        form = self.case.form(manager, pk)
        settings.MAXCONTACT_URL = "http://127.0.0.1:9"
        page = self.case.save(form, **{self.case.field: "Renamed by us"})
        assert not page.redirected
        assert "MaxContact" in page.errors
        assert getattr(row(), self.case.field) != "Renamed by us"

    # Who may what

    def test_supervisor_looks_but_cannot_change(self, mirrored, supervisor, pk):
        page = Form(supervisor, address(self.case.model, "change", pk))
        assert "Save to MaxContact" not in page.text
        answer = supervisor.post(page.url, {self.case.field: "x", "_save": "1"})
        assert answer.status_code == 403
        assert mirrored.journal.entries == []

    def test_nobody_can_delete(self, mirrored, manager, pk):
        assert manager.post(address(self.case.model, "delete", pk), {"post": "yes"}).status_code == 403
        assert "delete_selected" not in manager.get(address(self.case.model, "changelist")).content.decode()

    def test_page_says_when_it_was_read_and_reads_again_on_wish(self, mirrored, manager, pk):
        assert "as read" in self.case.form(manager, pk).text
        self.case.remote(mirrored, pk)[self.case.wire] = "Changed in the Portal"
        page = Form(manager, address(self.case.model, "change", pk))
        answer = manager.post(address(self.case.model, "reread", pk), follow=True)
        assert "Changed in the Portal" not in page.text
        assert "Changed in the Portal" in answer.content.decode()
        assert manager.get(address(self.case.model, "reread", pk)).status_code == 405

    def test_changelist_takes_few_queries(self, mirrored, manager, django_assert_max_num_queries):
        url = address(self.case.model, "changelist")
        manager.get(url)
        with django_assert_max_num_queries(9):  # two of them only find out what a manager who is no superuser may do
            page = manager.get(url)
        assert "As in MaxContact" in page.content.decode()

    @pytest.mark.parametrize("query", ["?q=a", "?seen=no", "?seen=yes", "?o=1.2.3.4.5.6", "?p=1"])
    def test_changelist_searches_sorts_and_filters(self, query, mirrored, manager):
        assert manager.get(address(self.case.model, "changelist") + query).status_code == 200
