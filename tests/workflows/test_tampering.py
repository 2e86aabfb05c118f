"""Whatever is tampered with in the stored history, verification says so.

`HYPOTHESIS_PROFILE=long` tries a thousand ways; the short form the same few every time.
"""

import os
import random
from collections import Counter

from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.database import triggers_aside
from tests.workflows.cast import Cast, Places
from tests.workflows.long_story import Story
from tests.workflows.tampering import WAYS, Untouched
from workflows.models import Event, EventKind
from workflows.verification import faults, lost_line

COMMON = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
PROFILES = {
    "short": settings(COMMON, max_examples=150, derandomize=True),
    "long": settings(COMMON, max_examples=1000),
}
PROFILE = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "short")]


def test_everything_is_there_to_be_tampered_with(places: Places, cast: Cast) -> None:
    story = Story(places, cast)
    assert list(faults()) == []
    assert lost_line(story.line) is None
    assert set(Event.objects.values_list("kind", flat=True)) == set(EventKind.values)


def test_every_tampering_is_found(places: Places, cast: Cast) -> None:
    story = Story(places, cast)
    tried: Counter[str] = Counter()
    missed: Counter[str] = Counter()

    @PROFILE
    @given(seed=st.integers(0, 2**64 - 1))
    def tamper(seed: int) -> None:
        chance = random.Random(seed)
        undo = transaction.savepoint()
        try:
            with transaction.atomic():
                what = chance.choice(WAYS)(chance)
        except (Untouched, DatabaseError):  # the tables refuse it themselves
            transaction.savepoint_rollback(undo)
            assume(False)
        tried[what] += 1
        missed[what] += not any([*faults(), lost_line(story.line)])
        transaction.savepoint_rollback(undo)

    with triggers_aside():
        tamper()
    assert (+missed, tried.total()) == (Counter(), PROFILE.max_examples), tried
    assert list(faults()) == []
