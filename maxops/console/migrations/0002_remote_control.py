"""What the groups may see and name since registers, bulk acts and differences came."""

from django.db import migrations

from maxops.console.groups import grant


def grant_groups(apps, schema_editor):
    grant(apps, schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("console", "0001_groups"), ("mirror", "0002_remote_control")]
    operations = [migrations.RunPython(grant_groups, migrations.RunPython.noop)]
