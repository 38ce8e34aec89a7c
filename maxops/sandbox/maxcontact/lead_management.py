"""The Lead Management API of S000: the way from an address to an import or a lead action, and its answer object."""

from maxops.sandbox.documents import LEAD_MANAGEMENT
from maxops.sandbox.exchange import Request, Response
from maxops.sandbox.maxcontact import imports, lead_actions, wire
from maxops.sandbox.maxcontact.results import LeadCallError, write_import_result
from maxops.sandbox.maxcontact.state import State

ACTIONS = {action["name"].lower(): action for action in LEAD_MANAGEMENT["actions"]}
UPLOAD = LEAD_MANAGEMENT["upload"]


def respond(state: State, request: Request) -> Response:
    name, *keys = request.segments[3:]
    if name.lower() == UPLOAD["path"].lower() and not keys:
        if request.method != UPLOAD["method"]:
            return Response(405, headers={"Allow": UPLOAD["method"]})
        return answer(state, request, imports.receive(state, request))
    action = ACTIONS.get(name.lower())
    if action is None or len(keys) != (1 if action["key"] else 0):
        return Response(404)
    if request.method != action["method"]:
        return Response(405, headers={"Allow": action["method"]})
    try:
        with state.lock:
            result = lead_actions.perform(state, action, keys[0] if keys else "", request)
    except LeadCallError as problem:
        result = problem.as_result(state.style)
    return answer(state, request, result)


def answer(state: State, request: Request, result: dict) -> Response:
    as_json = state.style.wants_json(request.wants_json)
    return wire.answer(wire.write_result("ImportDataResult", result, state.style, as_json), state.style, as_json)


def turn_away(state: State, request: Request, text: str) -> Response:
    errors = [("NotAuth", "Severe", text)]
    return answer(state, request, write_import_result(state.style, errors, success=False))


def refuse(state: State, request: Request, text: str) -> Response:
    errors = [("GeneralError", "Severe", text)]
    return answer(state, request, write_import_result(state.style, errors, success=False))
