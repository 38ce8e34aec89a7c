"""Associations: a list or team with a campaign, a user with a team. Setting one that is set does no harm.

Only a user's team can be read back; of everything else we keep what was last set from here.
"""

from dataclasses import dataclass
from functools import partial

from django.db.models import ForeignKey

from maxops.mirror.author import Author
from maxops.mirror.early import refuse_locked
from maxops.mirror.models import Ledger, Mirrored, mirrored_models
from maxops.mirror.records import columns_of
from maxops.mirror.sending import CANNOT_BE_ASKED, Sending, settled
from maxops.mirror.turns import turn
from maxops.remote.errors import RemoteError
from maxops.remote.fields import Record


def link(instance: Mirrored, link: str, other_id: int, author: Author) -> None:
    _associate(Association(instance, link, other_id, adds=True), author)


def unlink(instance: Mirrored, link: str, other_id: int, author: Author) -> None:
    _associate(Association(instance, link, other_id, adds=False), author)


@dataclass(frozen=True, slots=True)
class Association:
    """`instance` is the record the call goes to; a link is called after the kind of the other record."""

    instance: Mirrored
    link: str
    other_id: int
    adds: bool

    @property
    def other_model(self) -> type[Mirrored]:
        return mirrored_models()[self.link]

    @property
    def other(self) -> Mirrored:
        """The other record; by its id alone where the mirror does not have it."""
        return self.other_model._default_manager.filter(pk=self.other_id).first() or self.other_model(pk=self.other_id)

    @property
    def shown_by(self) -> str:
        """The attribute of the other record that names the instance ("team_id" of a user), if there is one."""
        columns = columns_of(self.other_model).items()
        owner = type(self.instance)
        return next((name for name, c in columns if isinstance(c, ForeignKey) and c.related_model is owner), "")

    def is_shown(self, record: Record) -> bool:
        return (record.get(self.shown_by) == self.instance.pk) is self.adds


def _associate(wanted: Association, author: Author) -> None:
    instance, other = wanted.instance, wanted.other
    refuse_locked(instance)
    refuse_locked(other)
    # A user's team is a field of the user, which a PUT of the user carries: so it is the user's turn that counts.
    changed = other if wanted.shown_by else instance
    sending = Sending(type(changed), changed.pk, str(changed), author)
    to_team = Sending(type(instance), instance.pk, str(instance), author)
    with turn(f"{changed.kind()}-{changed.pk}", changed.entity.label):
        entry = _enter(sending, wanted, other)
        send = to_team.collection.link if wanted.adds else to_team.collection.unlink
        look = partial(_look, sending, entry, wanted)
        with to_team.remembering(wanted.link, wanted.other_id, int(wanted.adds)):
            sending.attempt(entry, lambda: send(wanted.link, instance.pk, wanted.other_id), look)
        if wanted.shown_by and (now := sending.read_whole(Record({"id": wanted.other_id}))):
            sending.keep(now, ours=[wanted.shown_by])


def _enter(sending: Sending, wanted: Association, other: Mirrored) -> Ledger:
    if name := wanted.shown_by:
        after = wanted.instance.pk if wanted.adds else 0
        return sending.enter(f"set {name} of {sending.model.entity.label}", {name: (getattr(other, name), after)})
    ends = (None, wanted.other_id) if wanted.adds else (wanted.other_id, None)
    preposition = "add to" if wanted.adds else "take from"
    return sending.enter(f"{preposition} {wanted.link} of {sending.model.entity.label}", {wanted.link: ends})


def _look(sending: Sending, entry: Ledger, wanted: Association, error: RemoteError) -> None:
    """No answer: a user's team can be read; nothing else can."""
    if wanted.shown_by:
        now = sending.read_again(entry, lambda: sending.collection.get(wanted.other_id), error)
        if wanted.is_shown(now):
            sending.settle(entry, Ledger.Outcome.ACCEPTED, f"{settled(error.message)} It was read again: it is saved.")
            return
    raise sending.doubt(entry, Ledger.Outcome.UNKNOWN, CANNOT_BE_ASKED, error)
