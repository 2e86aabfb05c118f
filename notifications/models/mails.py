"""The outbox (送信簿): every mail that is owed or was sent, what it tells whom, and how its delivery went."""

from datetime import datetime

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from departments.models import User
from notifications.models.rules import Audience
from workflows.models import Event, EventKind, Review


class MailKind(models.TextChoices):
    """What a mail is about: events of one kind, that all plans of a checkpoint have come in, or what is due."""

    OPENED = EventKind.OPENED.value, EventKind.OPENED.label
    SUBMITTED = EventKind.SUBMITTED.value, EventKind.SUBMITTED.label
    WITHDRAWN = EventKind.WITHDRAWN.value, EventKind.WITHDRAWN.label
    PASSED = EventKind.PASSED.value, EventKind.PASSED.label
    RETURNED = EventKind.RETURNED.value, EventKind.RETURNED.label
    APPROVED = EventKind.APPROVED.value, EventKind.APPROVED.label
    REVOKED = EventKind.REVOKED.value, EventKind.REVOKED.label
    EXTENDED = EventKind.EXTENDED.value, EventKind.EXTENDED.label
    MOVED = EventKind.MOVED.value, EventKind.MOVED.label
    NUDGED = EventKind.NUDGED.value, EventKind.NUDGED.label
    CANCELLED = EventKind.CANCELLED.value, EventKind.CANCELLED.label
    LAPSED = EventKind.LAPSED.value, EventKind.LAPSED.label
    ANSWERED = EventKind.ANSWERED.value, EventKind.ANSWERED.label
    ALL_IN = "all_in", _("All have come in")
    DIGEST = "digest", _("What is due")


class Status(models.TextChoices):
    """How far a mail has come."""

    PENDING = "pending", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    RETRY = "retry", _("Waiting to be tried again")
    UNCERTAIN = "uncertain", _("May have arrived; waiting to be tried again")
    CANCELLED = "cancelled", _("Not needed any more")
    EXPIRED = "expired", _("Given up")
    FAILED = "failed", _("Refused for good")
    BOUNCED = "bounced", _("Came back")

    @property
    def is_waiting(self) -> bool:
        return self in WAITING


WAITING = (Status.PENDING, Status.RETRY, Status.UNCERTAIN)
# The mail server has taken it over.
ACCEPTED = (Status.SENT, Status.BOUNCED)


FATES = {
    Status.PENDING: _("It will be handed to the mail server with the next round, within a minute or so."),
    Status.SENDING: _("It is being handed to the mail server right now."),
    Status.SENT: _("The mail server took it. Should it come back, this page will say so."),
    Status.RETRY: _("The mail server did not take it yet. It is tried again by itself."),
    Status.UNCERTAIN: _(
        "The connection broke before the mail server answered, so it may have arrived. The very same mail is handed "
        "over again; mail programs take both for one."
    ),
    Status.CANCELLED: _("It was not sent, because it was not needed any more."),
    Status.EXPIRED: _("It was tried for a week in vain and then given up."),
    Status.FAILED: _("It was not delivered, and is not tried again by itself."),
    Status.BOUNCED: _("The mail server took it but could not deliver it: the person has not got it."),
}


class Outcome(models.TextChoices):
    """The statuses in the words of who looks after the mails."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    UNDELIVERED = "undelivered", _("Not deliverable")
    NOT_NEEDED = "not_needed", _("Not needed any more")

    @property
    def statuses(self) -> list[Status]:
        return STATUSES[self]


STATUSES = {
    Outcome.WAITING: [*WAITING, Status.SENDING],
    Outcome.SENT: [Status.SENT],
    Outcome.UNDELIVERED: [Status.FAILED, Status.EXPIRED, Status.BOUNCED],
    Outcome.NOT_NEEDED: [Status.CANCELLED],
}


class Reason(models.TextChoices):
    """Why a mail was not handed to the mail server, where the server itself did not say."""

    DONE = "done", _("By then there was nothing left in it to tell the person.")
    INACTIVE = "inactive", _("The person no longer uses the system.")
    NO_ADDRESS = "no_address", _("The person has no e-mail address. Enter one on the page of the person.")
    DEAD_ADDRESS = "dead_address", _("Mails to this address came back. Correct it on the page of the person.")
    MERGED = "merged", _("The mail server was away; the person gets it in the mail of the day.")
    TOO_LATE = "too_late", _("It could not be delivered in time.")
    INTERRUPTED = "interrupted", _("Sending was interrupted before the mail server answered.")


class MailQuerySet(models.QuerySet["OutgoingMail"]):
    def open(self) -> "MailQuerySet":
        """Neither sent nor given up. Spelt as the partial indexes are."""
        return self.filter(Q(next_attempt_at__isnull=False) | Q(lease_until__isnull=False))

    def unsent(self) -> "MailQuerySet":
        """Those that wait and certainly have reached nobody, so that they may still tell something else."""
        return self.filter(next_attempt_at__isnull=False, may_have_arrived=False)

    def held(self) -> "MailQuerySet":
        """Locked until the transaction ends, in the one order in which many are, so that no two wait for each other."""
        return self.order_by("-pk").select_for_update(of=("self",))

    def missed(self) -> "MailQuerySet":
        """Those that ended only because their person had no address that works."""
        return self.filter(status=Status.FAILED, reason__in=(Reason.NO_ADDRESS, Reason.DEAD_ADDRESS))

    def ended(self, *, since: datetime) -> dict[str, int]:
        """Of those queued since then, how many were `sent` and how many `undelivered`."""
        counts = {
            outcome.value: Count("pk", filter=Q(status__in=outcome.statuses))
            for outcome in (Outcome.SENT, Outcome.UNDELIVERED)
        }
        return self.filter(created_at__gt=since).order_by().aggregate(**counts)


class OutgoingMail(models.Model):
    """One mail to one person. Written by `outbox`; ended by `backlog` too, and by `bounces` once it has come back.

    It is put into words when it is first sent; `raw` then holds the very bytes, Message-ID and Date included, that
    every later attempt hands over again. `attempts` counts claims and fences: only the latest may say how it went.
    """

    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=MailKind.choices)
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mails", verbose_name=_("to"))
    address = models.EmailField(_("address"), blank=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    message_id = models.CharField(max_length=120, blank=True)
    dated = models.DateTimeField(null=True)
    raw = models.BinaryField(default=b"")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices, blank=True)
    last_error = models.TextField(_("answer of the mail server"), blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # It was handed over without a clear answer, or just now is: it may be there, so its bytes must never change again.
    may_have_arrived = models.BooleanField(default=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True)
    lease_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(_("given up after"))
    created_at = models.DateTimeField(_("queued at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-created_at", "-pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=(Q(status__in=WAITING) & Q(next_attempt_at__isnull=False, lease_until=None))
                | (Q(status=Status.SENDING) & Q(next_attempt_at=None, lease_until__isnull=False))
                | (~Q(status__in=[*WAITING, Status.SENDING]) & Q(next_attempt_at=None, lease_until=None)),
                name="mail_waits_or_is_leased_or_ended",
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="mail_status_known"),
            models.CheckConstraint(condition=Q(kind__in=MailKind.values), name="mail_kind_known"),
            models.CheckConstraint(
                condition=Q(status__in=ACCEPTED, sent_at__isnull=False) | (~Q(status__in=ACCEPTED) & Q(sent_at=None)),
                name="mail_sent_has_time",
            ),
            models.CheckConstraint(
                condition=(Q(may_have_arrived=False) & ~Q(status__in=ACCEPTED))
                | (~Q(message_id="") & ~Q(address="") & Q(dated__isnull=False)),
                name="mail_frozen_before_sent",
            ),
        ]
        # Free of literals in their conditions, so that SQLite matches them too.
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(next_attempt_at__isnull=False), name="mail_due"),
            models.Index(fields=["lease_until"], condition=Q(lease_until__isnull=False), name="mail_leased"),
            models.Index(fields=["-created_at", "-id"], name="mail_newest"),
            models.Index(fields=["status", "-created_at"], name="mail_by_status"),
            models.Index(fields=["message_id"], name="mail_by_message_id"),
            models.Index(fields=["kind", "-created_at"], name="mail_by_kind"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_unsent(self) -> bool:
        """Whether it waits and certainly has reached nobody; as `MailQuerySet.unsent` says it of many."""
        return self.next_attempt_at is not None and not self.may_have_arrived

    @property
    def title(self) -> str:
        """The subject, or what the mail is about while it is not yet in words."""
        return self.subject or self.get_kind_display()

    @property
    def at(self) -> datetime:
        """When it was sent, or queued while it is not."""
        return self.sent_at or self.created_at

    @property
    def fate(self) -> str:
        """What became of it, in a sentence."""
        return str(FATES[Status(self.status)])

    @property
    def explanation(self) -> str:
        """Why it is where it is, in the reader's language; the mail server's own words where it spoke."""
        return "\n".join(filter(None, [self.get_reason_display(), self.last_error]))


class MailItemQuerySet(models.QuerySet["MailItem"]):
    def with_names(self) -> "MailItemQuerySet":
        """All that a mail or a page says about the items, in the same query."""
        return self.select_related(
            "event__by", "event__on_behalf_of", "review__plan", "review__department", "review__checkpoint"
        )


class MailItem(models.Model):
    """One fact that one mail tells its person: an event, or a review that is due in so many days.

    `key` is unique over all mails, so nothing is told twice. `mail` is None while the item waits for the next mail of
    the day of the person `waits_for`. `task`: the fact is worth telling only while this task is the review's open one;
    None: as long as the person may read the review. `asks`: the task is the person's to do; else it is for information.
    `days`: business days after the due day, negative before it; None for an event. `audience` and `text` are those of
    the rule that made it; '' for an event.
    """

    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="items", null=True)
    waits_for = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mail_items_waiting", null=True)
    key = models.CharField(max_length=100, unique=True)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+", null=True)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+", null=True)
    asks = models.BooleanField(default=False)
    days = models.SmallIntegerField(null=True)
    audience = models.CharField(max_length=13, choices=Audience.choices, blank=True)
    text = models.CharField(max_length=500, blank=True)
    left_out = models.BooleanField(default=False)

    objects = MailItemQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(event=None, days__isnull=False, task__isnull=False) | Q(event__isnull=False, days=None),
                name="mail_item_of_event_or_due_day",
            ),
            models.CheckConstraint(
                condition=Q(mail=None, waits_for__isnull=False) | Q(mail__isnull=False, waits_for=None),
                name="mail_item_in_mail_or_waiting",
            ),
            models.CheckConstraint(condition=Q(asks=False) | Q(task__isnull=False), name="mail_item_asks_for_task"),
        ]

    def __str__(self) -> str:
        return self.key
