"""The demo seed: believable, the same each time, and nobody's telephone number."""

from collections import Counter

import pytest

from maxops.sandbox.maxcontact.phones import RANGES, show
from maxops.sandbox.maxcontact.seed import seed_demo
from maxops.sandbox.maxcontact.state import State


@pytest.fixture
def state():
    state = State("login", "password")
    seed_demo(state)
    return state


def test_centre_has_its_size(state):
    sizes = {name: len(table) for name, table in state.records.items()}
    assert sizes == {"Campaign": 12, "List": 20, "Team": 8, "User": 60}
    assert 2900 <= len(state.leads) <= 3100
    assert Counter(row["Status"] for row in state.records["Campaign"].values()) == {1: 9, 0: 1, 2: 1, 3: 1}


def test_records_name_only_what_exists(state):
    lists, users, teams = state.records["List"], state.records["User"], state.records["Team"]
    assert all(row["DefaultListId"] in {0, *lists} for row in state.records["Campaign"].values())
    assert all(row["TeamId"] in {0, *teams} for row in users.values())
    assert all(users[row["PrimarySupervisorId"]]["TeamId"] == number for number, row in teams.items())
    assert {lead.list_id for lead in state.leads} <= set(lists)


def test_logins_and_names_are_unique(state):
    for entity, name in (("Campaign", "CampaignName"), ("List", "ListName"), ("Team", "TeamName"), ("User", "Login")):
        values = [row[name].lower() for row in state.records[entity].values()]
        assert len(values) == len(set(values))
    assert state.records["User"][1]["Login"] == "MaxSupport"


def test_phones_are_from_the_drama_ranges(state):
    phones = {phone for lead in state.leads for phone in lead.phones} | state.dnc
    assert all(phone.startswith(RANGES) and len(phone) == 11 for phone in phones)
    assert not state.dnc & {phone for lead in state.leads for phone in lead.phones}


def test_same_seed_is_the_same_centre(state):
    again = State("login", "password")
    seed_demo(again)
    assert again.records == state.records
    assert [lead.phones for lead in again.leads] == [lead.phones for lead in state.leads]


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("07700900123", "07700 900123"),
        ("02079460123", "020 7946 0123"),
        ("01134960123", "0113 496 0123"),
        ("01632960123", "01632 960123"),
    ],
)
def test_phones_are_written_as_people_write_them(phone, shown):
    assert show(phone) == shown
