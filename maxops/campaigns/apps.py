"""The campaigns app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "maxops.campaigns"
    verbose_name = "Campaigns"
