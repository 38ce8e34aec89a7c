"""The form body: correct bytes, known length, small pieces."""

import email
import io
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxops.remote.multipart import PIECE_BYTES, Form, MultipartBody, safe_file_name


def parts_of(form: Form, body: bytes) -> dict[str, tuple[str | None, bytes]]:
    message = email.message_from_bytes(b"Content-Type: " + form.content_type.encode() + b"\r\n\r\n" + body, policy=HTTP)
    return {
        part.get_param("name", header="content-disposition"): (part.get_filename(), part.get_payload(decode=True))
        for part in message.iter_parts()
    }


def test_body_holds_the_fields_and_the_file():
    form = Form({"mapname": "Énergie leads", "options": '{"ListId": 3}'}, "leads.csv")
    body = MultipartBody(form, lambda: io.BytesIO(b"phone\r\n07700900123\r\n"), 20)
    content = b"".join(body)
    assert len(content) == len(body) == form.request_size(20)
    assert parts_of(form, content) == {
        "mapname": (None, "Énergie leads".encode()),
        "options": (None, b'{"ListId": 3}'),
        "file": ("leads.csv", b"phone\r\n07700900123\r\n"),
    }
    assert b"\n" not in content.replace(b"\r\n", b"")


@given(st.binary(max_size=5000), st.integers(1, 700))
def test_any_file_arrives_whole_in_pieces_of_any_size(content, count):
    form = Form({"mapname": "m"}, "a.csv")
    body = MultipartBody(form, lambda: io.BytesIO(content), len(content))
    pieces = []
    while piece := body.read(count):
        assert len(piece) <= count
        pieces.append(piece)
    assert b"".join(pieces) == form.head + content + form.tail
    assert len(body) == len(b"".join(pieces))


def test_large_file_is_read_in_pieces():
    asked = []

    class Watched(io.BytesIO):
        def read(self, count=-1):
            asked.append(count)
            return super().read(count)

    body = MultipartBody(Form({}, "a.csv"), lambda: Watched(bytes(1_000_000)), 1_000_000)
    assert sum(len(piece) for piece in body) == len(body)
    assert max(asked) <= PIECE_BYTES


def test_file_shorter_than_announced_is_an_error_not_a_short_body():
    body = MultipartBody(Form({}, "a.csv"), lambda: io.BytesIO(b"abc"), 10)
    with pytest.raises(ValueError, match="7 bytes before"):
        list(body)


def test_file_is_opened_late_and_closed():
    opened = []

    def open_file():
        opened.append(io.BytesIO(b"abc"))
        return opened[0]

    body = MultipartBody(Form({}, "a.csv"), open_file, 3)
    assert not opened
    list(body)
    body.close()
    assert opened[0].closed


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("leads.csv", "leads.csv"),
        ('a"b\r\nX: y.csv', "a_b_X_ y.csv"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("Überweisung.csv", "_berweisung.csv"),
        ("", "leads.csv"),
        ("...", "leads.csv"),
    ],
)
def test_file_name_is_safe_in_a_header(name, safe):
    assert safe_file_name(name) == safe


def test_boundary_is_new_each_time():
    assert Form({}, "a").content_type != Form({}, "a").content_type
