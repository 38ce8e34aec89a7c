"""The bytes of a part, whatever way its rows lie in the folder: in order, whole, none that was held back."""

import csv
import io
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maxops.imports import part_bodies
from maxops.imports.files import REWRITTEN, RunFiles
from maxops.imports.parts import cut, make_batch
from maxops.imports.rejections import HELD_BACK, NOT_ATTEMPTED

HEADER = b"phone,name\r\n"
# A row: its bytes, the blank bytes before it, whether it was rewritten, whether it is held back.
ROW = st.tuples(
    st.binary(min_size=1, max_size=60), st.sampled_from([0, 0, 0, 1, 7, 500]), st.booleans(), st.integers(0, 4)
)


def lay_out(folder, rows) -> tuple[RunFiles, list[bytes]]:
    """A run's folder with these rows, and the bytes of those that are sent."""
    files = RunFiles(folder, 1)
    files.folder.mkdir(exist_ok=True)
    own, other, offsets, sizes, sent, outcomes = io.BytesIO(), io.BytesIO(), array("Q"), array("I"), [], bytearray()
    own.write(HEADER)
    for content, gap, is_rewritten, luck in rows:
        own.write(b"\n" * gap)
        target = other if is_rewritten and luck < 3 else own
        offsets.append(target.tell() | (REWRITTEN if target is other else 0))
        sizes.append(len(content))
        target.write(content)
        own.write(b"" if target is own else b"what stood there before")
        outcomes.append(HELD_BACK if luck == 4 else NOT_ATTEMPTED)
        sent += [content] if luck < 4 else []
    files.original.write_bytes(own.getvalue())
    files.rewritten.write_bytes(other.getvalue())
    files.header.write_bytes(HEADER)
    files.offsets.write_bytes(offsets.tobytes())
    files.sizes.write_bytes(sizes.tobytes())
    files.lines.write_bytes(array("I", range(2, 2 + len(rows))).tobytes())
    files.outcomes.write_bytes(bytes(outcomes))
    return files, sent


@pytest.fixture(params=["numpy", "without"])
def arrays(request, monkeypatch):
    if request.param == "without":
        monkeypatch.setattr(part_bodies, "numpy", None)
    elif part_bodies.numpy is None:
        pytest.fail("numpy is not installed: the fast way is not tested")
    monkeypatch.setattr(part_bodies, "BLOCK", 64)
    monkeypatch.setattr(part_bodies, "CHUNK_ROWS", 4)


@given(rows=st.lists(ROW, min_size=1, max_size=30), capacity=st.integers(60, 400), count=st.integers(1, 100))
@settings(max_examples=150, deadline=None)
def check_every_layout(tmp_path_factory, rows, capacity, count):
    files, sent = lay_out(tmp_path_factory.mktemp("run"), rows)
    content, lines = [], []
    for piece in cut(files, 0, capacity, None):
        batch = make_batch(files, piece.first_row, piece.last_row, "leads.csv", "map")
        with batch.open() as body:
            whole = b"".join(iter(lambda body=body: body.read(count), b""))
        assert whole.startswith(HEADER)
        assert len(whole) == batch.size == piece.bytes + len(HEADER)
        assert piece.bytes <= capacity
        assert len(batch.lines) == piece.rows
        content.append(whole.removeprefix(HEADER))
        lines += batch.lines
    assert b"".join(content) == b"".join(sent)
    assert lines == [line for line, row in enumerate(rows, 2) if row[3] < 4]


def test_every_layout_of_rows_leaves_whole_and_in_order(arrays, tmp_path_factory):
    check_every_layout(tmp_path_factory)


def test_each_row_keeps_its_own_line_end(tmp_path):
    rows = [b"07700900001,one\r\n", b"07700900002,two\n", b'07700900003,"three\r\nlines\n"\r\n']
    files, _ = lay_out(tmp_path, [(row, 0, False, 0) for row in rows])
    with make_batch(files, 0, 2, "leads.csv", "map").open() as body:
        assert body.read() == HEADER + b"".join(rows)


def test_long_stretches_are_read_in_blocks_and_not_as_rows(tmp_path):
    rows = [(b"0770090%04d,%s\n" % (number, b"x" * 100), 0, False, 0) for number in range(9000)]
    files, sent = lay_out(tmp_path, rows)
    batch = make_batch(files, 0, 8999, "leads.csv", "map")
    with batch.open() as body:
        pieces = list(iter(lambda: body.read(part_bodies.BLOCK), b""))
    assert b"".join(pieces) == HEADER + b"".join(sent)
    assert len(pieces) <= 2 + len(b"".join(sent)) // part_bodies.BLOCK


def test_rows_of_a_batch_are_its_records(tmp_path):
    files, _ = lay_out(tmp_path, [(b'"0770 0900001",Bob\n', 3, True, 0), (b"n/a,Ann\n", 0, False, 4)])
    batch = make_batch(files, 0, 1, "leads.csv", "map")
    assert list(batch.rows()) == [{"phone": "0770 0900001", "name": "Bob"}]
    assert next(csv.reader([HEADER.decode()])) == list(batch.columns)
