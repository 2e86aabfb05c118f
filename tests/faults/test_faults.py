"""A short run of every scenario, both databases side by side; `make faults` has the long ones."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.plan import Plan
from tests.faults.run import run_scenario
from tests.servers.postgres import postgres

BUSY = 300  # seconds; how soon mails are out again is measured where nothing else runs


@pytest.fixture
def databases() -> Iterator[list[dict[str, str]]]:
    with postgres() as url:
        yield [{"DATABASE_URL": url}, {}]


def test_killed_workers_lose_nothing_and_repeat_at_most_what_they_had_in_hand(databases: list[dict[str, str]]) -> None:
    plan = Plan(people=150, kills=10)
    with ThreadPoolExecutor(len(databases)) as pool:
        results = list(pool.map(lambda database: run_scenario(plan, **database), databases))
    assert [result.broken(plan.kills, slowest=BUSY) for result in results] == [[], []]
    assert [(result.reminders, result.kills) for result in results] == [(150, 10)] * 2
    assert all(result.taken + result.done_before == 150 + result.duplicates for result in results)


def test_celery_without_its_redis_loses_nothing(databases: list[dict[str, str]]) -> None:
    """Redis is wiped, then killed, while workers are killed too; a worker without Redis takes over."""
    plan = Plan(people=100, kills=5, flushes=3)
    result = run_scenario(plan, **databases[0])
    assert result.broken(plan.kills, slowest=BUSY) == []
    assert (result.reminders, result.flushes) == (100, 3)
