"""The admin of all that is mirrored, and of what the mirror itself keeps: ledger, readings, registers."""

from maxops.mirror.admin.logs import LedgerAdmin, ReadingAdmin
from maxops.mirror.admin.mirrored import MirroredAdmin
from maxops.mirror.admin.registers import NamedIdAdmin
from maxops.mirror.columns import badge
from maxops.mirror.filters import SeenFilter
from maxops.mirror.forms import MirroredForm

__all__ = [
    "LedgerAdmin",
    "MirroredAdmin",
    "MirroredForm",
    "NamedIdAdmin",
    "ReadingAdmin",
    "SeenFilter",
    "badge",
]
