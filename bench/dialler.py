"""A dialler on loopback that answers with prepared bodies and does nothing else: `python -m bench.dialler FOLDER`.

What stands under FOLDER/served/users (a link, set anew for each scene) is the answer to the users' collection.
"""

import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN = '{{"ID":1,"TokenKey":"bench","ExpiryDate":"{ends}","UserName":"bench"}}'


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    kept: dict[Path, bytes] = {}  # the bodies in memory, so that no disk is measured

    def do_GET(self) -> None:
        if "/apitoken/" in self.path:
            self.answer(TOKEN.format(ends=(datetime.now(UTC) + timedelta(hours=8)).isoformat()).encode())
            return
        body = (self.folder / "served" / self.path.rsplit("/", 1)[-1]).resolve()
        if not body.exists():
            self.send_error(404)
            return
        if body not in self.kept:
            self.kept[body] = body.read_bytes()
        self.answer(self.kept[body])

    def answer(self, body: bytes) -> None:
        kind = "application/xml" if body.startswith(b"<?xml") else "application/json"
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Silent: the report is all that is printed."""


def main() -> None:
    Answers.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
