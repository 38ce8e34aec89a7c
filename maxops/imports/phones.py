"""The shape of a phone number in one region, from phonenumbers' metadata taken once.

Shape only, and never `is_valid`: the number plan is the platform's business. No library call inside the row loop.
"""

import re
from functools import cache
from typing import NamedTuple

from phonenumbers import PhoneMetadata

DROPPED = str.maketrans("", "", " \t\u00a0\u2007\u202f()[]-.\u2010\u2011\u2012\u2013/'")
DROPPED_BYTES = b" \t()[]-./'"
SPREADSHEET = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}", re.ASCII).fullmatch
FOREIGN = re.compile(r"(?:\+|00)[1-9]\d{6,14}", re.ASCII).fullmatch


class Form(NamedTuple):
    """One way to write a number: the pattern is of what follows the prefix, with its line end, and is the key."""

    kind: str
    prefix: str
    pattern: str

    @property
    def column(self) -> re.Pattern[bytes]:
        """Any count of such numbers, each on a line."""
        return _column(f"{re.escape(self.prefix)}{self.pattern}")


class Shapes:
    """`well_formed` is the fast test of a number as written; `judge` says what is wrong, or odd, with another.

    `forms` are the usual ways to write a number, in the order in which `judge` tries them; what none of them takes is
    for `judge` to say. `usual` matches a line in one of them, a group each; `column` well-formed numbers, each on a
    line. Digits that no form takes are no number, unless they start with one of `abroad`.
    """

    def __init__(self, region: str) -> None:
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is None:
            raise ValueError(f"MAXOPS_PHONE_REGION: {region!r} is no region such as GB.")
        trunk = re.escape(metadata.national_prefix or "")
        # Only a leading 0 is part of the number as people write it; North America's 1 may be there or not.
        written_trunk = trunk if trunk == "0" else f"(?:{trunk})?"
        national = f"(?:{metadata.general_desc.national_number_pattern})"
        self.well_formed = re.compile(f"{written_trunk}({national})", re.ASCII).fullmatch
        self.column = _column(f"{written_trunk}{national}")
        self.is_plain_key = trunk in ("", "0")  # a well-formed number is its own key
        self._local = re.compile(f"({national})", re.ASCII).fullmatch
        international = rf"(?:\+|00)?{metadata.country_code}(?:{trunk})?({national})"
        self._international = re.compile(international, re.ASCII).fullmatch
        self.abroad = (b"00", str(metadata.country_code).encode())
        self.forms = tuple(_forms(metadata.national_prefix or "", national, str(metadata.country_code), international))
        usual = "|".join(f"{re.escape(form.prefix)}({form.pattern})\n" for form in self.forms)
        self.usual = re.compile(usual.encode()).match

    def key(self, phone: str) -> int:
        """The same number however it is written; `phone` is well formed."""
        match = self.well_formed(phone)
        return int(match[1]) if match else 0

    def judge(self, written: str) -> tuple[str, int | None]:
        """The kind of finding ("" for none) and the key, which is None where there is no number to compare."""
        phone = written.translate(DROPPED).strip()
        if match := self.well_formed(phone):
            return "", int(match[1])
        if match := self._international(phone):
            return "phone_international", int(match[1])
        if match := self._local(phone):
            return "phone_lost_zero", int(match[1])
        if FOREIGN(phone):
            return "phone_international", int(phone.lstrip("+"))
        text = written.strip()
        if not text:
            return "phone_empty", None
        return ("phone_spreadsheet" if SPREADSHEET(text) else "phone_shape"), None


def _column(pattern: str) -> re.Pattern[bytes]:
    return re.compile(f"(?:{pattern}\n)*+".encode())


def _forms(trunk: str, national: str, country: str, international: str) -> list[Form]:
    """A number that `judge` could read in two ways is in none of the forms."""
    rest = rf"(?!{re.escape(trunk)}{national}\n){national}" if trunk else national
    forms = [Form("", trunk, national)] if trunk else []
    if trunk != "0":
        forms.append(Form("", "", rest))
    forms += [Form("phone_international", f"{prefix}{country}", rest) for prefix in ("+", "00", "")]
    if trunk == "0":
        forms.append(Form("phone_lost_zero", "", rf"(?!{international}\n){national}"))
    return forms


@cache
def shapes_of(region: str) -> Shapes:
    return Shapes(region)
