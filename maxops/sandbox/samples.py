"""Sample CSV files for the demo: leads with the honest faults that such files bring along."""

import csv
from pathlib import Path

from maxops.sandbox.maxcontact.phones import DO_NOT_CALL, FRESH, drama_phone, show
from maxops.sandbox.maxcontact.seed import ENERGY, ENERGY_LIST, RENEWALS, seed_demo
from maxops.sandbox.maxcontact.seed_rows import FIRST_NAMES, LAST_NAMES
from maxops.sandbox.maxcontact.state import State

POSTCODES = ("LS1 4AP", "M3 2EN", "NE1 7RU", "SW1A 2AA", "CF10 3NQ", "EH1 1YZ")
PRODUCTS = ("Dual fuel fixed", "Electricity only", "Tracker", "Economy 7")
SURNAMES = ("Siân Bevan", "Zoë Hughes", "Renée Clarke", "Seán Ó Briain", "Chloë Ellis", "Anaïs Foster")
ENERGY_ROWS, RENEWAL_ROWS, SPREADSHEET_ROWS = 60, 30, 25


def write_samples(folder: Path | str) -> list[Path]:
    """Writes the files and answers their paths; the folder is made if it is missing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [write_energy(folder), write_renewals(folder), write_spreadsheet(folder)]


def energy_row(number: int, phone: str) -> list[str]:
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[(number * 5) % len(LAST_NAMES)]
    postcode = POSTCODES[number % len(POSTCODES)]
    return [phone, f"EN-{4000 + number}", first, last, postcode, PRODUCTS[number % len(PRODUCTS)]]


def known_phone() -> str:
    """One that the demo's energy list has already."""
    state = State("", "")
    seed_demo(state)
    return state.leads.in_list(ENERGY_LIST)[0].phones[0]


def write_energy(folder: Path) -> Path:
    """UTF-8 with commas, 60 leads, five of them wrong, one for each reason of the document."""
    rows = [energy_row(number, show(drama_phone(number % 5, FRESH[number]))) for number in range(ENERGY_ROWS)]
    rows[11][0] = rows[3][0]
    rows[19][0] = known_phone()
    rows[27][0] = drama_phone(0, DO_NOT_CALL[0])
    rows[35][0] = "0770090"
    rows[43].append("call after six")
    return write(folder / "energy-leads.csv", ENERGY.columns, rows)


def write_renewals(folder: Path) -> Path:
    """As a German or Irish spreadsheet saves it: semicolons and code page 1252."""
    rows = []
    for number in range(RENEWAL_ROWS):
        title = ("Ms", "Mrs", "Mr", "Dr")[number % 4]
        phone = drama_phone(0, FRESH[100 + number])
        surname = SURNAMES[number % len(SURNAMES)]
        rows.append([phone, f"RC{70100 + number}", title, surname, f"{number % 28 + 1:02d}/09/2026"])
    rows[8][0] = rows[2][0]
    rows[16][0] = "07700 90x"
    return write(folder / "renewals-cp1252-semicolons.csv", RENEWALS.columns, rows, encoding="cp1252", delimiter=";")


def write_spreadsheet(folder: Path) -> Path:
    """A spreadsheet has taken the telephone numbers for numbers: the leading zeros are gone."""
    rows = [energy_row(200 + number, drama_phone(0, FRESH[150 + number])[1:]) for number in range(SPREADSHEET_ROWS)]
    rows[5][0] = f"+44{rows[5][0]}"
    return write(folder / "energy-leads-lost-zeros.csv", ENERGY.columns, rows)


def write(path: Path, header: list[str], rows: list[list[str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return path
