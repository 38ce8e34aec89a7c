"""Lead files made from nothing, with known truth: the same size and style give the same bytes anywhere.

Thirteen columns, about 120 bytes a row; in "minimal" and "quoted" files two rows in a hundred are wrong, five odd but
legal, one repeats a number; a "clean" file has nothing of that.
"""

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HEADER = (
    *("phone", "id", "first_name", "last_name", "mobile", "home", "work"),
    *("email", "address", "city", "postcode", "source", "notes"),
)
FIRST = ("Aisha", "Ben", "Carys", "Dafydd", "Elin", "Farah", "Gareth", "Hannah", "Kwame", "Siân", "Zoë")
LAST = ("Ahmed", "Bevan", "Clarke", "Davies", "García", "Hughes", "Khan", "Müller", "O'Brien", "Patel")
STREETS = ("High Street", "Station Road", "Church Lane", "Mill Lane", "Park View")
CITIES = ("London", "Leeds", "Bristol", "Cardiff", "Glasgow", "York")
NOTES = ("", "", "", "", "call after 5pm", "prefers email", "VIP", "price £250")
SEEN_KEPT = 20_000

Row = list[str]
# What is wrong with a row, by what the check is to call it.
WRONG: dict[str, Callable[[Row], Row]] = {
    "phone_empty": lambda row: ["", *row[1:]],
    "phone_shape": lambda row: [row[0][:4], *row[1:]],
    "phone_spreadsheet": lambda row: [f"{float(int(row[0])):.4E}", *row[1:]],
    "column_count": lambda row: row[:5],
    "phone_lost_zero": lambda row: [row[0][1:], *row[1:]],
}
ODD: tuple[Callable[[Row], Row], ...] = (
    lambda row: [f"({row[0][:5]}) {row[0][5:8]}-{row[0][8:]}", *row[1:]],
    lambda row: [f" {row[0]}", *row[1:]],
    lambda row: [*row[:8], f"Flat 2, {row[8]}", *row[9:]],
    lambda row: [*row[:12], 'said "call me" twice'],
    lambda row: [*row[:12], "=1+1"],
    lambda row: [*row[:8], f"{row[8]}\nSecond line", *row[9:]],
)


@dataclass
class Truth:
    """What a check must find in a file: rows in all, and how many of each kind."""

    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


def make(path: Path, size: int, style: str, encoding: str = "utf-8", delimiter: str = ",") -> Truth:
    """About `size` bytes; style "minimal", "quoted" or "clean"."""
    truth = Truth()
    quoting = csv.QUOTE_ALL if style == "quoted" else csv.QUOTE_MINIMAL
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator="\n")
        writer.writerow(HEADER)
        for row in rows_of(truth, is_clean=style == "clean"):
            writer.writerow(row)
            if truth.rows % 1000 == 0 and file.buffer.tell() >= size:
                break
    return truth


def rows_of(truth: Truth, *, is_clean: bool) -> Iterator[Row]:
    """Without end; the truth grows along. No number comes twice but on purpose."""
    dice = random.Random(1)
    seen: list[str] = []
    while True:
        number = truth.rows
        phone = f"07{(number * 7_368_787 + 11) % 1_000_000_000:09}"
        row = plain_row(number, phone, dice.randrange(1 << 30))
        truth.rows += 1
        chance = 1.0 if is_clean else dice.random()
        if chance < 0.02:
            kind = list(WRONG)[number % len(WRONG)]
            truth.kinds[kind] += 1
            yield WRONG[kind](row)
        elif chance < 0.07:
            yield ODD[number % len(ODD)](row)
        elif chance < 0.08 and seen:
            truth.kinds["duplicate_in_file"] += 1
            yield [seen[number % len(seen)], *row[1:]]
        else:
            if len(seen) < SEEN_KEPT:
                seen.append(phone)
            yield row


def plain_row(number: int, phone: str, luck: int) -> Row:
    return [
        phone,
        str(100_000 + number),
        FIRST[luck % 11],
        LAST[luck % 10],
        f"07{luck % 1_000_000_000:09}",
        "",
        f"0161{luck % 10_000_000:07}",
        f"user{number}@example.com",
        f"{luck % 250} {STREETS[luck % 5]}",
        CITIES[luck % 6],
        f"M{luck % 30} {luck % 9}AB",
        "web",
        NOTES[luck % 8],
    ]
