"""The stand-in as a server: threads, HTTP/1.1 with kept connections, and the faults that only a socket can show.

Built on http.server rather than WSGI: half an answer or a dropped connection cannot be said in WSGI.
"""

import contextlib
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from maxops.sandbox import control
from maxops.sandbox.exchange import CHUNK, Body, BrokenBodyError, Request, Response
from maxops.sandbox.faults import Fault, Faults
from maxops.sandbox.journal import Journal
from maxops.sandbox.maxcontact import service, tokens
from maxops.sandbox.maxcontact.seed import SEEDS
from maxops.sandbox.maxcontact.state import State

# The stand-in guards nothing: these are printed wherever the demo is described.
LOGIN, PASSWORD = "api.maxops", "sandbox-password"
LINGER_SECONDS = 5.0
DROPS = 20
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
GARBAGE = b"\x00\x1f\x8b<<{{ neither this nor that"
WITH_BODY = {"POST", "PUT", "PATCH"}


class Connection(BaseHTTPRequestHandler):
    """One kept connection of one client."""

    protocol_version = "HTTP/1.1"
    server_version = "maxops-sandbox"
    disable_nagle_algorithm = True
    # Head and body leave in one write: a second small packet would wait for the first one's acknowledgement.
    wbufsize = -1
    timeout = 120.0

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def respond(self) -> None:
        sandbox = self.server.sandbox
        length = self.headers.get("Content-Length", "0")
        request = Request(
            self.command, self.path, self.headers, Body(self.rfile, int(length) if length.isdecimal() else 0)
        )
        if request.segments[:1] == [control.ROOT]:
            self.send(request, control.respond(sandbox, request))
            return
        sandbox.journal.open(request)
        fault = sandbox.faults.take(request.method, request.path)
        request.entry["fault"] = fault.kind if fault else None
        early = self.refuse_unread(sandbox.state)
        if early:
            sandbox.journal.close(request, early.status)
            self.send(request, early, linger=True)
            return
        if "Expect" in self.headers:
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        try:
            self.serve(sandbox, request, fault)
        except BrokenBodyError:
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Not yet: a body that is too long is turned away before it is sent."""
        return True

    def refuse_unread(self, state: State) -> Response | None:
        """What IIS turns away by the head alone."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return Response(411)
        length = self.headers.get("Content-Length")
        if length is None:
            return Response(411) if state.require_length and self.command in WITH_BODY else None
        if not length.isdecimal():
            return Response(400)
        return Response(413) if int(length) > state.max_request_bytes else None

    def serve(self, sandbox: "Sandbox", request: Request, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "slow":
            sandbox.stopped.wait(fault.seconds)
        if kind == "drop_before":
            self.drop()
            return
        if kind == "expired_token":
            tokens.expire(sandbox.state)
        response = forced_response(sandbox, request, fault) or service.respond(sandbox.state, request)
        self.read_rest(request)
        sandbox.journal.close(request, response.status)
        if kind == "slow_after":
            sandbox.stopped.wait(fault.seconds)
        if kind == "status_after":
            response = status_response(fault)
        if kind == "drop_after":
            self.drop()
        elif kind in ("truncate", "trickle"):
            self.send_badly(response, fault)
        else:
            self.send(request, response, linger=response.status == 413)

    def read_rest(self, request: Request) -> None:
        """What the service left unread is noted if it is short, and passed over in any case."""
        if 0 < request.body.left <= CHUNK and request.content_type != "multipart/form-data":
            _ = request.content
        for _ in request.body.pieces():
            continue

    def send(self, request: Request, response: Response, linger: bool = False) -> None:
        if linger:
            self.close_connection = True
        self.send_head(response)
        if request.method != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()
        if linger:
            self.linger()

    def send_head(self, response: Response) -> None:
        self.send_response(response.status)
        if response.content_type:
            self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def send_badly(self, response: Response, fault: Fault) -> None:
        """Half of the promised body, or all of it in drops."""
        self.close_connection = True
        self.send_head(response)
        body, size = response.body, max(1, len(response.body) // DROPS)
        if fault.kind == "truncate":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            return
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            self.wfile.flush()
            self.server.sandbox.stopped.wait(fault.seconds / DROPS)

    def drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def linger(self) -> None:
        """Swallows what the client is still sending: closing at once would reset the answer away."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(LINGER_SECONDS)
        deadline = time.monotonic() + LINGER_SECONDS
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline and self.rfile.read1(CHUNK):
                continue

    def log_message(self, *words: str) -> None:
        if self.server.sandbox.verbose:
            sys.stderr.write(f"{self.log_date_time_string()} {words[0] % words[1:]}\n")


# How http.server finds the way to a method.
for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(Connection, f"do_{method}", Connection.respond)


def forced_response(sandbox: "Sandbox", request: Request, fault: Fault | None) -> Response | None:
    """The answer of a fault that keeps the service from acting."""
    match fault.kind if fault else "":
        case "status":
            return status_response(fault)
        case "html":
            return Response(200, PAGE, "text/html; charset=utf-8")
        case "garbage":
            return Response(200, GARBAGE, "application/octet-stream")
        case "success_false":
            return service.refuse(sandbox.state, request, "Forced by a fault rule")
    return None


def status_response(fault: Fault) -> Response:
    wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return Response(fault.status, b"", "", wait)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self.connections: set[socket.socket] = set()
        super().__init__(address, Connection)

    def close_connections(self) -> None:
        """Clients keep theirs open; without this, stopping would leave threads behind that wait for them."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is a mistake of ours and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Sandbox:
    """`with Sandbox() as sandbox:` serves on a free port; .state, .faults and .journal reach what it knows."""

    def __init__(
        self, port: int = 0, seed: str = "demo", login: str = LOGIN, password: str = PASSWORD, host: str = "127.0.0.1"
    ) -> None:
        self.login = login
        self.password = password
        self.verbose = False
        self.stopped = threading.Event()
        self.faults = Faults()
        self.journal = Journal()
        self.state = State(login, password)
        self.reset(seed)
        self._server = Server((host, port), self)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host}:{port}"

    def reset(self, seed: str = "demo") -> None:
        """A fresh state, no faults, an empty journal; imports under way are forgotten."""
        state = State(self.login, self.password)
        SEEDS[seed](state)
        self.state.closed.set()
        self.state = state
        self.faults.clear()
        self.journal.clear()

    def start(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopped.set()
        self.state.closed.set()
        if self._thread:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.close_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
