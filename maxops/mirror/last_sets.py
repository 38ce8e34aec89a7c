"""Remembering what was set from here of that which MaxContact takes but never reports: activity, links, skills."""

import logging
from collections.abc import Sequence

from django.db import DatabaseError

from maxops.mirror.errors import NotKept
from maxops.mirror.models import LastSet

log = logging.getLogger(__name__)


def remember(sets: Sequence[LastSet]) -> None:
    """The latest of each stands. What was only asked for must not hide the news that it went unanswered."""
    try:
        LastSet.objects.bulk_create(
            sets,
            update_conflicts=True,
            unique_fields=["kind", "remote_id", "name", "other_id"],
            update_fields=["value", "is_certain", "at", "staff"],
        )
    except DatabaseError as error:
        log.exception("what was last set of %s could not be written", {one.name for one in sets})
        certain = next((one for one in sets if one.is_certain), None)
        if certain is not None:
            raise NotKept(certain.remote_id) from error
