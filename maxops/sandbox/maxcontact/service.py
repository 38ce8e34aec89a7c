"""The front door of the stand-in of MaxContact: /webservices/services/..., letter case aside, and the token check."""

from maxops.sandbox.exchange import Request, Response
from maxops.sandbox.maxcontact import lead_management, management, tokens
from maxops.sandbox.maxcontact.state import State

BASE = ["webservices", "services"]
NOT_AUTHORISED = "You are not authorised to use this service"
SERVICES = {"management": management, "leadmanagement": lead_management}


def respond(state: State, request: Request) -> Response:
    parts = [part.lower() for part in request.segments]
    if parts[:4] == [*BASE, "apitoken", "login"]:
        if request.method != "GET":
            return Response(405, headers={"Allow": "GET"})
        return tokens.log_in(state, request)
    service = SERVICES.get(parts[2]) if parts[:2] == BASE and len(parts) > 3 else None
    if service is None:
        return Response(404)
    if not tokens.is_valid(state, request.cookie("TokenKey")):
        return turn_away(state, request)
    return service.respond(state, request)


def turn_away(state: State, request: Request) -> Response:
    """S000 documents a NotAuth result for leads; S001 says nothing, so Management answers HTTP 401."""
    leads = request.segments[2].lower() == "leadmanagement"
    style = state.style.not_auth
    if style == "401" or (style == "documented" and not leads):
        return Response(401)
    if leads:
        return lead_management.turn_away(state, request, NOT_AUTHORISED)
    return management.refuse(state, request, NOT_AUTHORISED)


def refuse(state: State, request: Request, detail: str) -> Response:
    """The platform's own "no" with status 200, for the fault success_false."""
    leads = len(request.segments) > 2 and request.segments[2].lower() == "leadmanagement"
    return (lead_management if leads else management).refuse(state, request, detail)
