"""Packed lines and what they name: with numpy and without, alike to the row."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxops.remote import lines
from maxops.remote.lines import NamedLines, Numbering

BREAKS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), max_size=5)
PAIRS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["a", "b", "c"])), max_size=40)


def numbering_of(first: int, breaks: list[tuple[int, int]]) -> Numbering:
    rows, surplus, row, total = array("I"), array("I"), -1, 0
    for step, more in breaks:
        row, total = row + step, total + more
        rows.append(row)
        surplus.append(total)
    return Numbering(first, rows, surplus)


@given(st.integers(0, 2), BREAKS, PAIRS, st.integers(1, 40))
def test_rows_are_marked_by_the_first_reason_that_names_them(first, breaks, pairs, count):
    numbering, named = numbering_of(first, breaks), NamedLines(pairs)
    expected: dict[int, str] = {}
    outside = 0
    numbers = {numbering.number_of(row): row for row in range(count)}
    for number, reason in pairs:
        if number in numbers:
            expected.setdefault(numbers[number], reason)
        else:
            outside += 1
    marks = numbering.mark(named, count)
    assert {row: named.reasons[mark - 1] for row, mark in enumerate(marks) if mark} == expected
    assert numbering.count_outside(named.numbers, count) == outside


def test_marks_are_the_same_without_numpy(monkeypatch):
    pairs = [(7 * n % 1009, "abcd"[n % 4]) for n in range(200_000)]
    named = NamedLines(pairs)
    quick = Numbering(1).mark(named, 1000)
    assert lines.numpy is not None
    monkeypatch.setattr(lines, "numpy", None)
    assert Numbering(1).mark(named, 1000) == quick
    assert quick.count(0) == 0


@given(st.integers(0, 2), BREAKS, PAIRS, st.integers(1, 40))
def test_lines_past_breaks_are_the_same_without_numpy(first, breaks, pairs, count):
    numbering, named = numbering_of(first, breaks), NamedLines(pairs)
    marks, outside = numbering.mark(named, count), numbering.count_outside(named.numbers, count)
    with pytest.MonkeyPatch.context() as without:
        without.setattr(lines, "numpy", None)
        assert (numbering.mark(named, count), numbering.count_outside(named.numbers, count)) == (marks, outside)


@given(PAIRS, PAIRS)
def test_what_was_told_before_comes_first_and_once(earlier, later):
    joined = list(NamedLines(later).behind(NamedLines(earlier)))
    assert joined == [pair for pair in earlier if pair not in later] + later


def test_a_line_takes_five_bytes():
    named = NamedLines((n, "Duplicate") for n in range(1000))
    assert named.numbers.itemsize * len(named.numbers) + len(named.codes) == 5000
    assert named.count() == {"Duplicate": 1000}
