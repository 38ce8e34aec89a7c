"""The lead table: leads found by id, by phone or by reference, as the lead actions of S000 need them."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

ELIGIBLE, FINAL, DO_NOT_CALL = range(3)


@dataclass(slots=True)
class Lead:
    list_id: int
    phones: tuple[str, ...]
    reference: str = ""
    name: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    final_code: int = ELIGIBLE
    result_code: str = ""
    attempts: int = 0
    high_priority: bool = False
    supplier: str = ""
    history: list[str] = field(default_factory=list)
    secondary: tuple[str, ...] = ()
    id: int = 0


class LeadTable:
    def __init__(self) -> None:
        self.by_id: dict[int, Lead] = {}
        self._by_phone: dict[str, list[int]] = {}
        self._by_reference: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[Lead]:
        return iter(self.by_id.values())

    def add(self, lead: Lead) -> Lead:
        lead.id = len(self.by_id) + 1
        self.by_id[lead.id] = lead
        for phone in lead.phones:
            self._by_phone.setdefault(phone, []).append(lead.id)
        if lead.reference:
            self._by_reference.setdefault(lead.reference, []).append(lead.id)
        return lead

    def with_phone(self, phone: str, list_id: int = 0) -> list[Lead]:
        """List 0 stands for all lists, as in the document."""
        return self._select(self._by_phone.get(phone, ()), list_id)

    def with_reference(self, reference: str, list_id: int = 0) -> list[Lead]:
        return self._select(self._by_reference.get(reference, ()), list_id)

    def in_list(self, list_id: int) -> list[Lead]:
        return [lead for lead in self if lead.list_id == list_id]

    def _select(self, numbers: Iterable[int], list_id: int) -> list[Lead]:
        found = [self.by_id[number] for number in numbers]
        return [lead for lead in found if list_id in (0, lead.list_id)]

    def as_list(self, **wanted: str) -> list[dict]:
        """For /_sandbox/leads: leads with that `phone`, `reference` or `list`."""
        if "phone" in wanted:
            chosen = self.with_phone(wanted["phone"])
        elif "reference" in wanted:
            chosen = self.with_reference(wanted["reference"])
        elif "list" in wanted:
            chosen = self.in_list(int(wanted["list"]))
        else:
            chosen = list(self)
        return [{**asdict(lead), "created": lead.created.isoformat()} for lead in chosen]
