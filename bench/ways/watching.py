"""Many people with the board open: a light client of many kept connections, in a process of its own."""

import selectors
import socket
import time
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from django.db import connection

from bench.ways.filling import manager

ROWS = "/board/rows/"


@dataclass
class Viewer:
    """One kept connection; `body` collects an answer until it is whole."""

    socket: socket.socket
    request: bytes
    asked_at: float = 0.0
    body: bytes = b""

    def ask(self) -> None:
        self.body = b""
        self.asked_at = time.perf_counter()
        self.socket.sendall(self.request)

    def hear(self) -> bool:
        """True once the answer is whole."""
        self.body += self.socket.recv(1 << 18)
        head, found, rest = self.body.partition(b"\r\n\r\n")
        if not found:
            return False
        if b" 304 " in head[:20]:
            return True
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return len(rest) >= int(length.split(b":")[1])

    @property
    def status(self) -> int:
        return int(self.body[9:12])


def viewers(port: int, count: int, cookie: str, etag: str = "") -> list[Viewer]:
    lines = [f"GET {ROWS} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Cookie: {cookie}"]
    lines += [f"If-None-Match: {etag}"] if etag else []
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return [Viewer(socket.create_connection(("127.0.0.1", port)), request) for _ in range(count)]


def ask_once(port: int, cookie: str, etag: str = "") -> Viewer:
    [viewer] = viewers(port, 1, cookie, etag)
    viewer.ask()
    while not viewer.hear():
        pass
    viewer.socket.close()
    return viewer


def capacity(port: int, cookie: str, seconds: float, watching: int) -> dict[str, Any]:
    """Answers a second to clients that ask again at once: the rows drawn, and "not modified"."""
    head = ask_once(port, cookie).body.partition(b"\r\n\r\n")[0].decode()
    etag = next(line.split(": ", 1)[1] for line in head.split("\r\n") if line.lower().startswith("etag:"))
    unchanged = ask_once(port, cookie, etag)
    return {
        "drawn": asked_again(viewers(port, watching, cookie), seconds),
        "unchanged": asked_again(viewers(port, watching, cookie, etag), seconds),
        "status": unchanged.status,
        "bytes": len(unchanged.body.partition(b"\r\n\r\n")[2]),
    }


def asked_again(asking: list[Viewer], seconds: float) -> float:
    heard = 0
    with selectors.DefaultSelector() as selector:
        for viewer in asking:
            selector.register(viewer.socket, selectors.EVENT_READ, viewer)
            viewer.ask()
        started = time.perf_counter()
        while time.perf_counter() < started + seconds:
            for key, _ in selector.select(0.5):
                if key.data.hear():
                    heard += 1
                    key.data.ask()
        taken = time.perf_counter() - started
    for viewer in asking:
        viewer.socket.close()
    return heard / taken


def in_phase(port: int, cookie: str, watching: int, beats: int) -> dict[str, Any]:
    """All ask at the same instant, some times over: milliseconds until each had its answer."""
    asking = viewers(port, watching, cookie)
    waits: list[float] = []
    for beat in range(beats + 1):
        time.sleep(1.5)
        found = one_beat(asking)
        waits += found if beat else []
    for viewer in asking:
        viewer.socket.close()
    return {"p50": quantiles(waits, n=100)[49], "p99": quantiles(waits, n=100)[98], "most": max(waits)}


def one_beat(asking: list[Viewer]) -> list[float]:
    waits = []
    with selectors.DefaultSelector() as selector:
        for viewer in asking:
            selector.register(viewer.socket, selectors.EVENT_READ, viewer)
            viewer.ask()
        while selector.get_map():
            for key, _ in selector.select(10):
                if key.data.hear():
                    waits.append((time.perf_counter() - key.data.asked_at) * 1000)
                    selector.unregister(key.fileobj)
    return waits


def reads(seconds: float) -> dict[str, Any]:
    """In one process that is asked without a pause: looks at the campaigns a second, and queries of each answer."""
    client = manager()
    seen: list[str] = []

    def note(execute: Any, sql: str, *words: Any) -> Any:
        seen.append(sql)
        return execute(sql, *words)

    client.get(ROWS)
    asked = 0
    with connection.execute_wrapper(note):
        started = time.perf_counter()
        while time.perf_counter() < started + seconds:
            client.get(ROWS)
            asked += 1
    looks = sum('FROM "campaigns_campaign"' in sql for sql in seen)
    taken = time.perf_counter() - started
    return {"looks": looks / taken, "queries": len(seen) / asked}
