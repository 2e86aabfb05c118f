"""The style guide shows all that the stylesheets of every page can draw."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from project.palette import CSS
from project.styleguide import pairs
from tests.factories import make_user

# Of the whole page's width, what htmx sets while something is on its way, and what paper leaves out.
ELSEWHERE = {"narrow", "wide", "htmx-request", "no-print"}


class Classes(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= set((dict(attrs).get("class") or "").split())


def styled() -> set[str]:
    """Every class that one of the stylesheets names."""
    sheets = "".join(path.read_text(encoding="utf-8") for path in CSS.glob("*.css"))
    selectors = re.sub(r"/\*.*?\*/|\{[^{}]*\}", " ", sheets, flags=re.DOTALL)
    return set(re.findall(r"\.([a-z][a-z0-9_-]*)", selectors))


@pytest.mark.django_db
def test_every_class_of_the_stylesheets_is_shown(client: Client) -> None:
    user = make_user()
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    client.force_login(user)
    shown = Classes(client.get("/styleguide/").content.decode()).found
    assert styled() - shown - ELSEWHERE == set()


def test_every_pair_of_colours_is_told_to_be_enough() -> None:
    assert [where for where, *_names, plain, high in pairs() if not (plain.is_enough and high.is_enough)] == []
