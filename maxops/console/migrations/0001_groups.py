"""The groups Supervisor, Manager and Emergency (contract.md section 5)."""

from django.db import migrations

from maxops.console.groups import grant


def grant_groups(apps, schema_editor):
    grant(apps, schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("campaigns", "0001_initial"),
        ("lists", "0001_initial"),
        ("teams", "0001_initial"),
        ("users", "0001_initial"),
        ("mirror", "0001_initial"),
        ("imports", "0001_initial"),
        ("emergency", "0001_initial"),
    ]
    operations = [migrations.RunPython(grant_groups, migrations.RunPython.noop)]
