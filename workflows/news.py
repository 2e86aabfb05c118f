"""What happened since a person last looked (前回のログイン以降の動き), in reviews that concern them. A read model."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from departments.access import Rights, rights
from departments.models import User
from departments.models.organisation import Permission
from workflows.models import Event, EventKind, Outcome, Review, Stage
from workflows.wording import OUTCOMES, Status, comment_of, doer_of, happening_text

# In the session: the moment since when the person wants to be told, as ISO text.
SINCE = "news_since"
FIRST_LOOK = timedelta(days=14)
SHOWN = 8

# What a department is told of its own reviews, and what the office and auditors are told of those before them.
OF_DEPARTMENT = [kind for kind in EventKind if kind is not EventKind.ACKNOWLEDGED]
OF_STEP = {
    Permission.REVIEW: [
        EventKind.SUBMITTED,
        EventKind.WITHDRAWN,
        EventKind.ANSWERED,
        EventKind.RETURNED,
        EventKind.APPROVED,
        EventKind.REVOKED,
        EventKind.CANCELLED,
    ],
    Permission.APPROVE: [EventKind.PASSED, EventKind.WITHDRAWN, EventKind.ANSWERED, EventKind.CANCELLED],
}
OF_READERS = [*Outcome.values, EventKind.SUBMITTED, EventKind.CANCELLED]


@dataclass(frozen=True)
class Item:
    """One thing that happened: `status` is the chip of a decision; `comment` the first line of what was said."""

    event: Event
    what: str
    status: Status | None
    who: str
    comment: str

    @property
    def review(self) -> Review:
        return self.event.review


@dataclass(frozen=True)
class News:
    """The newest first, and whether there is more than that."""

    since: datetime
    items: list[Item]
    has_more: bool


def since_before(last_login: datetime, now: datetime) -> str:
    """What the session keeps from the log-in on: whoever comes again on the same day finds the whole day's news."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return min(last_login, midnight).isoformat()


def since_of(kept: str | None, now: datetime) -> datetime:
    """The moment that the session keeps; where it keeps none, the last two weeks are news."""
    return datetime.fromisoformat(kept) if kept else now - FIRST_LOOK


def news_of(user: User, since: datetime, on: date) -> News:
    """What others did since, in reviews of running checkpoints or of such as were closed since; one query."""
    lately = Q(review__checkpoint__closed_at=None) | Q(review__checkpoint__closed_at__gte=since)
    others = Q(by=None) | ~Q(by=user.pk)
    events = Event.objects.filter(_concerning(rights(user, on)), lately, others, at__gte=since)
    names = ("review__department", "review__plan", "review__checkpoint", "by", "on_behalf_of")
    newest = list(events.select_related(*names).order_by("-at", "-pk")[: SHOWN + 1])
    return News(since, [_item(event) for event in newest[:SHOWN]], has_more=len(newest) > SHOWN)


def _concerning(known: Rights) -> Q:
    """Never more than the person may read of a review: of one that they read once approved, its approval alone."""
    own = known.departments(Permission.DRAFT)
    told = Q(review__department__in=own, kind__in=OF_DEPARTMENT)
    office: frozenset[int] = frozenset()
    for permission, kinds in OF_STEP.items():
        told |= Q(review__department__in=known.departments(permission), kind__in=kinds)
        office |= known.departments(permission)
    readers = known.departments(Permission.READ_SUBMISSIONS) - own - office
    told |= Q(review__department__in=readers, kind__in=OF_READERS)
    others = known.departments(Permission.READ_APPROVED) - own - office - readers
    return told | Q(
        review__department__in=others, review__stage=Stage.APPROVED, kind=EventKind.APPROVED, round=F("review__round")
    )


def _item(event: Event) -> Item:
    comment = comment_of(event).splitlines()
    return Item(
        event=event,
        what=happening_text(EventKind(event.kind)),
        status=OUTCOMES[Outcome(event.kind)] if event.kind in Outcome.values else None,
        who=doer_of(event),
        comment=comment[0] if comment else "",
    )
