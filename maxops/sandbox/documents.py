"""The vendors' documents as data: names, types, paths and code lists copied from S000 and S001 into contract/*.json.

Everything the stand-in knows about the wire comes from here, never from the client it is there to check.
"""

import json
from pathlib import Path

FOLDER = Path(__file__).with_name("contract")


def read_document(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


MANAGEMENT = read_document("management")
LEAD_MANAGEMENT = read_document("lead_management")
