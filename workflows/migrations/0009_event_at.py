"""What happened lately is found without reading years of history."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0008_initiative_of_reports"),
    ]

    operations = [
        migrations.AddIndex(model_name="event", index=models.Index(fields=["at"], name="event_at")),
    ]
