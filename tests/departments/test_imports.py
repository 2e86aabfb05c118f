"""Loading a strategy file: the demo's own exactly, twice without effect, and never by half."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from departments.imports import Imported, ImportRefused, import_strategy
from departments.models import ActionPlan, Indicator, Initiative, Measure, Milestone, Strategy, Theme
from departments.models.plans import PlanKind, PlanState
from tests.departments.strategies import DEMO_FILE, SMALL, make_demo_departments, write
from tests.factories import make_department, make_measure

pytestmark = pytest.mark.django_db


@pytest.fixture
def dx():
    return make_department("dx")


def load(folder: Path, text: str = SMALL) -> Imported:
    return import_strategy(write(folder, text))


def faults_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(ImportRefused) as refused, translation.override("en"):
        import_strategy(write(folder, text))
    return [str(fault) for fault in refused.value.faults]


def counts(imported: Imported) -> tuple[int, int, int]:
    return imported.new, imported.changed, imported.unchanged


def test_the_demo_strategy_is_exactly_the_published_one():
    make_demo_departments()
    import_strategy(DEMO_FILE)
    strategy = Strategy.objects.get()
    assert (strategy.fiscal_year, strategy.themes.count(), strategy.initiatives.count()) == (2026, 4, 11)
    assert [initiative.theme.number for initiative in strategy.initiatives.all()] == [1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4]
    told = Indicator.objects.order_by("initiative__number", "pk")
    assert [(row.code, row.kind, row.direction, row.target, row.unit, row.baseline) for row in told] == [
        ("1-1", "ratio", "at_least", Decimal(82), "%", None),
        ("1-2", "ratio", "at_least", Decimal(70), "%", None),
        ("2-1", "survey", "at_most", Decimal(5), "%", Decimal("6.7")),
        ("2-2", "survey", "at_least", Decimal(90), "%", None),
        ("3-1", "derived", "at_least", Decimal(80), "%", None),
        ("4-1", "count", "at_least", Decimal(3), "件", None),
        ("4-2", "cumulative", "at_least", Decimal(100), "名", None),
        ("5-1", "count", "at_least", Decimal(5), "件", None),
        ("5-2", "count", "at_least", Decimal(5), "件", None),
        ("5-3", "level", "at_least", Decimal(20), "個", None),
        ("5-4", "hours", "at_least", Decimal(144), "時間", None),
        ("6-1", "milestone", "exactly", None, "移行完了", None),
        ("6-2", "ceiling", "at_most", Decimal(0), "件", None),
        ("6-3", "ratio", "at_least", Decimal("90.3"), "%", Decimal("86.9")),
        ("7-1", "ratio", "at_least", Decimal(100), "%", None),
        ("7-2", "count", "at_least", Decimal(2), "事例", None),
        ("7-3", "ceiling", "at_most", Decimal(0), "件", None),
        ("7-4", "level", "at_least", Decimal(5), "事務", None),
        ("8-1", "count", "at_least", Decimal(5), "件", None),
        ("8-2", "ratio", "at_least", Decimal(70), "%", None),
        ("9-1", "ratio", "at_least", Decimal(100), "%", None),
        ("9-2", "ratio", "at_least", Decimal(100), "%", Decimal(96)),
        ("9-3", "count", "at_least", Decimal(5), "件", None),
        ("10-1", "count", "at_least", Decimal(3), "件", None),
        ("10-2", "count", "at_least", Decimal(1), "件", None),
        ("11-1", "derived", "at_least", Decimal(85), "%", None),
    ]
    assert {row.department is None for row in told if row.kind == "derived"} == {True}
    assert Indicator.objects.get(code="3-1").each_department


def test_every_initiative_has_measures_in_a_plan_of_the_year():
    make_demo_departments()
    import_strategy(DEMO_FILE)
    served = set(Measure.objects.values_list("initiative__number", flat=True))
    assert served == set(range(1, 12))
    assert set(ActionPlan.objects.values_list("fiscal_year", "kind", "state")) == {(2026, "execution", "draft")}


def test_a_second_load_changes_nothing(tmp_path, dx):
    first = load(tmp_path)
    before = list(Milestone.objects.values()) + list(Measure.objects.values()) + list(ActionPlan.objects.values())
    second = load(tmp_path)
    assert counts(first) == (6, 0, 0)  # strategy, theme, initiative, indicator, plan, measure
    assert counts(second) == (0, 0, 5)
    assert before == (
        list(Milestone.objects.values()) + list(Measure.objects.values()) + list(ActionPlan.objects.values())
    )


def test_only_what_differs_is_changed(tmp_path, dx):
    load(tmp_path)
    changed = SMALL.replace("target = 90.3", "target = 91").replace("q2 = 88", "q2 = 87").replace("増やす", "倍にする")
    assert counts(load(tmp_path, changed)) == (0, 2, 3)
    indicator = Indicator.objects.prefetch_related("step_targets").get()
    assert indicator.target == 91
    assert {row.step: row.target for row in indicator.step_targets.all()} == {"q2": 87, "q3": Decimal("89.5")}
    assert Measure.objects.get().goal == "倍にする"


def test_step_targets_alone_are_a_change(tmp_path, dx):
    load(tmp_path)
    assert counts(load(tmp_path, SMALL.replace("q2 = 88", "q2 = 87"))) == (0, 1, 4)


def test_a_changed_measure_makes_an_open_edit_page_stale(tmp_path, dx):
    load(tmp_path)
    version = ActionPlan.objects.get().version
    load(tmp_path, SMALL.replace("増やす", "倍にする"))
    assert ActionPlan.objects.get().version == version + 1


def test_a_measure_follows_its_department(tmp_path, dx):
    make_department("joho")
    load(tmp_path)
    load(tmp_path, SMALL.replace('initiative = 1\ndepartment = "dx"', 'initiative = 1\ndepartment = "joho"'))
    assert Measure.objects.get().plan.department.code == "joho"


def test_departments_own_measures_stay(tmp_path, dx):
    load(tmp_path)
    own = make_measure(ActionPlan.objects.get(), "所属の施策")
    load(tmp_path, SMALL.replace("増やす", "倍にする"))
    assert Measure.objects.get(pk=own.pk).title == "所属の施策"


def test_a_department_that_only_reports_gets_an_execution_plan(tmp_path, dx):
    make_department("joho")
    text = SMALL.replace('department = "dx"\nstep_targets', 'department = "joho"\nstep_targets')
    load(tmp_path, text)
    assert list(ActionPlan.objects.values_list("department__code", "kind")) == [
        ("dx", PlanKind.EXECUTION),
        ("joho", PlanKind.EXECUTION),
    ]


def test_what_the_file_no_longer_names_is_told_and_left(tmp_path, dx):
    load(tmp_path)
    imported = load(tmp_path, SMALL[: SMALL.index("[[indicator]]")])
    assert imported.left == ["indicator 1-1", "measure online"]
    assert Indicator.objects.count() == Measure.objects.count() == 1


FAULTY = """
[strategy]
fiscal_year = "2026"
titel = "戦略"

[[theme]]
number = 1
title = ""

[[initiative]]
number = 1
theme = 7
title = "取組"

[[initiative]]
number = 1
theme = 1
title = "取組"

[[indicator]]
code = "9-9"
title = "率"
kind = "percentage"
direction = "at_least"
target = "82"
department = "nowhere"

[[indicator]]
code = "1-1"
title = "完了"
kind = "milestone"
direction = "at_least"
target = 1
department = "dx"

[[indicator]]
code = "1-2"
title = "率"
kind = "ratio"
direction = "at_most"
target = 1.234
baseline = 3
department = "dx"
step_targets = { q5 = 1, q2 = true }

[[indicator]]
code = "1-3"
title = "達成率"
kind = "derived"
direction = "at_least"
target = nan
department = "dx"

[[measure]]
key = "A b"
initiative = 3
department = "dx"
plan = "execution"
priority = "top"
title = "施策"
goal = "目標"
months = "1-4"
milestones = [["準備"], ["実施", "13"]]

[extra]
"""


def test_all_faults_are_told_at_once_and_nothing_is_loaded(tmp_path, dx):
    assert faults_of(tmp_path, FAULTY) == [
        "strategy.toml: extra: This table is not known here. Known are: "
        "strategy, theme, initiative, indicator, measure.",
        "strategy.toml: strategy: fiscal_year: Give a whole number.",
        "strategy.toml: strategy: title: This field is missing.",
        "strategy.toml: strategy: titel: This field is not known here. Known are: fiscal_year, title, vision.",
        "strategy.toml: theme 1: title: This field is empty.",
        "strategy.toml: initiative 1: theme: The file has no theme 7.",
        "strategy.toml: initiative 1: number: This stands in the file twice.",
        "strategy.toml: indicator 9-9: code: The file has no initiative 9.",
        "strategy.toml: indicator 9-9: kind: “percentage” is not known. Give one of: "
        "ratio, count, cumulative, level, hours, survey, milestone, ceiling, derived.",
        "strategy.toml: indicator 9-9: target: Give a number without quotes.",
        "strategy.toml: indicator 9-9: department: There is no department with the code “nowhere”.",
        "strategy.toml: indicator 1-1: target: A milestone is done or not; leave its target empty.",
        "strategy.toml: indicator 1-1: direction: A milestone has the direction “done”.",
        "strategy.toml: indicator 1-2: target: Give at most two decimals.",
        "strategy.toml: indicator 1-2: baseline_year: A baseline needs its year, and a year its baseline.",
        "strategy.toml: indicator 1-2: step_targets.q2: Give a number without quotes.",
        "strategy.toml: indicator 1-2: step_targets.q5: This field is not known here. Known are: q1, q2, q3.",
        "strategy.toml: indicator 1-3: target: Give a number.",
        "strategy.toml: indicator 1-3: derivation: Say which rate this system computes.",
        "strategy.toml: indicator 1-3: department: This system reports a computed indicator; leave the department out.",
        "strategy.toml: measure A b: key: Use small letters a–z, digits and dashes.",
        "strategy.toml: measure A b: initiative: The file has no initiative 3.",
        "strategy.toml: measure A b: priority: “top” is not known. Give one of: organisation, department, other.",
        "strategy.toml: measure A b: months: These months run backwards: "
        "a fiscal year begins in April and ends in March.",
        'strategy.toml: measure A b: milestones: Give each milestone as ["title", "4-6"].',
        'strategy.toml: measure A b: milestones: Give months like "4-6", April to June.',
    ]
    assert not Strategy.objects.exists()
    assert not Theme.objects.exists()
    assert not Initiative.objects.exists()
    assert not ActionPlan.objects.exists()


@pytest.mark.parametrize("state", [PlanState.SUBMITTED, PlanState.APPROVED])
def test_a_plan_that_is_no_draft_is_not_touched(tmp_path, dx, state):
    load(tmp_path)
    ActionPlan.objects.update(state=state)
    assert counts(load(tmp_path)) == (0, 0, 5)
    changed = SMALL.replace("増やす", "倍にする").replace("target = 90.3", "target = 91")
    assert [text.split(";")[0] for text in faults_of(tmp_path, changed)] == [
        f"strategy.toml: measure online: The plan of dx課 is {'Under review' if state == 'submitted' else 'Approved'}"
    ]
    assert Indicator.objects.get().target == Decimal("90.3")


def test_a_department_abolished_before_the_year_is_refused(tmp_path, dx):
    dx.abolished_on = "2026-04-01"
    dx.save(update_fields=["abolished_on"])
    assert faults_of(tmp_path, SMALL) == [
        "strategy.toml: indicator 1-1: department: “dx” was abolished before this year.",
        "strategy.toml: measure online: department: “dx” was abolished before this year.",
    ]


def test_a_syntax_error_names_its_line(tmp_path):
    assert faults_of(tmp_path, '[strategy]\ntitle = "戦略\n') == [
        "strategy.toml: line 2: This is not TOML: Illegal character '\\n'"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "theme = 3",
        "[theme]\nnumber = 1",
        "strategy = 1\nindicator = [1, 2]",
        "[strategy]\nfiscal_year = 99999999999999999999\ntitle = 1979-05-27",
        '[[measure]]\nkey = ["x"]\n[[measure]]\nkey = ["x"]',
        '[strategy]\nfiscal_year=2026\ntitle="a\\u0000b"',
        "[strategy]\nfiscal_year=2026\ntitle='x'\n[[theme]]\nnumber=1\ntitle='t'\n"
        "[[indicator]]\ncode='1-1'\ntarget = -inf\nmilestones=1\n[[indicator]]\ntarget = 1e400",
    ],
)
def test_whatever_stands_in_the_file_is_a_list_of_faults(tmp_path, dx, text):
    assert faults_of(tmp_path, text)


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "strategy.toml"
    path.write_bytes(b"\xff\xfe\x00title")
    with pytest.raises(ImportRefused, match="UTF-8"):
        import_strategy(path)


def test_the_command_says_what_it_did(tmp_path, dx, capsys):
    call_command("import_strategy", str(write(tmp_path)))
    assert capsys.readouterr().out == "読み込みました: 新規6件、変更0件、変更なし0件\n"


def test_the_command_names_every_fault_and_fails(tmp_path, capsys):
    with pytest.raises(CommandError, match="2件の誤り"):
        call_command("import_strategy", str(write(tmp_path)))
    assert capsys.readouterr().err.splitlines() == [
        "strategy.toml: indicator 1-1: department: コード「dx」の所属はありません。",
        "strategy.toml: measure online: department: コード「dx」の所属はありません。",
    ]


def test_the_command_on_a_file_that_is_not_there(tmp_path, capsys):
    with pytest.raises(CommandError):
        call_command("import_strategy", str(tmp_path / "none.toml"))
    assert "none.toml" in capsys.readouterr().err
