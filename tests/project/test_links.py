"""The demo city, clicked through to the last link by every kind of person."""

import io
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urldefrag, urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import resolve

from departments.models import User
from project.demo.people import SHOWN
from tests.undone import undone
from tests.visitor import Page

# Pages of one kind that are enough: hundreds of mails and people look the same. All reviews are opened.
ENOUGH = 10
ALL_OF = {"review"}


@pytest.fixture
def demo(db: None) -> None:
    call_command("seed_demo", stage="review", stdout=io.StringIO())


def test_every_link_leads_somewhere(demo: None, subtests: pytest.Subtests) -> None:
    """And looking at pages changes nothing."""
    for login in SHOWN:
        client = Client()
        client.force_login(User.objects.get(username=login))
        with subtests.test(login), undone(client) as written:
            assert list(faults(dict(crawl(client)))) == []
            assert written == []


def crawl(client: Client) -> Iterator[tuple[str, Page]]:
    """Address and page of what the person can reach from their first page by links."""
    opened = Counter[str]()
    waiting, known = ["/"], {"/"}
    while waiting:
        address = waiting.pop()
        kind = resolve(urlsplit(address).path).view_name
        opened[kind] += 1
        if opened[kind] > ENOUGH and kind not in ALL_OF:
            continue
        page = Page(client.get(address, follow=True), address)
        yield address, page
        targets = {urldefrag(link.address).url for link in page.links}
        fresh = sorted(target for target in targets - known if not is_elsewhere(target))
        known.update(fresh)
        waiting += fresh


def is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


def faults(pages: dict[str, Page]) -> Iterator[str]:
    for address, page in pages.items():
        if page.status != 200:
            yield f"{address}: {page.status}"
        for form in page.forms:
            resolve(urlsplit(form.action).path)
        for link in page.links:
            target, anchor = urldefrag(link.address)
            if is_elsewhere(target):
                yield f"{address} leads away to {target}"
            elif anchor and target in pages and anchor not in pages[target].ids:
                yield f"{address}: there is no {link.address}"
