"""The shape of a phone number in one region, from phonenumbers' metadata taken once.

Shape only, and never `is_valid`: the number plan is the platform's business. No library call inside the row loop.
"""

import re
from functools import cache

from phonenumbers import PhoneMetadata

DROPPED = str.maketrans("", "", " \t\u00a0\u2007\u202f()[]-.\u2010\u2011\u2012\u2013/'")
SPREADSHEET = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}", re.ASCII).fullmatch
FOREIGN = re.compile(r"(?:\+|00)[1-9]\d{6,14}", re.ASCII).fullmatch


class Shapes:
    """`well_formed` is the fast test of a number as written; `judge` says what is wrong, or odd, with another."""

    def __init__(self, region: str) -> None:
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is None:
            raise ValueError(f"MAXOPS_PHONE_REGION: {region!r} is no region such as GB.")
        trunk = re.escape(metadata.national_prefix or "")
        # Only a leading 0 is part of the number as people write it; North America's 1 may be there or not.
        written_trunk = trunk if trunk == "0" else f"(?:{trunk})?"
        national = f"(?:{metadata.general_desc.national_number_pattern})"
        self.well_formed = re.compile(written_trunk + national, re.ASCII).fullmatch
        self._trunk = metadata.national_prefix or ""
        self._local = re.compile(f"({national})", re.ASCII).fullmatch
        self._international = re.compile(
            rf"(?:\+|00)?{metadata.country_code}(?:{trunk})?({national})", re.ASCII
        ).fullmatch

    def key(self, phone: str) -> int:
        """The same number however it is written; `phone` is well formed."""
        return int(phone.removeprefix(self._trunk))

    def judge(self, written: str) -> tuple[str, int | None]:
        """The kind of finding ("" for none) and the key, which is None where there is no number to compare."""
        text = written.strip()
        if not text:
            return "phone_empty", None
        if SPREADSHEET(text):
            return "phone_spreadsheet", None
        phone = text.translate(DROPPED)
        if self.well_formed(phone):
            return "", self.key(phone)
        if match := self._international(phone):
            return "phone_international", int(match[1])
        if match := self._local(phone):
            return "phone_lost_zero", int(match[1])
        if FOREIGN(phone):
            return "phone_international", int(phone.lstrip("+"))
        return "phone_shape", None


@cache
def shapes_of(region: str) -> Shapes:
    return Shapes(region)
