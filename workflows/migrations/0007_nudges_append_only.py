"""Append-only as well: nudges."""

from django.db import migrations

from workflows.append_only import protect

TABLES = {"workflows_nudge": ["event_id", "review_id, day"]}


def install(apps, schema_editor):
    protect(schema_editor, TABLES)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0006_nudges")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
