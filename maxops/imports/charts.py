"""Bars as numbers for a drawing on the page: where each stands, how long it is. Colours are the template's."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 320
ROW_HEIGHT = 40
LEAST = 2  # the shortest bar that is seen at all
LONGEST_LABEL = 34
STEP, COLUMN, HEIGHT, MARGIN = 64, 40, 140, 16  # of columns side by side


class Bar(NamedTuple):
    label: str
    value: int
    tone: str
    length: float
    top: int


class BarChart(NamedTuple):
    """Bars beneath each other, the longest as wide as the drawing; what does not fit is one last bar."""

    bars: list[Bar]
    height: int

    @property
    def width(self) -> int:
        return WIDTH


def bar_chart(values: Sequence[tuple[str, int, str]], most: int = 8) -> BarChart:
    """From (label, value, tone), in the order given."""
    shown = list(values[:most])
    if len(values) > most:
        shown = [*values[: most - 1], ("All others", sum(value for _, value, _ in values[most - 1 :]), "mute")]
    largest = max((value for _, value, _ in shown), default=0) or 1
    bars = [
        Bar(cut(label), value, tone, max(LEAST, round(WIDTH * value / largest, 1)), place * ROW_HEIGHT)
        for place, (label, value, tone) in enumerate(shown)
    ]
    return BarChart(bars, len(bars) * ROW_HEIGHT)


def cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


class Segment(NamedTuple):
    key: str
    label: str
    value: int
    top: float
    height: float


class Column(NamedTuple):
    name: str
    left: int
    segments: list[Segment]


class ColumnChart(NamedTuple):
    """Columns side by side, each of several segments; all are drawn to one scale."""

    columns: list[Column]

    @property
    def width(self) -> int:
        return max(len(self.columns), 1) * STEP

    column_width = COLUMN
    middle = COLUMN // 2
    line_at = HEIGHT + MARGIN
    name_at = HEIGHT + MARGIN
    full_height = HEIGHT + 2 * MARGIN + 4

    @property
    def legend(self) -> list[Segment]:
        """Each kind of segment that is drawn, once."""
        return list({segment.key: segment for column in self.columns for segment in column.segments}.values())


def column_chart(columns: Sequence[tuple[str, Sequence[tuple[str, str, int]]]]) -> ColumnChart:
    """From (name, [(key, label, value)]), the first segment at the foot."""
    largest = max((sum(value for _, _, value in parts) for _, parts in columns), default=0) or 1
    drawn = []
    for place, (name, parts) in enumerate(columns):
        segments, top = [], float(HEIGHT)
        for key, label, value in parts:
            if value:
                tall = max(1.0, round(HEIGHT * value / largest, 1))
                top = round(top - tall, 1)
                segments.append(Segment(key, label, value, top, tall))
        drawn.append(Column(name, place * STEP + (STEP - COLUMN) // 2, segments))
    return ColumnChart(drawn)
