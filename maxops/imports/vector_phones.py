"""The phone column of many rows at once, with numpy: every usual way to write a number, without a step a row."""

from collections.abc import Callable
from typing import Any, NamedTuple

from maxops.imports.findings import KINDS
from maxops.imports.phones import DROPPED_BYTES, Shapes
from maxops.remote.late_numpy import np

LONGEST = 24  # bytes of a cell; a longer one is looked at alone
LINE_FEED, QUOTE, ZERO = b'\n"0'
KEPT = b"0123456789+"
EXPONENT = b"eE"  # 4.41E+11 is for Shapes.judge to name
SHAPE, EMPTY = KINDS["phone_shape"].code, KINDS["phone_empty"].code


class Numbers(NamedTuple):
    """What is known of some cells; those not `taken` are for Shapes.judge."""

    codes: Any
    keys: Any
    taken: Any


class PhoneColumn:
    """Judges cells as Shapes.judge does, all that are written in any usual way."""

    def __init__(self, shapes: Shapes) -> None:
        self._forms = [
            (form.prefix.encode(), form.column.match, KINDS[form.kind].code if form.kind else 0)
            for form in shapes.forms
        ]
        self._abroad = shapes.abroad
        # What a byte is for a number: 0 part of it, 1 nothing, 2 proof that it is none, 3 for judge to say.
        self._parts = np.full(256, 3, np.uint8)
        self._parts[0x21:0x7F] = 2
        self._parts[list(EXPONENT)] = 3
        self._parts[list(DROPPED_BYTES)] = 1
        self._parts[list(KEPT)] = 0

    def read(self, block: Any, starts: Any, stops: Any) -> Numbers:
        """`starts` and `stops` of the cells are places in `block`."""
        count = len(starts)
        numbers = Numbers(np.zeros(count, np.uint8), np.zeros(count, np.uint64), np.zeros(count, bool))
        quoted = (block[starts] == QUOTE) & (stops - starts >= 2)
        if quoted.any():
            starts, stops = starts + quoted, stops - quoted
        lengths = stops - starts
        counts = np.bincount(np.minimum(lengths, LONGEST + 1), minlength=1)
        if counts[0]:
            numbers.codes[lengths == 0] = EMPTY
            numbers.taken[lengths == 0] = True
        for length in np.flatnonzero(counts[1 : LONGEST + 1]) + 1:
            chosen = np.flatnonzero(lengths == length)
            self._read_alike(block[starts[chosen, None] + np.arange(length)], chosen, numbers)
        return numbers

    def _read_alike(self, cells: Any, chosen: Any, numbers: Numbers) -> None:
        """Cells of one length: those without any space or the like, then those that have some, by what is left."""
        parts = self._parts[cells]
        worst = parts.max(axis=1)
        whole = worst == 0
        if whole.all():
            self._take(cells, chosen, numbers)
            return
        self._take(cells[whole], chosen[whole], numbers)
        refused = chosen[worst == 2]
        numbers.codes[refused] = SHAPE
        numbers.taken[refused] = True
        spaced = worst == 1
        cells, kept, chosen = cells[spaced], parts[spaced] == 0, chosen[spaced]
        lengths = kept.sum(axis=1)
        for length in np.unique(lengths[lengths > 0]):
            same = lengths == length
            self._take(cells[same][kept[same]].reshape(-1, length), chosen[same], numbers)

    def _take(self, cells: Any, chosen: Any, numbers: Numbers) -> None:
        """Cells of one length, digits and plus signs only."""
        for prefix, match, code in self._forms:
            if not len(cells):
                return
            taken = fitting(cells, prefix, match)
            if taken.all():
                numbers.keys[chosen] = as_integers(cells[:, len(prefix) :])
                numbers.codes[chosen] = code
                numbers.taken[chosen] = True
                return
            if taken.any():
                numbers.keys[chosen[taken]] = as_integers(cells[taken, len(prefix) :])
                numbers.codes[chosen[taken]] = code
                numbers.taken[chosen[taken]] = True
                cells, chosen = cells[~taken], chosen[~taken]
        unclear = (cells == KEPT[-1]).any(axis=1)
        for prefix in self._abroad:
            unclear |= starting(cells, prefix)
        numbers.codes[chosen[~unclear]] = SHAPE
        numbers.taken[chosen[~unclear]] = True


def starting(cells: Any, prefix: bytes) -> Any:
    if cells.shape[1] < len(prefix):
        return np.zeros(len(cells), bool)
    taken = np.ones(len(cells), bool)
    for place, byte in enumerate(prefix):
        taken &= cells[:, place] == byte
    return taken


def fitting(cells: Any, prefix: bytes, match: Callable[..., Any]) -> Any:
    """Which of the cells start so and match."""
    taken = starting(cells, prefix)
    places, length = np.flatnonzero(taken), cells.shape[1]
    column = np.full((len(places), length + 1), LINE_FEED, np.uint8)
    column[:, :length] = cells if len(places) == len(cells) else cells[places]
    text, step, place = column.tobytes(), length + 1, 0
    while (place := match(text, place).end()) < len(text):
        taken[places[place // step]] = False
        place += step
    return taken


def as_integers(digits: Any) -> Any:
    numbers = np.zeros(len(digits), np.uint64)
    for place in range(digits.shape[1]):
        numbers *= np.uint64(10)
        numbers += digits[:, place] - np.uint8(ZERO)
    return numbers
