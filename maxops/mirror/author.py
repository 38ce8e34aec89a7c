"""Who acts, and from where: it stands beside every write that goes out."""

from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Author:
    """`source` is admin, bulk, sync, command, schedule or emergency; `address` the caller's, where there is one."""

    login: str
    source: str
    address: str | None = None


def author_of(request: HttpRequest, source: str = "admin") -> Author:
    """Behind a proxy the web server puts the caller's own address into REMOTE_ADDR, or nobody can know it."""
    return Author(request.user.get_username(), source, request.META.get("REMOTE_ADDR") or None)
