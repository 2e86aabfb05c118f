import pytest

from departments.models import ActionPlan
from tests.workflows.cast import Cast, Places, make_approved_plan, make_cast, make_places
from tests.workflows.moves import NOW, QUARTERS, opened
from workflows.models import Review


@pytest.fixture
def places(db: None) -> Places:
    return make_places()


@pytest.fixture
def cast(places: Places) -> Cast:
    return make_cast(places)


@pytest.fixture
def plan(places: Places) -> ActionPlan:
    """The approved plan of the civic department, with one measure."""
    return make_approved_plan(places.civic)


@pytest.fixture
def review(plan: ActionPlan) -> Review:
    """Its review at the second quarter, just opened."""
    return opened(plan)[0]


@pytest.fixture
def reviews(plan: ActionPlan) -> list[Review]:
    """The plan's reviews at three checkpoints that run side by side."""
    return [opened(plan, kind=kind)[0] for kind in QUARTERS]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages' now is the moment of `moves`: 7 October 2026, a Wednesday, 10:00."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
