"""The pages of mappings: made, changed, by two at once, cloned, deleted; their history and what the portal needs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from maxops.imports.models import Answer, Mapping, MappingVersion, Run
from tests.imports.conftest import log_in
from tests.imports.uploading import check
from tests.leadfiles import write_planted

NEW = "/imports/mappings/new/"


def address(mapping: Mapping, act: str = "") -> str:
    return f"/imports/mappings/{mapping.pk}/{act}"


def opened(client: Client, mapping: Mapping) -> dict[str, object]:
    """The form's values as a browser would send them back untouched."""
    form = client.get(address(mapping)).context["form"]
    values = {field.html_name: field.value() for field in form}
    offered = {str(value) for value, _ in form["list"].field.choices}
    values["list"] = values["list"] if str(values["list"]) in offered else ""
    return {name: value for name, value in values.items() if value not in (None, "")}


def changes_shown(client: Client, mapping: Mapping) -> list[tuple[str, str, str]]:
    return [tuple(change) for entry in client.get(address(mapping)).context["history"] for change in entry.changes]


def test_mapping_is_added_and_shows_its_callback_address(manager, connected):
    form = {
        "name": "Energy",
        "platform": "maxcontact",
        "columns": "Mobile;Customer ref;Surname",
        "response_format": "json",
    }
    answer = manager.post(NEW, form)
    mapping = Mapping.objects.get()
    assert mapping.columns == ["Mobile", "Customer ref", "Surname"]
    assert mapping.fields == {"Mobile": "phone", "Customer ref": "reference", "Surname": "name2"}
    assert mapping.version == 1
    page = manager.get(answer.url).content.decode()
    assert mapping.callback_url in page
    assert "Import API Mapping" in page


def test_columns_are_shown_to_choose_from_before_anything_is_saved(manager, connected):
    Mapping.objects.create(name="Other", columns=["tel", "kundennr"], fields={"tel": "phone", "kundennr": "reference"})
    typed = {"name": "Energy", "platform": "maxcontact", "columns": "Handset, KundenNr, Fornames", "remark": "kept"}
    answer = manager.post(NEW, {**typed, "do": "columns", "target_phone": ""})
    assert Mapping.objects.count() == 1
    form = answer.context["form"]
    assert form.known_columns == ["Handset", "KundenNr", "Fornames"]
    assert (form["target_reference"].value(), form["target_name"].value()) == ("KundenNr", "Fornames")
    assert (form["name"].value(), form["remark"].value()) == ("Energy", "kept")
    page = answer.content.decode()
    assert "As your other mappings have it." in page
    assert "Guessed by a similar name: please check." in page
    assert "is-invalid" not in page


def test_mapping_is_changed_and_keeps_what_was_not_touched(manager, mapping):
    form = opened(manager, mapping)
    assert form["target_phone"] == "phone"
    assert manager.post(address(mapping), {**form, "remark": "x"}).status_code == 302
    changed = Mapping.objects.get()
    assert (changed.remark, changed.secret, changed.fields) == ("x", mapping.secret, mapping.fields)


@pytest.mark.parametrize(
    ("columns", "words"),
    [("name, town", "phone number"), ("phone, Phone", "only once"), ("", "required")],
)
def test_mapping_that_cannot_work_is_refused_in_words(manager, connected, columns, words):
    form = {"name": "Energy", "platform": "maxcontact", "columns": columns, "response_format": "xml"}
    assert words in manager.post(NEW, form).content.decode()
    assert not Mapping.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({}, "target_phone", "Choose the column that holds the phone number."),
        ({"target_phone": "mobile"}, "target_phone", "'mobile' is not one of the columns above."),
        ({"target_phone": "town", "target_phone2": "Town"}, "target_phone2", "another of these fields"),
        ({"target_phone": "town", "required": ["gone"]}, "required", "No column above is called gone"),
        ({"target_phone": "town", "region": "XX"}, "region", "XX"),
        ({"target_phone": "town", "name": "Taken"}, "name", "already"),
    ],
)
def test_fault_of_a_mapping_stands_at_its_field(manager, connected, typed, field, words):
    Mapping.objects.create(name="Taken", columns=["phone"])
    form = {"name": "Energy", "platform": "maxcontact", "columns": "alpha, town", "response_format": "xml", **typed}
    answer = manager.post(NEW, form)
    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert words in errors[field][0]


def test_column_names_with_commas_survive_the_form(manager, mapping):
    Mapping.objects.filter(pk=mapping.pk).update(columns=["phone", "Name, first", 'The "old" one'])
    manager.post(address(mapping), {**opened(manager, mapping), "remark": "x"})
    mapping.refresh_from_db()
    assert mapping.columns == ["phone", "Name, first", 'The "old" one']


def test_saving_a_mapping_keeps_a_list_that_was_not_read_yet(manager, mapping):
    Mapping.objects.filter(pk=mapping.pk).update(list=987)
    page = manager.get(address(mapping)).content.decode()
    assert "List 987, not read from MaxContact yet" in page
    manager.post(address(mapping), {**opened(manager, mapping), "list": "", "name": "Renamed"})
    mapping.refresh_from_db()
    assert (mapping.name, mapping.list_id) == ("Renamed", 987)


def test_required_columns_and_region_count_in_the_check(manager, mapping, tmp_path):
    form = {**opened(manager, mapping), "required": ["reference"], "region": "IE"}
    assert manager.post(address(mapping), form).status_code == 302
    mapping.refresh_from_db()
    assert (mapping.required, mapping.region) == (["reference"], "IE")
    path = tmp_path / "irish.csv"
    path.write_text("phone,reference,name\n020 910 0001,R1,a\n07700900001,R2,b\n", "utf-8")
    run = check(path, mapping)
    assert [(finding["kind"], finding["lines"]) for finding in run.findings if finding["holds_back"]] == [
        ("phone_shape", [3])
    ]


def test_secret_is_for_those_who_may_change_mappings(manager, supervisor, mapping):
    for page in (address(mapping), "/imports/mappings/"):
        assert mapping.secret in manager.get(page).content.decode()
        assert mapping.secret not in supervisor.get(page).content.decode()


def test_history_says_who_changed_what_from_what(manager, mapping):
    mapping.refresh_from_db()
    form = opened(manager, mapping)
    manager.post(address(mapping), {**form, "columns": "phone, reference, name, town", "response_format": "json"})
    manager.post(address(mapping), {**opened(manager, mapping), "supplier": "Switchwise", "option_Dedupe": "true"})
    manager.post(address(mapping), opened(manager, mapping))
    assert changes_shown(manager, mapping) == [
        ("options", "nothing", "Leave out duplicates: yes"),
        ("supplier", "nothing", "Switchwise"),
        ("columns", "phone, reference, name", "phone, reference, name, town"),
        ("report format", "XML", "JSON"),
    ]
    versions = MappingVersion.objects.filter(mapping=mapping).order_by("number")
    assert [version.number for version in versions] == [0, 1, 2]
    assert {version.staff for version in versions} == {"", "person-0"}
    assert mapping.secret not in str([version.content for version in versions])


def test_two_people_who_change_different_fields_are_both_heard(manager, mapping):
    form = opened(manager, mapping)
    manager.post(address(mapping), {**form, "supplier": "Switchwise"})
    answer = manager.post(address(mapping), {**form, "remark": "Mine"})
    assert answer.status_code == 302
    mapping.refresh_from_db()
    assert (mapping.supplier, mapping.remark, mapping.version) == ("Switchwise", "Mine", 2)


def test_two_people_who_change_the_same_field_are_asked_and_lose_nothing(manager, mapping):
    form = opened(manager, mapping)
    manager.post(address(mapping), {**form, "supplier": "Theirs", "remark": "Their remark", "region": "IE"})
    mine = {**form, "supplier": "Mine", "remark": "My remark", "response_format": "json"}
    answer = manager.post(address(mapping), mine)
    assert answer.status_code == 200
    questions = answer.context["questions"]
    assert [(asked.name, asked.theirs, asked.yours) for asked in questions] == [
        ("supplier", "Theirs", "Mine"),
        ("remark", "Their remark", "My remark"),
    ]
    assert {asked.opened for asked in questions} == {"nothing"}
    assert answer.context["form"]["supplier"].value() == "Mine"
    assert "person-0 saved this mapping while you had it open" in answer.content.decode()
    mapping.refresh_from_db()
    assert (mapping.supplier, mapping.response_format) == ("Theirs", "xml")
    half = manager.post(address(mapping), {**mine, "seen": "1", "stand_supplier": "theirs"})
    assert [asked.name for asked in half.context["questions"]] == ["remark"]
    chosen = {**mine, "seen": "1", "stand_supplier": "theirs", "stand_remark": "mine"}
    assert manager.post(address(mapping), chosen).status_code == 302
    mapping.refresh_from_db()
    assert (mapping.supplier, mapping.remark) == ("Theirs", "My remark")
    assert (mapping.response_format, mapping.region) == ("json", "IE")


def test_choice_counts_for_the_save_it_was_shown_beside(manager, mapping):
    form = opened(manager, mapping)
    manager.post(address(mapping), {**form, "supplier": "Second"})
    manager.post(address(mapping), {**opened(manager, mapping), "supplier": "Third"})
    answer = manager.post(address(mapping), {**form, "supplier": "Mine", "seen": "1", "stand_supplier": "mine"})
    assert [asked.theirs for asked in answer.context["questions"]] == ["Third"]
    mapping.refresh_from_db()
    assert mapping.supplier == "Third"


def test_changes_that_do_not_go_together_are_refused_in_words(manager, mapping):
    form = opened(manager, mapping)
    manager.post(address(mapping), {**form, "columns": "mobile, reference, name", "target_phone": "mobile"})
    answer = manager.post(address(mapping), {**form, "required": ["phone"]})
    assert answer.status_code == 200
    assert "Together with what was saved meanwhile" in answer.content.decode()
    mapping.refresh_from_db()
    assert (mapping.columns, mapping.required) == (["mobile", "reference", "name"], [])


def test_clone_has_a_name_an_address_and_a_history_of_its_own(manager, mapping):
    Mapping.objects.filter(pk=mapping.pk).update(supplier="Switchwise", line_base="file", aliases={"tel": "phone"})
    first = manager.post(address(mapping, "clone/"))
    manager.post(address(mapping, "clone/"))
    names = list(Mapping.objects.exclude(pk=mapping.pk).order_by("pk").values_list("name", flat=True))
    assert names == ["Copy of Planted", "Copy of Planted (2)"]
    copy = Mapping.objects.get(name="Copy of Planted")
    assert first.url == address(copy)
    assert copy.secret != mapping.secret
    assert (copy.columns, copy.fields, copy.list_id) == (mapping.columns, mapping.fields, mapping.list_id)
    assert (copy.supplier, copy.aliases, copy.line_base, copy.version) == ("Switchwise", {"tel": "phone"}, "", 1)


def test_mapping_that_was_used_stays(manager, mapping, connected, tmp_path):
    check(write_planted(connected, tmp_path / "planted.csv").path, mapping)
    manager.post(address(mapping, "delete/"))
    assert Mapping.objects.filter(pk=mapping.pk).exists()
    page = manager.get(address(mapping)).content.decode()
    assert "used for 1 upload;" in page
    assert "delete/" not in page


def test_mapping_that_was_never_used_can_be_deleted(manager, mapping, data_folder):
    path = mapping.callback_url.removeprefix("http://127.0.0.1:8000")
    Client().post(path, data=b"<x/>", content_type="text/xml")
    assert Answer.objects.count() == 1
    assert manager.get(address(mapping, "delete/")).status_code == 405
    assert manager.post(address(mapping, "delete/")).url == "/imports/mappings/"
    assert not Mapping.objects.exists()
    assert not [path for path in (data_folder / "answers").rglob("*") if path.is_file()]


@pytest.mark.parametrize("act", ["clone/", "delete/", "forget/", "probe/", ""])
def test_supervisor_looks_and_changes_nothing(supervisor, mapping, act):
    before = Mapping.objects.values().get()
    assert supervisor.post(address(mapping, act), {"name": "Changed", "what": "lines"}).status_code == 403
    assert Mapping.objects.values().get() == before
    page = supervisor.get(address(mapping)).content.decode()
    for word in ("Save here", "Clone", "Send a probe", "Forget", "Delete"):
        assert word not in page


def test_who_may_only_add_a_run_cannot_change_a_mapping(mapping):
    client = log_in("add_run", "view_run", "view_mapping")
    assert client.post(address(mapping), {"name": "Changed"}).status_code == 403


def test_what_was_learned_is_shown_and_can_be_forgotten(manager, mapping):
    Mapping.objects.filter(pk=mapping.pk).update(
        part_limit=25_600_000,
        part_limit_at=timezone.now() - timedelta(days=1),
        line_base="file",
        line_base_evidence="3 of 3 rows fit.",
        aliases={"handset": "phone", "kundennr": "reference"},
    )
    page = manager.get(address(mapping)).content.decode()
    assert "24.4" in page
    assert "the header is line 1. 3 of 3 rows fit." in page
    assert "handset → phone" in page
    for what in ({"what": "limit"}, {"what": "lines"}, {"what": "name", "name": "handset"}, {"what": "nothing"}):
        assert manager.post(address(mapping, "forget/"), what).status_code == 302
    mapping.refresh_from_db()
    assert (mapping.part_limit, mapping.line_base, mapping.line_base_evidence) == (None, "", "")
    assert mapping.aliases == {"kundennr": "reference"}
    assert changes_shown(manager, mapping)[0][0] == "names learned from files"


def test_portal_panel_has_all_that_must_be_there_to_the_letter(manager, mapping, settings):
    settings.MAXCONTACT_URL = "https://acme.example.com/"
    Mapping.objects.filter(pk=mapping.pk).update(options={"Dedupe": True}, last_answer="NoMapMatch: no valid map")
    answer = manager.get(address(mapping))
    page = answer.content.decode()
    copied = {need.label: need.value for need in answer.context["needs"] if need.copied}
    assert copied == {
        "Template name": "Planted",
        "Response URL": mapping.callback_url,
        "CSV columns, in order": "phone,reference,name",
    }
    for words in (
        "Leave out duplicates: yes",
        "Data, Data Handling, Import API Mapping",
        "https://acme.example.com/ManagerPortal/ImportMapper",
        "NoMapMatch: no valid map",
        "has other columns than the file",
    ):
        assert words in page


def test_platform_is_part_of_the_past_once_something_was_sent(manager, mapping):
    assert not manager.get(address(mapping)).context["form"].fields["platform"].disabled
    Run.objects.create(mapping=mapping, file_name="may.csv", sha256="0" * 64)
    assert manager.get(address(mapping)).context["form"].fields["platform"].disabled
