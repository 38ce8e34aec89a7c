"""Fixtures for leads in: a mapping known to both sides, and a letter box for the reports the stand-in posts."""

import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from maxops.imports.models import Answer, Mapping
from maxops.remote import connect
from maxops.sandbox.maxcontact.leads import LeadTable
from maxops.sandbox.server import Sandbox
from tests.leadfiles import COLUMNS, LIST_ID, register_mapping


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    """Runs and answers of a test lie in a folder of its own."""
    settings.DATA_DIR = tmp_path / "var"
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # else whitenoise warns of it
    return settings.DATA_DIR


class LetterBox:
    """Takes the reports that the stand-in posts, so that a test decides when they reach maxops."""

    def __init__(self) -> None:
        self._letters: queue.Queue[tuple[str, bytes, str]] = queue.Queue()
        letters = self._letters

        class Slot(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                letters.put((self.path, body, self.headers["Content-Type"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Slot)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self) -> tuple[str, bytes, str]:
        """Path, body, content type of the next report; waits for it."""
        return self._letters.get(timeout=10)

    def hand_over(self, copies: int = 1) -> list[int]:
        """The next report goes to maxops, as often as asked; the statuses it answers."""
        path, body, content_type = self.next()
        return [Client().post(path, data=body, content_type=content_type).status_code for _ in range(copies)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def letter_box() -> Iterator[LetterBox]:
    box = LetterBox()
    yield box
    box.close()


@pytest.fixture
def mapping(transactional_db, connected: Sandbox, letter_box: LetterBox) -> Mapping:
    """'Planted', in maxops and in the stand-in; its reports go to the letter box."""
    connect.check("maxcontact")  # a token of an earlier test would cost the first upload a second try
    connected.state.callback_delay = 0.0
    connected.state.leads = LeadTable()  # the numbers of the test's files are nobody's yet
    connected.state.dnc.clear()
    fields = {"phone": "phone", "reference": "reference"}
    mapping = Mapping.objects.create(name="Planted", columns=COLUMNS, fields=fields, list_id=LIST_ID)
    path = mapping.callback_url.removeprefix("http://127.0.0.1:8000")
    register_mapping(connected, letter_box.url + path)
    return mapping


@pytest.fixture
def post(mapping):
    path = mapping.callback_url.removeprefix("http://127.0.0.1:8000")

    def post(body: bytes) -> Answer:
        assert Client().post(path, data=body, content_type="application/json").status_code == 200
        return Answer.objects.order_by("-id").first()

    return post


@pytest.fixture
def silent(connected, mapping):
    """The stand-in takes uploads, names no import id and never reports: the test does."""
    connected.state.mappings["Planted"].response_url = ""
    connected.state.style.change(import_ids="nil")
    return connected


def log_in(*permissions: str) -> Client:
    user = User.objects.create_user(f"person-{User.objects.count()}")
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions, content_type__app_label="imports"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def manager(transactional_db) -> Client:
    return log_in(
        "add_run", "view_run", "view_mapping", "add_mapping", "change_mapping", "view_answer", "change_answer"
    )


@pytest.fixture
def supervisor(transactional_db) -> Client:
    return log_in("view_run", "view_mapping", "view_answer")
