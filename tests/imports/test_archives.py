"""What a file is by its first bytes, and lead files that come packed: read whatever is in them, or say why not."""

import gzip
import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maxops.imports import archives
from maxops.imports.errors import NotText

LEADS = b"phone,reference,name\r\n" + b"".join(b"07700900%03d,R-%d,Lead\r\n" % (n, n) for n in range(1000))
LIMIT = 1_000_000


def silent(_: int) -> None:
    pass


def assert_stopped(folder: Path, content: bytes, limit: int, most: int) -> None:
    """Refused, with nothing left, before more than `most` bytes were written."""
    packed, written = folder / "packed", [0]
    packed.write_bytes(content)
    with pytest.raises(NotText, match="larger than"):
        archives.unpack(packed, folder / "target", limit, written.append)
    assert not (folder / "target").exists()
    assert max(written) <= most


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def unpacked(folder: Path, content: bytes, limit: int = LIMIT) -> bytes:
    packed, target = folder / "packed", folder / "target"
    packed.write_bytes(content)
    told = archives.unpack(packed, target, limit, silent)
    assert told.size == target.stat().st_size
    return target.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        zipped(("leads.csv", LEADS)),
        zipped(("May/leads.txt", LEADS), method=zipfile.ZIP_STORED),
        zipped(("May/", b""), ("May/leads.csv", LEADS), ("__MACOSX/May/._leads.csv", b"x"), (".DS_Store", b"y")),
        gzip.compress(LEADS),
    ],
    ids=["zip", "stored in a folder", "made on a Mac", "gzip"],
)
def test_one_packed_text_file_is_unpacked_as_it_was(tmp_path, content):
    assert unpacked(tmp_path, content) == LEADS
    assert archives.head_of(tmp_path / "packed", 5000) == LEADS[: LEADS.rindex(b"\n", 0, len(LEADS)) + 1]


def locked() -> bytes:
    """The flag that says that a password is needed, set in both places that have it."""
    content = bytearray(zipped(("leads.csv", LEADS)))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(("a.csv", LEADS), ("b.csv", LEADS)), "2 files (a.csv, b.csv)"),
        (zipped(*((f"{n}.csv", b"x") for n in range(5))), "5 files (0.csv, 1.csv, 2.csv and others)"),
        (zipped(*((f"{n:0100}.csv", b"") for n in range(10_000))), "very many files"),
        (zipped(), "archive is empty"),
        (zipped(("inner.zip", zipped(("leads.csv", LEADS)))), "archive again"),
        (gzip.compress(zipped(("leads.csv", LEADS))), "archive again"),
        (zipped(("leads.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 99)), "old Excel workbook"),
        (zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")), "Excel workbook"),
        (zipped(("leads.csv", LEADS), method=zipfile.ZIP_LZMA), "Unpack it"),
        (locked(), "password"),
        (zipped(("leads.csv", LEADS))[:-30], "damaged"),
        (zipped(("leads.csv", LEADS))[:200], "damaged"),
        (gzip.compress(LEADS)[:-9], "damaged"),
        (zipped(("leads.csv", LEADS)).replace(b"\xe2", b"\xe3").replace(b"\x55", b"\x56"), "damaged"),
        (zipped(("leads.csv", b"x" * (LIMIT + 1))), "larger than the 1 MB"),
        (gzip.compress(b"07700900001\n" * LIMIT), "larger than the 1 MB"),
    ],
)
def test_what_cannot_be_unpacked_is_told_in_a_sentence(tmp_path, content, words):
    with pytest.raises(NotText, match=r".") as told:
        unpacked(tmp_path, content)
    assert words in told.value.message
    assert told.value.message.endswith((".", "inside."))


def test_an_archive_that_says_less_than_it_holds_is_stopped(tmp_path):
    """Either the library stops where the archive says that its file ends, and misses the checksum, or we do."""
    content = bytearray(zipped(("leads.csv", b"0" * (LIMIT * 3))))
    for place in (22, content.index(b"PK\x01\x02") + 24):
        content[place : place + 4] = (1000).to_bytes(4, "little")
    with pytest.raises(NotText):
        unpacked(tmp_path, bytes(content))
    assert not (tmp_path / "target").exists()


def test_a_bomb_is_stopped_before_it_fills_the_disk(tmp_path):
    assert_stopped(tmp_path, gzip.compress(b"\n" * 120_000_000, 9), 2_000_000_000, archives.RATIO_FROM)


def test_nothing_larger_than_the_limit_comes_out(tmp_path):
    assert_stopped(tmp_path, gzip.compress(b"07700900001\n" * LIMIT), LIMIT, LIMIT)


@pytest.mark.parametrize(
    ("start", "name", "words"),
    [
        (zipped(("[Content_Types].xml", b"<x/>")), "leads.csv", "CSV UTF-8"),
        (zipped(("xl/workbook.xml", b"<x/>")), "leads", "CSV UTF-8"),
        (b"PK\x03\x04 whatever", "leads.xlsx", "CSV UTF-8"),
        (zipped(("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")), "leads.ods", "Text CSV"),
        (zipped(("Index/Document.iwa", b"x")), "leads.numbers", "Export To"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "leads.xls", "old Excel workbook"),
        (b"%PDF-1.7", "leads.pdf", "PDF"),
        (b"\n <HTML><table>", "leads.xls", "web page"),
        (b"Rar!\x1a\x07", "leads.rar", "Unpack it"),
        (b"7z\xbc\xaf\x27\x1c", "leads.7z", "Unpack it"),
    ],
)
def test_other_kinds_of_files_are_known_by_their_first_bytes(start, name, words):
    assert words in archives.refusal_of(start, name)


@pytest.mark.parametrize("start", [LEADS, b"\xef\xbb\xbfphone", b"\xff\xfep\0", b"", b"<07700900001>,x", b"sep=;\n"])
def test_leads_are_taken(start):
    assert archives.refusal_of(start, "leads.csv") == ""


def test_a_packed_file_is_no_other_kind():
    assert archives.refusal_of(zipped(("leads.csv", LEADS)), "leads.zip") == ""


def test_head_ends_with_a_whole_line(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_bytes(LEADS)
    assert archives.head_of(path, 100).endswith(b"\r\n")
    assert LEADS.startswith(archives.head_of(path, 100))
    path.write_bytes("phone;näme\r\n".encode("utf-16") * 99)
    assert archives.head_of(path, 101).decode("utf-16").startswith("phone;näme")


@given(st.binary(max_size=300), st.integers(0, 400), st.binary(max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_bytes_in_an_archive_are_unpacked_or_refused(tmp_path_factory, tail, place, spoilt):
    folder = tmp_path_factory.mktemp("any")
    good = zipped(("leads.csv", LEADS[:150]), ("b/", b""))
    for content in (b"PK\x03\x04" + tail, b"\x1f\x8b" + tail, good[:place] + spoilt + good[place + len(spoilt) :]):
        packed = folder / "packed"
        packed.write_bytes(content)
        if not archives.is_packed(packed):
            continue
        with suppress(NotText):
            told = archives.unpack(packed, folder / "target", LIMIT, silent)
            assert told.size == (folder / "target").stat().st_size
