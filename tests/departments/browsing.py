"""Walking the pages as a person would, without a browser."""

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from departments.models import User

MOST_QUERIES = 15


def page(person: User | None, address: str) -> tuple[int, str]:
    client = Client()
    if person is not None:
        client.force_login(person)
    response = client.get(address)
    return response.status_code, response.content.decode()


def post(person: User, address: str, fields: dict):
    client = Client()
    client.force_login(person)
    return client.post(address, fields)


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def fields_of(html: str) -> dict[str, str]:
    """What a browser would send for the page's form: its inputs, selects and texts as they stand."""
    fields = dict(re.findall(r'<input type="(?:text|hidden)" name="([^"]+)"(?: value="([^"]*)")?', html))
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL):
        fields[name] = text
    return fields
