"""Who is reminded today, by one statement of plain SQL: what deciding that costs at least.

It knows no deputies and no pauses, for the rows it is measured on have none.
"""

from datetime import date

from bench.plain import Plain
from notifications.due import Found
from notifications.moments import midnight

# The audiences that hold something at the department itself, and what.
TOLD = """
told AS (
    SELECT content_object_id AS department_id, user_id,
        CASE codename WHEN 'submit_reports' THEN 'lead' WHEN 'review_reports' THEN 'reviewer' ELSE 'approver' END
            AS audience
    FROM departments_departmentgrant granted JOIN auth_permission permission ON permission.id = permission_id
    JOIN departments_user person ON person.id = user_id AND person.is_active
    WHERE codename IN ('submit_reports', 'review_reports', 'approve_reports') AND (until IS NULL OR until >= %s)
    UNION ALL
    SELECT drafts.content_object_id, drafts.user_id, 'editor'
    FROM departments_departmentgrant drafts JOIN auth_permission permission ON permission.id = drafts.permission_id
    JOIN departments_user person ON person.id = drafts.user_id AND person.is_active
    WHERE codename = 'draft_reports' AND (until IS NULL OR until >= %s) AND NOT EXISTS (
        SELECT FROM departments_departmentgrant submits
        JOIN auth_permission other ON other.id = submits.permission_id AND other.codename = 'submit_reports'
        WHERE submits.user_id = drafts.user_id AND submits.content_object_id = drafts.content_object_id
    )
    UNION ALL
    SELECT department.id, user_id, 'division_head'
    FROM departments_department department
    JOIN departments_department division ON division.id = department.parent_id AND division.parent_id IS NOT NULL
    JOIN departments_appointment post ON post.department_id = division.id AND role IN ('lead', 'executive')
    JOIN departments_user person ON person.id = user_id AND person.is_active
    WHERE valid_from <= %s AND (valid_until IS NULL OR valid_until >= %s)
)
"""
# Separation of duties, where it would be the person's turn.
BARRED = """
(review.stage = 'review' AND told.audience = 'reviewer' OR review.stage = 'approve' AND told.audience = 'approver')
AND (
    EXISTS (
        SELECT FROM departments_appointment served
        WHERE served.user_id = told.user_id AND served.department_id = review.department_id
        AND role IN ('editor', 'lead') AND valid_from <= %s
        AND (valid_until IS NULL OR valid_until >= make_date(plan.fiscal_year, 4, 1))
    )
    OR EXISTS (
        SELECT FROM departments_planauthor author
        WHERE author.user_id = told.user_id AND author.plan_id = review.plan_id
    )
)
"""
# Whether it is the person's turn: of the audiences that the rules name, all but these only read.
ASKS = "told.audience <> 'division_head' AND NOT (review.stage = 'review' AND told.audience = 'approver')"


def decide_plainly(plain: Plain, found: Found, today: date) -> list[tuple[object, ...]]:
    """Review, task, person, business days, audience and whether it is their turn, of everybody who is reminded."""
    wanted = [
        (stage, due_on, each.audience, each.days, midnight(each.day))
        for (stage, due_on), rule_days in found.items()
        for each in rule_days
    ]
    values = ", ".join(["(%s, %s::date, %s, %s::int, %s::timestamptz)"] * len(wanted))
    sql = f"""
        WITH wanted (stage, due_on, audience, days, begins) AS (VALUES {values}), {TOLD}
        SELECT DISTINCT ON (review.id, told.user_id)
            review.id, review.task_id, told.user_id, wanted.days, told.audience, {ASKS}
        FROM workflows_review review
        JOIN wanted ON wanted.stage = review.stage AND wanted.due_on = review.due_on
        JOIN departments_actionplan plan ON plan.id = review.plan_id
        JOIN told ON told.department_id = review.department_id AND told.audience = wanted.audience
        WHERE review.task_id IS NOT NULL AND review.stage_since < wanted.begins AND NOT ({BARRED})
        ORDER BY review.id, told.user_id, wanted.begins DESC
    """
    days = [today] * 5
    return plain.execute(sql, *(value for row in wanted for value in row), *days).fetchall()
