"""Telephone numbers nobody has: the ranges Ofcom keeps for drama."""

# Mobile, London, Leeds, Manchester, and the area that does not exist; three digits follow.
RANGES = ("07700900", "02079460", "01134960", "01614960", "01632960")
# Who may have which last three digits: the lead table, the do-not-call list, and what sample files bring anew.
SEEDED, DO_NOT_CALL, FRESH = range(780), range(780, 790), range(800, 1000)


def drama_phone(place: int, suffix: int) -> str:
    return f"{RANGES[place]}{suffix:03d}"


def drama_phones(suffixes: range) -> list[str]:
    return [drama_phone(place, suffix) for place in range(len(RANGES)) for suffix in suffixes]


def show(phone: str) -> str:
    """As people write it: 020 7946 0123, 07700 900123."""
    first = {"020": 3, "011": 4, "016": 4}.get(phone[:3], 5)
    if phone.startswith(("07", "01632")):
        return f"{phone[:5]} {phone[5:]}"
    return f"{phone[:first]} {phone[first : len(phone) - 4]} {phone[-4:]}"
