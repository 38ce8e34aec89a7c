"""A plain caller for the stand-in, on http.client alone, and a listener for its callbacks: not the product's client."""

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

from maxops.sandbox import PASSWORD, Sandbox

SERVICES = "/webservices/services"
XML, JSON = {"Accept": "application/xml"}, {"Accept": "application/json"}
BOUNDARY = "DELIMITER"


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)

    def xml(self) -> etree._Element:
        return etree.fromstring(self.body)


class Caller:
    def __init__(self, sandbox: Sandbox) -> None:
        self.address = sandbox.url.removeprefix("http://")
        self.token = ""

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        cookie = {"Cookie": f"TokenKey={self.token}"} if self.token else {}
        try:
            connection.request(method, path, body, {**cookie, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def log_in(self, password: str = PASSWORD, login: str = "api.maxops", scheme: str = "Basic ") -> Answer:
        encoded = base64.b64encode(password.encode()).decode()
        headers = {"Authorization": scheme + encoded, **JSON}
        answer = self.send("GET", f"{SERVICES}/apitoken/login/{login}", headers=headers)
        if answer.status == 200 and answer.json():
            self.token = answer.json()["TokenKey"]
        return answer

    def manage(self, method: str, path: str, value: object = None) -> dict:
        """A call to the Management API in JSON."""
        return self.ask_json(method, f"{SERVICES}/management/{path}", value).json()

    def lead(self, method: str, path: str, value: object = None) -> dict:
        """A call to the Lead Management API in JSON."""
        return self.ask_json(method, f"{SERVICES}/LeadManagement/{path}", value).json()

    def ask_json(self, method: str, path: str, value: object = None) -> Answer:
        if value is None:
            return self.send(method, path, b"" if method in ("POST", "PUT", "PATCH") else None, JSON)
        return self.send(method, path, json.dumps(value).encode(), {**JSON, "Content-Type": "application/json"})

    def upload(self, content: bytes, headers: dict | None = None, **fields: str) -> Answer:
        """`fields`: mapname, options; file_name="" leaves the filename away."""
        file_name = fields.pop("file_name", "leads.csv")
        path = f"{SERVICES}/LeadManagement/ImportCsvFiles"
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self.send("POST", path, form_body(content, file_name, fields), {**kind, **(headers or JSON)})

    def lever(self, method: str, path: str, value: object = None) -> object:
        body = b"" if value is None else json.dumps(value).encode()
        return self.send(method, f"/_sandbox/{path}", body, {"Content-Type": "application/json"}).json()


def form_body(content: bytes, file_name: str, fields: dict[str, str]) -> bytes:
    named = f'; filename="{file_name}"' if file_name else ""
    head = f'Content-Disposition: form-data; name="CSV Upload"{named}\r\nContent-Type: application/octet-stream'
    parts = [head.encode() + b"\r\n\r\n" + content]
    for name, value in fields.items():
        parts.append(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode())
    joined = b"".join(f"--{BOUNDARY}\r\n".encode() + part + b"\r\n" for part in parts)
    return joined + f"--{BOUNDARY}--\r\n".encode()


@dataclass
class Heard:
    url: str
    bodies: list[bytes] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def wait(self) -> bytes:
        """The next callback, or the test fails."""
        assert self.arrived.acquire(timeout=10), "no callback came"
        return self.bodies[-1]


@contextmanager
def listen(path: str = "/callbacks/maxcontact/secret/") -> Iterator[Heard]:
    """A receiver of callbacks on a free port."""

    def receive(connection: BaseHTTPRequestHandler) -> None:
        heard.bodies.append(connection.rfile.read(int(connection.headers["Content-Length"])))
        heard.types.append(connection.headers["Content-Type"])
        connection.send_response(200 if connection.path == path else 404)
        connection.send_header("Content-Length", "0")
        connection.end_headers()
        heard.arrived.release()

    methods = {"do_POST": receive, "log_message": lambda *words: None}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Receiver", (BaseHTTPRequestHandler,), methods))
    heard = Heard(f"http://127.0.0.1:{server.server_port}{path}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
