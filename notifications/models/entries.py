"""Due days in people's own calendars."""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

from departments.models import User
from notifications.models.mails import OutgoingMail, Status
from workflows.models import Review


class CalendarEntryQuerySet(models.QuerySet["CalendarEntry"]):
    def alive(self, *, asked: Iterable[int] = ()) -> "CalendarEntryQuerySet":
        """Those about which there may be something to say: all but the cancelled ones of reviews that are over.

        And whatever there is about reviews that were `asked` for (ids) and may be over only since.
        """
        told = Q(cancelled=True, review__task=None, mail__status=Status.SENT)
        return self.filter(~told | Q(review__in=asked))


class CalendarEntry(models.Model):
    """What a person's calendar was last told about a review, by which mail (.ics).

    `due_on`: the day of the entry, kept when it is `cancelled`. `sequence` rises with every change, as RFC 5545 has it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_entries")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    cancelled = models.BooleanField(default=False)
    sequence = models.PositiveIntegerField(default=0)
    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="calendar_entries")

    objects = CalendarEntryQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "review"], name="calendar_entry_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.review_id} {self.due_on}"
