"""Connections that keep a deadline over a whole call and remember whether anything was sent.

The time-outs of requests count each read anew, so an answer trickling in byte by byte would never end; and its errors
do not say for certain whether the far side received a byte, which is what decides whether a lead may be sent again.
"""

import io
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

READ_BUFFER = 65_536


@dataclass
class Attempt:
    """One try of one call: when it must have ended (monotonic clock), and how far it got."""

    ends: float
    read_timeout: float
    sent: bool = False

    def patience(self) -> float:
        """Seconds the next read or write may take."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return min(left, self.read_timeout)


ATTEMPT: ContextVar[Attempt] = ContextVar("ATTEMPT")


class PatientReader(io.RawIOBase):
    """The receiving end of a socket, each read of which is bound by the attempt under way."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(ATTEMPT.get().patience())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class PatientResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(PatientReader(self.fp.detach(), sock), READ_BUFFER)


def _send(connection: HTTPConnection, data: Any) -> None:
    """What comes before the first byte (look-up, connection, TLS) is over when `sent` is set."""
    attempt = ATTEMPT.get()
    if connection.sock is None:
        connection.connect()
    connection.sock.settimeout(attempt.patience())
    attempt.sent = True


class PatientHTTPConnection(HTTPConnection):
    response_class = PatientResponse

    def send(self, data: Any) -> None:
        _send(self, data)
        super().send(data)


class PatientHTTPSConnection(HTTPSConnection):
    response_class = PatientResponse

    def send(self, data: Any) -> None:
        _send(self, data)
        super().send(data)


class PatientHTTPPool(HTTPConnectionPool):
    ConnectionCls = PatientHTTPConnection


class PatientHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = PatientHTTPSConnection


POOL_CLASSES = {"http": PatientHTTPPool, "https": PatientHTTPSPool}
