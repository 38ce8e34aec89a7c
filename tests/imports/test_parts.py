"""Parts: no record cut, none lost, header in each, every one under the limit."""

import csv

import pytest

from maxops.imports.checks import Expected, check_file
from maxops.imports.errors import RecordTooLarge
from maxops.imports.files import RunFiles
from maxops.imports.findings import HOLDING_CODES
from maxops.imports.parts import cut, make_batch
from maxops.imports.phones import shapes_of
from maxops.imports.rejections import start_outcomes


@pytest.fixture
def files(tmp_path):
    files = RunFiles(tmp_path, 1)
    files.folder.mkdir()
    rows = [f'0770090{n:04d},"Flat {n},\nHigh Street {"x" * (n % 40)}"' for n in range(1000)]
    for bad in (0, 10, 11, 500, 999):
        rows[bad] = f"n/a,{bad}"
    files.original.write_text("phone,address\n" + "\n".join(rows) + "\n", "utf-8")
    check_file(files, Expected(("phone", "address"), "phone"), shapes_of("GB"), lambda *_: None)
    return files


@pytest.mark.parametrize("held_back", [(), HOLDING_CODES])
@pytest.mark.parametrize("capacity", [120, 1000, 7777, 10_000_000])
@pytest.mark.parametrize("max_rows", [None, 7])
def test_parts_together_are_the_file(files, held_back, capacity, max_rows):
    held = start_outcomes(files, held_back)
    assert held == (5 if held_back else 0)
    pieces = list(cut(files, 0, capacity, max_rows))
    sent = []
    for piece in pieces:
        batch = make_batch(files, piece.first_row, piece.last_row, "leads.csv", "map")
        with batch.open() as body:
            content = body.read()
        rows = list(csv.reader(content.decode().splitlines(keepends=True)))
        assert rows[0] == ["phone", "address"]
        assert len(content) == batch.size == piece.bytes + len(files.header_bytes())
        assert piece.bytes <= capacity
        assert len(rows) - 1 == piece.rows == len(batch.lines)
        assert max_rows is None or piece.rows <= max_rows
        assert [row["phone"] for row in batch.rows()] == [row[0] for row in rows[1:]]
        sent += rows[1:]
    everything = [cells for _, _, cells in files.rows(range(1000))]
    assert sent == [cells for cells in everything if not (held_back and cells[0] == "n/a")]
    if capacity == 10_000_000 and not max_rows:
        assert len(pieces) == 1


def test_record_larger_than_a_request_is_named(files):
    start_outcomes(files)
    with pytest.raises(RecordTooLarge) as refusal:
        list(cut(files, 5, 20, None))
    assert refusal.value.row == 5
