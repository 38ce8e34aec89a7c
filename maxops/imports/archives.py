"""What a file is by its first bytes, and lead files that come packed: one text file in a ZIP or gzip.

Unpacked as a stream, with a limit on what comes out, since a small archive may hold anything. No name in it is a path.
"""

import errno
import gzip
import hashlib
import os
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from maxops.imports.disk import in_words
from maxops.imports.errors import NotText

BLOCK = 1 << 18
START = 4096  # bytes by which a kind is known
ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
EMPTY_ZIP = b"PK\x05\x06"
CSV_IN_EXCEL = (
    "Open it in Excel, choose File, Save As and the type 'CSV UTF-8 (Comma delimited)', then upload the new file. "
    "Excel saves the sheet in front only."
)
WORKBOOK = f"This is an Excel workbook, not a CSV file. {CSV_IN_EXCEL}"
ODS = (
    "This is a LibreOffice sheet, not a CSV file. Choose File, Save As, the type 'Text CSV' and the character set "
    "'Unicode (UTF-8)', then upload the new file."
)
NUMBERS = (
    "This is a Numbers sheet, not a CSV file. In Numbers choose File, Export To, CSV with the encoding "
    "'Unicode (UTF-8)', then upload the new file."
)
OTHER_ARCHIVE = "This is a packed file of a kind that is not read here. Unpack it and upload the CSV file inside."
# First bytes that no lead file has, and what to do instead.
OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", f"This is an old Excel workbook, not a CSV file. {CSV_IN_EXCEL}"),
    (b"%PDF", "This is a PDF, not a CSV file. Ask for the leads as CSV UTF-8, or export them so where they come from."),
    (b"{\\rtf", "This is a text document with formatting, not a CSV file. Export the leads as CSV UTF-8 instead."),
    (b"Rar!", OTHER_ARCHIVE),
    (b"7z\xbc\xaf", OTHER_ARCHIVE),
    (b"BZh", OTHER_ARCHIVE),
    (b"\xfd7zXZ", OTHER_ARCHIVE),
    (b"\x28\xb5\x2f\xfd", OTHER_ARCHIVE),
)
WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<\?xml|<table)", re.IGNORECASE)
WEB_WORDS = f"This is a web page or XML under the name of a sheet, not a CSV file. {CSV_IN_EXCEL}"
OFFICE_PARTS = ("[Content_Types].xml", "_rels/", "docProps/", "xl/")
JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|\.[^/]*$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
READ_METHODS = frozenset({ZIP_STORED, ZIP_DEFLATED})
LONGEST_CONTENTS = 1_000_000  # bytes of an archive's list of files, which is read as a whole
END_RECORD, WIDE_LOCATOR, WIDE_RECORD_SIZE = b"PK\x05\x06", b"PK\x06\x07", 56
RATIO = 250  # how much larger than the archive leads may be; real files come out 3 to 30 times as large
RATIO_FROM = 50_000_000
DAMAGED = "The archive is damaged and cannot be unpacked. Pack the file again, or upload the CSV file itself."
# All that the library says of an archive that was cut, spoilt or forged.
BROKEN = (BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error)
UNSAFE_IN_NAMES = re.compile(r"[^\w.() +-]")


class Unpacked(NamedTuple):
    name: str
    sha256: str
    size: int


class Member(NamedTuple):
    """The one file of an archive: what it is called there, the size it says it has (0 = not said), its bytes."""

    name: str
    size: int
    stream: BinaryIO


def readable_name(name: str) -> str:
    """The last part of whatever path a browser or an archive gives, without what could trouble a screen or a header."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    return UNSAFE_IN_NAMES.sub("_", last)[-200:] or "leads.csv"


def refusal_of(start: bytes, name: str = "") -> str:
    """Why a file that begins so cannot hold leads and what to do, as a sentence; "" when it may."""
    if start.startswith(ZIP):
        return _office_refusal(start, name.lower())
    found = next((words for magic, words in OTHER_KINDS if start.startswith(magic)), "")
    return found or (WEB_WORDS if WEB_PAGE.match(start) else "")


def _office_refusal(start: bytes, name: str) -> str:
    """Today's office files are ZIP archives; the name of the first member tells them from a zipped CSV."""
    length = int.from_bytes(start[26:28], "little")
    first = start[30 : 30 + length].decode("utf-8", "replace")
    if first.startswith(OFFICE_PARTS) or name.endswith((".xlsx", ".xlsm", ".xlsb")):
        return WORKBOOK
    if first == "mimetype" or name.endswith((".ods", ".odt")):
        return ODS
    return NUMBERS if first.endswith(".iwa") or name.endswith(".numbers") else ""


def start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(START)


def is_packed(path: Path) -> bool:
    return start_of(path).startswith((ZIP, EMPTY_ZIP, GZIP))


def look_into(path: Path, name: str, limit: int) -> None:
    """NotText when the file cannot hold leads, as far as its start tells, or the list of what an archive holds."""
    if words := refusal_of(start_of(path), name):
        raise NotText(words, line=1)
    if is_packed(path):
        with open_packed(path) as member:
            _refuse_size(member.size, limit)
            next(_blocks(member), b"")


def head_of(path: Path, size: int) -> bytes:
    """The first bytes of the leads, unpacked where they come packed, ending with a whole line."""
    with path.open("rb") as file:
        head = file.read(size)
    if head.startswith((ZIP, GZIP)):
        head = b""
        with open_packed(path) as member:
            blocks = _blocks(member)
            while len(head) < size and (block := next(blocks, b"")):
                head += block
    end = head.rfind(b"\n") + 1
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2]  # two bytes a character: the line feed is no place to cut at
    return head[:end] if end and len(head) >= size else head


def unpack(path: Path, target: Path, limit: int, progress: Callable[[int], None]) -> Unpacked:
    """Writes the one file in the archive to `target`, which is whole and on disk when this returns.

    NotText when it cannot be unpacked; nothing is left at `target` then, nor when the disk is full.
    """
    try:
        return _unpack(path, target, limit, progress)
    except (NotText, OSError):
        target.unlink(missing_ok=True)
        raise


def _unpack(path: Path, target: Path, limit: int, progress: Callable[[int], None]) -> Unpacked:
    most = max(RATIO_FROM, path.stat().st_size * RATIO)
    digest, size = hashlib.sha256(), 0
    with open_packed(path) as member:
        _refuse_size(member.size, limit)
        with target.open("wb") as file:
            for block in _blocks(member):
                size += len(block)
                _refuse_size(size, min(limit, most))
                digest.update(block)
                file.write(block)
                progress(size)
            file.flush()
            os.fsync(file.fileno())
    return Unpacked(member.name, digest.hexdigest(), size)


def _refuse_size(size: int, limit: int) -> None:
    if size > limit:
        raise NotText(
            f"Unpacked, the file is larger than the {in_words(limit)} that may come out of this archive. "
            "Upload it in several files."
        )


def _blocks(member: Member) -> Iterator[bytes]:
    """What the archive holds; its first block must be leads too."""
    try:
        block = member.stream.read(BLOCK)
        if words := refusal_of(block[:START], member.name) or _nested(block):
            raise NotText(f"In the archive lies {readable_name(member.name)}. {words}")
        while block:
            yield block
            block = member.stream.read(BLOCK)
    except BROKEN as error:
        raise NotText(DAMAGED) from error


def _nested(block: bytes) -> str:
    is_archive = block.startswith((ZIP, GZIP, EMPTY_ZIP))
    return "That is an archive again: unpack it and upload the CSV file inside." if is_archive else ""


@contextmanager
def open_packed(path: Path) -> Iterator[Member]:
    """The archive's one file; NotText when it holds another number of files, or one that cannot be read."""
    with ExitStack() as stack:
        if start_of(path).startswith(GZIP):
            yield Member("", 0, stack.enter_context(gzip.open(path)))
        else:
            yield _open_zip(stack, path)


def _open_zip(stack: ExitStack, path: Path) -> Member:
    refuse_crowded(path)
    try:
        archive = stack.enter_context(ZipFile(path))
        info = only_member(archive)
        return Member(info.filename, info.file_size, stack.enter_context(archive.open(info)))
    except BROKEN as error:
        raise NotText(DAMAGED) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place outside the file; anything else is the disk's trouble, not the file's
            raise
        raise NotText(DAMAGED) from error


def refuse_crowded(path: Path) -> None:
    """An archive's list of files is read into memory whole: one of a million names is not even opened."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - (1 << 16) - 22, 0))
        tail = file.read()
    end = tail.rfind(END_RECORD)
    sizes = [int.from_bytes(tail[end + 12 : end + 16], "little")] if end >= 0 else []
    wide = end - 20 - WIDE_RECORD_SIZE
    if end >= 0 and tail[end - 20 : end - 16] == WIDE_LOCATOR and wide >= 0:
        sizes = [int.from_bytes(tail[wide + 40 : wide + 48], "little")]
    if any(size > LONGEST_CONTENTS for size in sizes):
        raise NotText("The archive holds very many files. Pack the CSV file alone, or upload it as it is.")


def only_member(archive: ZipFile) -> ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir() and not JUNK.search(info.filename)]
    if any(info.filename.startswith(OFFICE_PARTS) for info in members):
        raise NotText(WORKBOOK, line=1)
    if len(members) != 1:
        names = ", ".join(readable_name(info.filename) for info in members[:3])
        more = " and others" if len(members) > 3 else ""
        words = f"The archive holds {len(members)} files ({names}{more})" if members else "The archive is empty"
        raise NotText(f"{words}. Pack one CSV file alone, or upload the files one by one as they are.")
    (info,) = members
    if info.flag_bits & 1:
        raise NotText("The archive is locked with a password. Unpack it and upload the CSV file inside.")
    if info.compress_type not in READ_METHODS:
        raise NotText(OTHER_ARCHIVE)
    return info
