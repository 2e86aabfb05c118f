"""The strategy's indicators at a checkpoint: theme → initiative → indicator, each with its chart and judgement."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from departments.judgement import Judgement, Reading
from departments.models import Indicator, Initiative, Theme
from departments.models.indicators import Derivation, Kind, Step
from departments.wording import number_text, target_text
from workflows.approved import Scope, contents_of
from workflows.bullets import Bullet, Mark, Measured, bullet, measured_at, measured_then
from workflows.charts import WIDTH, spread
from workflows.content import Content
from workflows.models import Checkpoint, IndicatorReport, Stage
from workflows.rates import ComputedIndicator
from workflows.wording import NOT_APPROVED, Status, judgement_status

# How good a judgement is; that no step target was set is no worse than that one was met. Others are not compared.
WORTH = {
    Judgement.ACHIEVED: 3,
    Judgement.ON_TRACK: 2,
    Judgement.IN_PROGRESS: 2,
    Judgement.BEHIND: 1,
    Judgement.MISSED: 0,
}
MET = (Judgement.ACHIEVED, Judgement.ON_TRACK)
NOT_MET = (Judgement.BEHIND, Judgement.MISSED)
PER_CENT = 100.0


@dataclass(frozen=True)
class Spread:
    """An indicator that every department has a value of: how many meet the target, and where all of them lie."""

    meeting: int
    measured: int
    places: list[int]
    target: Mark

    @property
    def good_width(self) -> float:
        return WIDTH - self.target.x

    @property
    def path(self) -> str:
        """A stroke for each place."""
        return "".join(f"M{min(max(place, 1), round(WIDTH) - 1)} 18v12" for place in self.places)


@dataclass(frozen=True)
class Kpi:
    """One indicator. `bullet` is None where there is nothing to draw: its values are the departments' (`spread`).

    `is_hidden`: whether the reports of who reports it are not for the reader. `review`: the id of the approved report
    that it was taken from, which opens for them. `before`: what was at the checkpoint before, in words, with its
    judgement; `fall` above 0 where that was better, below 0 where it was worse.
    """

    indicator: Indicator
    target: str
    status: Status
    judgement: Judgement
    bullet: Bullet | None
    spread: Spread | None
    reporter: str
    is_hidden: bool
    review: int | None
    note: str
    before: tuple[str, Status] | None
    fall: int

    @property
    def is_computed(self) -> bool:
        """Whether the system computes it and nobody reports it."""
        return self.indicator.kind == Kind.DERIVED


@dataclass(frozen=True)
class InitiativeKpis:
    initiative: Initiative
    kpis: list[Kpi]


@dataclass(frozen=True)
class ThemeKpis:
    """`hidden`: how many indicators of the theme are reported by departments whose reports the reader may not read."""

    theme: Theme
    initiatives: list[InitiativeKpis]
    hidden: int


@dataclass(frozen=True)
class Tally:
    """How many of the indicators meet their target by now, miss it, or have no judgement yet."""

    met: int
    missed: int
    open: int

    @property
    def all(self) -> int:
        return self.met + self.missed + self.open


def tally_of(kpis: Iterable[Kpi]) -> Tally:
    judged = Counter(found.judgement for found in kpis)
    met, missed = (sum(judged[each] for each in group) for group in (MET, NOT_MET))
    return Tally(met=met, missed=missed, open=judged.total() - met - missed)


def initiatives_of(fiscal_year: int) -> list[Initiative]:
    """The initiatives of the year's strategy with their themes, in order; one query."""
    found = Initiative.objects.filter(strategy__fiscal_year=fiscal_year)
    return list(found.select_related("theme").order_by("theme__number", "number"))


def kpi_tree(
    scope: Scope, initiatives: Iterable[Initiative], computed: dict[int, list[ComputedIndicator]]
) -> list[ThemeKpis]:
    """The whole tree in four queries; `computed` are the system's own indicators by checkpoint."""
    reported = _reported(scope)
    rates = {pk: {found.indicator.pk: found for found in lines} for pk, lines in computed.items()}
    kpis: dict[int, list[Kpi]] = defaultdict(list)
    for indicator in _indicators(scope.checkpoint.fiscal_year):
        derived = indicator.kind == Kind.DERIVED
        kpi = _derived(indicator, scope, rates) if derived else _kpi(indicator, scope, reported)
        kpis[indicator.initiative_id or 0].append(kpi)
    nodes: dict[Theme, list[InitiativeKpis]] = defaultdict(list)
    hidden: Counter[int] = Counter()
    for initiative in initiatives:
        shown = [kpi for kpi in kpis[initiative.pk] if not kpi.is_hidden]
        nodes[initiative.theme].append(InitiativeKpis(initiative, shown))
        hidden[initiative.theme_id] += len(kpis[initiative.pk]) - len(shown)
    return [ThemeKpis(theme, found, hidden[theme.pk]) for theme, found in nodes.items()]


def _indicators(fiscal_year: int) -> list[Indicator]:
    found = Indicator.objects.filter(initiative__strategy__fiscal_year=fiscal_year)
    return list(found.select_related("department").prefetch_related("step_targets").order_by("pk"))


@dataclass(frozen=True)
class _Entry:
    """What an approved report said about an indicator."""

    review: int
    reporter: str
    content: Content


# Checkpoint's id → indicator's id → what was approved.
_Reported = dict[int, dict[int, _Entry]]


def _reported(scope: Scope) -> _Reported:
    """The approved entries at the checkpoint and the one before; two queries, no more contents than indicators."""
    checkpoints = [scope.checkpoint, *([scope.before] if scope.before else [])]
    rows = IndicatorReport.objects.filter(
        indicator__initiative__strategy__fiscal_year=scope.checkpoint.fiscal_year,
        review__checkpoint__in=checkpoints,
        review__stage=Stage.APPROVED,
        review__department__in=scope.departments,
    )
    columns = ("review", "review__checkpoint", "review__department__name")
    reviews = {row[0]: row[1:] for row in rows.order_by("review").values_list(*columns).distinct()}
    found: _Reported = {checkpoint.pk: {} for checkpoint in checkpoints}
    for review, content in contents_of(reviews).items():
        checkpoint, reporter = reviews[review]
        entries = (entry for entry in content["indicators"] if entry["measure"] is None)
        found[checkpoint] |= {entry["id"]: _Entry(review, reporter, entry) for entry in entries}
    return found


def _kpi(indicator: Indicator, scope: Scope, reported: _Reported) -> Kpi:
    entry = reported[scope.checkpoint.pk].get(indicator.pk)
    earlier = reported[scope.before.pk].get(indicator.pk) if scope.before else None
    found = measured_then(entry.content) if entry else _unreported(indicator, scope.checkpoint)
    was = measured_then(earlier.content) if earlier else None
    drawn = bullet(found, f"kpi-{indicator.pk}", was)
    return Kpi(
        indicator=found.indicator,
        target=drawn.target_words,
        status=drawn.status if entry else NOT_APPROVED,
        judgement=found.judgement,
        bullet=drawn,
        spread=None,
        reporter=entry.reporter if entry else str(indicator.department or ""),
        is_hidden=entry is None and indicator.department_id not in {None, *scope.departments},
        review=entry.review if entry else None,
        note=entry.content["note"] if entry else "",
        before=_before(was),
        fall=_fall(was, found),
    )


def _unreported(indicator: Indicator, checkpoint: Checkpoint) -> Measured:
    return measured_at(indicator, Reading(), Step(checkpoint.kind))


def _before(was: Measured | None) -> tuple[str, Status] | None:
    if was is None:
        return None
    drawn = bullet(was, "")
    return drawn.value, drawn.status


def _fall(was: Measured | None, now: Measured) -> int:
    """By how much the judgement is worse than it was; 0 where they cannot be compared."""
    if was is None or was.judgement not in WORTH or now.judgement not in WORTH:
        return 0
    return WORTH[was.judgement] - WORTH[now.judgement]


def _derived(indicator: Indicator, scope: Scope, rates: dict[int, dict[int, ComputedIndicator]]) -> Kpi:
    """One that the system computes, be it of all or of each department."""
    computed = rates[scope.checkpoint.pk][indicator.pk]
    earlier = rates[scope.before.pk].get(indicator.pk) if scope.before else None
    if indicator.derivation == Derivation.PLAN_ACHIEVEMENT:
        return _of_each(indicator, computed)
    found = _of_all(computed)
    was = _of_all(earlier) if earlier and earlier.lines[0].rate.counting else None
    drawn = bullet(found, f"kpi-{indicator.pk}", was)
    return Kpi(
        indicator=indicator,
        target=drawn.target_words,
        status=_status_of(found.judgement),
        judgement=found.judgement,
        bullet=drawn,
        spread=None,
        reporter="",
        is_hidden=False,
        review=None,
        note="",
        before=_before(was),
        fall=_fall(was, found),
    )


def _status_of(judgement: Judgement) -> Status:
    """The judgement of what the system computes, which has none while nothing counts."""
    return NOT_APPROVED if judgement == Judgement.COMPUTED else judgement_status(judgement)


def _of_all(computed: ComputedIndicator) -> Measured:
    (line,) = computed.lines
    reading = Reading(numerator=Decimal(line.rate.achieved), denominator=Decimal(line.rate.counting))
    return Measured(computed.indicator, reading, None, line.judgement)


def _of_each(indicator: Indicator, computed: ComputedIndicator) -> Kpi:
    """All departments have to meet it, so the worst of them is what it stands at."""
    lines = [line for line in computed.lines if line.meets is not None]
    worst = min((line.judgement for line in lines), key=lambda found: WORTH[found], default=Judgement.COMPUTED)
    rates = [float(line.rate.per_cent or 0) for line in lines]
    return Kpi(
        indicator=indicator,
        target=target_text(indicator),
        status=_status_of(worst),
        judgement=worst,
        bullet=None,
        spread=Spread(
            sum(bool(line.meets) for line in lines), len(lines), spread(rates, PER_CENT), _target_of(indicator)
        ),
        reporter="",
        is_hidden=False,
        review=None,
        note="",
        before=None,
        fall=0,
    )


def _target_of(indicator: Indicator) -> Mark:
    target = indicator.target or Decimal(0)
    (x,) = spread([float(target)], PER_CENT)
    return Mark(x, f"{number_text(target)}{indicator.unit}")


def all_kpis(themes: Sequence[ThemeKpis]) -> list[Kpi]:
    return [kpi for theme in themes for each in theme.initiatives for kpi in each.kpis]
