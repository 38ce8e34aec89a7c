"""The main job on the servers of a real installation: PostgreSQL with Redis, PostgreSQL with RabbitMQ."""

import csv
import socket
import uuid

import psycopg
import pytest

from tests.installation import Installation
from tests.leadfiles import MAPPING_WORDS, register_mapping, write_planted

pytestmark = pytest.mark.services

POSTGRES = "postgres://postgres@127.0.0.1:5432"
BROKERS = {"redis": (6379, "redis://127.0.0.1:6379/9"), "rabbitmq": (5672, "amqp://guest:guest@127.0.0.1:5672//")}


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def database():
    """A database of this test's own, dropped afterwards."""
    if not listens(5432):
        pytest.skip("PostgreSQL does not listen on 127.0.0.1:5432")
    name = f"maxops_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield f"{POSTGRES}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("broker", BROKERS)
def test_main_job_on_real_servers(tmp_path, sandbox, database, broker):
    port, url = BROKERS[broker]
    if not listens(port):
        pytest.skip(f"{broker} does not listen on 127.0.0.1:{port}")
    whole = Installation(
        tmp_path,
        DATABASE_URL=database,
        CELERY_BROKER_URL=url,
        MAXCONTACT_URL=sandbox.url,
        MAXCONTACT_LOGIN="api.maxops",
        MAXCONTACT_PASSWORD="sandbox-password",
    )
    try:
        whole.prepare()
        whole.start("web", "worker")
        assert whole.json("pull")["campaigns"]["read"] == 12
        register_mapping(sandbox, whole.json(*MAPPING_WORDS)["callback_url"])
        write_planted(sandbox, tmp_path / "leads.csv")
        run = whole.json("upload", str(tmp_path / "leads.csv"), "--mapping", "Planted", "--wait", "60")
        assert run["state"] == "finished_with_rejects"
        assert sum(run["rejected"].values()) == 40
        whole.json("rejects", str(run["run"]), "--output", str(tmp_path / "rejects.csv"))
        with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
            assert sum(1 for _ in csv.DictReader(file)) == 40
    finally:
        whole.stop()


def test_readings_on_postgresql(tmp_path, sandbox, database):
    """Outside the transaction that other tests run in: what a dry run and a refusal keep is written by itself."""
    whole = Installation(
        tmp_path,
        DATABASE_URL=database,
        MAXCONTACT_URL=sandbox.url,
        MAXCONTACT_LOGIN="api.maxops",
        MAXCONTACT_PASSWORD="sandbox-password",
    )
    whole.prepare()
    assert whole.json("pull", "campaigns")["campaigns"]["created"] == 12
    records = sandbox.state.records["Campaign"]
    first, *others = sorted(records)
    records[first]["CampaignName"] = "Renamed in the Portal"
    rehearsed = whole.json("pull", "campaigns", "--dry-run")["campaigns"]
    assert [found["id"] for found in rehearsed["differences"]] == [first]
    assert whole.json("pull", "--apply", str(rehearsed["reading"]))["campaigns"]["changed"] == 1
    for pk in others[:5]:
        del records[pk]
    assert "over a third" in whole.json("pull", "campaigns", code=1)["campaigns"]["error"]
    assert whole.json("pull", "campaigns", "--accept-loss")["campaigns"]["missing"] == 5
