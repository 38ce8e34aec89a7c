"""Our tables against the documents' own words, kept as data beside the stand-in: names, types, values, order."""

import json
from pathlib import Path

import pytest

from maxops.remote.kinds import letters_of
from maxops.remote.maxcontact import choices
from maxops.remote.maxcontact.entities import ENTITIES
from maxops.remote.maxcontact.import_answers import REJECT_COUNTERS
from maxops.remote.maxcontact.lead_actions import ACTIONS, LEAD_FIELDS, LEAD_PHONE_FIELDS
from maxops.remote.maxcontact.leads import ADVICE, MAX_REQUEST_BYTES
from maxops.remote.platforms.maxcontact import FATES, MaxContactBulk

FOLDER = Path(__file__).parent.parent / "maxops/sandbox/contract"
MANAGEMENT = json.loads((FOLDER / "management.json").read_text("utf-8"))
LEADS = json.loads((FOLDER / "lead_management.json").read_text("utf-8"))
# The document's words for a type -> our kinds that speak it.
KINDS = {
    "int": {"int", "choice"},
    "integer": {"int", "choice"},
    "string": {"text", "secret", "choice"},
    "boolean": {"flag"},
    "decimal": {"decimal"},
    "datetime": {"when"},
    "scope": {"choice"},
}
ENTITY_NAMES = {"campaigns": "Campaign", "lists": "List", "teams": "Team", "users": "User"}


def agree(fields, documented) -> None:
    assert [field.wire for field in fields] == [name for name, _ in documented]
    for field, (_, kind) in zip(fields, documented, strict=True):
        assert field.kind.name in KINDS[kind], f"{field.wire} is {kind} in the document"


def test_there_are_exactly_the_documented_entities():
    assert {entity.name for entity in ENTITIES.values()} == set(MANAGEMENT["entities"])


@pytest.mark.parametrize("kind", ENTITIES)
def test_entity_has_the_documented_fields(kind):
    entity, documented = ENTITIES[kind], MANAGEMENT["entities"][ENTITY_NAMES[kind]]
    assert entity.path == documented["path"] == kind
    agree(entity.fields, documented["fields"])
    assert [field.wire for field in entity.fields if field.write_only] == documented["write_only"]
    assert [field.wire for field in entity.fields if field.optional_on_put] == documented["optional_on_put"]


@pytest.mark.parametrize("kind", ENTITIES)
def test_entity_has_the_documented_code_lists(kind):
    documented = MANAGEMENT["entities"][ENTITY_NAMES[kind]]["codes"]
    ours = {field.wire: field.kind.choices.__name__ for field in ENTITIES[kind].fields if field.kind.choices}
    assert ours == documented


@pytest.mark.parametrize("kind", ENTITIES)
def test_entity_has_the_documented_verbs_and_links(kind):
    entity, documented = ENTITIES[kind], MANAGEMENT["entities"][ENTITY_NAMES[kind]]
    verbs = [(verb.method, verb.path, verb.field.wire) for verb in entity.verbs]
    assert verbs == [(verb["method"], verb["path"], verb["field"]) for verb in documented["verbs"]]
    for verb, row in zip(entity.verbs, documented["verbs"], strict=True):
        assert verb.field.kind.name in KINDS[row["type"]]
    assert [(link.path, link.wire) for link in entity.links] == [
        (link["path"], link["field"]) for link in documented["links"]
    ]


@pytest.mark.parametrize("name", MANAGEMENT["codes"])
def test_code_list_has_the_documented_numbers_and_names(name):
    codes = getattr(choices, name)
    assert {str(member.value): member.label for member in codes} == MANAGEMENT["codes"][name]


@pytest.mark.parametrize(
    ("codes", "documented"),
    [(choices.ErrorId, LEADS["error_ids"]), (choices.ErrorSeverity, LEADS["severities"])],
)
def test_error_lists_have_the_documented_numbers_and_names(codes, documented):
    assert {member.label: member.value for member in codes} == documented


@pytest.mark.parametrize(
    ("codes", "name"),
    [(choices.DeactivationScope, "Scope"), (choices.PhoneType, "PhoneType"), (choices.FinalCode, "FinalCode")],
)
def test_lead_codes_have_the_documented_numbers(codes, name):
    """Labels are for people here; the names of the members, or the start of the labels, are the document's."""
    documented = LEADS["codes"][name]
    assert [str(member.value) for member in codes] == list(documented)
    for member in codes:
        word = letters_of(documented[str(member.value)])
        assert word in {letters_of(member.name), letters_of(member.label)} or letters_of(member.label).startswith(word)


def test_every_error_id_has_advice():
    assert set(ADVICE) == set(LEADS["error_ids"].values())


def test_there_are_exactly_the_documented_actions():
    assert list(ACTIONS) == [action["name"] for action in LEADS["actions"]]


@pytest.mark.parametrize("documented", LEADS["actions"], ids=lambda action: action["name"])
def test_action_is_as_documented(documented):
    action = ACTIONS[documented["name"]]
    assert action.method == documented["method"]
    assert action.path == f"LeadManagement/{documented['name']}"
    assert (action.key.wire if action.key else None) == documented["key"]
    assert action.body == documented["body"]
    agree(action.parameters, documented["query"])


def test_result_code_default_is_documented():
    assert ACTIONS["DeactivateLeadByPhone"].parameter("result_code").default == LEADS["default_result_code"]


def test_lead_has_the_documented_fields():
    agree(LEAD_FIELDS, LEADS["lead_fields"])
    agree(LEAD_PHONE_FIELDS, LEADS["lead_phone_fields"])


def test_upload_has_the_documented_options_and_limit():
    kinds = {"integer": "int", "boolean": "flag"}
    assert [(option.name, option.kind) for option in MaxContactBulk.options] == [
        (name, kinds[kind]) for name, kind in LEADS["upload_options"]
    ]
    assert LEADS["max_request_bytes"] == MAX_REQUEST_BYTES > MaxContactBulk.limits.max_request_bytes


def test_reject_reasons_and_counters_are_the_documented():
    assert {reason: counter for counter, reason in REJECT_COUNTERS.items()} == LEADS["counters"]
    assert set(FATES) == set(LEADS["reject_reasons"])
