from notifications.models.bounces import Bounce, BounceBox
from notifications.models.choices import MailChoice, Pace
from notifications.models.entries import CalendarEntry
from notifications.models.mails import (
    MailItem,
    MailItemQuerySet,
    MailKind,
    MailQuerySet,
    Outcome,
    OutgoingMail,
    Reason,
    Status,
)
from notifications.models.rules import Audience, Occasion, ReminderRule
from notifications.models.runs import ReminderRun, Tick

__all__ = [
    "Audience",
    "Bounce",
    "BounceBox",
    "CalendarEntry",
    "MailChoice",
    "MailItem",
    "MailItemQuerySet",
    "MailKind",
    "MailQuerySet",
    "Occasion",
    "Outcome",
    "OutgoingMail",
    "Pace",
    "Reason",
    "ReminderRule",
    "ReminderRun",
    "Status",
    "Tick",
]
