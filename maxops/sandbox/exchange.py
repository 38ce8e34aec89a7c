"""One HTTP exchange as the platforms see it: a request whose body is read only on demand, and an answer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

CHUNK = 256 * 1024


class BrokenBodyError(ValueError):
    """The body ended early or cannot be read as what its headers promise."""


@dataclass
class Body:
    """Reads no more than Content-Length promised, so that the connection can be used again."""

    stream: BinaryIO
    left: int

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        piece = self.stream.read(wanted) if wanted else b""
        if len(piece) < wanted:
            self.left = 0
            raise BrokenBodyError("the connection ended before the promised length")
        self.left -= len(piece)
        return piece

    def pieces(self) -> Iterator[bytes]:
        while self.left:
            yield self.read(CHUNK)


@dataclass
class Request:
    method: str
    target: str
    headers: Message
    body: Body
    entry: dict = field(default_factory=dict)

    @cached_property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def segments(self) -> list[str]:
        """Percent-decoded one by one: a slash inside a login or a reference stays inside."""
        return [unquote(part) for part in self.path.split("/") if part]

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @cached_property
    def content(self) -> bytes:
        return self.body.read()

    @property
    def content_type(self) -> str:
        return self.headers.get_content_type() if "Content-Type" in self.headers else ""

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.headers.get("Accept", "").lower() or self.content_type == "application/json"

    def cookie(self, name: str) -> str:
        try:
            morsel = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        except CookieError:
            return ""
        return morsel.value if morsel else ""

    def json(self) -> object:
        """What the body says, or BrokenBodyError."""
        try:
            return json.loads(self.content.decode("utf-8"))
        except ValueError as error:
            raise BrokenBodyError(f"the body is not JSON: {error}") from error


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def json_response(value: object, status: int = 200) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status, body, "application/json; charset=utf-8")
