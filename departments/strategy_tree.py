"""The strategy as its page shows it: theme → initiative → indicators, and the measures that serve each."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from departments.access import rights, visible_plans
from departments.fiscal import fiscal_year_of
from departments.models import Indicator, Initiative, Measure, Strategy, Theme, User
from departments.models.organisation import Permission
from departments.models.plans import PlanState

# With more measures than this, an initiative's are shown on the schedule alone.
MOST_LISTED = 20


@dataclass(frozen=True)
class InitiativeNode:
    """`count`: how many measures serve it; `measures` are these where they are few, else none.

    `open_plans`: ids of those plans among the measures' that the reader may open.
    """

    initiative: Initiative
    indicators: list[Indicator]
    count: int
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
    """The whole tree in five queries and those of the reader's rights, however much hangs on it."""
    indicators: dict[int, list[Indicator]] = defaultdict(list)
    for indicator in (
        Indicator.objects.filter(initiative__strategy=strategy).select_related("department").order_by("pk")
    ):
        indicators[indicator.initiative_id].append(indicator)
    known = known_measures(strategy, user, on)
    counts = dict(known.order_by().values_list("initiative").annotate(Count("pk")))
    measures: dict[int, list[Measure]] = defaultdict(list)
    for measure in _in_order(known, [initiative for initiative, count in counts.items() if count <= MOST_LISTED]):
        measures[measure.initiative_id].append(measure)
    open_plans = frozenset(
        visible_plans(user, on).filter(fiscal_year=strategy.fiscal_year).values_list("pk", flat=True)
    )
    nodes: dict[int, list[InitiativeNode]] = defaultdict(list)
    for initiative in strategy.initiatives.order_by("number"):
        node = InitiativeNode(
            initiative=initiative,
            indicators=indicators[initiative.pk],
            count=counts.get(initiative.pk, 0),
            measures=measures[initiative.pk],
            open_plans=open_plans,
        )
        nodes[initiative.theme_id].append(node)
    return [ThemeNode(theme, nodes[theme.pk]) for theme in strategy.themes.order_by("number")]


def known_measures(strategy: Strategy, user: User, on: date) -> QuerySet[Measure]:
    """What all of the city may know: the measures of approved plans; besides, those of one's own drafts."""
    own = rights(user, on).departments(Permission.READ_DRAFTS)
    known = Q(plan__state=PlanState.APPROVED) | Q(plan__department__in=own)
    return Measure.objects.filter(known, initiative__strategy=strategy)


def _in_order(known: QuerySet[Measure], initiatives: Iterable[int]) -> QuerySet[Measure]:
    """Those of the initiatives, department by department."""
    order = ("plan__department__position", "plan__department__code", "plan__kind", "number")
    return known.filter(initiative__in=initiatives).select_related("plan__department").order_by(*order)
