"""The rules of reminding to start with, and which items of before ask their person for something."""

from django.db import migrations

PREPARE, REVIEW, APPROVE = "prepare", "review", "approve"
# Occasion, step, business days after the due day, again every so many, to whom.
RULES = [
    *(("due", PREPARE, days, None, audience) for days in (-10, -5, -1, 0) for audience in ("editor", "lead")),
    ("due", PREPARE, 3, 3, "editor"),
    ("due", PREPARE, 3, 3, "lead"),
    ("due", PREPARE, 5, 5, "division_head"),
    *(("due", REVIEW, days, None, "reviewer") for days in (-5, -1, 0)),
    ("due", REVIEW, 3, 3, "reviewer"),
    ("due", REVIEW, 5, 5, "approver"),
    *(("due", APPROVE, days, None, "approver") for days in (-1, 0)),
    ("due", APPROVE, 3, 3, "approver"),
    ("all_in", PREPARE, 0, None, "reviewer"),
]


def write_rules(apps, schema_editor):
    rule = apps.get_model("notifications", "ReminderRule")
    rule.objects.bulk_create(
        rule(occasion=occasion, step=step, days=days, repeats=repeats, audience=audience)
        for occasion, step, days, repeats, audience in RULES
    )
    apps.get_model("notifications", "MailItem").objects.filter(task__isnull=False).update(asks=True)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_reminder_rules_and_more")]

    operations = [migrations.RunPython(write_rules, migrations.RunPython.noop)]
