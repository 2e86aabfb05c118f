from django.db import migrations, models


class Migration(migrations.Migration):
    """A cancelled entry keeps its day, which calendar programs want to be told again. No row was ever written before."""

    dependencies = [("notifications", "0004_default_rules")]

    operations = [
        migrations.AddField("calendarentry", "cancelled", models.BooleanField(default=False)),
        migrations.AlterField("calendarentry", "due_on", models.DateField()),
    ]
