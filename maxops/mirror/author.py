"""Who acts, and from where: it stands beside every write that goes out."""

import contextlib
from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Author:
    """`source` is admin, bulk, sync, command, schedule or emergency; `address` the caller's, where there is one."""

    login: str
    source: str
    address: str | None = None


def author_of(request: HttpRequest, source: str = "admin") -> Author:
    return Author(request.user.get_username(), source, address_of(request))


def address_of(request: HttpRequest) -> str | None:
    """The caller's address as our own outermost proxy saw it; what a caller wrote into the header himself is left."""
    claimed = request.META.get("REMOTE_ADDR", "")
    if settings.MAXOPS_PROXIES:
        hops = request.headers.get("X-Forwarded-For", "").split(",")
        claimed = hops[-min(settings.MAXOPS_PROXIES, len(hops))]
    with contextlib.suppress(ValueError):
        return str(ip_address(claimed.strip()))
    return None
