"""A lead file of 1,000 rows with forty faults planted in it: eight of each of the five reasons S000 documents."""

from dataclasses import dataclass
from pathlib import Path

from maxops.sandbox.maxcontact.leads import Lead
from maxops.sandbox.maxcontact.state import Mapping
from maxops.sandbox.server import Sandbox

ROWS = 1000
EACH = 8
LIST_ID = 1
COLUMNS = ["phone", "reference", "name"]
REASONS = ["Duplicate", "DoNotCall", "DuplicateInFile", "InvalidSourceFormat", "InvalidPhoneNumber"]


@dataclass(frozen=True)
class Planted:
    """What went into the file: the reason by the physical line of each faulty row, the header being line 1."""

    path: Path
    faults: dict[int, str]


def phone(number: int) -> str:
    """The n-th number of the ranges set aside for drama, which nobody owns; none that the demo's leads have."""
    areas = ["0114 496 0", "0115 496 0", "0116 496 0", "0117 496 0", "0118 496 0"]
    return f"{areas[number // 1000]}{number % 1000:03d}".replace(" ", "")


def write_planted(sandbox: Sandbox, path: Path) -> Planted:
    """Write the file, and put into the stand-in what makes its rows duplicates and do-not-call."""
    faults: dict[int, str] = {}
    lines = [",".join(COLUMNS)]
    for row in range(ROWS):
        cells = [phone(row), f"PL-{row:04d}", f"Lead {row}"]
        kind = row // 5 // EACH if row % 5 == 4 else len(REASONS)
        if kind < len(REASONS):
            faults[row + 2] = REASONS[kind]
            cells = spoil(sandbox, REASONS[kind], cells, row)
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return Planted(path, faults)


def spoil(sandbox: Sandbox, reason: str, cells: list[str], row: int) -> list[str]:
    if reason == "Duplicate":
        sandbox.state.leads.add(Lead(list_id=LIST_ID, phones=(cells[0],)))
    elif reason == "DoNotCall":
        sandbox.state.dnc.add(cells[0])
    elif reason == "DuplicateInFile":
        return [phone(row - 1), *cells[1:]]
    elif reason == "InvalidSourceFormat":
        return [*cells, "one too many"]
    else:
        return [cells[0][:6], *cells[1:]]
    return cells


def register_mapping(sandbox: Sandbox, callback_url: str, response_format: str = "xml") -> None:
    """What somebody does in MaxContact's portal: a template of that name with our Response URL."""
    sandbox.state.mappings["Planted"] = Mapping(
        "Planted",
        COLUMNS,
        phone="phone",
        reference="reference",
        list_id=LIST_ID,
        response_url=callback_url,
        response_format=response_format,
    )


MAPPING_WORDS = [
    "mapping", "add", "Planted", "--platform", "maxcontact", "--columns", ",".join(COLUMNS),
    "--field", "phone=phone", "--field", "reference=reference", "--list", str(LIST_ID),
]  # fmt: skip
