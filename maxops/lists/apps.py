"""The lists app."""

from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "maxops.lists"
    verbose_name = "Lists"
