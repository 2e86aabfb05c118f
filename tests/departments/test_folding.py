"""Folding: one spelling for many, the same in Python and in whatever database the tests run on."""

import hashlib
import unicodedata

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from departments.folded import FROM, TO
from departments.folding import TABLE, Marker, fold, folded_words
from departments.models import Department, User
from tests.factories import make_department, make_person

ODD = "①㈱㌔㍻㋿髙﨑邉齋～〜ーｰ－−‐―ﾃﾞｼﾞﾀﾙガがｶﾞかﾞÉéΩωЖжＡａ１Ⅷ　\t\r\n・\u3099\u200b\ufe00福福\\%_'\"{}辻\U000e0100👩‍👧"
texts = st.text(st.sampled_from(ODD) | st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("システム", "しすてむ"),
        ("ｼｽﾃﾑ", "システム"),
        ("ﾃﾞｼﾞﾀﾙ", "デジタル"),
        ("ＤＸ推進", "dx推進"),
        ("１２月", "12月"),
        ("㈱めぐる", "(株)めぐる"),
        ("５㌔", "5キロ"),
        ("髙﨑　徳次郎", "高崎德次郎"),
        ("渡邉", "渡辺"),
        ("10～12月", "10〜12月"),
        ("データー", "デ－タ−"),
        ("ﾃﾞｰﾀ", "データ"),
        ("デジタル・デバイド", "デジタルデバイド"),
        ("辻\U000e0100", "辻"),
        ("福祉", "福祉"),
        ("ÉCOLE", "école"),
        ("㍻", "平成"),
        ("か\u3099", "ガ"),
    ],
)
def test_these_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("はは", "ばば"), ("きや", "きゃ"), ("税", "説"), ("12", "21")])
def test_these_are_not(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_words_are_parted_by_any_blank_and_stand_once() -> None:
    assert folded_words("　ＤＸ 推進　dx\t・ ") == ["dx", "推進"]


@pytest.mark.django_db
def test_the_database_folds_as_python_does() -> None:
    """Column by column, as rows are made, changed and written many at once."""
    department = make_department()

    @settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150, derandomize=True, database=None)
    @given(st.lists(texts, min_size=8, max_size=8))
    def try_it(names: list[str]) -> None:
        shortened = [name[:60] for name in names]
        for at, name in enumerate(shortened):
            Department.objects.filter(pk=department.pk).update(name=name)
            assert Department.objects.filter(pk=department.pk, folded=fold(name)).exists(), (at, name)

    try_it()
    rows = Department.objects.bulk_create(
        Department(code=f"x{at}", name=chunk, parent=department) for at, chunk in enumerate(every_sign())
    )
    kept = dict(Department.objects.values_list("pk", "folded"))
    assert {row.pk: kept[row.pk] for row in rows} == {row.pk: fold(row.name) for row in rows}


def every_sign() -> list[str]:
    """All that Unicode has assigned, in names of 60 signs, the marks that join apart from what they could join to."""
    signs = [chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co")]
    assigned = "".join(sign for sign in signs if not "一" < sign < "鿿" and not "가" <= sign <= "힣")
    assigned += "".join(map(chr, TABLE))
    return [assigned[at : at + 60] for at in range(0, len(assigned), 60) if ord(assigned[at]) < 0x20000]


@pytest.mark.django_db
def test_a_name_changed_in_place_is_found_by_its_new_spelling() -> None:
    person = make_person("sato", make_department())
    person.name = "髙﨑　一郎"
    person.save(update_fields=["name"])
    assert User.objects.filter(folded__contains=fold("高崎一郎")).get() == person


def test_the_table_is_the_one_that_the_columns_were_computed_by() -> None:
    """PostgreSQL holds the table in the columns: another one needs a migration that computes them anew, then this."""
    assert hashlib.sha256(repr(sorted(TABLE.items())).encode()).hexdigest()[:16] == "2862a71341d7d3cb"


def test_the_table_fits_into_sql() -> None:
    assert len(FROM) == len(TABLE) >= len(TO)
    assert {code: ord(TO[at]) if at < len(TO) else None for at, code in enumerate(map(ord, FROM))} == TABLE
    assert not set("'%\\\0") & set(FROM + TO)
    assert connection.vendor in ("sqlite", "postgresql")


# ---- marking what was found


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        ("でじたる", "市役所のデジタル化", "市役所の<mark>デジタル</mark>化"),
        ("でじたる", "ﾃﾞｼﾞﾀﾙ化", "<mark>ﾃﾞｼﾞﾀﾙ</mark>化"),
        ("キロ", "5㌔以内", "5<mark>㌔</mark>以内"),
        ("ろ以", "5㌔以内", "5<mark>㌔以</mark>内"),
        ("株", "㈱めぐる", "<mark>㈱</mark>めぐる"),
        ("田中悠人", "田中 悠人", "<mark>田中 悠人</mark>"),
        ("a b", "ABba", "<mark>ABba</mark>"),
        ("b", "<b>&amp;", "&lt;<mark>b</mark>&gt;&amp;amp;"),
        ("ああ", "あああ い", "<mark>あああ</mark> い"),
        ("ない", "何も", "何も"),
        ("か", "カ\u3099", "カ\u3099"),
        ("が", "カ\u3099", "<mark>カ\u3099</mark>"),
        ("가", "\u1100\u1161", "\u1100\u1161"),
        ("x", "", ""),
        ("1", "①②", "<mark>①</mark>②"),
    ],
)
def test_what_was_found_is_marked_where_it_stands(query: str, text: str, shown: str) -> None:
    assert Marker(folded_words(query)).marked(text) == shown


def test_an_excerpt_is_cut_around_what_was_found() -> None:
    text = "前" * 100 + "デジタル" + "後" * 200
    assert Marker(["でじたる"]).excerpt(text) == f"…{'前' * 24}<mark>デジタル</mark>{'後' * 62}…"
    assert Marker(["でじたる"]).excerpt("ない") == ""
    assert Marker(["でじたる"]).excerpt("<デジタル>") == "&lt;<mark>デジタル</mark>&gt;"


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=200, derandomize=True, database=None)
@given(texts, st.integers(0, 30), st.integers(1, 5))
def test_marking_loses_no_sign_and_lets_no_tag_in(text: str, start: int, length: int) -> None:
    shown = str(Marker([fold(text[start : start + length])] if fold(text[start : start + length]) else []).marked(text))
    bare = shown.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#x27;", "'"), ("&quot;", '"'), ("&amp;", "&")):
        bare = bare.replace(entity, sign)
    assert bare == text
