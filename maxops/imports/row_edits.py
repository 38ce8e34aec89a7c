"""One rejected row as a form: its cells as they were sent, or as somebody corrected them before."""

from collections.abc import Mapping as Values
from collections.abc import Sequence
from typing import NamedTuple

from maxops.imports.corrections import free_among, read_corrections
from maxops.imports.downloads import reason_for_none
from maxops.imports.files import RunFiles
from maxops.imports.models import Run
from maxops.imports.rejected_rows import Rejection, read_page
from maxops.imports.row_reading import cells_of

MOST_CELLS = 500


class Field(NamedTuple):
    """An input of the form; `sent` is what was rejected."""

    name: str
    label: str
    text: str
    sent: str
    is_offending: bool

    @property
    def is_long(self) -> bool:
        return len(self.text) > 60 or "\n" in self.text or "\r" in self.text


class Edit(NamedTuple):
    row: Rejection
    fields: list[Field]
    is_corrected: bool
    fault: str = ""


def edit_of(run: Run, files: RunFiles, number: int) -> Edit | None:
    """None where the row cannot be corrected here."""
    if number < 0 or reason_for_none(run) or number not in free_among(run, files, [number]):
        return None
    (row,) = read_page(run, [number])
    if len(row.cells) > MOST_CELLS:
        return None
    corrected = read_corrections(files).rows.get(number)
    sent = shown(cells_sent(files, number))
    now = sent if corrected is None else shown(corrected)
    fields = [
        Field(f"cell-{place}", cell.name, cell_at(now, place), cell_at(sent, place), cell.is_offending)
        for place, cell in enumerate(row.cells)
    ]
    return Edit(row, fields, corrected is not None)


def cell_at(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def cells_sent(files: RunFiles, number: int) -> list[str]:
    return next(cells_of(content) for _, _, content in files.row_bytes([number]))


def shown(cells: list[str]) -> list[str]:
    """Bytes that are no text cannot be typed; a mark stands for them."""
    return [cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for cell in cells]


def read_typed(files: RunFiles, number: int, typed: Values[str, str]) -> list[str]:
    """The cells of a posted form. What was not touched stays to the byte: browsers send line breaks their own way, and
    a mark for bytes that are no text.
    """
    sent = cells_sent(files, number)
    cells = []
    while (name := f"cell-{len(cells)}") in typed:
        text, was = typed[name], cell_at(sent, len(cells))
        is_untouched = even(text) == even(shown([was])[0])
        cells.append(was if is_untouched else text)
    return cells


def even(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def with_typed(edit: Edit, typed: Values[str, str], fault: str) -> Edit:
    """The form as it was sent, with why it was not kept."""
    fields = [field._replace(text=typed.get(field.name, field.text)) for field in edit.fields]
    return edit._replace(fields=fields, fault=fault)
