"""The queue in files: nothing half-written is read, nothing unfinished is lost, nothing finished runs again."""

from pathlib import Path

import pytest
from celery import Celery
from kombu import Connection

from maxops import embedded_broker


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "queue"


@pytest.fixture
def queue_app(folder) -> Celery:
    app = Celery("scratch", set_as_current=False)
    app.conf.update(embedded_broker.options(folder), task_default_queue="scratch", task_ignore_result=True)
    return app


def messages(folder: Path, place: str) -> list[str]:
    return sorted(path.name for path in (folder / place).iterdir())


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
    # What kill -9 leaves behind: a claim that nobody acknowledges and nobody restores.
    (folder / "waiting" / name[0]).rename(folder / "claimed" / name[0])
    worker = type("Worker", (), {"app": queue_app})()
    embedded_broker.take_back_claims(sender=worker)
    assert messages(folder, "waiting") == name
    with queue_app.connection_for_read() as connection:
        assert take(connection).headers["task"] == "some.task"


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
