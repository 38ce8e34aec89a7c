"""Somebody logged in at a real web server over real HTTP, without a browser: cookies, tokens, pieces of a file."""

import http.client
import json
import re
import socket
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT = 30


class Visitor:
    """Logs in at once; every request is a connection of its own."""

    def __init__(self, url: str, login: str) -> None:
        self.place = urlsplit(url)
        self.cookies: dict[str, str] = {}
        page = self.ask("GET", "/accounts/login/")[1].decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "username": login, "password": f"{login}-demo"}
        status, _ = self.post_form("/accounts/login/", form)
        assert status == 302, "the log-in was refused"

    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies, "X-CSRFToken": self.cookies.get("csrftoken", "")}

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.place.hostname or "", self.place.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, {**self.headers(), **headers})
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
            self.location = answer.headers.get("Location", "")
            return answer.status, answer.read()
        finally:
            connection.close()

    def post_form(self, path: str, fields: dict[str, Any]) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urlencode(fields).encode(), **headers)

    def begin(self, name: str, size: int) -> str:
        """Where the pieces of this file go."""
        status, body = self.post_form("/imports/uploads/", {"name": name, "size": size})
        assert status == 201, body
        return f"/imports/uploads/{json.loads(body)['upload']}/"

    def send(self, address: str, start: int, piece: bytes) -> tuple[int, dict[str, Any]]:
        status, body = self.ask(
            "POST", f"{address}?from={start}", piece, **{"Content-Type": "application/octet-stream"}
        )
        return status, json.loads(body)

    def received(self, address: str) -> int:
        return json.loads(self.ask("GET", address)[1])["received"]

    def send_some(self, address: str, start: int, length: int, some: bytes) -> socket.socket:
        """A piece of which only some bytes leave; the line stays open until the caller closes it."""
        line = socket.create_connection((self.place.hostname or "", self.place.port or 0), timeout=TIMEOUT)
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers().items())
        line.sendall(
            f"POST {address}?from={start} HTTP/1.1\r\nHost: {self.place.netloc}\r\n{head}"
            f"Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        line.sendall(some)
        return line
