"""A dialler on loopback that takes lead files and throws them away: `python -m bench.sink`.

It answers a log-in and every upload with success, and at /took/ tells how many uploads and bytes came and how large
the largest request was. What is posted to /kept/ it writes to a disk and waits until it is there.
"""

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.dialler import TOKEN

BLOCK = 1 << 18
TAKEN = '{"Errors":[],"ImmediateRejectCount":0,"ImportIDs":[%d],"Success":true}'


class Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rbufsize = BLOCK
    uploads = 0
    took = 0
    largest = 0

    def do_GET(self) -> None:
        if "/apitoken/" in self.path:
            self.answer(TOKEN.format(ends=(datetime.now(UTC) + timedelta(hours=8)).isoformat()))
            return
        self.answer(json.dumps({"uploads": Sink.uploads, "bytes": Sink.took, "largest": Sink.largest}))
        Sink.uploads = Sink.took = Sink.largest = 0

    def do_POST(self) -> None:
        size = left = int(self.headers["Content-Length"])
        with tempfile.TemporaryFile() as file:
            while left:
                block = self.rfile.read1(min(left, BLOCK))
                if not block:
                    self.close_connection = True
                    return
                left -= len(block)
                if self.path == "/kept/":
                    file.write(block)
            if self.path == "/kept/":
                file.flush()
                os.fsync(file.fileno())
        Sink.uploads += 1
        Sink.took += size
        Sink.largest = max(Sink.largest, size)
        self.answer(TAKEN % Sink.uploads)

    def answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Silent: the report is all that is printed."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
