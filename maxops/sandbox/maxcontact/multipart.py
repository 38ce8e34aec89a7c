"""Reads a multipart/form-data body piece by piece: files go to disk, so that 50 MB never lie in memory."""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from email.policy import HTTP
from typing import IO

from maxops.sandbox.exchange import BrokenBodyError, Request

FIELD_LIMIT = 64 * 1024
HEADER_LIMIT = 8 * 1024


@dataclass
class FilePart:
    name: str
    file_name: str
    content: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    size: int = 0
    sha256: str = ""


@dataclass
class Form:
    """Keys are in lower case: the document writes both Mapname and mapname. `names` has them as they came."""

    fields: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    files: list[FilePart] = field(default_factory=list)


class Scanner:
    """A window over the body that never holds more than two chunks."""

    def __init__(self, request: Request) -> None:
        self._pieces = request.body.pieces()
        # The first delimiter has no line end before it; with one put there, all are alike.
        self._window = bytearray(b"\r\n")

    def until(self, mark: bytes) -> Iterator[bytes]:
        """Everything before the mark, in pieces; the mark itself is passed over."""
        while (found := self._window.find(mark)) < 0:
            keep = len(mark) - 1
            if len(self._window) > keep:
                yield bytes(self._window[: len(self._window) - keep])
                del self._window[: len(self._window) - keep]
            self._grow()
        yield bytes(self._window[:found])
        del self._window[: found + len(mark)]

    def take(self, size: int) -> bytes:
        while len(self._window) < size:
            self._grow()
        taken = bytes(self._window[:size])
        del self._window[:size]
        return taken

    def _grow(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise BrokenBodyError("the multipart body ends before its closing delimiter")
        self._window += piece


def read_form(request: Request) -> Form:
    boundary = request.headers.get_boundary()
    if request.content_type != "multipart/form-data" or not boundary:
        raise BrokenBodyError("multipart/form-data with a boundary is expected")
    delimiter = b"\r\n--" + boundary.encode("latin-1")
    scanner, form = Scanner(request), Form()
    join_limited(scanner.until(delimiter), FIELD_LIMIT)
    while (after := scanner.take(2)) != b"--":
        if after != b"\r\n":
            raise BrokenBodyError("a delimiter must stand on a line of its own")
        read_part(scanner, delimiter, form)
    return form


def read_part(scanner: Scanner, delimiter: bytes, form: Form) -> None:
    raw = join_limited(scanner.until(b"\r\n\r\n"), HEADER_LIMIT)
    # Browsers and clients send names in plain UTF-8.
    if raw.replace(b'\\"', b"").count(b'"') % 2:
        raise BrokenBodyError("a quote in the head of a part is not closed")
    headers = HeaderParser(policy=HTTP).parsestr(raw.decode("utf-8", "replace") + "\r\n\r\n")
    name, file_name = disposition(headers)
    form.names.append(name)
    pieces = scanner.until(delimiter)
    if file_name is None:
        form.fields[name.lower()] = join_limited(pieces, FIELD_LIMIT).decode("utf-8", "replace")
    else:
        form.files.append(store(name, file_name, pieces))


def disposition(headers: Message) -> tuple[str, str | None]:
    value = str(headers.get("Content-Disposition", ""))
    if not value.lower().startswith("form-data"):
        raise BrokenBodyError("a part needs Content-Disposition: form-data")
    parameters = headers["Content-Disposition"].params
    if "name" not in parameters:
        raise BrokenBodyError("a part needs a name")
    return parameters["name"], parameters.get("filename")


def store(name: str, file_name: str, pieces: Iterator[bytes]) -> FilePart:
    part = FilePart(name, file_name)
    digest = hashlib.sha256()
    try:
        for piece in pieces:
            part.content.write(piece)
            digest.update(piece)
            part.size += len(piece)
    except BrokenBodyError:
        part.content.close()
        raise
    part.content.seek(0)
    part.sha256 = digest.hexdigest()
    return part


def join_limited(pieces: Iterator[bytes], limit: int) -> bytes:
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) > limit:
            raise BrokenBodyError(f"a form field or a head of a part is longer than {limit} bytes")
    return bytes(joined)
