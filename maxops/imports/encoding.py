"""Which encoding a lead file has, proved over the whole file and never guessed from a sample; and the file as UTF-8."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from maxops.imports.errors import NotText
from maxops.remote.late_numpy import np

BLOCK = 1 << 18
LOST = "\ufffd"  # stands where bytes of another encoding than UTF-8 mean nothing
UTF8 = frozenset({"utf-8", "utf-8-sig"})
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NOT_TEXT = (
    (b"PK\x03\x04", "This is an Excel workbook or a ZIP archive, not a CSV file. In Excel: Save as, CSV UTF-8."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook, not a CSV file. In Excel: Save as, CSV UTF-8."),
    (b"%PDF", "This is a PDF, not a CSV file."),
    (b"\x1f\x8b", "This is a compressed file. Unpack it and upload the CSV file inside."),
)
# Every byte as what it can be in UTF-8: the first of a character, a later one, or neither. A pattern would be slower.
ROLES = bytes(0xFF if 0xC2 <= byte <= 0xF4 else 0x80 if 0x80 <= byte <= 0xBF else 0 for byte in range(256))
ESCAPED = re.compile("[\udc80-\udcff]")
NOT_ASCII = re.compile("[^\0-\x7f]")
# How the bytes that mean nothing are found again: codec, its errors, what such a byte becomes.
TRACES = {
    "utf-8": ("utf-8", "surrogateescape", ESCAPED),
    "utf-8-sig": ("utf-8-sig", "surrogateescape", ESCAPED),
    "utf-16": ("utf-16", "surrogatepass", re.compile("[\ud800-\udfff]")),
    "cp1252": ("latin-1", "strict", re.compile("[\x81\x8d\x8f\x90\x9d]")),
}


class BadByte(NamedTuple):
    """A byte that its encoding cannot explain: which byte of which line, both counted from 1."""

    line: int
    place: int
    value: int

    def __str__(self) -> str:
        return f"line {self.line:,}, byte {self.place:,} ({self.value:02X})"


def prove_encoding(path: Path) -> tuple[str, bool]:
    """By its mark, else strict UTF-8 to the last byte, else Windows-1252; and whether bytes of it may mean nothing.

    A few damaged bytes do not make UTF-8 another encoding.
    """
    with path.open("rb") as file:
        start = file.read(8192)
    for magic, message in NOT_TEXT:
        if start.startswith(magic):
            raise NotText(message, line=1)
    marked = next((name for bom, name in BOMS if start.startswith(bom)), "")
    if marked != "utf-16" and start.count(0) * 10 > len(start):
        raise NotText("This is not a text file. Save it as CSV UTF-8 and upload it again.", line=1)
    if marked == "utf-16":
        return marked, True
    if is_valid(path, marked or "utf-8"):
        return marked or "utf-8", False
    return (marked or "utf-8" if marked or is_mostly_utf8(path) else "cp1252"), True


def is_valid(path: Path, encoding: str) -> bool:
    """Whether the encoding explains every byte."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def has_sequence(block: bytes, *, is_fast: bool = np is not None) -> bool:
    """Whether two bytes in a row start a character of UTF-8."""
    if not is_fast:
        return b"\xff\x80" in block.translate(ROLES)
    values = np.frombuffer(block, np.uint8)
    first = (values[:-1] - np.uint8(0xC2)) <= 0xF4 - 0xC2  # smaller ones wrap round
    return bool((first & (values[1:] & 0xC0 == 0x80)).any())


def is_mostly_utf8(path: Path) -> bool:
    """More characters that only UTF-8 explains than bytes that it does not: damaged UTF-8, no other encoding.

    Windows-1252 text hardly ever looks like UTF-8 by chance; where some of it does, somebody misread a file before.
    """
    with path.open("rb", buffering=0) as file:
        last = b""
        while block := file.read(BLOCK):
            if has_sequence(last + block):
                break
            last = block[-1:]
        else:
            return False
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        characters = broken = 0
        while block := file.read(BLOCK):
            text = decoder.decode(block)
            if not text.isascii():
                characters += len(NOT_ASCII.findall(text))
                broken += len(ESCAPED.findall(text))
    return characters - broken > broken


class Stream:
    """The file as UTF-8 without its mark, in blocks; `place` is how many of its own bytes were read.

    Bytes that UTF-8 cannot explain stay as they are in a UTF-8 file; in another they become LOST.
    """

    def __init__(self, path: Path, encoding: str, block: int) -> None:
        self._path, self._encoding, self._block = path, encoding, block
        self.place = self.mark = len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb", buffering=0) as file:
            file.seek(self.mark)
            if self._encoding in UTF8:
                while block := file.read(self._block):
                    self.place += len(block)
                    yield block
                return
            decoder = codecs.getincrementaldecoder(self._encoding)("replace")
            while block := file.read(self._block):
                self.place += len(block)
                yield decoder.decode(block).encode()
            yield decoder.decode(b"", final=True).encode()


def bad_bytes(path: Path, encoding: str, count: int = 10) -> tuple[BadByte, ...]:
    """The first bytes that the encoding cannot explain."""
    found: list[BadByte] = []
    codec, errors, trace = TRACES[encoding]
    decoder = codecs.getincrementaldecoder(codec)(errors)
    line, before = 1, ""  # `before`: what was read of the line so far
    with path.open("rb", buffering=0) as file:
        while (block := file.read(BLOCK)) and len(found) < count:
            text = before + decoder.decode(block)
            for match in trace.finditer(text, len(before)):
                start = line_start(text, match.start())
                bytes_before = len(text[start : match.start()].encode(codec.removesuffix("-sig"), errors))
                mark = 2 if codec == "utf-16" else 0  # encoding writes a mark of its own
                found.append(BadByte(line + breaks_of(text[:start]), bytes_before - mark + 1, ord(match[0]) & 0xFF))
                if len(found) == count:
                    break
            start = line_start(text, len(text) - 1)  # a CR at the very end may be half of a line end
            line += breaks_of(text[:start])
            before = text[start:]
    return tuple(found)


def line_start(text: str, place: int) -> int:
    return max(text.rfind("\n", 0, max(place, 0)), text.rfind("\r", 0, max(place, 0))) + 1


def breaks_of(text: str) -> int:
    """Line ends as editors count them: LF, CR LF, or CR alone."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")
