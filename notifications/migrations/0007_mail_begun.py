from typing import Any

from django.db import migrations, models
from django.db.models import Q


def begin(apps: Any, _editor: Any) -> None:
    """Until now a mail was begun as soon as it was claimed."""
    apps.get_model("notifications", "OutgoingMail").objects.filter(status="sending").update(may_have_arrived=True)


class Migration(migrations.Migration):
    """Mails are claimed before they are put into words, and may have arrived from when they are begun."""

    dependencies = [("notifications", "0006_bounces")]

    operations = [
        migrations.RunPython(begin, migrations.RunPython.noop),
        migrations.RemoveConstraint("outgoingmail", "mail_frozen_before_sent"),
        migrations.AddConstraint(
            "outgoingmail",
            models.CheckConstraint(
                condition=Q(may_have_arrived=False) & ~Q(status__in=["sent", "bounced"])
                | ~Q(message_id="") & ~Q(address="") & Q(dated__isnull=False),
                name="mail_frozen_before_sent",
            ),
        ),
    ]
