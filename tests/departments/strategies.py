"""A small strategy file for tests, and the demo's own."""

import tomllib
from pathlib import Path

from django.conf import settings

from tests.factories import make_department

DEMO_FILE = Path(settings.BASE_DIR) / "project" / "data" / "strategy-r8.toml"
DEMO_DEPARTMENTS = ("dx", "joho", "koho", "jinji", "zaisei", "kumin", "koseki", "chiiki", "seikatsu", "toshi")

SMALL = """
[strategy]
fiscal_year = 2026
title = "戦略"

[[theme]]
number = 1
title = "テーマ"

[[initiative]]
number = 1
theme = 1
title = "取組"

[[indicator]]
code = "1-1"
title = "オンライン化率"
kind = "ratio"
direction = "at_least"
target = 90.3
unit = "%"
baseline = 86.9
baseline_year = 2025
department = "dx"
step_targets = { q2 = 88, q3 = 89.5 }

[[measure]]
key = "online"
initiative = 1
department = "dx"
plan = "execution"
priority = "organisation"
title = "オンライン化"
goal = "増やす"
months = "4-3"
milestones = [["準備", "4-6"], ["実施", "7-3"]]
"""


def write(folder: Path, text: str = SMALL, name: str = "strategy.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def make_demo_departments() -> None:
    """Every department that the demo's file names."""
    content = tomllib.loads(DEMO_FILE.read_text(encoding="utf-8"))
    entries = content["indicator"] + content["measure"]
    for code in sorted({entry["department"] for entry in entries if "department" in entry}):
        make_department(code)
