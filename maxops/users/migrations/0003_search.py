"""Once made indexes for the search on PostgreSQL, which the next one takes away again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("users", "0002_orders_of_the_list")]
    operations = []
