"""Lead files and reports written by hand, for tests of what becomes of a report."""

import json


def write_leads(path, rows: int, bad: tuple[int, ...] = (), first: int = 0):
    lines = [f"{'n/a' if n in bad else f'0770090{first + n:04d}'},R{n},Lead {n}" for n in range(rows)]
    path.write_text("phone,reference,name\n" + "\n".join(lines) + "\n", "utf-8")
    return path


def report(imported: int | None, lines: tuple = (), ids: list | None = None, **more) -> bytes:
    errors = [
        {"ErrorId": 1, "ErrorSeverity": 1, "ErrorText": f"Line: {line} Reason: {reason}"} for line, reason in lines
    ]
    counters = dict.fromkeys(
        ("RejectedDedupe", "RejectedDedupeFile", "RejectedDnc", "RejectedParsing", "RejectedValidation"), 0
    )
    wire = {"Errors": errors, "ImmediateRejectCount": 0, "ImportIDs": ids, "LeadsImported": imported, **counters}
    return json.dumps({**wire, **more, "Success": not errors}).encode()
