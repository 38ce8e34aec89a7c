"""Health without a log-in: alive always, ready only while database and broker answer."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from maxops.celery import WORKER_SEEN, app


@pytest.fixture
def unreachable_broker():
    before = app.conf.broker_url
    app.conf.broker_url = "amqp://guest:guest@127.0.0.1:9//"
    yield
    app.conf.broker_url = before


def test_live_asks_nothing_of_database_or_session(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert Client().get("/health/live").json() == {"live": True}


def test_ready_names_what_it_asked(db):
    cache.delete(WORKER_SEEN)
    response = Client().get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "database": "ok",
        "broker": "ok",
        "worker": "unknown",
        "worker_seen_seconds": None,
    }


def test_ready_tells_when_the_worker_was_last_seen(db):
    cache.set(WORKER_SEEN, timezone.now() - timedelta(seconds=4))
    answer = Client().get("/health/ready").json()
    cache.delete(WORKER_SEEN)
    assert answer["worker"] == "seen"
    assert answer["worker_seen_seconds"] == pytest.approx(4, abs=2)


def test_ready_fails_when_the_database_does_not_answer(db):
    def out_of_reach(execute, sql, params, many, context):
        raise OperationalError("database is locked")

    with connection.execute_wrapper(out_of_reach):
        response = Client().get("/health/ready")
    assert response.status_code == 503
    assert response.json()["database"] == "unreachable"


def test_ready_fails_when_the_broker_does_not_answer(db, unreachable_broker):
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert response.json()["broker"] == "unreachable"
    assert "guest" not in response.content.decode()
