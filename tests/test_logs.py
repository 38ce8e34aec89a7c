"""What reaches standard error: whatever goes wrong at a callback's address, its secret is not told."""

import io
import logging

import pytest
from django.test import Client

from maxops.imports import callbacks
from maxops.imports.models import Mapping
from maxops.logs import MaskingFormatter

SECRET = "s3cret-of-this-mapping-and-of-no-other-one-at-all"


@pytest.fixture
def written(monkeypatch) -> io.StringIO:
    """What the handler of every log line writes, as the settings have set it up."""
    [handler] = [one for one in logging.getLogger().handlers if isinstance(one.formatter, MaskingFormatter)]
    stream = io.StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    return stream


@pytest.fixture
def path(transactional_db) -> str:
    mapping = Mapping.objects.create(name="Any", columns=["phone"], fields={"phone": "phone"}, secret=SECRET)
    return f"/callbacks/maxcontact/{mapping.secret}/"


def test_refused_callbacks_are_logged_without_their_secret(path, written, monkeypatch):
    monkeypatch.setattr(callbacks, "BODY_LIMIT", 10)
    assert Client().get(path).status_code == 405
    assert Client().post(path, data=b"x" * 20, content_type="text/xml").status_code == 413
    lines = written.getvalue()
    assert "Method Not Allowed" in lines
    assert "/callbacks/maxcontact/***/" in lines
    assert SECRET not in lines


def test_a_callback_that_breaks_is_logged_without_its_secret(path, written, monkeypatch):
    def break_down(*_):
        raise RuntimeError(f"cannot store {path}")

    monkeypatch.setattr(callbacks, "store_answer", break_down)
    assert Client(raise_request_exception=False).post(path, data=b"x", content_type="text/xml").status_code == 500
    assert "Traceback" in written.getvalue()
    assert SECRET not in written.getvalue()


@pytest.mark.parametrize(
    "address",
    [
        f"/callbacks/maxcontact/{SECRET}",
        f"//callbacks//maxcontact//{SECRET}?x=1",
        f"/callbacks%2Fmaxcontact%2f{SECRET}/",
        f"https://maxops.example.com/callbacks/maxcontact/{SECRET}/",
    ],
)
@pytest.mark.parametrize("logger", ["django.server", "django.request", "django.security", "gunicorn.error", "maxops"])
def test_every_logger_masks_every_spelling(written, logger, address):
    logging.getLogger(logger).error('"%s %s HTTP/1.1" %s', "POST", address, 404)
    assert "***" in written.getvalue()
    assert SECRET not in written.getvalue()
    assert "HTTP/1.1" in written.getvalue()
