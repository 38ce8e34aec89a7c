"""Rows of a run written anew: one cell of each row that has a finding, in the run's folder, however many they are.

The bytes are added to `rewritten` and the arrays name them. A stop in the middle leaves arrays that nobody may trust;
the run counts as being checked until all is on the disk, and is then checked again from the file as it came.
"""

import csv
import io
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import compress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from maxops.imports.disk import flush_to_disk
from maxops.imports.files import KEY, PLACE, REWRITTEN, RunFiles

CHUNK = 1 << 15  # rows whose arrays are held at once
LINE_ENDS = b"\r\n"

Tell = Callable[[int], None]


class Edit(NamedTuple):
    """Which rows are meant, by the byte of their finding; which cell; what to write there, "" to leave the row.

    `judge` tells code and number of a row written anew: there may be more to be said of it.
    """

    code: int
    place: int
    correct: Callable[[str], str]
    judge: Callable[[list[str]], tuple[int, int]]


class Example(NamedTuple):
    """A cell before and after."""

    line: int
    before: str
    after: str


class Stretch:
    """Some consecutive rows with their arrays."""

    def __init__(self, files: RunFiles, first: int, count: int) -> None:
        self.first = first
        self.codes = bytearray(files.codes_of(first, count))
        self.offsets = files.offsets_of(first, len(self.codes))
        self.sizes = files.sizes_of(first, len(self.codes))

    def places(self, code: int) -> Iterator[int]:
        return compress(range(len(self.codes)), self.codes.translate(bytes(byte == code for byte in range(256))))

    def read(self, place: int, own: BinaryIO, rewritten: BinaryIO) -> bytes:
        file = rewritten if self.offsets[place] & REWRITTEN else own
        return os.pread(file.fileno(), self.sizes[place], self.offsets[place] & PLACE)


def read_cells(content: bytes) -> list[str]:
    """Undecodable bytes stay what they are, as lone surrogates."""
    return next(csv.reader([content.decode("utf-8", "surrogateescape")]), [])


def read_cell(content: bytes, place: int) -> str:
    if b'"' in content:
        return read_cells(content)[place]
    return content.rstrip(LINE_ENDS).split(b",")[place].decode("utf-8", "surrogateescape")


def replace_cell(content: bytes, place: int, text: str) -> bytes:
    """The row with another cell; every other byte of it stays, unless there are quotes to be written anew."""
    body = content.rstrip(LINE_ENDS)
    end = content[len(body) :]
    if b'"' not in body and not set(text) & set('",\r\n'):
        cells = body.split(b",")
        cells[place] = text.encode()
        return b",".join(cells) + end
    row = read_cells(content)
    row[place] = text
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow(row)
    return written.getvalue().removesuffix("\r\n").encode("utf-8", "surrogateescape") + end


def rows_to_correct(files: RunFiles, edit: Edit) -> Iterator[int]:
    """The number of every row that this edit would change; nothing is written."""
    for first in range(0, files.codes.stat().st_size, CHUNK):
        if edit.code not in files.codes_of(first, CHUNK):
            continue
        stretch = Stretch(files, first, CHUNK)
        with ExitStack() as stack:
            own, rewritten = open_both(files, stack)
            for place in stretch.places(edit.code):
                if edit.correct(read_cell(stretch.read(place, own, rewritten), edit.place)):
                    yield first + place


def examples(files: RunFiles, edit: Edit, numbers: Sequence[int]) -> list[Example]:
    """Before and after of these rows."""
    found = [(line, read_cell(content, edit.place)) for _, line, content in files.row_bytes(numbers)]
    return [Example(line, before, edit.correct(before)) for line, before in found]


def open_both(files: RunFiles, stack: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    own = stack.enter_context(files.sendable.open("rb"))
    return own, stack.enter_context(files.rewritten.open("rb")) if files.rewritten.exists() else own


class Rewriter:
    """Carries one edit through the folder of a run, a stretch of rows at a time."""

    def __init__(self, files: RunFiles, edit: Edit) -> None:
        self._files = files
        self._edit = edit

    def run(self, tell: Tell) -> int:
        """How many rows were written anew; all of it is on the disk when this returns."""
        files, changed = self._files, 0
        files.rewritten.touch(mode=0o600)
        for first in range(0, files.codes.stat().st_size, CHUNK):
            if self._edit.code in files.codes_of(first, CHUNK):
                changed += self._rewrite(Stretch(files, first, CHUNK))
                tell(changed)
        for path in (files.rewritten, files.offsets, files.sizes, files.codes, files.keys):
            if path.exists():
                flush_to_disk(path)
        return changed

    def _rewrite(self, stretch: Stretch) -> int:
        files, edit, written = self._files, self._edit, []
        keys = files.slice(files.keys, KEY, stretch.first, len(stretch.codes)) if files.keys.exists() else array(KEY)
        with ExitStack() as stack:
            own, rewritten = open_both(files, stack)
            end = files.rewritten.stat().st_size
            for place in stretch.places(edit.code):
                content = stretch.read(place, own, rewritten)
                after = edit.correct(read_cell(content, edit.place))
                if not after:
                    continue
                row = replace_cell(content, edit.place, after)
                written.append(row)
                stretch.offsets[place], stretch.sizes[place] = end | REWRITTEN, len(row)
                stretch.codes[place], key = edit.judge(read_cells(row))
                end += len(row)
                if keys:
                    keys[place] = key
        with files.rewritten.open("ab") as file:
            file.writelines(written)
        put(files.offsets, stretch.first, stretch.offsets)
        put(files.sizes, stretch.first, stretch.sizes)
        put(files.codes, stretch.first, array("B", stretch.codes))
        if keys:
            put(files.keys, stretch.first, keys)
        return len(written)


def put(path: Path, first: int, entries: array) -> None:
    with path.open("r+b") as file:
        file.seek(first * entries.itemsize)
        file.write(entries.tobytes())
