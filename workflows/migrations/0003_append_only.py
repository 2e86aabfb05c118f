"""The database itself refuses to change or remove history, submissions and decisions."""

from django.db import migrations

TABLES = ("workflows_event", "workflows_submission", "workflows_decision")

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION workflows_append_only() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END;
$$ LANGUAGE plpgsql;
"""
POSTGRESQL_TRIGGER = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION workflows_append_only();
"""
SQLITE_TRIGGER = """
CREATE TRIGGER {table}_no_{action} BEFORE {action} ON {table}
BEGIN
    SELECT RAISE(ABORT, '{table} is append-only');
END;
"""


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_FUNCTION, params=None)  # its text has a %
        for table in TABLES:
            schema_editor.execute(POSTGRESQL_TRIGGER.format(table=table))
    else:
        for table in TABLES:
            for action in ("UPDATE", "DELETE"):
                schema_editor.execute(SQLITE_TRIGGER.format(table=table, action=action))


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
        schema_editor.execute("DROP FUNCTION IF EXISTS workflows_append_only()")
    else:
        for table in TABLES:
            for action in ("UPDATE", "DELETE"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{action}")


class Migration(migrations.Migration):
    dependencies = [("workflows", "0002_progress_classes")]

    operations = [migrations.RunPython(install, remove)]
