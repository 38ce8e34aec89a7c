"""Search indexes on PostgreSQL: there where the extension may be created, and left out where it may not."""

import uuid

import psycopg
import pytest

from tests.installation import Installation
from tests.test_services import POSTGRES, listens

pytestmark = pytest.mark.services

SERVER = "127.0.0.1:5432"


@pytest.fixture
def names():
    """A database of this test's own and somebody who may make tables in it and no more; both dropped afterwards."""
    if not listens(5432):
        pytest.skip("PostgreSQL does not listen on 127.0.0.1:5432")
    name = f"maxops_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{name}'")
        with psycopg.connect(f"{POSTGRES}/{name}", autocommit=True) as own:
            own.execute(f'GRANT USAGE, CREATE ON SCHEMA public TO "{name}"')
        yield name
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.execute(f'DROP ROLE "{name}"')


def search_indexes(name: str) -> int:
    with psycopg.connect(f"{POSTGRES}/{name}") as connection:
        found = connection.execute("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%gin_trgm_ops%'")
        return found.fetchone()[0]


def test_owner_gets_an_index_for_each_column_searched(tmp_path, names):
    whole = Installation(tmp_path, DATABASE_URL=f"{POSTGRES}/{names}")
    whole.manage("migrate", "--verbosity", "0")
    assert search_indexes(names) == 11
    whole.manage("migrate", "users", "0002", "--verbosity", "0")
    assert search_indexes(names) == 7


def test_account_that_may_not_create_the_extension_migrates_all_the_same(tmp_path, names):
    whole = Installation(tmp_path, DATABASE_URL=f"postgres://{names}:{names}@{SERVER}/{names}")
    done = whole.manage("migrate", "--verbosity", "0")
    assert "no index for searching users_user" in done.stderr
    assert search_indexes(names) == 0
    whole.manage("migrate", "--check")
