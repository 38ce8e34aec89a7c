"""What was asked of the stand-in, request by request, so that tests can look at the wire. Passwords are left out."""

import re
import threading
import time
from urllib.parse import urlsplit

from maxops.sandbox.exchange import Request

BODY_LIMIT = 64 * 1024
SECRET = re.compile(r'("Password"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
LOGIN_PATH = re.compile(r"(/apitoken/login/[^/]*)/.*", re.IGNORECASE)


class Journal:
    def __init__(self) -> None:
        self.entries: list[dict] = []
        self._lock = threading.Lock()

    def open(self, request: Request) -> None:
        """Written down on arrival, so that a request that is dropped is seen too."""
        authorization = request.headers.get("Authorization", "")
        request.entry = {
            "time": time.time(),
            "method": request.method,
            # A client that puts its password behind the login must not find it kept here.
            "path": LOGIN_PATH.sub(r"\1/***", request.path),
            "query": request.query,
            "query_string": urlsplit(request.target).query,
            "content_type": request.headers.get("Content-Type", ""),
            "content_length": request.body.left,
            "accept": request.headers.get("Accept", ""),
            "cookie": bool(request.cookie("TokenKey")),
            "authorization": (authorization.split(" ")[0] if " " in authorization else "bare") if authorization else "",
            "fault": None,
            "status": None,
            "body": "",
            "upload": None,
        }
        with self._lock:
            request.entry["number"] = len(self.entries) + 1
            self.entries.append(request.entry)

    def close(self, request: Request, status: int) -> None:
        request.entry["status"] = status
        if "content" in vars(request):
            text = request.content[:BODY_LIMIT].decode("utf-8", "replace")
            request.entry["body"] = SECRET.sub(r'\1"***"', text)

    def find(self, method: str = "", path: str = "") -> list[dict]:
        """Entries of that method whose path matches the pattern, letter case aside."""
        pattern = re.compile(path, re.IGNORECASE)
        return [
            entry
            for entry in list(self.entries)
            if (not method or entry["method"] == method) and pattern.search(entry["path"])
        ]

    def clear(self) -> None:
        with self._lock:
            self.entries = []
