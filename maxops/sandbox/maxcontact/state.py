"""What the stand-in of MaxContact remembers: records, links, leads, uploads, tokens, and how it should behave."""

import threading
import time
from dataclasses import asdict, dataclass, field

from maxops.sandbox.documents import LEAD_MANAGEMENT, MANAGEMENT
from maxops.sandbox.maxcontact.leads import LeadTable
from maxops.sandbox.maxcontact.style import Style

ENTITIES: dict[str, dict] = MANAGEMENT["entities"]
NOT_RUNNING, RUNNING, PAUSED, FLUSHED = range(4)

SETTINGS = (
    "token_seconds",
    "lock_after",
    "strict_put",
    "strict_leads",
    "require_length",
    "max_request_bytes",
    "callback_delay",
    "callback_copies",
    "callback_tries",
    "callback_pause",
    "stop_after",
    "dnc_by_phone",
)


@dataclass
class Mapping:
    """An import mapping as the Manager Portal keeps it; `columns` are the headings the file must have."""

    name: str
    columns: list[str]
    phone: str
    list_id: int
    reference: str = ""
    response_url: str = ""
    response_format: str = "xml"
    list_fixed: bool = False
    dedupe: bool = True
    check_dnc: bool = True
    remove_non_digits: bool = True
    truncate_extra_digits: bool = False
    secondary_enabled: bool = False

    def __post_init__(self) -> None:
        if self.response_format not in ("xml", "json"):
            raise ValueError(f"response_format is xml or json, not {self.response_format!r}")
        for column in filter(None, (self.phone, self.reference)):
            if column not in self.columns:
                raise ValueError(f"{column!r} is not among the columns of the mapping")


@dataclass
class State:
    login: str
    password: str = field(repr=False)
    style: Style = field(default_factory=Style)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    closed: threading.Event = field(default_factory=threading.Event, repr=False)

    records: dict[str, dict[int, dict]] = field(default_factory=lambda: {name: {} for name in ENTITIES})
    activity: dict[str, dict[int, bool]] = field(default_factory=lambda: {name: {} for name in ENTITIES})
    links: dict[tuple[str, str], dict[int, set[int]]] = field(default_factory=dict)
    skills: dict[tuple[int, int], int] = field(default_factory=dict)
    passwords: dict[int, str] = field(default_factory=dict, repr=False)
    leads: LeadTable = field(default_factory=LeadTable)
    dnc: set[str] = field(default_factory=set)
    mappings: dict[str, Mapping] = field(default_factory=dict)
    uploads: list[dict] = field(default_factory=list)
    callbacks: list[dict] = field(default_factory=list)

    tokens: dict[str, float] = field(default_factory=dict, repr=False)
    logins: int = 0
    failed_logins: int = 0
    emergency: bool = False
    emergency_calls: list[str] = field(default_factory=list)
    stubborn: set[int] = field(default_factory=set)
    stopping: dict[int, float] = field(default_factory=dict)

    token_seconds: float = 1800.0
    lock_after: int = 5
    strict_put: bool = True
    strict_leads: bool = True
    require_length: bool = True
    max_request_bytes: int = LEAD_MANAGEMENT["max_request_bytes"]
    callback_delay: float = 0.3
    callback_copies: int = 1
    callback_tries: int = 5
    callback_pause: float = 0.5
    stop_after: float = 0.0
    dnc_by_phone: bool = False

    def insert(self, entity: str, record: dict, active: bool = True) -> dict:
        """Adds a record under the next free id, or under its own."""
        table = self.records[entity]
        record = {**record, "Id": record.get("Id") or max(table, default=0) + 1}
        order = [name for name, _ in ENTITIES[entity]["fields"] if name in record]
        record = {name: record[name] for name in [*order, *record]}
        table[record["Id"]] = record
        self.activity[entity][record["Id"]] = active
        return record

    def stop_campaigns(self) -> None:
        """Emergency: what runs or is paused stops, now or in `stop_after` seconds, but for the stubborn ones."""
        deadline = time.monotonic() + self.stop_after
        for number, campaign in self.records["Campaign"].items():
            if campaign["Status"] in (RUNNING, PAUSED) and number not in self.stubborn:
                self.stopping[number] = deadline
        self.settle()

    def settle(self) -> None:
        """Campaigns whose time to stop has come are stopped; called before campaigns are read."""
        now = time.monotonic()
        for number in [number for number, deadline in self.stopping.items() if deadline <= now]:
            del self.stopping[number]
            if number in self.records["Campaign"]:
                self.records["Campaign"][number]["Status"] = NOT_RUNNING

    def change(self, changes: dict) -> None:
        """Settings by name, as /_sandbox/state gets them; `style` is a dict of switches, `stubborn` a list of ids."""
        for name, value in changes.items():
            if name == "style":
                self.style.change(**value)
            elif name == "stubborn":
                self.stubborn = set(value)
            elif name in SETTINGS:
                setattr(self, name, value)
            else:
                raise ValueError(f"no setting {name!r}; there are style, stubborn, {', '.join(SETTINGS)}")

    def summary(self) -> dict:
        with self.lock:
            self.settle()
            return {
                "campaigns": {str(number): row["Status"] for number, row in self.records["Campaign"].items()},
                "counts": {name: len(table) for name, table in self.records.items()},
                "leads": len(self.leads),
                "dnc": len(self.dnc),
                "emergency": self.emergency,
                "emergency_calls": list(self.emergency_calls),
                "logins": self.logins,
                "failed_logins": self.failed_logins,
                "mappings": sorted(self.mappings),
                "uploads": [dict(upload) for upload in self.uploads],
                "callbacks": [dict(callback) for callback in self.callbacks],
                "style": asdict(self.style),
                "settings": {name: getattr(self, name) for name in SETTINGS},
            }
