"""A server of raw sockets that does exactly what a test tells it, the faults of a network included."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.remote.samples import FOLDER


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Step = Callable[[socket.socket, Request], bool]
"""Answers one request; True keeps the connection open. A step with `early` set is called before the body is read."""


@dataclass
class Scripted:
    """Plays its steps in turn, the last one for ever; `requests` is what has arrived."""

    steps: list[Step]
    tls: bool = False
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        # Closing alone would leave the thread in accept() serving one more connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self.tls:
                sock = own_certificate().wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as reader:
                while (request := read_head(reader)) and self._answer(sock, reader, request):
                    pass
        except OSError:
            return

    def _answer(self, sock: socket.socket, reader, request: Request) -> bool:
        with self._lock:
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
            self.requests.append(request)
        if not getattr(step, "early", False):
            request.body = reader.read(int(request.headers.get("content-length", 0)))
        return step(sock, request)


def own_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "loopback.pem")
    return context


def read_head(reader) -> Request | None:
    first = reader.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while (line := reader.readline().decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(first[0], first[1], headers, b"")


@contextmanager
def scripted(*steps: Step, tls: bool = False) -> Iterator[Scripted]:
    server = Scripted(list(steps), tls)
    try:
        yield server
    finally:
        server.stop()


def message(status: int, body: bytes, content_type: str = "application/json", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(body, status: int = 200, content_type: str = "application/json", **headers: str) -> Step:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def step(sock: socket.socket, request: Request) -> bool:
        sock.sendall(message(status, raw, content_type, **headers))
        return True

    return step


def succeeds(data=None) -> Step:
    return says({"Success": True, "Data": data, "ResponseCode": "Success", "ResponseDetail": ""})


def gives_token(key: str = "token-1", expiry: str = "2099-01-01T00:00:00.0000000+00:00", **headers: str) -> Step:
    return says({"ID": 1, "TokenKey": key, "ExpiryDate": expiry}, **headers)


def drops(sock: socket.socket, request: Request) -> bool:
    """Closes with a reset: the request has been read, nothing is answered."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def cuts_short(sock: socket.socket, request: Request) -> bool:
    """Announces more than it sends."""
    sock.sendall(message(200, b'{"Success": true, "Data": [{"Id": 1}, {"Id": 2}]}')[:-20])
    return False


def trickles(seconds: float, pause: float = 0.05, head_too: bool = False) -> Step:
    def step(sock: socket.socket, request: Request) -> bool:
        raw = message(200, b"[" + b" " * 10_000 + b"]")
        start = 0 if head_too else raw.index(b"[")
        sock.sendall(raw[:start])
        ends = time.monotonic() + seconds
        for at in range(start, len(raw)):
            if time.monotonic() > ends:
                break
            sock.sendall(raw[at : at + 1])
            time.sleep(pause)
        return False

    return step


def too_large_at_once(sock: socket.socket, request: Request) -> bool:
    """As IIS does: 413 after the head, the body not read, the connection closed."""
    sock.sendall(message(413, b"", "text/html", Connection="close"))
    sock.shutdown(socket.SHUT_WR)
    time.sleep(0.2)
    return False


too_large_at_once.early = True
