"""A report is counted under the initiative that its measure served when it was reported."""

import json

from django.db import migrations, models


def keep_initiatives(apps, schema_editor):
    """The initiative that the measure has, but where the plan was changed: there what was submitted last says it."""
    report, measure = apps.get_model("workflows", "MeasureReport"), apps.get_model("departments", "Measure")
    numbers = measure.objects.filter(pk=models.OuterRef("measure")).values("initiative__number")
    report.objects.update(initiative_number=models.Subquery(numbers))
    submission = apps.get_model("workflows", "Submission")
    changed = submission.objects.filter(
        review__checkpoint__kind__in=["q1", "q2", "q3", "yearend"],
        review__plan__reviews__change_number__gte=1,
        round=models.F("review__round"),
    )
    for review, content in changed.values_list("review", "content").distinct().iterator(100):
        for entry in json.loads(content)["measures"]:
            number = int(entry["initiative"].partition(" ")[0])
            report.objects.filter(review=review, measure=entry["id"]).update(initiative_number=number)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0007_nudges_append_only")]

    operations = [
        migrations.AddField(
            model_name="measurereport",
            name="initiative_number",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="initiative"),
            preserve_default=False,
        ),
        migrations.RunPython(keep_initiatives, migrations.RunPython.noop),
    ]
