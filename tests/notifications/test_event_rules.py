"""Who is told of what happened."""

from typing import Any

import pytest
from django.core import mail
from django.template.loader import get_template
from django.utils import translation

from departments.models import Role
from departments.models.plans import PlanKind, PlanState
from notifications.event_rules import RULES
from notifications.models import MailItem, MailKind, OutgoingMail, Status
from tests.factories import appoint, make_person, make_plan, make_user
from tests.notifications.city import City, make_city, october, run
from workflows.models import EventKind, Outcome
from workflows.services.checkpoints import close_checkpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return make_city()


def last_text() -> str:
    return mail.outbox[-1].body


def test_opening_asks_editors_and_leads_each_by_one_mail(city: City) -> None:
    city.open(october(1))
    subject = f"【めぐる】提出のお願い(令和8年10月14日(水)まで): {city.checkpoint}"
    assert run(october(1)) == {"sato": [subject], "suzuki": [subject], "tanaka": [subject]}
    assert run(october(1, 10)) == {}


def test_a_person_with_two_plans_gets_one_mail_about_both(city: City) -> None:
    make_plan(city.tax, kind=PlanKind.ACTION, measures=1, state=PlanState.APPROVED)
    appoint(city.tanaka, city.welfare, Role.EDITOR)
    city.open(october(1))
    assert len(run(october(1))["tanaka"]) == 1
    to_tanaka = next(message for message in mail.outbox if message.to == ["tanaka@city.example"])
    assert to_tanaka.body.count("http://localhost:8000/reviews/") == 3


def test_a_plan_approved_late_brings_a_mail_about_that_plan_alone(city: City) -> None:
    city.open(october(1))
    run(october(1))
    make_plan(city.tax, kind=PlanKind.ACTION, measures=1, state=PlanState.APPROVED)
    city.open(october(2))
    assert set(run(october(2))) == {"suzuki", "tanaka"}
    assert last_text().count("http://localhost:8000/reviews/") == 1


def test_submission_asks_the_reviewer(city: City) -> None:
    city.open(october(1))
    run(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    assert run(october(2)) == {"mori": [f"【めぐる】審査のお願い: 税務課 {city.checkpoint}"]}
    assert "提出者: tanaka" in last_text()
    assert f"http://localhost:8000/reviews/{city.tax_review.pk}/" in last_text()


def test_passing_on_asks_the_approver(city: City) -> None:
    city.open(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    run(october(2))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(5), "おおむね良好です")
    assert run(october(5)) == {"hayashi": [f"【めぐる】承認のお願い: 税務課 {city.checkpoint}"]}
    assert "おおむね良好です" in last_text()


def test_return_tells_the_department_why_and_by_whom(city: City) -> None:
    city.open(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    run(october(2))
    city.decide(city.tax_review, Outcome.RETURNED, city.mori, october(5), "数値の根拠を\n書いてください")
    subject = f"【めぐる】差戻し: 税務課 {city.checkpoint}"
    assert run(october(5)) == {"suzuki": [subject], "tanaka": [subject]}
    assert "差戻し者: mori\n  理由:\n    数値の根拠を\n    書いてください\n" in last_text()


def test_what_the_approver_returned_goes_straight_back_to_the_approver(city: City) -> None:
    city.open(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(5))
    city.decide(city.tax_review, Outcome.RETURNED, city.hayashi, october(5), "もう少し")
    run(october(5))
    city.submit(city.tax_review, city.tanaka, october(5, 10))
    assert run(october(5, 10)) == {
        "hayashi": [f"【めぐる】承認のお願い: 税務課 {city.checkpoint}"],
        "mori": [f"【めぐる】提出: 税務課 {city.checkpoint}"],
    }
    to_hayashi = next(message for message in mail.outbox[-2:] if message.to == ["hayashi@city.example"])
    assert "審査を経ずに直接届いています" in to_hayashi.body


def test_approval_tells_the_department_and_who_reviewed(city: City) -> None:
    city.open(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(5))
    run(october(5))
    city.decide(city.tax_review, Outcome.APPROVED, city.hayashi, october(5, 10))
    subject = f"【めぐる】承認: 税務課 {city.checkpoint}"
    assert run(october(5, 10)) == {"mori": [subject], "suzuki": [subject], "tanaka": [subject]}


def test_withdrawal_tells_the_others_of_the_department(city: City) -> None:
    city.open(october(1))
    run(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    run(october(2))
    city.withdraw(city.tax_review, city.tanaka, october(2, 10))
    assert run(october(2, 10)) == {"suzuki": [f"【めぐる】引戻し: 税務課 {city.checkpoint}"]}


def test_closing_tells_the_leads_of_what_stayed_unfinished(city: City) -> None:
    city.open(october(1))
    run(october(1))
    close_checkpoint(checkpoint=city.checkpoint, by=city.kanri, now=october(30))
    assert run(october(30)) == {
        "sato": [f"【めぐる】未完了で締切: 福祉課 {city.checkpoint}"],
        "tanaka": [f"【めぐる】未完了で締切: 税務課 {city.checkpoint}"],
    }


@pytest.mark.parametrize("kind", MailKind.values)
def test_every_kind_of_mail_has_its_templates(kind: str) -> None:
    for ending in ("subject.txt", "txt"):
        assert get_template(f"notifications/mail/{kind}.{ending}")


def test_every_kind_of_event_has_a_rule() -> None:
    assert set(RULES) == set(EventKind)


def test_who_may_not_decide_is_not_asked_to(city: City) -> None:
    """Separation of duties: a reviewer who drafts for the department this year gets no mail about its report."""
    appoint(city.mori, city.tax, Role.EDITOR)
    city.open(october(1))
    run(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    assert run(october(2)) == {}


def test_a_turn_that_has_passed_is_not_mailed(city: City) -> None:
    city.open(october(1))
    city.submit(city.tax_review, city.tanaka, october(1))
    assert set(run(october(1))) == {"mori", "sato"}


def test_a_turn_that_passes_while_the_mail_waits_is_not_mailed(city: City, settings: Any) -> None:
    city.open(october(1))
    settings.EMAIL_BACKEND = "tests.notifications.test_event_rules.AwayBackend"
    run(october(1))
    city.submit(city.tax_review, city.tanaka, october(1))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert set(run(october(1, 10))) == {"mori", "sato"}
    cancelled = OutgoingMail.objects.filter(status=Status.CANCELLED)
    assert {row.recipient.username for row in cancelled} == {"tanaka", "suzuki"}


class AwayBackend:
    """A mail server that cannot be reached."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def open(self) -> None:
        raise ConnectionRefusedError("connection refused")

    def close(self) -> None: ...


def test_each_reads_their_own_language(city: City) -> None:
    city.tanaka.language = "en"
    city.tanaka.save(update_fields=["language"])
    city.open(october(1))
    with translation.override("en"):
        subject = f"[Meguru] Please submit by 14 Oct 2026 (Wed): {city.checkpoint}"
    assert run(october(1))["tanaka"] == [subject]


def test_a_mail_without_address_is_failed_and_says_so(city: City) -> None:
    nobody = make_user("nomail", email="")
    appoint(nobody, city.tax)
    city.open(october(1))
    run(october(1))
    row = OutgoingMail.objects.get(recipient=nobody)
    assert (row.status, row.reason) == (Status.FAILED, "no_address")
    assert "メールアドレスが登録されていません" in row.explanation


def test_a_deactivated_person_gets_nothing(city: City) -> None:
    city.open(october(1))
    dispatched_then_left = make_person("ito", city.tax)
    dispatched_then_left.is_active = False
    dispatched_then_left.save(update_fields=["is_active"])
    assert "ito" not in run(october(1))


def test_the_ledger_says_which_fact_each_mail_tells(city: City) -> None:
    city.open(october(1))
    run(october(1))
    items = MailItem.objects.filter(review=city.tax_review)
    assert sorted((item.mail.recipient.username, item.event.kind) for item in items) == [
        ("suzuki", EventKind.OPENED),
        ("tanaka", EventKind.OPENED),
    ]
