"""What can be wrong with a lead file, or with what a person asks of one; each message is a sentence for that person."""


class CsvError(Exception):
    """The file cannot be sent as a whole; `line` is physical, 0 where no line can be named."""

    kind = "unreadable"

    def __init__(self, message: str, *, line: int = 0, column: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class NotText(CsvError):
    kind = "not_text"


class NoHeader(CsvError):
    kind = "no_header"


class ColumnMissing(CsvError):
    kind = "column_missing"


class ColumnRepeated(CsvError):
    kind = "column_repeated"


class QuoteOpen(CsvError):
    kind = "quote_open"


class NoRows(CsvError):
    kind = "no_rows"


class WrongValue(Exception):
    """A mapping, field or option that cannot be."""


class WrongState(Exception):
    """What was asked cannot be done with the run as it is."""


class SentBefore(WrongState):
    """This very file went to the same list before, or is on its way there now."""


class RecordTooLarge(Exception):
    """One record alone is larger than a request may be."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row}")
        self.row = row


class BodyTooLarge(Exception):
    """A posted report is larger than any real one."""
