"""The progress classes (進捗区分) every installation starts with; the office may rename them."""

from django.db import migrations

CLASSES = [
    # code, Japanese, English, counts, achieved, needs reason, tone
    ("ahead", "前倒し", "Ahead", True, True, False, "blue"),
    ("on_plan", "計画どおり", "On plan", True, True, False, "green"),
    ("slightly_late", "やや遅れ", "Slightly late", True, False, True, "yellow"),
    ("late", "遅れ", "Late", True, False, True, "red"),
    ("not_started", "未着手", "Not started", True, False, False, "gray"),
    ("finished", "完了", "Finished", True, True, False, "green"),
    ("stopped", "中止", "Stopped", False, False, True, "gray"),
    ("undecidable", "評価困難", "Cannot be judged", False, False, True, "gray"),
    ("out_of_scope", "対象外", "Out of scope", False, False, False, "gray"),
]


def add_classes(apps, schema_editor):
    progress_class = apps.get_model("workflows", "ProgressClass")
    for position, (code, name_ja, name_en, counts, achieved, needs_reason, tone) in enumerate(CLASSES, start=1):
        progress_class.objects.get_or_create(
            code=code,
            defaults={
                "name_ja": name_ja,
                "name_en": name_en,
                "position": position,
                "counts": counts,
                "achieved": achieved,
                "needs_reason": needs_reason,
                "tone": tone,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial")]

    operations = [migrations.RunPython(add_classes, migrations.RunPython.noop)]
