"""検索: what a person may see of plans, measures, the strategy, people and departments that all words occur in.

A kind of thing is a `Source`: its rows as a query, and how one of them is shown. The rights stand in the queries, so
that neither a hit nor a count tells of anything that the person's pages do not show.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from departments.access import (
    may_administer,
    visible_appointments,
    visible_departments,
    visible_people,
    visible_plans,
)
from departments.fiscal import fiscal_year_label, fiscal_year_of
from departments.folding import Marker, fold, folded_words
from departments.models import ActionPlan, Department, Indicator, Initiative, Measure, Role, User
from departments.models.plans import PlanKind, PlanState
from departments.wording import day_text
from departments.years import year_label

LANGUAGES = ("ja", "en")
FIRST_YEAR = 2018  # no plan is older


class Kind(models.TextChoices):
    """What can be found, in the order in which it is shown."""

    MEASURES = "measures", _("Measures")
    PLANS = "plans", _("Plans")
    INITIATIVES = "initiatives", _("Initiatives of the strategy")
    INDICATORS = "indicators", _("Indicators")
    PEOPLE = "people", _("People")
    DEPARTMENTS = "departments", pgettext_lazy("search", "Departments")


@dataclass(frozen=True)
class Search:
    """What somebody looks for. `past`: in earlier fiscal years too, not only in the running one and what comes."""

    query: str
    user: User
    on: date
    past: bool = False

    # At least one; see `SearchForm`.
    @cached_property
    def words(self) -> list[str]:
        return folded_words(self.query)

    @cached_property
    def marker(self) -> Marker:
        return Marker(self.words)

    @property
    def first_year(self) -> int:
        return FIRST_YEAR if self.past else fiscal_year_of(self.on)

    @cached_property
    def plans(self) -> QuerySet[ActionPlan]:
        """The plans of these years that the person may read."""
        return visible_plans(self.user, self.on).filter(fiscal_year__gte=self.first_year)

    def every(self, condition: Callable[[str], Q]) -> Q:
        """That each word meets the condition."""
        return Q(*map(condition, self.words))

    def some_in(self, column: str) -> Q:
        """That one of the words at least stands in the column."""
        return Q(*(Q(**{f"{column}__contains": word}) for word in self.words), _connector=Q.OR)


@dataclass(frozen=True)
class Hit:
    """One thing that was found: where it is, its name, where it belongs, and the words around the match."""

    url: str
    title: SafeString
    place: SafeString
    excerpt: SafeString = SafeString("")
    state: str = ""


@dataclass(frozen=True)
class Source:
    """How one kind of thing is found and shown."""

    find: Callable[[Search], QuerySet[Any]]
    show: Callable[[Search, Any], Hit]


def _said(choice: Any) -> list[str]:
    """The label of a choice, folded, in every language."""
    said = []
    for language in LANGUAGES:
        with override(language):
            said.append(fold(str(choice.label)))
    return said


def _plan_is_called(search: Search, at: str = "") -> Callable[[str], Q]:
    """The condition that a word stands in a plan's name: its department, division, kind or year."""
    years = range(FIRST_YEAR, fiscal_year_of(search.on) + 3)

    def condition(word: str) -> Q:
        kinds = [kind for kind in PlanKind if any(word in label for label in _said(kind))]
        called = [year for year in years if word in fold(fiscal_year_label(year)) or word in f"fy{year}"]
        return (
            Q(**{f"{at}department__folded__contains": word})
            | Q(**{f"{at}department__parent__folded__contains": word})
            | Q(**{f"{at}kind__in": kinds})
            | Q(**{f"{at}fiscal_year__in": called})
        )

    return condition


def _plans(search: Search) -> QuerySet[ActionPlan]:
    called = _plan_is_called(search)
    found = search.plans.filter(search.every(lambda word: Q(folded__contains=word) | called(word)))
    return found.order_by("-fiscal_year", "department__position", "department__code", "kind")


def _show_plan(search: Search, plan: ActionPlan) -> Hit:
    return Hit(
        url=reverse("plan", args=[plan.pk]),
        title=search.marker.marked(str(plan)),
        place=search.marker.marked(str(plan.department.parent or "")),
        excerpt=search.marker.excerpt(plan.summary),
        state=_state(plan),
    )


def _ids(plans: QuerySet[ActionPlan]) -> QuerySet[Any, Any]:
    return plans.order_by().values("pk")


def _state(plan: ActionPlan) -> str:
    """How far a plan is that is not approved yet."""
    return "" if plan.state == PlanState.APPROVED else plan.get_state_display()


def _measures(search: Search) -> QuerySet[Measure]:
    """By their own words; what is around them, the plan's name, may hold some of the words, but not all."""
    called, words = _plan_is_called(search, "plan__"), search.some_in("folded")
    if len(search.words) > 1:  # else counting needs nothing of the plans' names
        words &= search.every(lambda word: Q(folded__contains=word) | called(word))
    found = Measure.objects.filter(words, plan__in=_ids(search.plans))
    order = ("-plan__fiscal_year", "plan__department__position", "plan__department__code", "plan__kind", "number")
    return found.select_related("plan__department__parent").order_by(*order)


def _show_measure(search: Search, measure: Measure) -> Hit:
    return Hit(
        url=f"{reverse('plan', args=[measure.plan_id])}#measure-{measure.number}",
        title=search.marker.marked(measure.title),
        place=search.marker.marked(str(measure.plan)),
        excerpt=search.marker.excerpt(measure.goal),
        state=_state(measure.plan),
    )


def _initiatives(search: Search) -> QuerySet[Initiative]:
    """Of every strategy, which all may read."""
    words = search.every(lambda word: Q(folded__contains=word) | Q(theme__folded__contains=word))
    found = Initiative.objects.filter(words, strategy__fiscal_year__gte=search.first_year)
    return found.select_related("strategy", "theme").order_by("-strategy__fiscal_year", "number")


def _show_initiative(search: Search, initiative: Initiative) -> Hit:
    return Hit(
        url=_initiative_url(initiative),
        title=search.marker.marked(str(initiative)),
        place=search.marker.marked(f"{year_label(initiative.strategy.fiscal_year)} {initiative.theme}"),
        excerpt=search.marker.excerpt(initiative.summary),
    )


def _initiative_url(initiative: Initiative) -> str:
    return f"{reverse('strategy_year', args=[initiative.strategy.fiscal_year])}#initiative-{initiative.number}"


def _indicators(search: Search) -> QuerySet[Indicator]:
    """The strategies' own, and those of measures in plans that the person may read."""
    readable = Q(initiative__strategy__fiscal_year__gte=search.first_year)
    readable |= Q(measure__plan__in=_ids(search.plans))
    found = Indicator.objects.filter(search.every(lambda word: Q(folded__contains=word)), readable)
    names = ("initiative__strategy", "measure__plan__department")
    return found.select_related(*names).order_by("measure_id", "initiative__number", "pk")


def _show_indicator(search: Search, indicator: Indicator) -> Hit:
    title = search.marker.marked(str(indicator))
    if indicator.initiative is not None:
        place = f"{year_label(indicator.initiative.strategy.fiscal_year)} {indicator.initiative}"
        return Hit(_initiative_url(indicator.initiative), title, search.marker.marked(place))
    measure = indicator.measure
    url = f"{reverse('plan', args=[measure.plan_id])}#measure-{measure.number}"
    place = f"{measure.plan} {measure}"
    return Hit(url, title, search.marker.marked(place), state=_state(measure.plan))


def _people(search: Search) -> QuerySet[User]:
    """By name, and by department and role of today."""
    posts = visible_appointments(search.user, search.on)

    def condition(word: str) -> Q:
        roles = [role for role in Role if any(word in label for label in _said(role))]
        held = posts.order_by().filter(Q(department__folded__contains=word) | Q(role__in=roles))
        return Q(folded__contains=word) | Q(pk__in=held.values("user"))

    shown = Prefetch("appointments", queryset=posts.select_related("department"), to_attr="current")
    found = visible_people(search.user, search.on).filter(search.every(condition))
    return found.prefetch_related(shown).order_by("-is_active", "username")


def _show_person(search: Search, person: Any) -> Hit:
    posts = ((search.marker.marked(f"{post.department} {post.get_role_display()}"),) for post in person.current)
    return Hit(
        url=reverse("person", args=[person.pk]) if may_administer(search.user, search.on) else "",
        title=search.marker.marked(str(person)),
        place=format_html_join(" · ", "{}", posts),
        state="" if person.is_active else gettext("Deactivated"),
    )


def _departments(search: Search) -> QuerySet[Department]:
    found = visible_departments(search.user, search.on)
    words = search.every(lambda word: Q(folded__contains=word) | Q(parent__folded__contains=word))
    return found.filter(words, search.some_in("folded")).select_related("parent").order_by("position", "code")


def _show_department(search: Search, department: Department) -> Hit:
    """Its own page for those who keep departments; else its plans."""
    plans = urlencode({"q": department.name, "kind": Kind.PLANS.value})
    keeps = may_administer(search.user, search.on)
    return Hit(
        url=reverse("department_edit", args=[department.pk]) if keeps else f"{reverse('search')}?{plans}",
        title=search.marker.marked(department.name),
        place=search.marker.marked(str(department.parent or "")),
        state=_end(department, search.on),
    )


def _end(department: Department, on: date) -> str:
    """Since when there is no such department any more."""
    if department.abolished_on is None or department.abolished_on > on:
        return ""
    return gettext("Abolished as of %(day)s") % {"day": day_text(department.abolished_on)}


SOURCES = {
    Kind.MEASURES: Source(_measures, _show_measure),
    Kind.PLANS: Source(_plans, _show_plan),
    Kind.INITIATIVES: Source(_initiatives, _show_initiative),
    Kind.INDICATORS: Source(_indicators, _show_indicator),
    Kind.PEOPLE: Source(_people, _show_person),
    Kind.DEPARTMENTS: Source(_departments, _show_department),
}


@dataclass(frozen=True)
class Group:
    """What was found of one kind: how many, and the rows of it in order."""

    kind: Kind
    count: int
    rows: QuerySet[Any]
    search: Search

    def hits(self, first: int, last: int) -> list[Hit]:
        """Those from number `first` to before `last`."""
        return [SOURCES[self.kind].show(self.search, row) for row in self.rows[first:last]]


def find(search: Search) -> list[Group]:
    """All kinds with their counts, empty ones too: a count each, and the rows are read when hits are asked for."""
    found = ((kind, source.find(search)) for kind, source in SOURCES.items())
    return [Group(kind, rows.count(), rows, search) for kind, rows in found]
