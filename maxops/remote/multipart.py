"""A multipart form body with one file, read piece by piece with its length known beforehand (RFC 7578).

requests' own `files=` holds the whole file in memory twice; 50 MB of leads must not.
"""

import re
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import BinaryIO

PIECE_BYTES = 262_144
UNSAFE_IN_FILE_NAME = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|;%]+')


class Form:
    """What goes around the file's bytes; the fields come first, so that a reader knows the mapping early.

    One form serves all tries of a request: its boundary is named in a header.
    """

    def __init__(self, fields: Mapping[str, str], file_name: str) -> None:
        boundary = f"maxops-{secrets.token_hex(16)}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        parts = [
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{name}"\r\n'
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            f"{text}\r\n"
            for name, text in fields.items()
        ]
        parts.append(
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{safe_file_name(file_name)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self.head = "".join(parts).encode("utf-8")
        self.tail = f"\r\n--{boundary}--\r\n".encode()

    def request_size(self, file_size: int) -> int:
        return len(self.head) + file_size + len(self.tail)


class MultipartBody:
    """`open_file` is called when the first byte is read; exactly `size` bytes are taken from it."""

    def __init__(self, form: Form, open_file: Callable[[], BinaryIO], size: int) -> None:
        self._open_file = open_file
        self._size = size
        self._head, self._tail = form.head, form.tail
        self._file: BinaryIO | None = None
        self._pieces = self._read_pieces()
        self._rest = b""

    def __len__(self) -> int:
        return len(self._head) + self._size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(PIECE_BYTES), b"")

    def read(self, count: int = PIECE_BYTES) -> bytes:
        """The next piece, at most `count` bytes; the caller may ask for less than a piece."""
        piece = self._rest or next(self._pieces, b"")
        self._rest = piece[count:]
        return piece[:count] if self._rest else piece

    def close(self) -> None:
        self._pieces.close()
        if self._file is not None:
            self._file.close()

    def _read_pieces(self) -> Generator[bytes, None, None]:
        yield self._head
        self._file = self._open_file()
        left = self._size
        while left:
            piece = self._file.read(min(PIECE_BYTES, left))
            if not piece:
                raise ValueError(f"the file ended {left} bytes before its announced size")
            left -= len(piece)
            yield piece
        yield self._tail


def safe_file_name(name: str) -> str:
    """ASCII, without quotes, paths or control characters: what every server reads alike."""
    plain = UNSAFE_IN_FILE_NAME.sub("_", name).encode("ascii", "replace").decode("ascii").replace("?", "_")
    return plain.strip(" .")[-120:] or "leads.csv"
