"""What the dialler calls a row, where it is not certain which rows its line numbers mean."""

from collections.abc import Collection

from maxops.imports.files import RunFiles
from maxops.imports.line_base import FIRST_NUMBERS, PHYSICAL
from maxops.imports.models import Part, Run
from maxops.imports.rejections import HELD_BACK, read_outcomes

COUNTING_ROWS = frozenset(FIRST_NUMBERS) - frozenset(PHYSICAL)


def platform_lines(run: Run, files: RunFiles, numbers: Collection[int]) -> dict[int, str]:
    """Row number -> "MaxContact's line 4", of the rows in parts whose report was read on an assumption."""
    parts = list(run.parts.all())
    named = {}
    for number in numbers:
        part = next((part for part in parts if part.first_row <= number <= part.last_row), None)
        if part is not None and part.assumed_base in COUNTING_ROWS:
            of_part = f" of part {part.number}" if len(parts) > 1 else ""
            named[number] = f"MaxContact's line {line_in(part, files, number):,}{of_part}"
    return named


def line_in(part: Part, files: RunFiles, number: int) -> int:
    """Rows held back were not in the request."""
    before = number - part.first_row
    held = read_outcomes(files, part.first_row, before).count(HELD_BACK) if before else 0
    return FIRST_NUMBERS[part.assumed_base] + before - held
