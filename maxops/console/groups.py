"""Who may do what: the three groups of contract.md section 5, as rows.

The migrations call `grant`; a later row needs a migration that calls it again. It only ever adds, so what an
administrator gave a group besides stays.
"""

from typing import Any

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions

MIRRORED = ("campaigns.campaign", "lists.leadlist", "teams.team", "users.user")
SEEN = (
    *MIRRORED,
    "imports.mapping",
    "imports.run",
    "imports.answer",
    "mirror.ledger",
    "mirror.reading",
    "mirror.difference",
    "mirror.lastset",
    "mirror.namedid",
    "mirror.bulkact",
    "emergency.event",
)

Grants = dict[str, tuple[str, ...]]  # "app.model" -> verbs, or whole codenames of the app


def grants(verbs: tuple[str, ...], models: tuple[str, ...]) -> Grants:
    return dict.fromkeys(models, verbs)


GROUPS: dict[str, tuple[Grants, ...]] = {
    "Supervisor": (grants(("view",), SEEN),),
    "Manager": (
        grants(("view",), SEEN),
        grants(("add", "change"), (*MIRRORED, "imports.mapping")),
        grants(("add", "change", "delete"), ("mirror.namedid",)),
        grants(("add",), ("imports.run",)),
        grants(("change",), ("imports.answer",)),
    ),
    "Emergency": (
        grants(("view",), ("emergency.event", "campaigns.campaign", "mirror.reading")),
        grants(("pull_handle",), ("emergency.event",)),
    ),
}
OWN_CODENAMES = ("pull_handle",)


def codename(verb: str, model: str) -> str:
    return verb if verb in OWN_CODENAMES else f"{verb}_{model}"


def ensure_permissions(apps: Apps, using: str) -> None:
    """Django makes permissions after the last migration; a migration that grants them has to make them itself."""
    for label in sorted({name.split(".")[0] for name in SEEN}):
        app = apps.get_app_config(label)
        if not getattr(app, "models_module", None):
            app.models_module = True  # else create_permissions takes a historical app for one without models
        create_permissions(app, verbosity=0, apps=apps, using=using)


def grant(apps: Apps, using: str = "default") -> None:
    """Makes the groups and gives each what the rows say, whatever it had before."""
    ensure_permissions(apps, using)
    permissions: Any = apps.get_model("auth", "Permission").objects.using(using)
    groups: Any = apps.get_model("auth", "Group").objects.using(using)
    for name, rows in GROUPS.items():
        group, _ = groups.get_or_create(name=name)
        for verbs_of in rows:
            for path, verbs in verbs_of.items():
                label, model = path.split(".")
                wanted = [codename(verb, model) for verb in verbs]
                group.permissions.add(*permissions.filter(content_type__app_label=label, codename__in=wanted))
