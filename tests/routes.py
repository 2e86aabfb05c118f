"""Every address of the system, every method that it takes, and who gets what from it: the test's input.

The reviews' own actions have a finer table, `workflows.matrix`; their pages stand in `REVIEW_ROUTES` here.
"""

from dataclasses import dataclass

from tests.workflows.cast import Cast

GONE = frozenset({"leaver"})  # deactivated: the same as somebody who is not logged in
EVERYBODY = frozenset({*Cast.__annotations__, "deputy"}) - GONE
NOBODY: frozenset[str] = frozenset()
ADMINISTRATOR = frozenset({"administrator"})
OPERATOR = frozenset({"superuser"})
CIVIC = frozenset({"editor", "lead"})
TAX = frozenset({"tax_editor", "tax_lead", "doubled"})
DRAFTERS = CIVIC | TAX | {"dx_lead"}
OFFICE = frozenset({"dx_lead", "reviewer", "second_reviewer", "approver", "deputy", "moved", "doubled"})
READERS_OF_APPROVED = OFFICE | {"executive", "auditor"}
WITH_DEPUTIES = (OFFICE | {"lead", "tax_lead"}) - {"deputy"}
WITH_A_POST = EVERYBODY - {"superuser", "stranger"}


@dataclass(frozen=True)
class Row:
    """`people` get `status`, everybody else who is logged in gets `others`, and who is not, `unknown`.

    `what` names the thing in the address. A POST sends an empty form, which does nothing but where `status` is 302.
    """

    route: str
    method: str
    people: frozenset[str] = EVERYBODY
    status: int = 200
    others: int = 404
    unknown: int = 302
    what: str = ""

    def expected(self, name: str) -> int:
        """The status for a person of the cast, or for "anonymous"."""
        if name in GONE or name == "anonymous":
            return self.unknown
        return self.status if name in self.people else self.others


def _administration(route: str, what: str = "", post: int = 200) -> list[Row]:
    """A page with a form, for administrators alone."""
    return [Row(route, "GET", ADMINISTRATOR, what=what), Row(route, "POST", ADMINISTRATOR, post, what=what)]


ROWS = [
    # The frame, open to everybody
    Row("login", "GET", NOBODY, others=302, unknown=200),
    Row("login", "POST", NOBODY, others=302, unknown=200),
    Row("logout", "GET", unknown=200),
    Row("logout", "POST", status=302),
    Row("language", "GET", status=302),
    Row("language", "POST", status=302),
    Row("contrast", "GET", status=302),
    Row("contrast", "POST", status=302),
    Row("accessibility", "GET", unknown=200),
    Row("healthz", "GET", unknown=200),
    Row("readyz", "GET", unknown=200),
    Row("mail_health", "GET", status=503, unknown=503),  # nobody has ticked
    Row("account", "GET"),
    Row("account", "POST"),
    Row("styleguide", "GET", OPERATOR),
    # What everybody works with
    Row("home", "GET"),
    Row("news_read", "POST", status=302),
    Row("board_nudge", "GET", OFFICE, 302),
    Row("board_nudge", "POST", OFFICE, 302),
    Row("board_extend", "GET", OFFICE, 302),
    Row("board_extend", "POST", OFFICE, 302),
    Row("bulk", "GET", OFFICE),
    Row("bulk", "POST", OFFICE, 400),
    *(Row(route, "GET", WITH_A_POST) for route in ("board", "board_csv")),
    *(Row(route, "GET", WITH_A_POST - ADMINISTRATOR) for route in ("dashboard", "dashboard_measures", "rates")),
    *(Row(route, "GET", DRAFTERS | OFFICE | {"auditor"}) for route in ("register", "register_csv", "register_json")),
    Row("mail_choices", "GET"),
    Row("mail_choices", "POST"),
    Row("checkpoints", "GET"),
    Row("strategy", "GET"),
    Row("strategy_year", "GET", what="year"),
    Row("strategy_year", "GET", NOBODY, what="year without strategy"),
    Row("strategy_gantt", "GET", what="year"),
    Row("strategy_gantt", "GET", NOBODY, what="year without strategy"),
    # Absences and deputies
    Row("absences", "GET"),
    Row("absence_add", "GET", WITH_DEPUTIES),
    Row("absence_add", "POST", WITH_DEPUTIES),
    Row("absence_end", "GET", ADMINISTRATOR | {"lead"}, what="absence"),
    Row("absence_end", "POST", ADMINISTRATOR | {"lead"}, what="absence"),
    *_administration("person_absence_add", "person"),
    Row("decided_for_me", "GET"),
    Row("decided_for_me", "POST", status=302),
    Row("review_file", "GET", NOBODY, what="no file"),
    # Plans
    Row("search", "GET"),
    Row("plans", "GET"),
    Row("plan_add", "GET", DRAFTERS),
    Row("plan_add", "POST", DRAFTERS),
    Row("plan", "GET", CIVIC | {"auditor"}, what="draft of civic"),
    Row("plan", "GET", CIVIC | READERS_OF_APPROVED, what="approved plan of civic"),
    Row("plan", "GET", TAX | {"auditor"}, what="draft of tax"),
    Row("plan", "GET", TAX | READERS_OF_APPROVED, what="approved plan of tax"),
    Row("plan", "GET", NOBODY, what="no plan"),
    Row("plan_edit", "GET", CIVIC, what="draft of civic"),
    Row("plan_edit", "GET", CIVIC, 302, what="approved plan of civic"),
    Row("plan_edit", "GET", TAX, what="draft of tax"),
    Row("plan_edit", "GET", NOBODY, what="no plan"),
    Row("plan_edit", "POST", CIVIC, what="draft of civic"),
    Row("plan_edit", "POST", CIVIC, what="approved plan of civic"),
    Row("plan_edit", "POST", TAX, what="draft of tax"),
    Row("change_add", "GET", CIVIC, what="approved plan of civic"),
    Row("change_add", "POST", CIVIC, what="approved plan of civic"),
    Row("change_add", "GET", CIVIC, 302, what="draft of civic"),
    Row("change_add", "GET", TAX, what="approved plan of tax"),
    Row("change_add", "POST", TAX, what="draft of tax"),
    Row("change_add", "GET", NOBODY, what="no plan"),
    # Administration
    Row("departments", "GET", ADMINISTRATOR),
    *_administration("department_add"),
    *_administration("department_edit", "department"),
    *_administration("calendar"),
    *_administration("year_propose"),
    Row("people", "GET", ADMINISTRATOR),
    *_administration("person_add"),
    *_administration("person", "person", post=302),
    *_administration("person_edit", "person"),
    *_administration("appointment_add", "person"),
    *_administration("appointment_end", "appointment"),
    *_administration("checkpoint_add"),
    *_administration("checkpoint_edit", "checkpoint"),
    *_administration("checkpoint_open", "checkpoint", post=302),
    *_administration("checkpoint_close", "checkpoint"),
    Row("reminders", "GET", ADMINISTRATOR),
    Row("reminders_preview", "GET", ADMINISTRATOR),
    *_administration("reminder_add"),
    *_administration("reminder_edit", "reminder rule"),
    Row("reminder_edit", "GET", NOBODY, what="no mail"),
    Row("mail", "GET", ADMINISTRATOR),
    *_administration("mail_addresses", post=302),
    Row("mail_message", "GET", ADMINISTRATOR, what="mail"),
    Row("mail_message", "GET", NOBODY, what="no mail"),
]

# The pages of one review; what they answer follows from `workflows.matrix`.
REVIEW_ROUTES = {
    "review": {"GET"},
    "review_round": {"GET"},
    "review_draft": {"GET"},
    "prepare": {"GET", "POST"},
    "autosave": {"POST"},
    "proposal": {"GET", "POST"},
    "decide": {"GET", "POST"},
    "withdraw": {"GET", "POST"},
    "nudge": {"GET", "POST"},
    "extend": {"GET", "POST"},
    "cancel": {"GET", "POST"},
    "revoke": {"GET", "POST"},
    "pin_add": {"GET", "POST"},
    "pin_answer": {"GET", "POST"},
    "pin_resolve": {"GET", "POST"},
}

# Django's admin, by the last part of a route's name: what a superuser gets. Everybody else is sent to its log-in.
ADMIN = {
    "index": 200,
    "login": 302,
    "logout": 405,
    "password_change": 200,
    "password_change_done": 200,
    "autocomplete": 403,
    "jsi18n": 200,
    "view_on_site": 404,
    "app_list": 200,
    "user_password_change": 200,
    "changelist": 200,
    "history": 200,
    "change": 200,
    "add": 403,
    "delete": 403,
}
ADMIN_EXCEPTIONS = {"departments_user_add": 200}
