"""Putting the checkpoints of a whole year into the calendar at once."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from departments.errors import Refused
from departments.models import CalendarDay, User
from departments.services.calendar import held_rule
from departments.wording import day_text
from workflows.days import DUE_OF
from workflows.models import Checkpoint, CheckpointKind
from workflows.schedule import Days
from workflows.services.checkpoints import add_checkpoint


@transaction.atomic
def add_year(*, fiscal_year: int, days: Mapping[CheckpointKind, Days], by: User | None) -> list[Checkpoint]:
    """Add the checkpoints, all or none; each still has to be opened.

    Nobody closes the city on a due day meanwhile. Raises departments' Refused where a day breaks a rule, a due day
    falls on a closed day, or the year has one of them already.
    """
    held_rule()
    calendar = CalendarDay.objects.calendar()
    for kind, each in days.items():
        for due in (getattr(each, name) for name in DUE_OF.values()):
            if not calendar.is_business_day(due):
                facts = {"checkpoint": kind.label, "day": day_text(due)}
                raise Refused(_("%(checkpoint)s: the city is closed on %(day)s.") % facts)
    return [add_checkpoint(fiscal_year=fiscal_year, kind=kind, days=each, by=by) for kind, each in days.items()]
