"""The bare decoding of a body, which every way of reading has to do at least: the unit of section 3."""

import io
import json
import time
from pathlib import Path
from typing import Any

from lxml import etree


def json_loads(bodies: list[str]) -> dict[str, Any]:
    contents = [Path(body).read_bytes() for body in bodies]
    seconds = []
    for content in contents:
        started = time.perf_counter()
        rows = json.loads(content)["Data"]
        seconds.append(time.perf_counter() - started)
        del rows
    return {"seconds": seconds}


def iterparse(bodies: list[str]) -> dict[str, Any]:
    """lxml's iterparse with the elements cleared behind it, each row made a dict."""
    contents = [Path(body).read_bytes() for body in bodies]
    seconds = []
    for content in contents:
        started = time.perf_counter()
        count = sum(1 for _ in rows_of(content))
        seconds.append(time.perf_counter() - started)
        if not count:
            raise ValueError("no row found")
    return {"seconds": seconds}


def rows_of(content: bytes) -> Any:
    for _, element in etree.iterparse(io.BytesIO(content), resolve_entities=False, huge_tree=True):
        holder = element.getparent()
        if holder is None or not holder.tag.endswith("}Data"):
            continue
        yield {member.tag.rpartition("}")[2]: member.text for member in element}
        element.clear()
        while element.getprevious() is not None:
            del holder[0]
