"""MaxContact users in the admin. The password is asked for at each save because the API demands it, and never kept."""

from django import forms
from django.contrib import admin

from maxops.mirror.admin import MirroredAdmin, MirroredForm, SeenFilter
from maxops.mirror.columns import named, named_id
from maxops.mirror.filters import arrival
from maxops.users.models import User


class UserForm(MirroredForm):
    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="MaxContact demands a password with every save and never tells the present one: what you type here "
        "becomes this person's password. It is sent, not kept here.",
    )

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        if self.changes() and not cleaned.get("password"):
            self.add_error("password", "MaxContact cannot save a user without a password: type the one to be set.")
        return cleaned


@admin.register(User)
class UserAdmin(MirroredAdmin):
    form = UserForm
    list_display = ["name_words", "login", "team_words", "extension", "role_words", "sso_active"]
    list_display += ["activity_column", "presence"]
    list_display_links = ["name_words", "login"]
    list_filter = ["use_rtc", "sso_active", SeenFilter, arrival("team")]
    list_select_related = ["team"]
    search_fields = ["search__holds"]
    readonly_fields = ["activity"]
    fieldsets = [
        ("Identity", {"fields": ["first_name", "last_name", "login", "password", "activity"]}),
        ("Work", {"fields": ["team", "role_plan_id", "agent_capacity_plan_id"]}),
        ("Phone and log-on", {"fields": ["extension", "use_rtc", "auto_logon", "sso_active"]}),
    ]

    @admin.display(description="name", ordering="last_name")
    def name_words(self, user: User) -> str:
        return str(user)

    @admin.display(description="team")
    def team_words(self, user: User) -> str:
        return named(user, "team")

    @admin.display(description="role", ordering="role_plan_id")
    def role_words(self, user: User) -> str:
        return named_id(user, "role_plan_id")
