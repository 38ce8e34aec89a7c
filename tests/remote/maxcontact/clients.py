"""Clients pointed at a scripted server, without Django's settings."""

from maxops.remote.http import Timeouts, Transport
from maxops.remote.maxcontact.leads import Leads
from maxops.remote.maxcontact.management import Management
from maxops.remote.maxcontact.session import Session, TokenStore
from maxops.sandbox.server import Sandbox
from tests.remote.scripted import Scripted

PASSWORD = "s3cret!"


def session_to(server: Scripted, tokens: TokenStore | None = None, login: str = "api", **scheme: str) -> Session:
    transport = Transport(server.url, system="MaxContact", timeouts=Timeouts(read=5))
    return Session(transport, login, PASSWORD, tokens=tokens, **scheme)


def management_of(server: Scripted) -> Management:
    return Management(session_to(server))


def leads_of(server: Scripted) -> Leads:
    return Leads(session_to(server))


def session_to_sandbox(sandbox: Sandbox, tokens: TokenStore | None = None) -> Session:
    transport = Transport(sandbox.url + "/webservices/services", system="MaxContact", timeouts=Timeouts(read=5))
    return Session(transport, sandbox.login, sandbox.password, tokens=tokens)
