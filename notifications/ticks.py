"""One tick: what happened is queued, a backlog is folded, what is due is queued, what is queued is sent.

Beat, a click and a loop tick; any of them suffices, and none is needed twice. The database alone knows what is due, so
that ticks that are missing, late or doubled do no harm.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.utils import timezone

from notifications.backlog import fold
from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.models import Status, Tick
from notifications.reminders import remind
from notifications.stopping import stopping

log = structlog.get_logger("meguru.mail")


@dataclass
class Done:
    """What a tick has done; `faults` names the parts that failed."""

    dispatched: int = 0
    reminded: int = 0
    ended: Counter[Status] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many mails were queued, and how many ended how."""
        return {
            "dispatched": self.dispatched,
            "reminded": self.reminded,
            "sent": self.ended[Status.SENT],
            "cancelled": self.ended[Status.CANCELLED],
            "retried": self.ended[Status.RETRY] + self.ended[Status.UNCERTAIN],
            "failed": self.ended[Status.FAILED],
            "expired": self.ended[Status.EXPIRED],
        }


def tick(*, clock: Callable[[], datetime] = timezone.now, seconds: float | None = None) -> Done:
    """Do all that is due by `clock`, sending for at most `seconds` and the mail at hand.

    A part that fails is logged and keeps no other from its work. Only a tick without a fault is noted as the last one,
    by the machine's own clock, so that a part that goes on failing shows as a tick that is overdue.
    """
    done = Done()
    with _part("dispatch", done):
        done.dispatched = dispatch(now=clock())
    with _part("fold", done):
        fold(now=clock())
    with _part("remind", done):
        done.reminded = remind(now=clock())
    with _part("deliver", done):
        done.ended = deliver(clock=clock, seconds=seconds, stopping=stopping.is_set)
    if any(done.counts.values()):
        log.info("tick", **{name: count for name, count in done.counts.items() if count})
    if not done.faults:
        _note()
    return done


@contextmanager
def _part(name: str, done: Done) -> Iterator[None]:
    """Whatever goes wrong in it is logged, and goes no further."""
    try:
        yield
    except Exception:
        log.exception("a part of the tick failed", part=name)
        done.faults.append(name)


def _note() -> None:
    """Put the time into the one row."""
    row = Tick(at=timezone.now())
    Tick.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["at"])
