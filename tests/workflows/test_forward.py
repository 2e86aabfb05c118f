"""What was reported last time, carried forward into what is still empty."""

import pytest

from departments.models import ActionPlan
from tests.factories import make_indicator
from tests.workflows.cast import Cast
from tests.workflows.moves import now_of, opened, save, take
from tests.workflows.pages import draft_of, page_of, post_sheet, sheet_of, text_of, typed
from workflows.access import Action
from workflows.models import CheckpointKind, IndicatorReport, MeasureReport, Review

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def third_quarter(cast: Cast, plan: ActionPlan, review: Review) -> Review:
    """The next review of the same plan, after the second quarter's was submitted."""
    save(review, cast.editor, done="前回の取組")
    take(Action.SUBMIT, review, cast.lead)
    return opened(plan, kind=CheckpointKind.Q3)[0]


def test_last_time_stands_beside_and_is_copied_into_what_is_empty(cast: Cast, third_quarter: Review) -> None:
    page = page_of(cast.editor, "prepare", third_quarter.pk)
    assert "前回： 前回の取組" in text_of(page)
    measure = third_quarter.plan.measures.get()
    data = sheet_of(third_quarter, issue="今回の課題")
    copied = post_sheet(cast.editor, third_quarter, f"copy-{measure.pk}", data, follow=True)
    assert copied.redirect_chain[0][0].endswith(f"?filled=copy-{measure.pk}#measure-{measure.pk}")
    assert "空欄に前回の内容を写し、保存しました。" in text_of(copied)
    assert draft_of(third_quarter) == ("on_plan", 50, "前回の取組")
    assert MeasureReport.objects.get(review=third_quarter).issue == "今回の課題"


def test_what_is_typed_is_never_copied_over(cast: Cast, third_quarter: Review) -> None:
    measure = third_quarter.plan.measures.get()
    for action in (f"copy-{measure.pk}", f"same-{measure.pk}", "copy-all"):
        data = sheet_of(now_of(third_quarter), done="今回の取組", percent="0")
        post_sheet(cast.editor, third_quarter, action, data)
        assert draft_of(third_quarter) == ("on_plan", 0, "今回の取組")


def test_no_change_is_one_click(cast: Cast, third_quarter: Review) -> None:
    measure = third_quarter.plan.measures.get()
    page = post_sheet(cast.lead, third_quarter, f"same-{measure.pk}", sheet_of(third_quarter), follow=True)
    assert "「前回から変更なし」として入力し、保存しました。" in text_of(page)
    assert f'value="same-{measure.pk}"' not in page.content.decode()
    assert draft_of(third_quarter) == ("on_plan", 50, "前回から変更なし")
    post_sheet(cast.lead, third_quarter, "save", sheet_of(now_of(third_quarter), done="やはり進んだ。"))
    assert draft_of(third_quarter)[2] == "やはり進んだ。"


def test_all_that_is_empty_is_copied_at_once_but_no_figures(cast: Cast, third_quarter: Review) -> None:
    own = make_indicator("M1-1", measure=third_quarter.plan.measures.get())
    data = sheet_of(third_quarter) | typed(own, value="")
    page = post_sheet(cast.lead, third_quarter, "copy-all", data, follow=True)
    assert "指標の実績値は写していません。" in text_of(page)
    assert draft_of(third_quarter) == ("on_plan", 50, "前回の取組")
    assert IndicatorReport.objects.get(review=third_quarter).value is None


def test_a_mistake_elsewhere_keeps_what_was_copied_on_the_page(cast: Cast, third_quarter: Review) -> None:
    measure = third_quarter.plan.measures.get()
    page = post_sheet(cast.lead, third_quarter, f"same-{measure.pk}", sheet_of(third_quarter, percent="百"))
    assert "前回から変更なし</textarea>" in page.content.decode()
    assert 'value="百"' in page.content.decode()
    assert draft_of(third_quarter) == (None, None, "")


def test_copying_for_a_measure_of_another_plan_copies_nothing(cast: Cast, third_quarter: Review) -> None:
    post_sheet(cast.editor, third_quarter, "copy-999999", sheet_of(third_quarter))
    assert draft_of(third_quarter) == (None, None, "")
