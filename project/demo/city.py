"""The demo city's tree of departments and its own days."""

from datetime import date

from departments.models import Department
from departments.services.calendar import add_calendar_day
from departments.services.organisation import add_department

ROOT = "meguru"

TREE: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("kikaku", "企画経営部"): (("dx", "DX推進課"), ("joho", "情報政策課"), ("koho", "広報課")),
    ("somu", "総務部"): (("jinji", "人事課"), ("keiyaku", "契約課"), ("bosai", "防災課")),
    ("zaimu", "財務部"): (("zaisei", "財政課"), ("zeimu", "税務課")),
    ("kuminbu", "区民生活部"): (
        ("kumin", "区民課"),
        ("koseki", "戸籍住民課"),
        ("kokuho", "国保年金課"),
        ("chiiki", "地域振興課"),
    ),
    ("kodomobu", "子育て支援部"): (("kodomo", "子育て支援課"), ("hoiku", "保育課")),
    ("fukushi", "健康福祉部"): (
        ("kenko", "健康推進課"),
        ("seikatsu", "生活福祉課"),
        ("kaigo", "介護保険課"),
        ("shogai", "障害福祉課"),
    ),
    ("toshibu", "都市環境部"): (("kankyo", "環境保全課"), ("toshi", "都市計画課"), ("doro", "道路管理課")),
    ("kyoikubu", "教育委員会事務局"): (("kyoiku", "教育総務課"), ("gakumu", "学務課"), ("toshokan", "図書館")),
}

CLOSED = ((date(2026, 10, 16), "区政記念日"), (date(2026, 12, 28), "年末の庁舎設備点検"))


def build_departments(on: date) -> dict[str, Department]:
    """Add the tree; departments by code."""
    root = add_department(by=None, code=ROOT, name="めぐる区", parent=None, on=on)
    found = {ROOT: root}
    for place, ((code, name), children) in enumerate(TREE.items(), start=1):
        division = add_department(by=None, code=code, name=name, parent=root, position=place * 100, on=on)
        found[code] = division
        for number, (child_code, child_name) in enumerate(children, start=1):
            found[child_code] = add_department(
                by=None, code=child_code, name=child_name, parent=division, position=place * 100 + number, on=on
            )
    return found


def build_calendar() -> None:
    for day, name in CLOSED:
        add_calendar_day(by=None, day=day, name=name)
