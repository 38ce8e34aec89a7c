"""The queue in files: nothing half-written is read, nothing unfinished is lost, nothing finished runs again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from celery import Celery
from kombu import Connection

from maxops import embedded_broker
from tests.installation import ROOT

# A worker that has begun a task and is ended by kill -9, which leaves no time to give anything back.
KILLED_WORKER = """
import json, os, signal, sys
from kombu import Connection
from maxops import embedded_broker
options = json.loads(sys.argv[1])
connection = Connection(options["broker_url"], transport_options=options["broker_transport_options"])
assert connection.SimpleQueue("scratch").get(timeout=5)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "queue"


@pytest.fixture
def queue_app(folder) -> Celery:
    app = Celery("scratch", set_as_current=False)
    app.conf.update(embedded_broker.options(folder), task_default_queue="scratch", task_ignore_result=True)
    return app


def messages(folder: Path, place: str) -> list[str]:
    return sorted(path.name for path in (folder / place).rglob("*.msg"))


def start_worker(queue_app: Celery) -> None:
    """What a worker does before its first look at the queue."""
    embedded_broker.take_back_claims(sender=type("Worker", (), {"app": queue_app})())


def test_a_message_waits_whole_in_the_folder(queue_app, folder):
    queue_app.send_task("some.task", args=[7])
    assert len(messages(folder, "waiting")) == 1
    assert not messages(folder, "waiting")[0].startswith(".")


def take(connection: Connection):
    return connection.SimpleQueue("scratch").get(timeout=2)


def test_a_claimed_message_stays_until_acknowledged(queue_app, folder):
    queue_app.send_task("some.task", args=[7])
    with queue_app.connection_for_read() as connection:
        message = take(connection)
        assert messages(folder, "waiting") == []
        assert len(messages(folder, "claimed")) == 1
        message.ack()
        assert messages(folder, "claimed") == []


def test_what_a_killed_worker_had_claimed_waits_again(queue_app, folder):
    queue_app.send_task("some.task", args=[7])
    name = messages(folder, "waiting")
    words = [sys.executable, "-c", KILLED_WORKER, json.dumps(embedded_broker.options(folder))]
    assert subprocess.run(words, cwd=ROOT, timeout=60, check=False).returncode == -9
    assert (messages(folder, "waiting"), messages(folder, "claimed")) == ([], name)
    start_worker(queue_app)
    assert messages(folder, "waiting") == name
    assert list((folder / "claimed").iterdir()) == []
    with queue_app.connection_for_read() as connection:
        message = take(connection)
        assert message.headers["task"] == "some.task"
        message.ack()


def test_what_a_living_worker_does_is_not_begun_again_when_a_second_starts(queue_app, folder):
    queue_app.send_task("some.task", args=[7])
    with queue_app.connection_for_read() as connection:
        message = take(connection)
        start_worker(queue_app)
        assert messages(folder, "waiting") == []
        message.ack()
    start_worker(queue_app)
    assert messages(folder, "waiting") == messages(folder, "claimed") == []


def test_a_half_written_message_is_not_seen(queue_app, folder):
    queue_app.send_task("some.task", args=[7])
    name = messages(folder, "waiting")[0]
    (folder / "waiting" / name).rename(folder / "waiting" / f".{name}")
    with queue_app.connection_for_read() as connection, pytest.raises(connection.SimpleQueue("scratch").Empty):
        connection.SimpleQueue("scratch").get(timeout=0.3)


def test_messages_leave_in_the_order_they_came(queue_app):
    for number in range(5):
        queue_app.send_task("some.task", args=[number])
    with queue_app.connection_for_read() as connection:
        seen = []
        for _ in range(5):
            message = take(connection)
            seen.append(message.payload[0][0])
            message.ack()
    assert seen == [0, 1, 2, 3, 4]
