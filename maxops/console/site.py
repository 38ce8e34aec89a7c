"""maxops' admin site: Django's own, with the product's log-in page and its registers in groups a manager thinks in."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.decorators import method_decorator

SECTIONS = (
    (
        "Dialler",
        "As read from MaxContact. Saving sends to MaxContact first; here only what it took is kept.",
        ("campaigns", "lists", "teams", "users"),
    ),
    ("Leads in", "Mappings, files and the reports that came back.", ("imports",)),
    (
        "Records",
        "What was read, what was sent out, every pull of the handle; and names for ids MaxContact cannot list.",
        ("mirror", "emergency"),
    ),
    ("Access", "Who may log in here, and what they may do.", ("auth",)),
)


class MaxopsAdminSite(AdminSite):
    site_header = site_title = "maxops"
    index_title = "All registers"
    site_url = None
    login_form = AuthenticationForm
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        """Anybody with a live account: each register asks for its own permission, and only people make accounts."""
        return request.user.is_active

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One log-in page for console and admin."""
        target = request.GET.get(REDIRECT_FIELD_NAME) or resolve_url("admin:index")
        return HttpResponseRedirect(f"{resolve_url('login')}?{urlencode({REDIRECT_FIELD_NAME: target})}")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().index(
            request, {"sections": group_registers(self.get_app_list(request)), **(extra_context or {})}
        )

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        sections = group_registers(self.get_app_list(request, app_label))
        return super().app_index(request, app_label, {"sections": sections, **(extra_context or {})})


def group_registers(app_list: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The registers a person may open, by what they are about rather than by Django app."""
    apps = {app["app_label"]: app["models"] for app in app_list}
    sections = [
        {"title": title, "note": note, "models": [model for label in labels for model in apps.pop(label, [])]}
        for title, note, labels in SECTIONS
    ]
    sections.append({"title": "Other", "models": [model for models in apps.values() for model in models]})
    return [section for section in sections if section["models"]]
