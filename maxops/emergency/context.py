"""What every page shows of an emergency: the open event or nothing, from one query a second per process.

Never raises and never waits for the dialler: a page must not fail because its bar cannot be filled.
"""

from django.http import HttpRequest

from maxops.emergency.models import Event
from maxops.emergency.records import glance


def emergency(request: HttpRequest) -> dict[str, Event | None]:
    """`emergency` for the templates: None, or the open event (a pull before a drill)."""
    # A log-in page or an error page before authentication has no user to show anything to.
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"emergency": None}
    return {"emergency": glance.look()}
