"""Thirty-two people press a button at the same moment, round after round: one effect each time, and no error.

`HYPOTHESIS_PROFILE=long` runs a thousand rounds, as the state machine runs longer with it.
"""

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from departments.models import User
from tests.workflows.cast import Cast, make_approved_plan, make_cast, make_places
from tests.workflows.moves import REASON, at, now_of, opened, take
from workflows.access import Action
from workflows.models import Event, EventKind, Review, Stage
from workflows.verification import faults

PEOPLE = 32
ROUNDS = {"long": 1000}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 12)
EFFECTS = (EventKind.RETURNED, EventKind.WITHDRAWN)


@pytest.fixture
def cast(transactional_db: None, clock: None) -> Cast:
    return make_cast(make_places())


@pytest.fixture
def review(cast: Cast) -> Review:
    [review] = opened(make_approved_plan(cast.lead.appointments.get().department))
    return at(Stage.REVIEW, review, cast)


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def test_of_thirty_two_actions_at_once_one_counts(cast: Cast, review: Review) -> None:
    """Two reviewers return it and its lead takes it back, all from pages that show it as it is."""
    people = [(cast.reviewer, cast.lead, cast.second_reviewer, cast.lead)[number % 4] for number in range(PEOPLE)]
    clients = [client_of(person) for person in people]
    start = threading.Barrier(PEOPLE)

    def press(number: int) -> tuple[int, str]:
        try:
            connection.ensure_connection()
            page = "withdraw" if people[number] == cast.lead else "decide"
            form = {"task": task_id, "outcome": "returned", "comment": REASON}
            start.wait(timeout=60)
            answer = clients[number].post(reverse(page, args=[review.pk]), form)
            return answer.status_code, answer.content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        for number in range(1, ROUNDS + 1):
            task_id = now_of(review).task_id
            answers = list(pool.map(press, range(PEOPLE)))
            assert Counter(status for status, _page in answers) == {302: 1, 409: PEOPLE - 1}
            (winner,) = (person for person, (status, _page) in zip(people, answers, strict=True) if status == 302)
            event = Event.objects.filter(review=review).latest("sequence")
            assert (event.by, event.round, event.kind in EFFECTS) == (winner, number, True)
            for person, (status, page) in zip(people, answers, strict=True):
                expected = "すでに処理済みです" if person == winner else winner.name
                assert status == 302 or expected in page
            take(Action.SUBMIT, review, cast.lead)
    assert Event.objects.filter(review=review, kind__in=EFFECTS).count() == ROUNDS
    assert list(faults()) == []
