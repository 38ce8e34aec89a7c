"""The receiver: secret first, then the body to disk, then 200."""

import io
import socket

import pytest
from django.test import Client, RequestFactory

from maxops.imports import answers, callbacks
from maxops.imports.models import Answer, Mapping


@pytest.fixture
def mapping(transactional_db):
    return Mapping.objects.create(name="Any", columns=["phone"], fields={"phone": "phone"})


@pytest.fixture
def path(mapping):
    return f"/callbacks/maxcontact/{mapping.secret}/"


def test_body_is_stored_whole_and_answered_200(path, mapping):
    body = b"<x>" + b"y" * 200_000
    assert Client(enforce_csrf_checks=True).post(path, data=body, content_type="text/xml").status_code == 200
    answer = Answer.objects.get()
    assert answers.body_of(answer).read_bytes() == body
    assert (answer.mapping, answer.size) == (mapping, len(body))


@pytest.mark.parametrize("wrong", ["/callbacks/maxcontact/guess/", "/callbacks/noojee/{secret}/"])
def test_wrong_secret_or_platform_is_404_and_stores_nothing(mapping, wrong):
    address = wrong.format(secret=mapping.secret)
    assert Client().post(address, data=b"x", content_type="text/xml").status_code == 404
    assert not Answer.objects.exists()
    assert not answers.answers_folder().exists()


def test_only_post_is_taken(path):
    assert Client().get(path).status_code == 405


def test_body_beyond_all_reason_is_refused_and_leaves_nothing(path, monkeypatch):
    monkeypatch.setattr(answers, "BODY_LIMIT", 1000)
    assert Client().post(path, data=b"x" * 2000, content_type="text/xml").status_code == 413
    assert not Answer.objects.exists()
    assert list(answers.answers_folder().iterdir()) == []


def test_chunked_body_is_read_from_the_server_itself(mapping):
    request = RequestFactory().post("/", content_type="text/xml")
    request.META |= {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(b"whole"),
    }
    assert b"".join(callbacks.read_blocks(request)) == b"whole"


def test_a_body_cut_short_is_refused_and_leaves_nothing(mapping, path):
    request = RequestFactory().post(path, data=b"half", content_type="text/xml")
    request.META["CONTENT_LENGTH"] = "400"
    assert callbacks.receive(request, "maxcontact", mapping.secret).status_code == 400
    assert not Answer.objects.exists()
    assert list(answers.answers_folder().iterdir()) == []


def test_a_body_that_never_ends_is_ended(mapping, path, monkeypatch):
    monkeypatch.setattr(callbacks, "GRACE", 0.2)
    monkeypatch.setattr(callbacks, "SLOWEST", 10**9)
    ours, theirs = socket.socketpair()
    request = RequestFactory().post(path, data=b"", content_type="text/xml")
    with ours, theirs, ours.makefile("rb") as body:
        theirs.sendall(b"<x>")
        request.META |= {"CONTENT_LENGTH": "400", "gunicorn.socket": ours}
        request._stream = body
        assert callbacks.receive(request, "maxcontact", mapping.secret).status_code == 400
    assert not Answer.objects.exists()


@pytest.mark.parametrize("limit", ["share", "disk"])
def test_no_more_is_taken_than_there_is_room_for_and_it_is_said(mapping, path, monkeypatch, limit, caplog):
    Answer.objects.create(mapping=mapping, file="x", sha256="x", size=900, state="unmatched")
    if limit == "share":
        monkeypatch.setattr(answers, "UNSETTLED_LIMIT", 1000)
    else:
        monkeypatch.setattr(answers, "MARGIN", 10**18)
    assert Client().post(path, data=b"x" * 200, content_type="text/xml").status_code == 507
    assert Answer.objects.count() == 1
    assert "was not taken" in caplog.text


def test_reports_that_were_booked_take_nothing_of_the_room(mapping, path, monkeypatch):
    Answer.objects.create(mapping=mapping, file="x", sha256="x", size=900, state="matched")
    monkeypatch.setattr(answers, "UNSETTLED_LIMIT", 1000)
    assert Client().post(path, data=b"x" * 200, content_type="text/xml").status_code == 200


@pytest.mark.parametrize("length", ["-1", "9" * 30, "ten", "²"])
def test_a_length_that_is_no_number_is_refused(mapping, path, length):
    request = RequestFactory().post(path, data=b"x", content_type="text/xml")
    request.META["CONTENT_LENGTH"] = length
    assert callbacks.receive(request, "maxcontact", mapping.secret).status_code == 413


def test_callback_address_is_unguessable_and_lasting(mapping):
    address = mapping.callback_url
    assert address.startswith("http://127.0.0.1:8000/callbacks/maxcontact/")
    assert len(mapping.secret) >= 43
    mapping.name = "Other"
    mapping.save()
    assert Mapping.objects.get().callback_url == address
