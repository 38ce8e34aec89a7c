"""The teams app."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "maxops.teams"
    verbose_name = "Teams"
