"""A mapping edited while a run is on its way: the run keeps what it was checked by, and says when that has changed."""

import pytest

from maxops.imports import delivery, intake, versions
from maxops.imports.edits import merge
from maxops.imports.models import Mapping, MappingVersion, Run
from tests.imports.uploading import assert_adds_up, check
from tests.leadfiles import write_planted


@pytest.fixture
def run(mapping, connected, tmp_path) -> Run:
    versions.keep(mapping, "first")
    return check(write_planted(connected, tmp_path / "planted.csv").path, mapping)


def edit(mapping: Mapping, **changes: object) -> None:
    fresh = Mapping.objects.get(pk=mapping.pk)
    for name, value in changes.items():
        setattr(fresh, name, value)
    versions.keep(fresh, "second")


def again(run: Run) -> Run:
    return Run.objects.select_related("mapping").get(pk=run.pk)


def test_columns_edited_meanwhile_change_nothing_of_what_is_sent(run, mapping, connected, letter_box):
    delivery.send(run, "send", "tester")
    edit(mapping, columns=["a", "b"], fields={"a": "phone"}, options={"Dedupe": False}, region="IE")
    delivery.deliver(run.pk)
    (summary,) = connected.state.uploads
    assert summary["mapname"] == "Planted"
    letter_box.hand_over()
    assert assert_adds_up(run)["accepted"] == 960


def test_run_keeps_the_mapping_it_was_checked_by(run, mapping):
    assert versions.as_checked(again(run)).columns == ["phone", "reference", "name"]
    edit(mapping, columns=["telephone"], fields={"telephone": "phone"}, region="IE")
    kept = versions.as_checked(again(run))
    assert (kept.columns, kept.fields["phone"], kept.region) == (["phone", "reference", "name"], "phone", "")
    assert kept.pk == mapping.pk


@pytest.mark.parametrize(
    ("changes", "is_outdated"),
    [({"remark": "x", "aliases": {"tel": "phone"}}, False), ({"required": ["name"]}, True), ({"region": "IE"}, True)],
)
def test_check_is_outdated_only_by_what_it_goes_by(run, mapping, changes, is_outdated):
    edit(mapping, **changes)
    assert versions.has_changed_since(again(run)) is is_outdated


def test_checked_again_a_run_goes_by_the_mapping_as_it_is_now(run, mapping):
    edit(mapping, required=["name"])
    Run.objects.filter(pk=run.pk).update(state="received")
    intake.check(run.pk)
    assert not versions.has_changed_since(again(run))
    assert again(run).mapping_version == mapping.version + 1


def test_nothing_changed_is_no_version(mapping):
    versions.keep(mapping, "first")
    versions.keep(Mapping.objects.get(pk=mapping.pk), "second")
    assert not MappingVersion.objects.exists()


def test_save_leaves_alone_what_is_learned_by_others(mapping):
    stale = Mapping.objects.get(pk=mapping.pk)
    Mapping.objects.filter(pk=mapping.pk).update(line_base="file", part_limit=5, last_answer="NoMapFound")
    stale.supplier = "Switchwise"
    versions.keep(stale, "tester")
    mapping.refresh_from_db()
    assert (mapping.supplier, mapping.line_base, mapping.part_limit) == ("Switchwise", "file", 5)
    assert mapping.last_answer == "NoMapFound"


BASE = {"supplier": "old", "remark": "old"}


@pytest.mark.parametrize(
    ("theirs", "mine", "chosen", "content", "asked"),
    [
        ("old", "mine", {}, "mine", []),
        ("theirs", "old", {}, "theirs", []),
        ("same", "same", {}, "same", []),
        ("theirs", "mine", {}, "mine", ["supplier"]),
        ("theirs", "mine", {"supplier": "theirs"}, "theirs", []),
        ("theirs", "mine", {"supplier": "mine"}, "mine", []),
    ],
)
def test_whose_value_stands(theirs, mine, chosen, content, asked):
    merged = merge(BASE, {**BASE, "supplier": theirs}, {**BASE, "supplier": mine}, chosen)
    assert (merged.content["supplier"], merged.asked) == (content, asked)
    assert merged.content["remark"] == "old"


def test_without_the_version_it_was_opened_on_every_difference_is_asked():
    assert merge({}, BASE, {**BASE, "supplier": "mine"}, {}).asked == ["supplier"]
