"""The database itself refuses to change or remove history, submissions and decisions."""

from django.db import migrations

# Each table with its unique keys.
TABLES = {
    "workflows_event": ["id", "plan_id, sequence"],
    "workflows_submission": ["id", "review_id, round"],
    "workflows_decision": ["id", "submission_id, step"],
}

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION workflows_append_only() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END;
$$ LANGUAGE plpgsql;
"""
POSTGRESQL_TRIGGERS = [
    """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION workflows_append_only();
""",
    """
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION workflows_append_only();
""",
]
SQLITE_TRIGGER = """
CREATE TRIGGER {table}_no_{action} BEFORE {action} ON {table}
BEGIN
    SELECT RAISE(ABORT, '{table} is append-only');
END;
"""
# INSERT OR REPLACE removes the row in its way without asking the triggers on DELETE.
SQLITE_NO_REPLACE = """
CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
WHEN {taken}
BEGIN
    SELECT RAISE(ABORT, '{table} is append-only');
END;
"""


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_FUNCTION, params=None)  # its text has a %
        for table in TABLES:
            for trigger in POSTGRESQL_TRIGGERS:
                schema_editor.execute(trigger.format(table=table))
    else:
        for table, keys in TABLES.items():
            for action in ("UPDATE", "DELETE"):
                schema_editor.execute(SQLITE_TRIGGER.format(table=table, action=action))
            taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {_same(key)})" for key in keys)
            schema_editor.execute(SQLITE_NO_REPLACE.format(table=table, taken=taken))


def _same(key):
    return " AND ".join(f"{column} = NEW.{column}" for column in key.split(", "))


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            for name in ("append_only", "no_truncate"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}")
        schema_editor.execute("DROP FUNCTION IF EXISTS workflows_append_only()")
    else:
        for table in TABLES:
            for name in ("no_UPDATE", "no_DELETE", "no_replace"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}")


class Migration(migrations.Migration):
    dependencies = [("workflows", "0002_progress_classes")]

    operations = [migrations.RunPython(install, remove)]
