"""The sending of a file by curl -F, which is as quick as a form gets; and what the sink took."""

import json
import subprocess
import time
import urllib.request
from typing import Any


def send(path: str, port: int) -> dict[str, Any]:
    call = ["curl", "-s", "-f", "-o", "/dev/null", "-F", f"file=@{path}", f"http://127.0.0.1:{port}/"]
    started = time.perf_counter()
    subprocess.run(call, check=True)
    seconds = time.perf_counter() - started
    took(port)  # counted anew from here on
    return {"seconds": seconds}


def took(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/took/") as answer:
        return json.load(answer)
