"""Bodies posted to a callback address, and lead files posted in pieces, as the other side and a browser do."""

import http.client
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.leads import HEADER
from maxops.imports.models import Mapping

BLOCK = 1 << 18
ROUNDS = 5


def address() -> dict[str, Any]:
    mapping, _ = Mapping.objects.get_or_create(
        name="Posted", defaults={"columns": list(HEADER), "fields": {"phone": "phone"}}
    )
    return {"path": "/callbacks/" + mapping.callback_url.split("/callbacks/")[1]}


def post(port: int, path: str, body: str, sink: int, beside: str) -> dict[str, Any]:
    """Seconds that our answer takes beyond that of the sink; the median of some rounds."""
    beyond = []
    for number in range(ROUNDS):
        # Another body each time, or it would be known as a repeat.
        content = Path(body).read_bytes() + b"\n" * number
        beyond.append(_post(port, path, content) - _post(sink, beside, content))
    return {"beyond": sorted(beyond)[ROUNDS // 2]}


def _post(port: int, path: str, content: bytes) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    started = time.perf_counter()
    connection.request("POST", path, body=content, headers={"Content-Type": "application/xml"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path.split('/')[1]}: {answer.status}")
    connection.close()
    return time.perf_counter() - started


def pieces(port: int, cookie: str, path: str) -> dict[str, Any]:
    """A whole file in pieces as the page sends them: how long the longest request took, and all of them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    token = cookie.partition("csrftoken=")[2].partition(";")[0] or "x" * 32
    whole = cookie if "csrftoken=" in cookie else f"{cookie}; csrftoken={token}"
    headers = {"Cookie": whole, "X-CSRFToken": token, "Origin": f"http://127.0.0.1:{port}"}
    source = Path(path)
    size = source.stat().st_size
    wish = urlencode({"name": source.name, "size": size}).encode()
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    begun = _asked(connection, "/imports/uploads/", wish, form)
    longest, received, started = 0.0, 0, time.perf_counter()
    with source.open("rb") as file:
        while piece := file.read(begun["piece"]):
            asked = time.perf_counter()
            address = f"/imports/uploads/{begun['upload']}/?from={received}"
            found = _asked(connection, address, piece, {**headers, "Content-Type": "application/octet-stream"})
            received = found["received"]
            longest = max(longest, time.perf_counter() - asked)
    return {"longest": longest, "seconds": time.perf_counter() - started, "received": received, "size": size}


def _asked(connection: http.client.HTTPConnection, address: str, body: bytes, headers: dict[str, str]) -> Any:
    connection.request("POST", address, body=body, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{address.split('?')[0]}: {answer.status}")
    return json.loads(content)
