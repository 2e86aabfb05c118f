"""Append-only as well: what is remarked, sealed, stored and read afterwards; and what 0004 remade on SQLite."""

from django.db import migrations

from workflows.append_only import protect

TABLES = {
    "workflows_event": ["id", "plan_id, sequence"],
    "workflows_submission": ["id", "review_id, round"],
    "workflows_decision": ["id", "submission_id, step"],
    "workflows_acknowledgement": ["event_id"],
    "workflows_pin": ["id"],
    "workflows_pinentry": ["id"],
    "workflows_seal": ["id", "day"],
    "workflows_sealedhead": ["id", "seal_id, plan_id"],
    "workflows_storedfile": ["id", "sha256"],
}


def install(apps, schema_editor):
    protect(schema_editor, TABLES)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0004_rounds_deputies_changes")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
