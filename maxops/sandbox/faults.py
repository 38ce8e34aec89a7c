"""Trouble on demand: rules that make chosen requests slow, dropped, refused or answered with rubbish."""

import re
import threading
from dataclasses import asdict, dataclass

KINDS = {
    "slow": "wait `seconds`, then act and answer",
    "slow_after": "act, wait `seconds`, then answer",
    "drop_before": "close the connection without acting",
    "drop_after": "act, then close the connection without an answer",
    "status": "answer with the HTTP `status` without acting, with Retry-After when `retry_after` is set",
    "status_after": "act, then answer with the HTTP `status` all the same, as a proxy may",
    "html": "a web page with status 200, without acting",
    "garbage": "bytes that are neither XML nor JSON, without acting",
    "truncate": "act, then send half of the answer and close",
    "trickle": "act, then send the answer in drops over `seconds`",
    "expired_token": "forget every token, then go on",
    "success_false": "the platform's own refusal with status 200, without acting",
}


@dataclass
class Fault:
    """`operation` is a pattern looked for in "METHOD /path", letter case aside; `times` 0 means for ever."""

    operation: str
    kind: str
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    status: int = 503
    retry_after: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault of kind {self.kind!r}; there are {', '.join(KINDS)}")
        self.pattern = re.compile(self.operation, re.IGNORECASE)
        self.endless = self.times == 0


class Faults:
    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, operation: str, kind: str, times: int = 1, **details: object) -> Fault:
        """`details`: skip, seconds, status, retry_after."""
        rule = Fault(operation, kind, times, **details)
        with self._lock:
            self.rules.append(rule)
        return rule

    def take(self, method: str, path: str) -> Fault | None:
        """The first rule that fits, counted down; each request meets one rule at most."""
        with self._lock:
            for rule in self.rules:
                if not rule.pattern.search(f"{method} {path}") or not (rule.endless or rule.times):
                    continue
                if rule.skip:
                    rule.skip -= 1
                    continue
                rule.times -= 0 if rule.endless else 1
                return rule
        return None

    def clear(self) -> None:
        with self._lock:
            self.rules = []

    def as_list(self) -> list[dict]:
        return [asdict(rule) for rule in self.rules]
