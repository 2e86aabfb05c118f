"""The people of the demo city, what they are appointed as, and the accounts to try it with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from departments.fiscal import fiscal_year_of
from departments.models import Department, Role, User
from departments.services.appointments import appoint
from departments.services.people import add_person
from project.demo.city import ROOT

PASSWORD = "meguru-demo"  # noqa: S105 - known to all on purpose; demo accounts exist in demo data alone
BEFORE_THE_YEAR = date(2025, 4, 1)
THIS_YEAR = date(2026, 4, 1)
MOVED = date(2026, 7, 1)


class Post(NamedTuple):
    """An appointment: department code, role, first day and last day."""

    department: str
    role: Role
    first: date = BEFORE_THE_YEAR
    last: date | None = None

    def is_in_force(self, on: date) -> bool:
        return self.first <= on and (self.last is None or on <= self.last)


class Person(NamedTuple):
    login: str
    name: str
    posts: tuple[Post, ...]


def _lead(code: str, login: str, name: str, *more: Post) -> Person:
    return Person(login, name, (Post(code, Role.LEAD), *more))


def _editor(code: str, login: str, name: str) -> Person:
    return Person(login, name, (Post(code, Role.EDITOR),))


def _office(role: Role, login: str, name: str, *more: Post) -> Person:
    return Person(login, name, (Post(ROOT, role), *more))


PEOPLE = (
    # The DX office, the executives, audit and administration reach every department; most executives head a division.
    _office(Role.REVIEWER, "reviewer", "佐々木 美穂"),
    _office(Role.REVIEWER, "yoshida", "𠮷田 拓海"),
    Person(
        "hasegawa",
        "長谷川 亮",
        (
            Post("kaigo", Role.EDITOR, last=date(2026, 6, 30)),
            Post(ROOT, Role.REVIEWER, MOVED),
        ),
    ),
    _office(Role.APPROVER, "approver", "髙﨑 誠一", Post("dx", Role.LEAD)),
    _office(Role.APPROVER, "okochi", "大河内 康夫", Post(ROOT, Role.EXECUTIVE)),
    _office(Role.EXECUTIVE, "executive", "神宮寺 正彦"),
    _office(Role.EXECUTIVE, "kurihara", "栗原 恵子", Post("kuminbu", Role.EXECUTIVE)),
    _office(Role.EXECUTIVE, "mizuno", "水野 隆", Post("zaimu", Role.EXECUTIVE)),
    _office(Role.EXECUTIVE, "saionji", "西園寺 薫", Post("somu", Role.EXECUTIVE)),
    _office(Role.EXECUTIVE, "sakuma", "佐久間 由美", Post("kikaku", Role.EXECUTIVE)),
    _office(Role.EXECUTIVE, "ebihara", "海老原 敏", Post("kodomobu", Role.EXECUTIVE)),
    _office(Role.EXECUTIVE, "niimi", "新見 俊介", Post("fukushi", Role.EXECUTIVE)),
    _office(Role.EXECUTIVE, "tokugawa", "徳川 文子", Post("toshibu", Role.EXECUTIVE)),
    _office(Role.AUDITOR, "auditor", "辻\U000e0100本 静江"),
    _office(Role.ADMINISTRATOR, "admin", "橋本 大輔"),
    # Leads and editors of the departments.
    _editor("dx", "kondo", "近藤 彩"),
    _lead("joho", "matsunaga", "松永 健"),
    _editor("joho", "hirano", "平野 翔"),
    _lead("koho", "otsuka", "大塚 真紀"),
    _editor("koho", "nishida", "西田 葵"),
    _lead("jinji", "sugawara", "菅原 浩一"),
    _editor("jinji", "kitamura", "北村 早紀"),
    _lead("keiyaku", "yasuda", "安田 勝"),
    _editor("keiyaku", "hamaguchi", "濵口 優"),
    _lead("bosai", "kumagai", "熊谷 武"),
    _editor("bosai", "ogawa", "小川 直樹"),
    _lead("zaisei", "horiuchi", "堀内 智子"),
    _editor("zaisei", "iwasaki", "岩﨑 陽介"),
    _lead("zeimu", "takeda", "武田 信也"),
    _editor("zeimu", "murakami", "村上 綾乃"),
    _lead("kumin", "igarashi", "五十嵐 徹", Post("chiiki", Role.LEAD)),
    _editor("kumin", "noguchi", "野口 千夏"),
    Person("lead", "渡邉 久美子", (Post("koseki", Role.LEAD, THIS_YEAR),)),
    _editor("koseki", "editor", "田中 悠人"),
    _lead("kokuho", "ishibashi", "石橋 俊夫"),
    _editor("kokuho", "maruyama", "丸山 結衣"),
    _editor("chiiki", "shimizu", "清水 健太"),
    _lead("kodomo", "uchida", "内田 裕子"),
    _editor("kodomo", "fujii", "藤井 美咲"),
    _lead("hoiku", "neighbour", "中村 由紀"),
    _editor("hoiku", "kojima", "小島 健吾"),
    _lead("kenko", "onodera", "小野寺 聡", Post("koseki", Role.LEAD, last=date(2026, 3, 31))),
    _editor("kenko", "sakai", "酒井 里奈"),
    _lead("seikatsu", "hoshino", "星野 仁"),
    _editor("seikatsu", "ueno", "上野 航"),
    _lead("kaigo", "miyazaki", "宮﨑 明子"),
    Person("kikuchi", "菊地 達也", (Post("kaigo", Role.EDITOR, MOVED),)),
    _lead("shogai", "arai", "新井 洋子"),
    _editor("shogai", "kuroda", "黒田 真央"),
    _lead("kankyo", "morita", "森田 修"),
    _editor("kankyo", "hattori", "服部 奈々"),
    _lead("toshi", "kawabata", "川端 剛"),
    _editor("toshi", "mizoguchi", "溝口 蓮"),
    _lead("doro", "sawada", "澤田 茂"),
    _editor("doro", "tachibana", "橘 大地"),
    _lead("kyoiku", "shiraishi", "白石 典子"),
    _editor("kyoiku", "okabe", "岡部 紗希"),
    _lead("gakumu", "nagata", "永田 博之"),
    _editor("gakumu", "hirayama", "平山 楓"),
    _lead("toshokan", "katayama", "片山 恭子"),
    _editor("toshokan", "sekiguchi", "関口 涼"),
    Person("aoki", "青木 すみれ", ()),
)
STARTS_NEXT_YEAR = ("aoki", "toshokan", Role.EDITOR)
OPERATOR = "operator"


# What the memorable accounts are there to show, by login, in the order in which a report passes through them.
SHOWN = {
    "editor": Role.EDITOR.label,
    "lead": Role.LEAD.label,
    "reviewer": Role.REVIEWER.label,
    "approver": Role.APPROVER.label,
    "executive": Role.EXECUTIVE.label,
    "auditor": Role.AUDITOR.label,
    "admin": Role.ADMINISTRATOR.label,
    "neighbour": _("Lead of another department"),
    OPERATOR: _("Operator (Django admin)"),
}


@dataclass(frozen=True)
class Staff:
    """Everybody by login, to be asked who works for a department on the day."""

    users: dict[str, User]
    on: date

    def holder(self, code: str, role: Role) -> User:
        """The one person who holds the role at the department."""
        [login] = [
            person.login
            for person in PEOPLE
            for post in person.posts
            if (post.department, post.role) == (code, role) and post.is_in_force(self.on)
        ]
        return self.users[login]


def build_people(departments: dict[str, Department], on: date) -> Staff:
    """Add and appoint everybody; all log in with `PASSWORD`."""
    users = {person.login: _add(person.login, person.name) for person in PEOPLE}
    for person in PEOPLE:
        for post in person.posts:
            _appoint(users[person.login], departments[post.department], post, on)
    login, code, role = STARTS_NEXT_YEAR
    _appoint(users[login], departments[code], Post(code, role, date(fiscal_year_of(on) + 1, 4, 1)), on)
    # One hash for all: hashing sixty times over is slow on purpose.
    User.objects.filter(pk__in=[user.pk for user in users.values()]).update(password=make_password(PASSWORD))
    User.objects.create_superuser(OPERATOR, f"{OPERATOR}@city.example", PASSWORD, name="運用担当")
    return Staff(users, on)


def _add(login: str, name: str) -> User:
    return add_person(by=None, username=login, name=name, email=f"{login}@city.example")


def _appoint(user: User, department: Department, post: Post, on: date) -> None:
    appoint(
        by=None,
        user=user,
        department=department,
        role=post.role,
        valid_from=post.first,
        valid_until=post.last,
        on=on,
    )


class Account(NamedTuple):
    """One line of the table of accounts."""

    role: str
    login: str
    name: str
    department: str


def accounts(on: date) -> list[Account]:
    """The memorable accounts that exist."""
    users = User.objects.in_bulk(SHOWN, field_name="username")
    return [
        Account(str(role), login, users[login].name, _department_names(users[login], on))
        for login, role in SHOWN.items()
        if login in users
    ]


def _department_names(user: User, on: date) -> str:
    posts: Iterable[str] = user.appointments.in_force(on).values_list("department__name", flat=True)
    return "、".join(dict.fromkeys(posts))
