"""The corrections of phone numbers that maxops offers, as rows: what is said of each, and what becomes of one cell.

A correction is safe or it is not offered: the number written anew must be well formed, and the same number as before.
"""

import re
from dataclasses import dataclass

from phonenumbers import PhoneMetadata

from maxops.imports.phones import Shapes

FIRST_DIGIT = re.compile(r"[0-9]")
NOT_DIGITS = re.compile(r"[^0-9]+")


@dataclass(frozen=True, slots=True)
class Fix:
    """The words of one correction: on its button, while it is made, and in the run's log. `{n}` is "212 numbers"."""

    kind: str
    offer: str
    doing: str
    done: str
    needs_count: bool = False  # not every row of the kind can be corrected so

    def words(self, text: str, count: int, region: str) -> str:
        numbers = f"{count:,} number{'' if count == 1 else 's'}"
        were = "was" if count == 1 else "were"
        return getattr(self, text).format(n=numbers, were=were, way=national_way(region))


FIXES = {
    fix.kind: fix
    for fix in (
        Fix(
            "phone_lost_zero",
            "Add the leading 0 to {n}",
            "The leading 0 is being added",
            "The leading 0 was added to {n}",
        ),
        Fix(
            "phone_international",
            "Write {n} {way}",
            "Numbers are being written {way}",
            "{n} {were} written {way}",
            needs_count=True,
        ),
    )
}


def country_code(region: str) -> str:
    return str(PhoneMetadata.metadata_for_region(region).country_code)


def trunk_of(region: str) -> str:
    """The digit that people write before a number at home; a prefix other than 0 may be left out, so it is."""
    return "0" if PhoneMetadata.metadata_for_region(region).national_prefix == "0" else ""


def national_way(region: str) -> str:
    country = f"+{country_code(region)}"
    trunk = trunk_of(region)
    return f"with {trunk} instead of {country}" if trunk else f"without the country code {country}"


class Corrector:
    """Writes numbers of one region as they are dialled at home."""

    def __init__(self, shapes: Shapes, region: str) -> None:
        self._shapes = shapes
        self._trunk = trunk_of(region)
        self._country = country_code(region)

    def correct(self, kind: str, written: str) -> str:
        """The cell as it should be; "" where this correction does not fit it."""
        digits = NOT_DIGITS.sub("", written)
        if kind == "phone_lost_zero":
            return self._prove(self._add_zero(written), digits) if self._trunk else ""
        digits = digits.removeprefix("00")
        if not digits.startswith(self._country):
            return ""
        national = digits.removeprefix(self._country)
        national = national.removeprefix(self._trunk) if self._trunk else national
        return self._prove(self._trunk + national, national)

    def _add_zero(self, written: str) -> str:
        place = FIRST_DIGIT.search(written)
        return f"{written[: place.start()]}{self._trunk}{written[place.start() :]}" if place else ""

    def _prove(self, corrected: str, national: str) -> str:
        """Only what is well formed now, and has the digits that it had, is a correction."""
        kind, key = self._shapes.judge(corrected)
        return corrected if kind == "" and national and key == int(national) else ""
