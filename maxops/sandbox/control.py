"""The stand-in's own levers under /_sandbox/, as JSON: for the demo and for tests that run in another process."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from maxops.sandbox.exchange import BrokenBodyError, Request, Response, json_response
from maxops.sandbox.maxcontact.state import Mapping

if TYPE_CHECKING:
    from maxops.sandbox.server import Sandbox

ROOT = "_sandbox"


def respond(sandbox: "Sandbox", request: Request) -> Response:
    parts = request.segments[1:]
    lever = LEVERS.get((request.method, parts[0] if parts else ""))
    if lever is None:
        return json_response({"error": "no such lever", "levers": [" ".join(key) for key in LEVERS]}, 404)
    try:
        return json_response(lever(sandbox, parts[1:], request))
    except (BrokenBodyError, ValueError, TypeError, KeyError) as error:
        return json_response({"error": str(error)}, 400)


def body(request: Request) -> dict:
    sent = request.json() if request.body.left else {}
    if not isinstance(sent, dict):
        raise BrokenBodyError("a JSON object is expected")
    return sent


def show_state(sandbox: "Sandbox", parts: list[str], request: Request) -> dict:
    return {**sandbox.state.summary(), "faults": sandbox.faults.as_list(), "requests": len(sandbox.journal.entries)}


def change_state(sandbox: "Sandbox", parts: list[str], request: Request) -> dict:
    sandbox.state.change(body(request))
    return show_state(sandbox, parts, request)


def show_journal(sandbox: "Sandbox", parts: list[str], request: Request) -> list[dict]:
    return sandbox.journal.find(request.query.get("method", ""), request.query.get("path", ""))


def clear_journal(sandbox: "Sandbox", parts: list[str], request: Request) -> dict:
    sandbox.journal.clear()
    return {}


def reset(sandbox: "Sandbox", parts: list[str], request: Request) -> dict:
    sandbox.reset(body(request).get("seed", "demo"))
    return show_state(sandbox, parts, request)


def show_mappings(sandbox: "Sandbox", parts: list[str], request: Request) -> list[dict]:
    return [asdict(mapping) for mapping in sandbox.state.mappings.values()]


def put_mapping(sandbox: "Sandbox", parts: list[str], request: Request) -> dict:
    """What is not named keeps its value when the mapping is there already."""
    name = parts[0]
    old = sandbox.state.mappings.get(name)
    sandbox.state.mappings[name] = mapping = Mapping(**{**(asdict(old) if old else {}), **body(request), "name": name})
    return asdict(mapping)


def add_fault(sandbox: "Sandbox", parts: list[str], request: Request) -> list[dict]:
    sandbox.faults.add(**body(request))
    return sandbox.faults.as_list()


def clear_faults(sandbox: "Sandbox", parts: list[str], request: Request) -> dict:
    sandbox.faults.clear()
    return {}


def show_leads(sandbox: "Sandbox", parts: list[str], request: Request) -> list[dict]:
    return sandbox.state.leads.as_list(**request.query)


def change_record(sandbox: "Sandbox", parts: list[str], request: Request) -> dict:
    """Somebody else's edit in the Portal, unknown fields included: /_sandbox/records/Campaign/12."""
    record = sandbox.state.records[parts[0]][int(parts[1])]
    with sandbox.state.lock:
        record.update(body(request))
    return record


def remove_record(sandbox: "Sandbox", parts: list[str], request: Request) -> dict:
    with sandbox.state.lock:
        return sandbox.state.records[parts[0]].pop(int(parts[1]))


Lever = Callable[["Sandbox", list[str], Request], dict | list]

LEVERS: dict[tuple[str, str], Lever] = {
    ("GET", "state"): show_state,
    ("PATCH", "state"): change_state,
    ("GET", "journal"): show_journal,
    ("DELETE", "journal"): clear_journal,
    ("POST", "reset"): reset,
    ("GET", "mappings"): show_mappings,
    ("PUT", "mappings"): put_mapping,
    ("POST", "faults"): add_fault,
    ("DELETE", "faults"): clear_faults,
    ("GET", "leads"): show_leads,
    ("PATCH", "records"): change_record,
    ("DELETE", "records"): remove_record,
}
