"""The shape every mirrored row shares: it exists because the remote named it, under the remote's own Id."""

from datetime import datetime

from django.apps import apps
from django.db import models
from django.utils import timezone

from maxops.mirror.models.ledger import LastSet
from maxops.mirror.models.readings import Reading
from maxops.remote.fields import Entity
from maxops.remote.maxcontact.entities import ENTITIES


class Mirrored(models.Model):
    """A row that exists because the remote named it: its primary key is the remote's own Id.

    `seen_at` is the moment from which this row's content is known to be the remote's: the start of the reading that
    changed it, or the answer to our own write. Vanished rows are marked with `missing_since`, never deleted.
    """

    id = models.IntegerField("MaxContact id", primary_key=True)
    seen_at = models.DateTimeField("content read at", default=timezone.now, editable=False)
    missing_since = models.DateTimeField("not seen since", null=True, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)

    entity: Entity
    remark = ""  # what was remarkable about the write that gave this instance; not a column

    class Meta:
        abstract = True

    @classmethod
    def kind(cls) -> str:
        return cls.entity.path

    @property
    def read_at(self) -> datetime:
        """When this row was last known to be as it stands here. Asks for the latest reading: not for use row by row."""
        reading = None if self.missing_since else Reading.latest_good(self.kind())
        return max(self.seen_at, reading.started_at) if reading else self.seen_at

    def last_set(self, name: str, other_id: int = 0) -> LastSet | None:
        """What was last set from here of something that MaxContact does not report: activity, a link, a skill."""
        return LastSet.objects.filter(kind=self.kind(), remote_id=self.pk, name=name, other_id=other_id).first()

    @property
    def is_locked(self) -> bool:
        """True for a row that may be looked at but never written."""
        return False


def mirrored_models() -> dict[str, type[Mirrored]]:
    """Kind slug -> model, in the order in which the kinds are read."""
    found = {model.kind(): model for model in apps.get_models() if issubclass(model, Mirrored)}
    return {kind: found[kind] for kind in ENTITIES}
