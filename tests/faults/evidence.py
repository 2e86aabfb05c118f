"""What a scenario saw, and what follows from it."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from notifications.models import OutgoingMail, Status
from tests.faults.plan import Found
from tests.faults.sink import HandedOver

TOO_LATE_SECONDS = 1.0

Attempt = tuple[int, int]  # a mail's number and which attempt


@dataclass
class Evidence:
    """Times are seconds since the epoch. `people`: the addresses of all who are to be reminded."""

    people: set[str]
    submitted_at: dict[str, float] = field(default_factory=dict)
    kills: int = 0
    flushes: int = 0
    changed_by_resumed: int = 0
    sent_by_resumed: int = 0
    in_hand: dict[Attempt, float] = field(default_factory=dict)
    orphans: dict[Attempt, float] = field(default_factory=dict)

    def note_kill(self, at: float) -> None:
        """Remember which mails were in somebody's hands when somebody was killed."""
        self.kills += 1
        for attempt in attempts_in_hand():
            self.in_hand.setdefault(attempt, at)

    def look_for_orphans(self, killed_before: float) -> None:
        """Those still in the same attempt although they were in hand at a kill before that moment were interrupted."""
        old = {attempt: at for attempt, at in self.in_hand.items() if at < killed_before}
        if not old:
            return
        still = attempts_in_hand()
        self.orphans |= {attempt: at for attempt, at in old.items() if attempt in still}
        for attempt in old:
            del self.in_hand[attempt]


def attempts_in_hand() -> set[Attempt]:
    """The mails that somebody is sending just now."""
    return set(OutgoingMail.objects.filter(status=Status.SENDING).values_list("pk", "attempts"))


def found(evidence: Evidence, handed_over: Sequence[HandedOver], database: str, seconds: float) -> Found:
    """The counts that the promises are about."""
    mails = [mail for mail in handed_over if mail.recipient in evidence.people]
    taken: dict[str, list[HandedOver]] = defaultdict(list)
    for mail in mails:
        if mail.is_taken:
            taken[mail.recipient].append(mail)
    recoveries = _recoveries(evidence, mails)
    submitted = evidence.submitted_at
    return Found(
        database=database,
        reminders=len(evidence.people),
        taken=sum(map(len, taken.values())),
        done_before=len(submitted.keys() - taken.keys()),
        kills=evidence.kills,
        flushes=evidence.flushes,
        refusals=sum(not mail.is_taken for mail in mails),
        lost=len(evidence.people - taken.keys() - submitted.keys()),
        duplicates=sum(len(copies) - 1 for copies in taken.values()),
        differing=sum(len({(mail.message_id, mail.sha256) for mail in copies}) > 1 for copies in taken.values()),
        late=sum(mail.at > submitted.get(mail.recipient, mail.at) + TOO_LATE_SECONDS for mail in mails),
        interrupted=len(evidence.orphans),
        median_recovery=round(statistics.median(recoveries), 1) if recoveries else 0,
        slowest_recovery=round(max(recoveries, default=0), 1),
        changed_by_resumed=evidence.changed_by_resumed,
        sent_by_resumed=evidence.sent_by_resumed,
        seconds=round(seconds, 1),
    )


def _recoveries(evidence: Evidence, mails: Sequence[HandedOver]) -> list[float]:
    """The seconds from each interruption until the mail was handed over again or interrupted again, if it was."""
    times: dict[str, list[float]] = defaultdict(list)
    for mail in mails:
        times[mail.recipient].append(mail.at)
    addresses = dict(
        OutgoingMail.objects.filter(pk__in={pk for pk, _attempt in evidence.orphans}).values_list("pk", "address")
    )
    for (pk, _attempt), killed_at in evidence.orphans.items():
        times[addresses[pk]].append(killed_at)
    recoveries = []
    for (pk, _attempt), killed_at in evidence.orphans.items():
        after = [at for at in times[addresses[pk]] if at > killed_at + 1]
        if after:
            recoveries.append(min(after) - killed_at)
    return recoveries
