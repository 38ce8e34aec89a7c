"""The way to the queue: what a person did is never undone, nor held up, by a broker that does not answer."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from maxops import celery, embedded_broker
from tests.installation import ROOT

LONGEST = 3.5  # seconds of a request on a busy machine; about two on a quiet one
ASK = """
import time
import django
django.setup()
from maxops.celery import enqueue
from maxops.mirror.tasks import pull_one
started = time.monotonic()
enqueue(pull_one, "campaigns")
print(time.monotonic() - started)
"""


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and says nothing, as a broker does whose disk is full or whose host hangs."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(20)
        yield listening.getsockname()[1]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Taken by us, so nobody else's, and nothing listens on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def done_nothing(*_):
    """Work of which only the queuing matters."""


def scratch_task(**options):
    app = Celery("scratch", set_as_current=False)
    app.conf.update({"task_ignore_result": True, "task_default_queue": "scratch", **options})
    return app.task(done_nothing, name="scratch.task")


@pytest.fixture
def unreachable(closed_port):
    options = {"broker_url": f"redis://:password-of-redis@127.0.0.1:{closed_port}/0", **celery.impatient_options()}
    return scratch_task(**options)


def test_work_is_kept_when_the_queue_is_down(transactional_db, unreachable, caplog):
    celery.enqueue(unreachable, "Bloggs")
    [record] = caplog.records
    assert "The queue does not answer" in record.getMessage()
    assert "scratch.task waits for the schedule" in record.getMessage()
    for secret in ("Bloggs", "password-of-redis"):
        assert secret not in caplog.text


def test_who_asks_for_it_now_hears_that_the_queue_is_down(unreachable):
    with pytest.raises(OperationalError):
        celery.enqueue_now(unreachable)


def test_a_queue_in_files_that_cannot_be_written_is_a_queue_that_is_down(tmp_path):
    task = scratch_task(**embedded_broker.options(tmp_path / "queue"))
    celery.enqueue_now(task)
    [waiting] = (tmp_path / "queue" / "waiting").iterdir()
    waiting.unlink()
    waiting.parent.rmdir()
    with pytest.raises(OperationalError):
        celery.enqueue_now(task)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
@pytest.mark.parametrize("port", ["silent_port", "closed_port"])
def test_a_request_waits_two_seconds_at_most(scheme, port, request, tmp_path):
    environment = {
        "DJANGO_SETTINGS_MODULE": "maxops.settings",
        "MAXOPS_DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "CELERY_BROKER_URL": f"{scheme}://127.0.0.1:{request.getfixturevalue(port)}",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < LONGEST
    assert "The queue does not answer" in done.stderr
