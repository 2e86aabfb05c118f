"""Measures as the dashboard lists them: as they were approved, with their class at the checkpoint before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from departments.models import Department, Initiative
from workflows.approved import DIVISION, Scope, contents_of
from workflows.models import MeasureReport, ProgressClass
from workflows.rates import COUNTS, PRIORITY_MEASURES
from workflows.wording import Status, progress_status

# Whether a class got worse or better since the checkpoint before.
WORSE, BETTER = "worse", "better"
FALLS = {WORSE: Q(fall__gt=0), BETTER: Q(fall__lt=0)}
FALL_WORDS = {WORSE: _("worse than last time"), BETTER: _("better than last time")}
PLACE = (
    "review__department__parent__position",
    "review__department__position",
    "review__department__code",
    "review__plan__kind",
    "measure__number",
    "pk",
)


@dataclass(frozen=True)
class MeasureRow:
    """One measure; title and initiative are those that were approved. `was`: its class before, where that is known."""

    title: str
    initiative: str
    department: Department
    status: Status
    was: Status | None
    percent: int | None
    issue: str
    next_step: str
    review: int


@dataclass(frozen=True)
class Moved:
    """How many measures are worse and how many better than before, and the first of each, the largest fall first."""

    worse: int
    better: int
    worst: list[MeasureRow]
    best: list[MeasureRow]


def moved_of(scope: Scope, classes: Sequence[ProgressClass], most: int) -> Moved:
    """At most so many rows of each; four queries."""
    numbers = scope.compared().aggregate(**{name: Count("pk", filter=those) for name, those in FALLS.items()})
    rows = {
        name: measure_rows(listed(scope.compared().filter(those), order)[:most], classes) if numbers[name] else []
        for (name, those), order in zip(FALLS.items(), ("-fall", "fall"), strict=True)
    }
    return Moved(numbers[WORSE], numbers[BETTER], rows[WORSE], rows[BETTER])


def listed(reports: QuerySet[MeasureReport], *first: str) -> QuerySet[MeasureReport]:
    """In the order of the departments, with all that a row needs."""
    return reports.select_related("review__department__parent", "progress").order_by(*first, *PLACE)


def measure_rows(reports: Iterable[MeasureReport], classes: Sequence[ProgressClass]) -> list[MeasureRow]:
    """The rows of `listed` reports, of a page of them: the contents that they were approved in are loaded whole."""
    found = list(reports)
    by_id: dict[int | None, ProgressClass] = {each.pk: each for each in classes}
    entries = {
        (review, entry["id"]): entry
        for review, content in contents_of(report.review_id for report in found).items()
        for entry in content["measures"]
    }
    rows = []
    for report in found:
        entry, was = entries[report.review_id, report.measure_id], by_id.get(getattr(report, "was", None))
        rows.append(
            MeasureRow(
                title=f"{entry['number']} {entry['title']}",
                initiative=entry["initiative"],
                department=report.review.department,
                status=progress_status(by_id[report.progress_id]),
                was=progress_status(was) if was else None,
                percent=report.percent,
                issue=report.issue,
                next_step=report.next_step,
                review=report.review_id,
            )
        )
    return rows


@dataclass(frozen=True)
class Chosen:
    """Which measures a list holds, and what was chosen in words."""

    reports: QuerySet[MeasureReport]
    words: list[str]


def chosen(
    scope: Scope, query: Mapping[str, str], classes: Sequence[ProgressClass], initiatives: Sequence[Initiative]
) -> Chosen | None:
    """The measures that the query of an address asks for, by the names of `CHOICES`, by change and priority.

    None where it asks for something that is not there. Two queries at most.
    """
    change, words = query.get("change", ""), list[str]()
    if change not in ("", *FALLS) or query.get("priority", "") not in ("", "1"):
        return None
    reports = scope.measures()
    if change:
        reports = scope.compared().filter(FALLS[change])
        words.append(str(FALL_WORDS[change]))
    if query.get("priority"):
        reports, words = reports.filter(PRIORITY_MEASURES), [*words, str(_("Priority measures"))]
    for name, choose in CHOICES.items():
        if text := query.get(name, ""):
            found = choose(text, scope, classes, initiatives)
            if found is None:
                return None
            condition, word = found
            reports, words = reports.annotate(division=DIVISION).filter(condition), [*words, word]
    return Chosen(reports, words)


Choice = tuple[Q, str] | None


def _theme(text: str, scope: Scope, classes: Sequence[ProgressClass], initiatives: Sequence[Initiative]) -> Choice:
    of_theme = [found for found in initiatives if str(found.theme.number) == text]
    if not of_theme:
        return None
    return Q(initiative_number__in=[found.number for found in of_theme]), str(of_theme[0].theme)


def _progress(text: str, scope: Scope, classes: Sequence[ProgressClass], initiatives: Sequence[Initiative]) -> Choice:
    found = next((found for found in classes if found.code == text), None)
    return (Q(progress=found), str(found)) if found else None


def _department(text: str, scope: Scope, classes: Sequence[ProgressClass], initiatives: Sequence[Initiative]) -> Choice:
    found = department_of(text, scope.departments)
    return (Q(review__department=found), found.name) if found else None


def _division(text: str, scope: Scope, classes: Sequence[ProgressClass], initiatives: Sequence[Initiative]) -> Choice:
    found = division_of(text, scope)
    return (Q(division=found.pk), found.name) if found else None


def _rate(text: str, scope: Scope, classes: Sequence[ProgressClass], initiatives: Sequence[Initiative]) -> Choice:
    return (COUNTS[text], str(RATE_WORDS[text])) if text in COUNTS else None


# What of the rates a measure stands in.
RATE_WORDS = {
    "achieved": _("Achieved"),
    "counting": _("Counting in rates"),
    "neutral": _("Not counting in rates"),
}
CHOICES = {
    "theme": _theme,
    "division": _division,
    "department": _department,
    "progress": _progress,
    "rate": _rate,
}


def department_of(text: str, among: Iterable[int]) -> Department | None:
    """The department whose number the text is, if it is one of these."""
    numbers = {str(pk): pk for pk in among}
    return Department.objects.filter(pk=numbers[text]).first() if text in numbers else None


def division_of(text: str, scope: Scope) -> Department | None:
    """The 部 whose number the text is, if the person reads any department of it."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    under = Q(children__in=scope.departments) | Q(pk__in=scope.departments)
    return Department.objects.filter(under, pk=int(text)).distinct().first()
