"""Search in the middle of a text, on PostgreSQL: the columns of the admin's `search_fields`."""

from django.db import migrations

from maxops.mirror.trigrams import search_indexes


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0003_orders_of_the_list")]
    operations = [search_indexes("campaigns_campaign", "name", "description", "caller_id")]
