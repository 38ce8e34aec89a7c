"""What every page's frame needs: the side navigation by permission, and who may pull the emergency handle.

The same for admin pages and our own, so that they are one product (screens.md, "for all pages").
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

PULL_HANDLE = "emergency.pull_handle"
EVERY_KIND = ("campaigns.view_campaign", "lists.view_leadlist", "teams.view_team", "users.view_user")


@dataclass(frozen=True)
class Entry:
    """One line of the navigation, shown to holders of any of `permissions` or of all; with none named, to everybody."""

    label: str
    icon: str
    url_name: str
    permissions: tuple[str, ...] = ()
    of_all: bool = False


NAVIGATION = (
    (
        "Operations",
        (
            Entry("Board", "board", "board", ("campaigns.view_campaign",)),
            Entry("Upload leads", "upload", "imports:new", ("imports.add_run",)),
            Entry("Imports", "runs", "imports:list", ("imports.view_run",)),
            Entry("Mappings", "mapping", "imports:mappings", ("imports.view_mapping",)),
        ),
    ),
    (
        "Dialler",
        (
            Entry("Campaigns", "campaign", "admin:campaigns_campaign_changelist", ("campaigns.view_campaign",)),
            Entry("Lists", "list", "admin:lists_leadlist_changelist", ("lists.view_leadlist",)),
            Entry("Teams", "team", "admin:teams_team_changelist", ("teams.view_team",)),
            Entry("Users", "user", "admin:users_user_changelist", ("users.view_user",)),
            Entry("Skills, roles and plans", "key", "admin:mirror_namedid_changelist", ("mirror.view_namedid",)),
        ),
    ),
    (
        "System",
        (
            Entry("Emergency", "siren", "emergency:page", ("emergency.view_event", PULL_HANDLE)),
            Entry("Sync", "reading", "sync", EVERY_KIND, of_all=True),
            Entry("Audit", "ledger", "audit", ("mirror.view_ledger",)),
            Entry("Accounts", "account", "admin:auth_user_changelist", ("auth.view_user",)),
            Entry("Groups", "group", "admin:auth_group_changelist", ("auth.view_group",)),
        ),
    ),
)


def address(url_name: str) -> str:
    """The page's address, or nothing while no page of that name is installed."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def is_shown(entry: Entry, staff: Any) -> bool:
    enough = all if entry.of_all else any
    return not entry.permissions or enough(staff.has_perm(permission) for permission in entry.permissions)


def navigation(staff: Any, path: str) -> list[dict[str, Any]]:
    """Groups of the lines this person may follow; the one whose address fits the path best is current."""
    groups = []
    for title, entries in NAVIGATION:
        rows = [
            {"label": entry.label, "icon": entry.icon, "url": address(entry.url_name)}
            for entry in entries
            if is_shown(entry, staff)
        ]
        groups.append({"title": title, "rows": [row for row in rows if row["url"]]})
    every_row = [row for group in groups for row in group["rows"]]
    fitting = [
        row["url"] for row in every_row if path == row["url"] or (row["url"] != "/" and path.startswith(row["url"]))
    ]
    current = max(fitting, key=len, default=None)
    for row in every_row:
        row["current"] = row["url"] == current
    return [group for group in groups if group["rows"]]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor. The admin's own context wins where both name a thing."""
    staff = getattr(request, "user", None)
    if staff is None or not staff.is_authenticated:
        return {"has_permission": False, "site_title": "maxops", "site_header": "maxops"}
    return {
        "has_permission": True,
        "is_nav_sidebar_enabled": True,
        "site_title": "maxops",
        "site_header": "maxops",
        "navigation": navigation(staff, request.path),
        "may_pull": staff.has_perm(PULL_HANDLE),
    }
