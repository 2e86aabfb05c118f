"""The one flow: what comes next. Facts are rows; rules are in the services and in access.

viewflow stores the names of this module, the class and its nodes as data: never rename them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow, nodes
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Edge
from viewflow.workflow.nodes.view import ViewActivation
from viewflow.workflow.status import STATUS

from departments.models import Department, User
from departments.models.organisation import Permission
from workflows.models import Review, ReviewProcess


class ReviewRowLock:
    """Lock the review row, the same one that every service locks; on SQLite the transaction itself is the lock."""

    @contextmanager
    def __call__(self, flow_class: type[flow.Flow], process_pk: int) -> Iterator[None]:
        with transaction.atomic():
            Review.objects.select_for_update(no_key=True).filter(process=process_pk).values_list("pk").first()
            yield


class DecisionActivation(ViewActivation):
    """A person's task that is assigned, started and finished in one step, and goes where the outcome says.

    The services take their steps through `engine`, which writes the rows that this writes.
    """

    @Activation.status.transition(source=[STATUS.NEW, STATUS.ASSIGNED], target=STATUS.STARTED)
    def decide(self, user: User, outcome: str, now: datetime) -> None:
        """Take the task for the person and note the outcome; `execute` then finishes it and follows the route."""
        self.task.owner = user
        self.task.started = now
        self.task.data = {"outcome": outcome}

    @Activation.status.super()
    def create_next(self) -> Iterator[Activation]:
        """Open the node that the outcome leads to."""
        route = self.flow_task.routes[self.task.data["outcome"]]
        yield route._create(self, self.task.token)


class Decision(nodes.View):
    """A human node that routes by outcome: `.Route(submit=this.review)`. It has no page of its own."""

    activation_class = DecisionActivation

    def __init__(self) -> None:
        super().__init__(view=None)
        self.routes: dict[str, nodes.View] = {}

    def Route(self, **routes: object) -> "Decision":
        self.routes = routes
        return self

    def _resolve(self, instance: flow.Flow) -> None:
        super()._resolve(instance)
        self.routes = {outcome: this.resolve(instance, target) for outcome, target in self.routes.items()}

    def _outgoing(self) -> Iterator[Edge]:
        """One edge a target, labelled with its outcomes: two edges to one node would have one id in BPMN."""
        for target in dict.fromkeys(self.routes.values()):
            outcomes = [outcome for outcome, to in self.routes.items() if to is target]
            yield Edge(src=self, dst=target, edge_class="cond_true", label=" / ".join(outcomes))


def department_of(process: ReviewProcess) -> Department:
    """The department that guardian is asked about; without a query where the review is at hand."""
    return Department(pk=process.review.department_id)


class ReviewFlow(flow.Flow):
    process_class = ReviewProcess
    process_title = _("Review of a department's plan")
    process_description = _("The department prepares and submits, the office reviews, its head approves.")
    lock_impl = ReviewRowLock()

    start = flow.StartHandle().Next(this.prepare)
    prepare = (
        Decision()
        .Permission(f"departments.{Permission.SUBMIT}", obj=department_of)
        .Route(submit=this.review, resubmit=this.approve)
    )
    review = (
        Decision()
        .Permission(f"departments.{Permission.REVIEW}", obj=department_of)
        .Route(pass_on=this.approve, give_back=this.prepare, withdraw=this.prepare)
    )
    approve = (
        Decision()
        .Permission(f"departments.{Permission.APPROVE}", obj=department_of)
        .Route(approve=this.end, give_back=this.prepare, withdraw=this.prepare)
    )
    end = flow.End()
