"""Nobody fills the disk who is not logged in, and nobody at all by another page than the upload."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from maxops import body_limits

BIG = b"x" * 6_000_000


def big_file() -> dict:
    return {"file": SimpleUploadedFile("leads.csv", BIG, "text/csv")}


@pytest.fixture
def incoming(settings, tmp_path) -> Path:
    """A folder of half-received files that is not there: whoever tries to write into it fails."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "not-there"
    return settings.FILE_UPLOAD_TEMP_DIR


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/imports/new/", "/nowhere/", "/admin/"])
@pytest.mark.parametrize("cookie", ["", "made-up-by-somebody"])
def test_nobody_unknown_may_send_much(incoming, path, cookie):
    client = Client(enforce_csrf_checks=True)
    if cookie:
        client.cookies["sessionid"] = cookie
    answer = client.post(path, big_file())
    assert answer.status_code == 413
    assert b"Nothing was stored" in answer.content


@pytest.mark.django_db
def test_whoever_may_upload_sends_much_to_the_upload_alone(settings):
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))
    assert client.post(reverse("imports:new"), big_file()).status_code == 302  # on to the choice of a mapping
    assert client.post("/emergency/", big_file()).status_code == 413
    settings.MAXOPS_UPLOAD_LIMIT = len(BIG) - body_limits.FRAME_OF_UPLOAD - 1
    assert client.post(reverse("imports:new"), big_file()).status_code == 413


PIECES = "/imports/uploads/0b9f6f0e-6d0c-4f3e-9d35-3c1f6f0e6d0c/?from=0"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/imports/new/", PIECES])
def test_who_may_not_upload_sends_no_more_than_a_form(path):
    client = Client()
    client.force_login(User.objects.create_user("somebody"))
    assert client.post(path, BIG, content_type="application/octet-stream").status_code == 413


@pytest.mark.django_db
def test_a_piece_of_a_file_may_be_larger_than_a_form_and_no_more():
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))
    assert client.post(PIECES, BIG, content_type="application/octet-stream").status_code == 404  # let in, none there
    much = b"x" * (body_limits.PIECE_LIMIT + 1)
    assert client.post(PIECES, much, content_type="application/octet-stream").status_code == 413


def test_the_paths_are_those_of_the_addresses():
    assert PIECES.startswith(reverse("imports:uploads"))
    assert reverse("imports:uploads") == body_limits.PIECES_PATH
    assert reverse("imports:new") == body_limits.UPLOAD_PATH
    assert reverse("callbacks:receive", args=["maxcontact", "secret"]).startswith(body_limits.CALLBACKS)


@pytest.mark.django_db
def test_a_form_of_usual_size_passes():
    assert Client().post("/accounts/login/", {"username": "x" * 100_000}).status_code == 200


@pytest.mark.parametrize(
    ("meta", "status"),
    [
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ({"CONTENT_LENGTH": "-1"}, 400),
        ({"CONTENT_LENGTH": "9" * 400}, 400),
        ({"CONTENT_LENGTH": "²"}, 400),
        ({"CONTENT_LENGTH": ""}, 200),
    ],
)
def test_a_body_of_unknown_length_is_refused(meta, status):
    request = RequestFactory().post("/accounts/login/")
    request.META |= meta
    passes = body_limits.BodyLimits(lambda _: body_limits.refusal(200, "read"))
    assert passes(request).status_code == status


@pytest.mark.django_db
def test_callbacks_have_a_limit_of_their_own():
    assert Client().post("/callbacks/maxcontact/unknown/", BIG, "text/xml").status_code == 404
    request = RequestFactory().post("/callbacks/maxcontact/unknown/", HTTP_TRANSFER_ENCODING="chunked")
    assert body_limits.BodyLimits(lambda _: body_limits.refusal(200, "read"))(request).status_code == 200


def test_a_real_server_refuses_what_comes_in_chunks(installation):
    installation.start("web")
    place = urlsplit(installation.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    connection.request(
        "POST", "/accounts/login/", iter([b"x" * 1000]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert connection.getresponse().status == 411
    connection.close()
    folder = installation.folder / "incoming"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == []
