"""The broker when none is configured: kombu's filesystem transport made safe for one machine.

A message appears by atomic rename, is claimed by atomic rename, and its file stays in its worker's folder below
`claimed/` until the task is acknowledged. A worker holds a lock beside that folder for as long as it lives; what a
killed one left behind goes back into the queue when the next worker starts.
"""

import contextlib
import fcntl
import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from celery import signals
from kombu.transport import TRANSPORT_ALIASES, filesystem

SCHEME = "embedded"
CLAIM = "maxops_claim"  # where in a message's properties its file is remembered
TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


def options(folder: Path) -> dict[str, Any]:
    """Celery settings for a queue in this folder, which is made."""
    folders = {"queue": folder / "waiting", "claimed": folder / "claimed", "control": folder / "control"}
    for path in folders.values():
        path.mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": f"{SCHEME}://localhost/",  # kombu warns of a URL without a host
        "broker_transport_options": {
            "data_folder_in": str(folders["queue"]),
            "data_folder_out": str(folders["queue"]),
            "processed_folder": str(folders["claimed"]),
            "control_folder": str(folders["control"]),
            "store_processed": True,
            "polling_interval": 0.2,  # seconds; a person waits for the check of a file just uploaded
        },
        # Broadcasts between workers would leave a file for each; one machine needs none of them.
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
    }


class Channel(filesystem.Channel):
    """One connection's view of the folder."""

    def _put(self, queue: str, payload: dict, **_: Any) -> None:
        waiting = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        unfinished = waiting / f".{name}"
        with unfinished.open("wb") as file:
            file.write(json.dumps(payload).encode())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(waiting / name)

    def _get(self, queue: str) -> dict:
        for waiting in self._waiting(queue):
            claimed = claims_of_ours(Path(self.processed_folder)) / waiting.name
            try:
                waiting.rename(claimed)
            except FileNotFoundError:
                continue  # another worker was quicker
            message = json.loads(claimed.read_bytes())
            message["properties"][CLAIM] = str(claimed)
            return message
        raise Empty

    def _waiting(self, queue: str) -> list[Path]:
        ending = f".{queue}.msg"
        return sorted(
            path for path in Path(self.data_folder_in).iterdir() if path.name.endswith(ending) and path.name[0] != "."
        )

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        waiting = self._waiting(queue)
        for path in waiting:
            path.unlink(missing_ok=True)
        return len(waiting)

    def _forget(self, delivery_tag: str) -> None:
        message = self.qos.get(delivery_tag) if delivery_tag in self.qos._delivered else None
        if message is not None and CLAIM in message.properties:
            Path(message.properties[CLAIM]).unlink(missing_ok=True)

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        self._forget(delivery_tag)
        super().basic_ack(delivery_tag, multiple)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        self._forget(delivery_tag)
        super().basic_reject(delivery_tag, requeue)

    def _restore(self, message: Any) -> None:
        claim = message.properties.pop(CLAIM, None)
        super()._restore(message)
        if claim:
            Path(claim).unlink(missing_ok=True)


class Transport(filesystem.Transport):
    """What the `embedded://` scheme means."""

    Channel = Channel


_ours: dict[tuple[int, Path], Path] = {}


def claims_of_ours(claimed: Path) -> Path:
    """This process's folder for claims. Its lock is held before the folder is there, and released by the end alone."""
    key = (os.getpid(), claimed)
    if key not in _ours:
        folder = claimed / str(uuid.uuid4())
        fcntl.flock(os.open(lock_of(folder), os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX)
        folder.mkdir()
        _ours[key] = folder
    return _ours[key]


def lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


@signals.worker_init.connect
def take_back_claims(sender: Any = None, **_: Any) -> None:
    """Before the worker's first look: what a killed worker had claimed and not finished waits again."""
    folders = sender.app.conf.broker_transport_options if sender else {}
    if sender and str(sender.app.conf.broker_url).startswith(SCHEME):
        for folder in filter(Path.is_dir, Path(folders["processed_folder"]).iterdir()):
            take_back(folder, Path(folders["data_folder_in"]))


def take_back(folder: Path, waiting: Path) -> None:
    """Nothing, while the worker whose folder this is lives."""
    lock = os.open(lock_of(folder), os.O_RDWR | os.O_CREAT, 0o600)
    # Another worker that starts just now may be doing the same, or have done it.
    with contextlib.suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for claim in folder.glob("*.msg"):
            claim.rename(waiting / claim.name)
        lock_of(folder).unlink()
        folder.rmdir()
    os.close(lock)
