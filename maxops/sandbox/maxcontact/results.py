"""ImportDataResult, the answer of every lead call of S000, and the problem that ends one."""

from maxops.sandbox.maxcontact.style import Style
from maxops.sandbox.maxcontact.wire import write_errors


def write_import_result(
    style: Style,
    errors: list[tuple[str, str, str]],
    success: bool = True,
    rejected: int = 0,
    ids: list[int] | None = None,
) -> dict:
    return {
        "Errors": write_errors(errors, style),
        "ImmediateRejectCount": rejected,
        "ImportIDs": None if style.import_ids == "nil" else ids,
        "Success": success,
    }


class LeadCallError(Exception):
    """Ends a lead call with one error of the document's list."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    def as_result(self, style: Style) -> dict:
        return write_import_result(style, [(self.code, "Severe", self.text)], success=False)
