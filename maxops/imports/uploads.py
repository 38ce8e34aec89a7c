"""A lead file on its way in, piece by piece: what came stays, a piece is appended exactly where the last one ended.

How many bytes are here is the size of the file on disk, nothing else: no count in a table can disagree with it.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from maxops.imports import archives, intake
from maxops.imports.archives import readable_name
from maxops.imports.disk import FULL_WORDS, NoRoom, flush_to_disk, in_words, is_full, require_room
from maxops.imports.errors import NotText
from maxops.imports.models import Mapping, Run, Upload
from maxops.locks import hold

PIECE = 4_000_000  # what is asked of a browser on a good line; on a slow one it sends less
LARGEST_PIECE = 8_000_000
SAMPLE = 1_000_000
PATIENCE = 1.0  # seconds a piece waits for another one of the same file
LONG_PATIENCE = 6.0  # ... and a person who cancels for the piece that was on its way
COMING = timedelta(minutes=15)  # a file touched since then is taken to be still on its way


class TooMuch(Exception):
    """More bytes than may come, or than were announced; the message is a sentence."""


class Gone(Exception):
    """Cancelled, or made a run, by another page meanwhile."""


class Misplaced(Exception):
    """A piece that does not begin where the last one ended; `received` is where the next has to."""

    def __init__(self, received: int, message: str) -> None:
        super().__init__(message)
        self.received = received


def limit_words() -> str:
    return in_words(apps.get_app_config("imports").upload_limit)


def path_of(upload: Upload) -> Path:
    return apps.get_app_config("imports").incoming_folder / str(upload.pk)


def sample_path(upload: Upload) -> Path:
    """A file of lines to show columns from: the upload itself, or the first megabyte of what an archive holds."""
    path = path_of(upload)
    if not path.exists() or not archives.is_packed(path):
        return path
    sample = path.with_suffix(".sample")
    if not sample.exists():
        sample.write_bytes(archives.head_of(path, SAMPLE))
    return sample


def received(upload: Upload) -> int:
    path = path_of(upload)
    return path.stat().st_size if path.exists() else 0


def open_uploads(staff: str) -> list[Upload]:
    """What this person began and did not bring to a run, the latest first."""
    return list(Upload.objects.filter(staff=staff, run=None))


def begin(staff: str, name: str, size: int) -> Upload:
    """TooMuch or NoRoom when the file is not even to be begun."""
    config = apps.get_app_config("imports")
    if size > config.upload_limit:
        raise TooMuch(f"This file has {in_words(size)}; at most {limit_words()} are taken. Upload it in several files.")
    if size <= 0:
        raise TooMuch("This file is empty: there is nothing in it to upload.")
    folder = config.incoming_folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_room(folder, size, promised())
    return Upload.objects.create(staff=staff, file_name=readable_name(name), size=size)


def promised() -> int:
    """Bytes of other files that are on their way and not here yet."""
    coming = Upload.objects.filter(run=None, sha256="", touched_at__gte=timezone.now() - COMING)
    announced = coming.aggregate(all=Sum("size"))["all"] or 0
    return max(announced - sum(received(upload) for upload in coming), 0)


def append(upload: Upload, start: int, length: int, blocks: Iterable[bytes]) -> int:
    """How many bytes are here afterwards: also when the sender fell silent in the middle, what came counts."""
    with only_one(upload):
        if not Upload.objects.filter(pk=upload.pk, run=None).exists():
            raise Gone
        here = received(upload)
        if start + length == here and start < here:
            return here  # the last piece once more: its answer was lost
        if start != here:
            raise Misplaced(here, f"The next piece begins at {here}.")
        if start + length > upload.size:
            raise TooMuch("More bytes came than this file was said to have. Choose the file again.")
        try:
            _write(path_of(upload), blocks)
        except OSError as error:
            if is_full(error):
                remove(upload)
                raise NoRoom(FULL_WORDS) from error
            # Anything else is the sender's line: it asks how far it came, and goes on from there.
        if start == 0:
            _refuse_other_kinds(upload)
        upload.save(update_fields=["touched_at"])
        return received(upload)


def _write(path: Path, blocks: Iterable[bytes]) -> None:
    try:
        with path.open("ab") as file:
            for block in blocks:
                file.write(block)
    finally:
        flush_to_disk(path)


def _refuse_other_kinds(upload: Upload) -> None:
    """As soon as the first bytes are here: nobody should wait for 100 MB of a workbook to hear that it is one."""
    path = path_of(upload)
    if path.exists() and (words := archives.refusal_of(archives.start_of(path), upload.file_name)):
        remove(upload)
        raise NotText(words, line=1)


@contextmanager
def only_one(upload: Upload, patience: float = PATIENCE) -> Iterator[None]:
    with hold(path_of(upload).with_suffix(".lock"), patience=patience) as mine:
        if not mine:
            raise Misplaced(received(upload), "Another page is sending this very file.")
        yield


def complete(upload: Upload) -> None:
    """Hashed, and looked into, once all of it is here. Misplaced when it is not, NotText when it cannot hold leads."""
    upload.refresh_from_db()
    if upload.run_id or (upload.sha256 and received(upload) == upload.size):
        return
    with only_one(upload):
        here = received(upload)
        if here != upload.size:  # also when maxops stopped while it became a run: its bytes went with that run
            words = f"Only {in_words(here)} of {in_words(upload.size)} have arrived."
            raise Misplaced(here, f"{words} Choose the same file again to go on.")
        _keep_hash(upload)


def _keep_hash(upload: Upload) -> None:
    path = path_of(upload)
    try:
        archives.look_into(path, upload.file_name, apps.get_app_config("imports").upload_limit)
    except NotText:
        remove(upload)
        raise
    with path.open("rb") as file:
        upload.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    upload.save(update_fields=["sha256", "touched_at"])


def keep_whole(blocks: Iterable[bytes], name: str, staff: str) -> Upload:
    """A file that came in one request, as forms send it without scripts."""
    try:
        staged = intake.stage(blocks)
    except OSError as error:
        if is_full(error):
            raise NoRoom(FULL_WORDS) from error
        raise
    upload = Upload(pk=uuid.UUID(staged.path.name), staff=staff, file_name=readable_name(name), size=staged.size)
    upload.save(force_insert=True)
    _keep_hash(upload)
    return upload


def cancel(upload: Upload) -> None:
    """Misplaced when a piece of it is still being written after a while."""
    with only_one(upload, LONG_PATIENCE):
        remove(upload)


def remove(upload: Upload) -> None:
    """Its bytes and all that is known of it; a run that was made of it stays."""
    path = path_of(upload)
    path.unlink(missing_ok=True)
    path.with_suffix(".sample").unlink(missing_ok=True)
    Upload.objects.filter(pk=upload.pk).delete()


def keep_wish(upload: Upload, list_id: int | None, options: dict[str, Any], attempt_of: Run | None) -> None:
    """What was chosen before the mapping is."""
    upload.wish = {"list": list_id, "options": options, "attempt_of": attempt_of.pk if attempt_of else None}
    upload.save(update_fields=["wish", "touched_at"])


def wish_of(upload: Upload, mapping: Mapping, matches: dict[str, str], *, has_header: bool = True) -> intake.Wish:
    """What was chosen on the upload page, with the mapping and the columns chosen since."""
    kept = upload.wish
    attempt_of = Run.objects.filter(pk=kept.get("attempt_of")).first()
    options = kept.get("options", {})
    return intake.Wish(mapping, kept.get("list"), options, attempt_of, upload.staff, matches, has_header)


def begin_run(upload: Upload, wish: intake.Wish) -> Run:
    """The run of a file that is all here, the same one however often asked; whoever calls queues its check."""
    complete(upload)
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        if upload.run is None:
            staged = intake.Staged(path_of(upload), upload.sha256, upload.size)
            upload.run = intake.receive(staged, upload.file_name, wish)
            upload.save(update_fields=["run", "touched_at"])
            path_of(upload).with_suffix(".sample").unlink(missing_ok=True)
    return upload.run
