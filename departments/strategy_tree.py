"""The strategy as its page shows it: theme → initiative → indicators, and the measures that serve each."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from departments.access import rights, visible_plans
from departments.fiscal import fiscal_year_of
from departments.models import Indicator, Initiative, Measure, Strategy, Theme, User
from departments.models.organisation import Permission
from departments.models.plans import PlanState


@dataclass(frozen=True)
class InitiativeNode:
    """`open_plans`: ids of those plans among the measures' that the reader may open."""

    initiative: Initiative
    indicators: list[Indicator]
    measures: list[Measure]
    open_plans: frozenset[int]


@dataclass(frozen=True)
class ThemeNode:
    theme: Theme
    initiatives: list[InitiativeNode]


def known_years() -> list[int]:
    """The fiscal years that have a strategy, newest first."""
    return list(Strategy.objects.order_by("-fiscal_year").values_list("fiscal_year", flat=True))


def year_to_show(years: list[int], on: date) -> int | None:
    """This fiscal year where it has a strategy, else the newest that has one."""
    current = fiscal_year_of(on)
    return current if current in years else next(iter(years), None)


def strategy_of(fiscal_year: int) -> Strategy | None:
    """The strategy of the year, if there is one."""
    return Strategy.objects.filter(fiscal_year=fiscal_year).first()


def strategy_tree(strategy: Strategy, user: User, on: date) -> list[ThemeNode]:
    """The whole tree in four queries and those of the reader's rights, however much hangs on it."""
    indicators: dict[int, list[Indicator]] = defaultdict(list)
    for indicator in (
        Indicator.objects.filter(initiative__strategy=strategy).select_related("department").order_by("pk")
    ):
        indicators[indicator.initiative_id].append(indicator)
    measures: dict[int, list[Measure]] = defaultdict(list)
    for measure in _known_measures(strategy, user, on):
        measures[measure.initiative_id].append(measure)
    open_plans = frozenset(
        visible_plans(user, on).filter(fiscal_year=strategy.fiscal_year).values_list("pk", flat=True)
    )
    nodes: dict[int, list[InitiativeNode]] = defaultdict(list)
    for initiative in strategy.initiatives.order_by("number"):
        node = InitiativeNode(initiative, indicators[initiative.pk], measures[initiative.pk], open_plans)
        nodes[initiative.theme_id].append(node)
    return [ThemeNode(theme, nodes[theme.pk]) for theme in strategy.themes.order_by("number")]


def _known_measures(strategy: Strategy, user: User, on: date) -> Iterator[Measure]:
    """What all of the city may know: the measures of approved plans; besides, those of one's own drafts."""
    own = rights(user, on).departments(Permission.READ_DRAFTS)
    return (
        Measure.objects.filter(Q(plan__state=PlanState.APPROVED) | Q(plan__department__in=own))
        .filter(initiative__strategy=strategy)
        .select_related("plan__department")
        .order_by("plan__department__position", "plan__department__code", "plan__kind", "number")
        .iterator()
    )
