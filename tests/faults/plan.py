"""What a scenario is told and what it found: plain data that goes between processes as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`people`: reminders. `kills`: SIGKILLs of workers, spread over the delivery. `completed`: the share of plans that
    their departments submit meanwhile. `refused`: the share of final dots answered 451. `flushes`: of Redis, which is
    then killed; 0: there is no Redis. `stops`: whether a worker is stopped (SIGSTOP) past its lease and goes on.
    """

    people: int
    kills: int = 0
    completed: float = 0.1
    refused: float = 0.1
    workers: int = 2
    flushes: int = 0
    stops: bool = False
    seed: int = 1


@dataclass(frozen=True)
class Outage:
    """What 96 hours without a mail server led to. `digests`: the most that one person was sent on one day. `tries`:
    connections refused, `a_minute`: the most of them in one minute, whoever tried. `attempts`: the most of one mail.
    """

    database: str
    people: int
    lost: int
    duplicates: int
    digests: int
    tries: int
    a_minute: int
    attempts: int
    seconds: float

    def broken(self) -> list[str]:
        """The promises that were not kept, in words; empty when all is well."""
        bounds = {
            "lost": (self.lost, 0),
            "duplicates": (self.duplicates, 0),
            "digests for one person on one day": (self.digests, 1),
            "tries in a minute": (self.a_minute, 1),
        }
        return _over(bounds)


@dataclass(frozen=True)
class Found:
    """What is promised is in the properties; the rest is for reading.

    `lost`: people who are neither reminded nor done. `duplicates`: copies taken beyond the first. `differing`: mails
    whose copies are not the same bytes, or people with two different ones. `late`: handed over more than a second after
    the plan was submitted. `slowest_recovery`: seconds from a kill until the mail it interrupted was out again, or in
    somebody's hand who was killed as well.
    `changed_by_resumed`: rows that a worker changed after it had been stopped past its lease, and `sent_by_resumed` the
    mails: one at most, that whose bytes were on their way when it was stopped.
    """

    database: str
    reminders: int
    taken: int
    done_before: int
    kills: int
    flushes: int
    refusals: int
    lost: int
    duplicates: int
    differing: int
    late: int
    interrupted: int
    median_recovery: float
    slowest_recovery: float
    changed_by_resumed: int
    sent_by_resumed: int
    seconds: float

    def broken(self, most_duplicates: int, *, slowest: float = 60) -> list[str]:
        """The promises that were not kept, in words; empty when all is well. `slowest`: seconds of a recovery."""
        bounds = {
            "lost": (self.lost, 0),
            "duplicates": (self.duplicates, most_duplicates),
            "copies that differ": (self.differing, 0),
            "handed over after completion": (self.late, 0),
            "rows changed by a resumed worker": (self.changed_by_resumed, 0),
            "mails sent by a resumed worker": (self.sent_by_resumed, 1),
            "seconds until an interrupted mail was out again": (self.slowest_recovery, slowest),
        }
        return _over(bounds)


def _over(bounds: Mapping[str, tuple[float, float]]) -> list[str]:
    return [f"{what}: {number:g}, at most {most:g}" for what, (number, most) in bounds.items() if number > most]
