"""Which rows of a part took more lines than one, with the lead file and without it."""

from array import array

import pytest

from maxops.imports.mapping import files_of
from maxops.imports.models import Part, Run
from maxops.imports.part_rows import look_at
from maxops.imports.rejections import HELD_BACK, start_outcomes
from tests.imports.uploading import check


def part_of(run: Run) -> Part:
    return Part(run=run, number=1, first_row=0, last_row=run.rows - 1, rows=run.rows, bytes=1, first_line=2)


@pytest.fixture
def checked(mapping, tmp_path):
    def checked(text: str, encoding: str = "utf-8") -> Run:
        path = tmp_path / "leads.csv"
        path.write_bytes(text.encode(encoding))
        return check(path, mapping)

    return checked


def lines_of(run: Run) -> tuple[list[int], list[int]] | None:
    breaks = look_at(files_of(run), part_of(run)).breaks
    return breaks and (breaks.broken.tolist(), breaks.surplus.tolist())


def delete_files(run: Run) -> None:
    for path in files_of(run).personal:
        path.unlink(missing_ok=True)


HEADER = "phone,reference,name\n"
PLAIN = HEADER + "".join(f"0770090{n:04d},{n},x\n" for n in range(6))
BROKEN = HEADER + '07700900001,1,"a\nb\r\nc"\n07700900002,2,x\n07700900003,3,"d\ne"\n07700900004,4,x\n'
BLANK = HEADER + '07700900001,1,"a\nb"\n\n\n07700900002,2,x\n\n07700900003,3,"d\ne"\n07700900004,4,x\n'


def test_line_breaks_inside_cells_are_counted_and_blank_lines_between_rows_are_not(checked):
    assert lines_of(checked(PLAIN)) == ([], [])
    assert lines_of(checked(BROKEN)) == ([0, 2], [2, 3])
    assert lines_of(checked(BLANK)) == ([0, 2], [1, 2])
    assert lines_of(checked(BLANK, "utf-16")) == ([0, 2], [1, 2])
    assert lines_of(checked(BLANK.replace("\n", "\r\n"))) == ([0, 2], [1, 2])


def test_without_the_lead_file_it_is_told_where_the_places_tell_it_and_else_not(checked):
    for text, expected in ((PLAIN, ([], [])), (BROKEN, ([0, 2], [2, 3])), (BLANK, None)):
        run = checked(text)
        delete_files(run)
        assert lines_of(run) == expected
    translated = checked(BROKEN, "utf-16")
    delete_files(translated)
    assert lines_of(translated) is None


def test_rows_held_back_count_for_nothing(checked):
    run = checked(BROKEN.replace("07700900001", "n/a"))
    start_outcomes(files_of(run), [files_of(run).codes.read_bytes()[0]])
    sent = look_at(files_of(run), part_of(run))
    assert files_of(run).outcomes.read_bytes()[0] == HELD_BACK
    assert (sent.count, len(sent.codes)) == (3, 3)
    assert lines_of(run) == ([1], [1])


def test_breaks_are_found_over_many_rows(checked):
    rows = [f"0770{n:07d},{n},{chr(34)}a{chr(10) if n % 1000 == 7 else ' '}b{chr(34)}" for n in range(20_000)]
    run = checked(HEADER + "\n".join(rows) + "\n")
    broken, surplus = lines_of(run)
    assert broken == list(range(7, 20_000, 1000))
    assert surplus == list(range(1, 21))
    assert look_at(files_of(run), part_of(run)).breaks.surplus == array("I", surplus)
