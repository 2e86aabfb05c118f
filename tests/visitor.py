"""A person at a browser without scripts: opens pages, follows links, fills in forms that are there, presses buttons.

Forms are sent with all that the page put into them, hidden numbers and the CSRF token included, and the token is
checked. So whatever a page forgets to send, a test misses.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin

from django.http import HttpResponse
from django.test import Client

from departments.models import User
from tests.factories import PASSWORD

WITHOUT_END = {"input", "img", "br", "hr", "meta", "link", "source", "wbr", "col"}
UNSEEN = {"script", "style", "head", "svg"}


@dataclass
class Button:
    text: str = ""
    name: str = ""
    value: str = ""
    address: str = ""  # its own, instead of the form's


@dataclass
class Form:
    """A form with what the browser would send of it: name and value of every control, in order."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, set[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)  # those of them that take any text, and show it
    buttons: list[Button] = field(default_factory=list)

    def filled(self, values: dict[str, Any]) -> dict[str, list[str]]:
        """What is sent after these values were entered: text, or False to untick. Refuses what is not there."""
        unknown = values.keys() - self.names
        assert not unknown, f"the form has no {sorted(unknown)}, only {sorted(self.names)}"
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            sent.setdefault(name, []).append(value)
        for name, value in values.items():
            if value is False:
                sent.pop(name, None)
                continue
            if name in self.choices:
                assert value in self.choices[name], f"{name} offers {sorted(self.choices[name])}, not {value}"
            sent[name] = [str(value)]
        return {name: [text.replace("\n", "\r\n") for text in texts] for name, texts in sent.items()}


@dataclass
class Link:
    address: str
    text: str = ""


def html_of(response: HttpResponse) -> str:
    """The page as text; of a download, which is no page, nothing."""
    content = b"".join(response)
    for close in response._resource_closers:  # `close()` itself would close the test's database as well
        close()
    return content.decode(response.charset or "utf-8") if response["Content-Type"].startswith("text/html") else ""


class Page(HTMLParser):
    """What came back: its status, the words of its main part, its links and forms."""

    def __init__(self, response: HttpResponse, address: str) -> None:
        super().__init__()
        self.response, self.address, self.status = response, address, response.status_code
        self.links: list[Link] = []
        self.forms: list[Form] = []
        self.ids: set[str] = set()
        self._words: list[str] = []
        self._open: list[str] = []
        self._link: Link | None = None
        self._button: Button | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: tuple[str, list[str]] | None = None
        self.html = html_of(response)
        self.feed(self.html)
        self.text = " ".join("".join(self._words).split())

    def says(self, *sentences: str) -> bool:
        """Whether all of the sentences can be read on the page; fails with what can be read instead."""
        missing = [sentence for sentence in sentences if sentence not in self.text]
        assert not missing, f"{self.address} ({self.status}) does not say {missing}, but: {self.text}"
        return True

    # ---- reading the html

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found["id"]} if "id" in found else set()
        if tag not in WITHOUT_END:
            self._open.append(tag)
        reader = getattr(self, f"_start_{tag}", None)
        if reader is not None:
            reader(found)
        if tag in (
            "p",
            "li",
            "td",
            "th",
            "dd",
            "dt",
            "div",
            "section",
            "h1",
            "h2",
            "h3",
            "h4",
            "br",
            "option",
            "button",
        ):
            self._words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "a":
            self._link = None
        elif tag == "button":
            self._button = None
        elif tag == "select":
            self._end_select()
        elif tag == "textarea":
            self._end_area()

    def handle_data(self, data: str) -> None:
        if "main" in self._open and UNSEEN.isdisjoint(self._open):
            self._words.append(data)
        if self._link is not None:
            self._link.text += data
        if self._button is not None:
            self._button.text += data
        if self._area is not None:
            self._area[1].append(data)

    def _start_a(self, found: dict[str, str]) -> None:
        if "href" in found:
            self._link = Link(urljoin(self.address, found["href"]))
            self.links.append(self._link)

    def _start_form(self, found: dict[str, str]) -> None:
        self.forms.append(Form(urljoin(self.address, found.get("action", "")), found.get("method", "get").lower()))

    def _start_input(self, found: dict[str, str]) -> None:
        name, kind = found.get("name", ""), found.get("type", "text")
        if not name:
            return
        form, value = self.forms[-1], found.get("value", "on" if kind in ("checkbox", "radio") else "")
        form.names.add(name)
        if kind not in ("checkbox", "radio", "hidden", "password") and "hidden" not in found:
            form.texts.add(name)
        if kind in ("checkbox", "radio"):
            form.choices.setdefault(name, set()).add(value)
            if "checked" not in found:
                return
        form.fields.append((name, value))

    def _start_button(self, found: dict[str, str]) -> None:
        address = urljoin(self.address, found["formaction"]) if "formaction" in found else ""
        self._button = Button(name=found.get("name", ""), value=found.get("value", ""), address=address)
        self.forms[-1].buttons.append(self._button)

    def _start_select(self, found: dict[str, str]) -> None:
        self._select = (found["name"], [])

    def _start_option(self, found: dict[str, str]) -> None:
        assert self._select is not None
        self._select[1].append((found.get("value", ""), "selected" in found))

    def _end_select(self) -> None:
        assert self._select is not None
        name, options = self._select
        form = self.forms[-1]
        form.names.add(name)
        form.choices[name] = {value for value, _chosen in options}
        chosen = [value for value, is_chosen in options if is_chosen] or [value for value, _chosen in options[:1]]
        form.fields += [(name, value) for value in chosen]
        self._select = None

    def _start_textarea(self, found: dict[str, str]) -> None:
        self._area = (found.get("name", ""), [])

    def _end_area(self) -> None:
        assert self._area is not None
        name, texts = self._area
        self._area = None
        if name:  # the style guide's belong to no form
            self.forms[-1].names.add(name)
            self.forms[-1].texts.add(name)
            self.forms[-1].fields.append((name, "".join(texts).removeprefix("\n")))


class Visitor:
    """One person with their own browser, and the page that is open in it."""

    def __init__(self, person: User | None = None) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.page: Page | None = None
        if person is not None:
            self.log_in(person)

    def log_in(self, person: User) -> Page:
        self.open("/login/")
        return self.press("ログイン", username=person.username, password=PASSWORD)

    def open(self, address: str) -> Page:
        response = self.client.get(address, follow=True)
        return self._show(response, address)

    def reload(self) -> Page:
        assert self.page is not None
        return self.open(self.page.address)

    def follow(self, text: str) -> Page:
        """Click the first link that begins with the text."""
        assert self.page is not None
        for link in self.page.links:
            if " ".join(link.text.split()).startswith(text):
                return self.open(urldefrag(link.address).url)
        raise AssertionError(f"{self.page.address} has no link «{text}»: {[link.text for link in self.page.links]}")

    def press(self, text: str, **values: Any) -> Page:
        """Enter the values into the form with the button of that text, and press it."""
        form, button = self.button(text)
        return self.send(form, button, values)

    def button(self, text: str) -> tuple[Form, Button]:
        """The first button that begins with the text, and its form."""
        assert self.page is not None
        for form in self.page.forms:
            for button in form.buttons:
                if " ".join(button.text.split()).startswith(text):
                    return form, button
        there = [" ".join(button.text.split()) for form in self.page.forms for button in form.buttons]
        raise AssertionError(f"{self.page.address} has no button «{text}»: {there}")

    def send(self, form: Form, button: Button, values: dict[str, Any] | None = None) -> Page:
        """Send a form, perhaps one of a page that is no longer open."""
        sent = form.filled(values or {})
        if button.name:
            sent[button.name] = [button.value]
        address = urldefrag(button.address or form.action).url
        if form.method == "get":
            return self._show(self.client.get(address.partition("?")[0], sent, follow=True), address)
        return self._show(self.client.post(address, sent, follow=True), address)

    def _show(self, response: HttpResponse, address: str) -> Page:
        for target, _status in getattr(response, "redirect_chain", []):
            address = urljoin(address, target)
        self.page = Page(response, address)
        return self.page
