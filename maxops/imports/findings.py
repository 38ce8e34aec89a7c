"""The kinds of things a check can find, as rows: what is said, what to do, and what follows from it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """`code` is a row's byte for it. `holds_back`: the platform would reject such a row. `blocks`: no sending."""

    name: str
    text: str
    advice: str
    code: int = 0
    holds_back: bool = False
    blocks: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "column_count",
            "Other number of columns than the header",
            "Put text that contains the delimiter in quotes, and fill or remove the surplus cells.",
            code=1,
            holds_back=True,
        ),
        Kind(
            "control_character",
            "Unprintable characters",
            "Remove the NUL characters: the row was damaged on its way into the file.",
            code=2,
            holds_back=True,
        ),
        Kind("phone_empty", "No phone number", "Add a number, or leave the row out.", code=3, holds_back=True),
        Kind(
            "phone_spreadsheet",
            "Number turned into 4.41E+11 by a spreadsheet",
            "Format the column as text in the spreadsheet and enter the number again.",
            code=4,
            holds_back=True,
        ),
        Kind("phone_shape", "Not the shape of a phone number", "Correct the number.", code=5, holds_back=True),
        Kind(
            "duplicate_in_file",
            "Same phone number as another row",
            "Keep one row for each number.",
            code=6,
            holds_back=True,
        ),
        Kind(
            "phone_lost_zero",
            "Leading zero missing",
            "Let maxops add the 0, or put it back in the spreadsheet as text: no option of MaxContact adds it.",
            code=7,
            holds_back=True,
        ),
        Kind(
            "phone_international",
            "International form (+44 or 0044)",
            "MaxContact may refuse it, and inbound calls arrive with a leading 0 and do not match.",
            code=8,
        ),
        Kind(
            "required_empty",
            "A cell that must not be empty is empty",
            "Fill in the columns that the mapping wants filled in every row.",
            code=9,
            holds_back=True,
        ),
        Kind(
            "undecodable",
            "Unreadable characters",
            "Type the marked characters again; they were damaged before the file came here.",
            code=10,
            holds_back=True,
        ),
        Kind(
            "phone_shifted",
            "The columns of this row look shifted",
            "The phone cell holds no number, but a cell where this file has none does. Move the cells back.",
            code=11,
            holds_back=True,
        ),
        Kind(
            "sent_before",
            "Went to the same list in the last 30 days",
            "MaxContact rejects them as duplicates where Dedupe is on, and loads them twice where it is off.",
            code=12,
        ),
        Kind(
            "accepted_before",
            "Loaded by an earlier attempt of this upload",
            "They stay behind so that nobody is loaded twice, also when all rows are sent.",
            code=13,
            holds_back=True,
        ),
        Kind(
            "column_missing",
            "A column of the mapping is missing",
            "Add the column to the file, or choose the mapping that fits.",
            blocks=True,
        ),
        Kind("not_text", "Not a text file", "Save it as CSV UTF-8 and upload it again.", blocks=True),
        Kind("no_header", "No header", "The first line must hold the names of the columns.", blocks=True),
        Kind(
            "column_repeated",
            "A column of the mapping occurs twice",
            "Rename or remove one of the two columns: which of them is meant cannot be known.",
            blocks=True,
        ),
        Kind("quote_open", "A quote that is never closed", "Close or remove the quote on that line.", blocks=True),
        Kind("no_rows", "No leads under the header", "Upload a file with at least one lead.", blocks=True),
        Kind(
            "column_extra",
            "Columns that the mapping does not expect",
            "They are sent; MaxContact leaves out what its mapping does not have.",
        ),
        Kind(
            "column_doubtful",
            "Columns without a name, or of the same name",
            "They are sent as they are; name them if MaxContact is to take them.",
        ),
        Kind(
            "column_own",
            "Columns that maxops added to its report",
            "They are left out; only your own columns are sent.",
        ),
        Kind(
            "column_renamed",
            "Columns written otherwise than in the mapping",
            "They are sent under the names that the mapping has.",
        ),
        Kind(
            "not_compared",
            "Recent uploads that could not be compared",
            "Whether numbers of this file went out with them is not known.",
        ),
        Kind(
            "same_file",
            "This very file has been sent before",
            "Send it again only if you mean to: leads may be loaded twice.",
        ),
    )
}
ROW_KINDS = {kind.code: kind for kind in KINDS.values() if kind.code}
HOLDING_CODES = frozenset(code for code, kind in ROW_KINDS.items() if kind.holds_back)


@dataclass(slots=True)
class Finding:
    """How often one kind was found, and the first physical lines it was found on."""

    kind: str
    count: int = 0
    lines: list[int] = field(default_factory=list)
    detail: str = ""

    def as_json(self) -> dict:
        kind = KINDS[self.kind]
        return {
            "kind": self.kind,
            "count": self.count,
            "lines": self.lines,
            "text": kind.text,
            "detail": self.detail,
            "advice": kind.advice,
            "holds_back": kind.holds_back,
            "blocks": kind.blocks,
        }
