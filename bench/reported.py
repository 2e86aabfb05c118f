"""What the departments report at a checkpoint and the office decides on it, as rows in bulk."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from itertools import cycle

from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from bench.city import City, insert_all
from departments.models import ActionPlan, Indicator, Measure
from departments.models.plans import PlanState
from workflows.content import canonical, digest, review_content
from workflows.draft import Draft
from workflows.models import (
    Checkpoint,
    Decision,
    Event,
    EventKind,
    IndicatorReport,
    MeasureReport,
    Outcome,
    ProgressClass,
    Review,
    Stage,
    Submission,
)

CLASSES = ("on_plan", "on_plan", "ahead", "on_plan", "slightly_late", "finished", "late", "out_of_scope")
# Where the reviews of a running checkpoint stand.
STAGES = (Stage.PREPARE, Stage.REVIEW, Stage.APPROVE, Stage.APPROVED)
# How the office gets one from a stage to the next.
STEPS = [(Stage.REVIEW, Outcome.PASSED), (Stage.APPROVE, Outcome.APPROVED)]
Drafts = dict[int, Draft]


def report(city: City, checkpoint: Checkpoint, measures: list[Measure], at: datetime, *, is_running: bool) -> None:
    """Every plan's report on these measures, submitted and approved; of a running checkpoint in every stage as many."""
    reviews = list(Review.objects.filter(checkpoint=checkpoint).select_related("plan", "checkpoint").order_by("pk"))
    drafts = {review.pk: Draft() for review in reviews} if checkpoint.is_plan else _write_drafts(reviews, measures)
    stages = cycle(STAGES if is_running else (Stage.APPROVED,))
    by_stage: dict[Stage, list[Review]] = defaultdict(list)
    for review in reviews:
        by_stage[next(stages)].append(review)
    for stage, theirs in by_stage.items():
        if stage != Stage.PREPARE:
            _submit(city, theirs, drafts, at)
            _decide(city, theirs, stage, at)
    if checkpoint.is_plan:
        ActionPlan.objects.filter(reviews__in=reviews).update(state=PlanState.APPROVED)


def _write_drafts(reviews: list[Review], measures: list[Measure]) -> Drafts:
    by_plan = {review.plan_id: review for review in reviews}
    by_department = {review.department_id: review for review in reviews}
    drafts = {review.pk: Draft() for review in reviews}
    classes = ProgressClass.objects.in_bulk(field_name="code")
    codes = cycle(CLASSES)
    for measure in measures:
        review = by_plan[measure.plan_id]
        row = MeasureReport(
            review=review,
            measure=measure,
            priority=measure.priority,
            initiative_number=measure.initiative.number,
            progress=classes[next(codes)],
            percent=60,
            done="対象の12手続のうち8手続で受付を始め、利用の手引を庁内に配布した。" * 3,
            issue="本人確認の要る手続で紙の添付が残っている。",
            next_step="残る4手続の様式を見直し、11月に受付を始める。",
        )
        drafts[review.pk].measures.append((measure, row))
    indicators = Indicator.objects.filter(initiative__strategy__fiscal_year=reviews[0].plan.fiscal_year)
    for indicator in indicators.select_related("initiative").prefetch_related("step_targets"):
        review = by_department[indicator.department_id or 0]
        answer = IndicatorReport(review=review, indicator=indicator, numerator=Decimal(63), denominator=Decimal(80))
        drafts[review.pk].indicators.append((indicator, answer))
    insert_all(row for draft in drafts.values() for _measure, row in draft.measures)
    insert_all(row for draft in drafts.values() for _indicator, row in draft.indicators)
    return drafts


def _submit(city: City, reviews: list[Review], drafts: Drafts, at: datetime) -> None:
    texts = [canonical(review_content(review, drafts[review.pk])) for review in reviews]
    insert_all(
        Submission(
            review=review,
            round=1,
            content=text,
            sha256=digest(text),
            submitted_by=city.leads[review.department_id],
            submitted_at=at,
        )
        for review, text in zip(reviews, texts, strict=True)
    )


def _decide(city: City, reviews: list[Review], stage: Stage, at: datetime) -> None:
    """Bring the submitted reviews to the stage."""
    taken = STEPS[: list(STAGES).index(stage) - 1]
    submissions = {found.review_id: found for found in Submission.objects.filter(review__in=reviews).defer("content")}
    Decision.objects.bulk_create(
        Decision(
            review=review,
            submission=submissions[review.pk],
            step=step,
            outcome=outcome,
            decided_by=city.reviewer if step == Stage.REVIEW else city.approver,
            decided_at=at,
        )
        for step, outcome in taken
        for review in reviews
    )
    _tell(city, reviews, [EventKind.SUBMITTED, *(EventKind(outcome) for _step, outcome in taken)], at)
    _stand(reviews, stage, at)


def _tell(city: City, reviews: list[Review], kinds: list[EventKind], at: datetime) -> None:
    plans = [review.plan_id for review in reviews]
    last = dict(Event.objects.filter(plan__in=plans).order_by("sequence").values_list("plan", "sequence"))
    insert_all(
        Event(
            plan_id=review.plan_id,
            review=review,
            sequence=last[review.plan_id] + number,
            kind=kind,
            at=at,
            by=city.reviewer,
            round=1,
            data={"comment": ""},
            hash="0" * 64,
        )
        for review in reviews
        for number, kind in enumerate(kinds, start=1)
    )


def _stand(reviews: list[Review], stage: Stage, at: datetime) -> None:
    ids = [review.pk for review in reviews]
    changes = {"stage": stage, "round": 1, "stage_since": at}
    if stage == Stage.APPROVED:
        Task.objects.filter(pk__in=[review.task_id for review in reviews]).update(status=STATUS.DONE, finished=at)
        changes |= {"task": None, "due_on": None}
    Review.objects.filter(pk__in=ids).update(**changes)
