"""The users app."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "maxops.users"
    verbose_name = "Users"
