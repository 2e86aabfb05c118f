"""Deciding who is due among very many open reviews, in turns with one statement of plain SQL for the same.

One run on the PostgreSQL that the environment names, on a database of its own, like `verifying`.
"""

import json
import sys
from functools import partial

from django.db import connection

from bench.city import TODAY
from bench.due_floor import decide_plainly
from bench.open_reviews import build
from bench.plain import plain
from bench.rounds import in_turns
from departments.models import CalendarDay
from notifications import due
from notifications.models import Occasion, ReminderRule


def main() -> None:
    sizes = json.loads(sys.argv[1])
    plainly = plain()
    found = {"version": plainly.version, "reviews": build(plainly, sizes["open_reviews"])}
    calendar = CalendarDay.objects.calendar()
    since = calendar.add(TODAY, -1)
    rules = due.by_step(ReminderRule.objects.filter(occasion=Occasion.DUE))
    wanted = due.due_today(TODAY, since, rules, calendar)
    by_floor = partial(decide_plainly, plainly, wanted, TODAY)
    by_rules = partial(due.reminders, TODAY, since=since)
    rows, told = by_floor(), by_rules()
    reminders = {(each.due.review_id, user_id, each.asks) for user_id, theirs in told.items() for each in theirs}
    assert reminders == {(row[0], row[2], row[5]) for row in rows}
    found |= {"due": len({row[0] for row in rows}), "reminders": len(rows)}
    connection.ensure_connection()
    plainly.settle()
    times = in_turns(plainly, [([by_floor], [by_rules])] * sizes["due_rounds"])
    print(json.dumps({**found, "times": times}))


if __name__ == "__main__":
    main()
