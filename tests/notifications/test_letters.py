"""Whole mails, in both languages, as they went out in one story of a review and a change of the plan."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.core import mail

from departments.models import User
from departments.models.people import Language
from notifications.models import Occasion, ReminderRule
from tests.notifications.calendars import letter_of
from tests.notifications.city import make_city, october, run
from workflows.models import Outcome, Review
from workflows.services.changes import request_change

pytestmark = pytest.mark.django_db

EXPECTED = Path(__file__).parent / "letters"
NUMBER = re.compile(r"/reviews/\d+/")
UID = re.compile(r"review-\d+-\d+@")


class Story:
    """Does one thing after the other and keeps the mails that went out about each."""

    def __init__(self, language: str) -> None:
        self.city = make_city()
        User.objects.update(language=language)
        self.city.open(october(1))
        run(october(1))
        self.letters: dict[str, str] = {}

    def keep(self, step: str, day: int, *names: str, hour: int = 7) -> None:
        """Send what there is to send, early enough to be without reminders; keep the mails to these people."""
        before = len(mail.outbox)
        run(october(day, hour))
        sent = {message.to[0].partition("@")[0]: message for message in mail.outbox[before:]}
        for name in names:
            text = f"{sent[name].subject}\n\n{sent[name].body}"
            self.letters[f"{step}: {name}"] = NUMBER.sub("/reviews/…/", text)


def tell(story: Story) -> None:
    city, tax = story.city, story.city.tax_review
    city.extend(tax, date(2026, 10, 21), "議会対応のため", city.mori, october(1, 10))
    story.keep("extended", 2, "suzuki")
    city.submit(tax, city.tanaka, october(2))
    pin = city.pin(tax, f"m{tax.plan.measures.get().pk}.done", "件数を\n書いてください", city.mori, october(2))
    city.pin(tax, "", "全体に短すぎます", city.mori, october(2))
    story.keep("submitted", 5, "mori")
    city.answer(pin, "120件です", city.suzuki, october(5, 7))
    story.keep("answered", 5, "mori")
    city.stand_in(city.hayashi, city.ooki, date(2026, 10, 6), date(2026, 10, 9))
    city.decide(tax, Outcome.PASSED, city.mori, october(6, 7), "おおむね良好です")
    story.keep("passed", 6, "hayashi", "ooki")
    city.decide(tax, Outcome.RETURNED, city.ooki, october(7), "根拠を\n書いてください")
    story.keep("returned", 8, "suzuki", "hayashi")
    city.submit(tax, city.tanaka, october(8, 7))
    story.keep("submitted again", 8, "mori", "ooki")
    city.withdraw(tax, city.tanaka, october(8, 7))
    story.keep("withdrawn", 8, "suzuki", "hayashi")
    city.submit(tax, city.tanaka, october(8, 7))
    city.decide(tax, Outcome.APPROVED, city.ooki, october(8))
    story.keep("approved", 9, "mori")
    city.revoke(tax, "集計に誤りがあったため", city.hayashi, october(9))
    story.keep("revoked", 13, "tanaka", "mori")
    city.cancel(tax, "計画を統合したため", city.hayashi, october(13, 7))
    story.keep("cancelled", 13, "mori")
    request_change(plan_id=tax.plan_id, reason="目標値の見直し", by=city.suzuki, now=october(13, 7))
    story.keep("change begun", 13, "tanaka")
    change = Review.objects.get(change_number=1)
    city.nudge(change, "ご確認を\nお願いします", city.mori, october(14))
    story.keep("nudged", 15, "tanaka")
    city.nudge(change, "", city.hayashi, october(15, 7))
    story.keep("nudged without a message", 15, "tanaka")
    city.move(date(2026, 10, 23), city.kanri, october(15, 7))
    story.keep("moved", 15, "sato")
    ReminderRule.objects.filter(occasion=Occasion.ALL_IN).update(text="審査を\n始めてください")
    city.submit(city.welfare_review, city.sato, october(15, 7))
    story.keep("all in", 15, "mori")


def expected(language: str) -> dict[str, str]:
    """The mails of `letters/<language>.txt`, each below a line «#### step: name»."""
    parts = (EXPECTED / f"{language}.txt").read_text(encoding="utf-8").split("#### ")[1:]
    return dict(part.rstrip("\n").split("\n", 1) for part in parts)


@pytest.mark.parametrize("language", Language.values)
def test_the_mails_of_a_story(language: str) -> None:
    story = Story(language)
    tell(story)
    assert {step: text.rstrip("\n") for step, text in story.letters.items()} == expected(language)


@pytest.mark.parametrize("language", Language.values)
def test_the_page_and_the_calendar_of_a_mail(language: str) -> None:
    """The other two forms of «extended: suzuki», as a browser and a calendar program get them."""
    city = Story(language).city
    city.extend(city.tax_review, date(2026, 10, 21), "議会対応のため", city.mori, october(1, 10))
    run(october(2, 7))
    [sent] = [message for message in mail.outbox[-2:] if message.to == ["suzuki@city.example"]]
    _plain, page, calendar = [part for part in letter_of(sent).walk() if not part.is_multipart()]
    for part, suffix in ((page, "html"), (calendar, "ics")):
        content = part.get_payload(decode=True).decode().replace("\r\n", "\n").replace("\n ", "")
        text = UID.sub("review-…@", NUMBER.sub("/reviews/…/", content))
        assert text == (EXPECTED / f"{language}.{suffix}").read_text(encoding="utf-8")
