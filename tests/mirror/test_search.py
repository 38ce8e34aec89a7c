"""The search of the list pages: every word anywhere in any of the texts searched, in a column kept by the database."""

import uuid

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.mirror.models import mirrored_models
from maxops.teams.models import Team
from maxops.users.models import User
from tests.installation import Installation
from tests.mirror.browsing import address
from tests.mirror.test_changelist import shown
from tests.test_services import POSTGRES, listens

TEXTS = {
    User: ("first_name", "last_name", "login", "extension"),
    LeadList: ("name", "description", "caller_id"),
    Campaign: ("name", "description", "caller_id"),
    Team: ("name",),
}
OLD_ROW = (
    "INSERT INTO users_user (id, seen_at, fingerprint, first_name, last_name, login, extension) "
    "VALUES (7, '2027-01-01', '', 'Siân', 'Khan', 'siank', '')"
)
INDEX = "CREATE INDEX users_user_login_search ON users_user (login)"


@pytest.mark.parametrize("model", TEXTS, ids=lambda model: model.kind())
def test_every_text_is_searched_and_the_change_of_one_counts_at_once(manager, model):
    assert set(TEXTS) == set(mirrored_models().values())
    where = address(model, "changelist")
    for number, name in enumerate(TEXTS[model], start=1):
        model._default_manager.create(pk=number, **{name: f"Before the needle{number} x"})
        assert shown(manager, f"{where}?q=EEDLE{number}+efor")[0] == [number]
        model._default_manager.filter(pk=number).update(**{name: "Something else"})
        assert shown(manager, f"{where}?q=needle{number}")[0] == []


def test_words_may_stand_in_different_texts_but_no_word_across_two(manager):
    User.objects.create(pk=1, first_name="Zoë", last_name="Park", login="zoe.park")
    User.objects.create(pk=2, first_name="Zoë", last_name="Hill", login="zoe.hill")
    where = address(User, "changelist")
    assert shown(manager, where + "?q=zoë+PARK")[0] == [1]
    assert shown(manager, where + "?q=zoë")[0] == [2, 1]
    assert shown(manager, where + "?q=zoëpark")[0] == []
    assert shown(manager, where + '?q="zoë park"')[0] == []


@pytest.mark.parametrize("typed", ["%", "_", "\\", "it's", "50%", "a_b"])
def test_signs_that_mean_something_to_a_database_are_looked_for_as_they_are(manager, typed):
    Team.objects.create(pk=1, name="Plain ab 50")
    Team.objects.create(pk=2, name=f"With {typed} in it")
    assert shown(manager, address(Team, "changelist") + "?" + f"q={typed}".replace("%", "%25"))[0] == [2]


def test_hits_of_many_pages_stand_in_the_order_asked_for(manager):
    User.objects.bulk_create(User(pk=n, last_name=f"Needle {n % 5}", login=f"a{n:03}") for n in range(1, 121))
    User.objects.create(pk=500, last_name="Another", login="other")
    where = address(User, "changelist")
    for query, order in (("", ("last_name", "first_name", "id")), ("&o=-2", ("-login", "-id"))):
        found = [shown(manager, f"{where}?q=needle{query}&p={page}")[0] for page in (1, 2, 3)]
        expected = User.objects.filter(last_name__startswith="Needle").order_by(*order).values_list("pk", flat=True)
        assert [len(page) for page in found] == [50, 50, 20]
        assert [pk for page in found for pk in page] == list(expected)


@pytest.mark.django_db(transaction=True)
def test_rows_that_are_there_already_can_be_found_after_the_migration():
    call_command("migrate", "users", "0003", verbosity=0)
    try:
        with connection.cursor() as cursor:
            cursor.execute(OLD_ROW)
    finally:
        call_command("migrate", "users", verbosity=0)
    assert User.objects.get(search__holds="siân").pk == 7


@pytest.fixture
def name():
    """A database of this test's own, dropped afterwards."""
    if not listens(5432):
        pytest.skip("PostgreSQL does not listen on 127.0.0.1:5432")
    given = f"maxops_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{given}"')
        yield given
        server.execute(f'DROP DATABASE "{given}" WITH (FORCE)')


@pytest.mark.services
def test_index_of_an_older_version_is_taken_away(tmp_path, name):
    whole = Installation(tmp_path, DATABASE_URL=f"{POSTGRES}/{name}")
    whole.manage("migrate", "users", "0003", "--verbosity", "0")
    with psycopg.connect(f"{POSTGRES}/{name}") as own:
        own.execute(INDEX)
        own.execute(OLD_ROW)
    whole.manage("migrate", "--verbosity", "0")
    with psycopg.connect(f"{POSTGRES}/{name}") as own:
        assert own.execute("SELECT search FROM users_user").fetchone() == ("SIÂN\nKHAN\nSIANK\n",)
        assert own.execute("SELECT count(*) FROM pg_indexes WHERE indexname LIKE '%search'").fetchone() == (0,)
