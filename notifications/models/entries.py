"""Due days in people's own calendars."""

from django.db import models

from departments.models import User
from notifications.models.mails import OutgoingMail
from workflows.models import Review


class CalendarEntry(models.Model):
    """What a person's calendar was last told about a review, by which mail (.ics).

    `due_on`: the day of the entry, None once it was cancelled. `sequence` rises with every change, as RFC 5545 has it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_entries")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)
    sequence = models.PositiveIntegerField(default=0)
    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="calendar_entries")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "review"], name="calendar_entry_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.review_id} {self.due_on}"
