"""Why a change to a review was refused: each carries one sentence for the person who tried."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from departments.content import Problem

if TYPE_CHECKING:
    from workflows.models import Event, Review


class ReviewError(Exception):
    """A refusal; `str(error)` is the sentence the person reads."""


class NotAllowed(ReviewError):
    """The person may not do this, now or ever (separation of duties included)."""


class Closed(ReviewError):
    """The checkpoint is not open, or no longer."""


class Stale(ReviewError):
    """The page was made for a state that has passed: somebody was first. `event` says who did what when."""

    def __init__(self, event: "Event | None" = None) -> None:
        super().__init__(_("Somebody else has already acted on this. Nothing you sent was carried out."))
        self.event = event


class Overtaken(Stale):
    """Somebody saved the draft after the page was made; `review` is as it stands now."""

    def __init__(self, review: "Review", event: "Event | None") -> None:
        super().__init__(event)
        self.review = review


class Incomplete(ReviewError):
    """Not ready to be submitted; `problems` lists everything that is missing at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(_("Some entries are still missing."))
        self.problems = problems
