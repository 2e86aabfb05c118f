"""The table of figures that a department of the demo city attaches to a report."""

import csv
import io
from datetime import datetime

from departments.models import User
from workflows.models import Review
from workflows.services.attachments import attach

NAME = "施策の進捗一覧.csv"
HEAD = ("番号", "施策", "進捗区分", "進捗率(%)")


def attach_figures(review: Review, *, whole: bool, by: User, now: datetime) -> None:
    """Attach it as Excel writes it, in Shift_JIS; unless it is `whole`, with the first half of the measures."""
    reports = list(review.measure_reports.select_related("measure", "progress").order_by("measure__number"))
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(HEAD)
    for report in reports if whole else reports[: (len(reports) + 1) // 2]:
        table.writerow((report.measure.number, report.measure.title, report.progress, report.percent))
    file = io.BytesIO(text.getvalue().encode("cp932", errors="replace"))
    attach(review_id=review.pk, task_id=review.task_id or 0, name=NAME, file=file, by=by, now=now)
