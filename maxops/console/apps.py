"""The console app, and the admin with maxops' own site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AppConfig):
    name = "maxops.console"
    verbose_name = "Console"


class MaxopsAdminConfig(AdminConfig):
    default_site = "maxops.console.site.MaxopsAdminSite"
