"""Answers posted to our callback addresses: stored whole and safe on disk before anybody looks into them."""

import hashlib
import hmac
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from maxops.imports.decisions import REPORTABLE
from maxops.imports.disk import MARGIN, flush_to_disk, free_bytes, is_full
from maxops.imports.errors import BodyTooLarge
from maxops.imports.models import Answer, Mapping, Part

BODY_LIMIT = 300_000_000
UNSETTLED_LIMIT = 2_000_000_000  # bytes that one mapping's reports may lie here unbooked
FLUSHED = 2_000_000  # bytes written to the disk while the next ones come, so that the end need not wait for all


class NoRoomForAnswer(Exception):
    """The disk, or the share of it that a mapping's unbooked reports may take, has no room for another."""


def find_mapping(platform: str, secret: str) -> Mapping | None:
    """Every secret is compared, in constant time, so that the time taken tells nothing."""
    found = None
    for mapping_id, known in Mapping.objects.filter(platform=platform).values_list("pk", "secret"):
        if hmac.compare_digest(known.encode(), secret.encode()):
            found = mapping_id
    return None if found is None else Mapping.objects.get(pk=found)


def require_room(mapping: Mapping, size: int) -> None:
    """NoRoomForAnswer unless a body of this size may still be stored."""
    unsettled = Answer.objects.filter(mapping=mapping).exclude(state__in=[Answer.State.MATCHED, Answer.State.DUPLICATE])
    taken = unsettled.aggregate(bytes=Sum("size"))["bytes"] or 0
    if taken + size > UNSETTLED_LIMIT:
        raise NoRoomForAnswer(
            f"{taken:,} bytes of reports for mapping {mapping.pk} wait to be booked: no more is taken"
        )
    if free_bytes(answers_folder()) < size + MARGIN:
        raise NoRoomForAnswer("the disk is full")


def body_of(answer: Answer) -> Path:
    return answers_folder() / answer.file


def answers_folder() -> Path:
    return apps.get_app_config("imports").answers_folder


def store_answer(mapping: Mapping, blocks: Iterator[bytes], announced: int = 0) -> tuple[Answer, bool]:
    """The stored answer, and whether it is news. The same body again only counts up the first one's repeats."""
    require_room(mapping, announced)
    folder = answers_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder / f".{uuid.uuid4()}"
    try:
        sha256, size = _write(unfinished, blocks)
        with transaction.atomic():
            Mapping.objects.select_for_update().get(pk=mapping.pk)
            if earlier := _earlier(mapping, sha256):
                earlier.repeats += 1
                earlier.save(update_fields=["repeats"])
                return earlier, False
            name = f"{mapping.pk}-{timezone.now():%Y%m%dT%H%M%S%f}-{sha256[:16]}"
            unfinished.rename(folder / name)
            flush_to_disk(folder)
            return Answer.objects.create(mapping=mapping, file=name, sha256=sha256, size=size), True
    except OSError as error:
        if is_full(error):
            raise NoRoomForAnswer("the disk is full") from error
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def _earlier(mapping: Mapping, sha256: str) -> Answer | None:
    """The same body stored before, unless another part may have earned just the same answer.

    Reports without an import id are alike to the byte for two files of one size.
    """
    alike = Answer.objects.filter(mapping=mapping, sha256=sha256)
    earlier = alike.order_by("-id").first()
    if earlier is None:
        return None
    unsettled = alike.filter(state__in=[Answer.State.NEW, Answer.State.UNMATCHED]).count()
    if unsettled:
        could_be = Part.objects.filter(REPORTABLE, run__mapping=mapping)
        if earlier.imported is not None:
            could_be = could_be.filter(rows=earlier_rows(earlier))
        return None if could_be.count() > unsettled else earlier
    sent_since = Part.objects.filter(
        REPORTABLE, run__mapping=mapping, sent_at__gt=earlier.received_at, rows=earlier_rows(earlier)
    )
    return None if sent_since.exists() else earlier


def earlier_rows(answer: Answer) -> int:
    return (answer.imported or 0) + (answer.rejected or 0)


def _write(path: Path, blocks: Iterator[bytes]) -> tuple[str, int]:
    digest, size, flushed = hashlib.sha256(), 0, 0
    with path.open("wb") as file:
        for block in blocks:
            size += len(block)
            if size > BODY_LIMIT:
                raise BodyTooLarge
            digest.update(block)
            file.write(block)
            flushed += len(block)
            if flushed > FLUSHED:
                file.flush()
                os.fdatasync(file.fileno())
                flushed = 0
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size
