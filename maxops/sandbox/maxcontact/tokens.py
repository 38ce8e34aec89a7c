"""The token service of S000 and S001: GET apitoken/login/{login}, password in Base64 in the Authorization header."""

import base64
import binascii
import hmac
import time
import uuid
from datetime import UTC, datetime, timedelta

from maxops.sandbox.exchange import Request, Response
from maxops.sandbox.maxcontact import wire
from maxops.sandbox.maxcontact.state import State


def log_in(state: State, request: Request) -> Response:
    """The password alone is encoded, without the login; `Basic` may stand before it or be left out."""
    login = request.segments[4] if len(request.segments) == 5 else ""
    with state.lock:
        locked = state.lock_after and state.failed_logins >= state.lock_after
        if locked or login.lower() != state.login.lower() or not fits(state, request.headers.get("Authorization", "")):
            state.failed_logins += 1
            return refuse(state, request)
        state.logins += 1
        state.failed_logins = 0
        return issue(state, request)


def fits(state: State, authorization: str) -> bool:
    scheme, _, encoded = authorization.rpartition(" ")
    if scheme.lower() not in ("", "basic"):
        return False
    try:
        password = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(password, state.password.encode())


def refuse(state: State, request: Request) -> Response:
    as_json = state.style.wants_json(request.wants_json)
    if state.style.login_refusal == "null":
        return wire.answer(wire.write_token(None, state.style, as_json), state.style, as_json)
    return Response(401)


def issue(state: State, request: Request) -> Response:
    now = datetime.now(UTC)
    key = f"{uuid.uuid4()}-{now:%d%m%Y%H%M%S}"
    state.tokens[key] = time.monotonic() + state.token_seconds
    as_json = state.style.wants_json(request.wants_json)
    token = {
        "ID": state.logins,
        "UserID": 1,
        "IsApplicationToken": False,
        "TokenKey": key,
        "ExpiryDate": wire.write_date(now + timedelta(seconds=state.token_seconds), state.style, as_json),
        "UserName": state.login,
        "UserAddress": "127.0.0.1",
    }
    return wire.answer(wire.write_token(token, state.style, as_json), state.style, as_json)


def is_valid(state: State, key: str) -> bool:
    with state.lock:
        return state.tokens.get(key, 0.0) > time.monotonic()


def expire(state: State) -> None:
    with state.lock:
        state.tokens.clear()
