"""Open → submit → review → approve by viewflow's own activations, as its cookbook writes such a flow.

Views with a permission, a flag of the process for each decision, a gateway that reads it. No frozen content, no
decision, no history, no mail, and nobody is barred from anything.
"""

from copy import copy

from django.contrib.auth.models import Permission as Granted
from django.core.exceptions import PermissionDenied
from django.db import transaction
from viewflow import jsonstore, this
from viewflow.workflow import flow, lock
from viewflow.workflow.models import Process, Task

from departments.models import User
from departments.models.organisation import Permission


class PlainProcess(Process):
    report = jsonstore.TextField()
    is_reviewed = jsonstore.BooleanField(default=False)
    is_approved = jsonstore.BooleanField(default=False)

    class Meta:
        proxy = True


class PlainFlow(flow.Flow):
    process_class = PlainProcess
    lock_impl = lock.SelectForUpdateLock(nowait=False, attempts=1)

    start = flow.StartHandle().Next(this.submit)
    submit = flow.View(None).Permission(f"departments.{Permission.SUBMIT}").Next(this.review)
    review = flow.View(None).Permission(f"departments.{Permission.REVIEW}").Next(this.check_review)
    check_review = flow.If(lambda activation: activation.process.is_reviewed).Then(this.approve).Else(this.submit)
    approve = flow.View(None).Permission(f"departments.{Permission.APPROVE}").Next(this.check_approval)
    check_approval = flow.If(lambda activation: activation.process.is_approved).Then(this.end).Else(this.submit)
    end = flow.End()


# What each step enters into the process.
STEPS: tuple[tuple[str, str | bool], ...] = (
    ("report", "対象の12手続のうち8手続で受付を始め、利用の手引を庁内に配布した。"),
    ("is_reviewed", True),
    ("is_approved", True),
)


def build_person() -> User:
    """Somebody who holds the permissions of all steps, everywhere."""
    user = User.objects.create(username="viewflow", name="viewflow")
    user.user_permissions.set(
        Granted.objects.filter(codename__in=[Permission.SUBMIT, Permission.REVIEW, Permission.APPROVE])
    )
    return user


def start() -> int:
    """Begin a process; returns its number."""
    return PlainFlow.start.run().pk


def cycle(process: int, by: User) -> None:
    """All steps, from the open task to the end."""
    for name, value in STEPS:
        take_step(process, name, value, by)


def take_step(process: int, name: str, value: str | bool, by: User) -> None:
    """What viewflow's views do with a POST: lock, load, ask for the permission, assign, start, keep, execute.

    Both of its views in one: the first assigns the task to the person, the second executes it. As in a request of its
    own, the person's permissions are found anew.
    """
    by = copy(by)
    with PlainFlow.lock(process), transaction.atomic():
        task = Task.objects.get(process=process, finished=None)
        activation = task.flow_task.activation_class(task)
        if not activation.flow_task.can_assign(by, task):
            raise PermissionDenied
        activation.assign(by)
        activation.start(None)
        setattr(activation.process, name, value)
        activation.process.save()
        activation.execute()
