"""The WSGI application that web servers load."""

import os
import re
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

CHARSET = re.compile(r";\s*charset[^;=]*=[^;]*", re.IGNORECASE)

django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django, reading every request as UTF-8, as the pages are.

    Left to itself, it decodes forms as the sender says: by some of Python's encodings into texts that no database
    keeps, by others not at all, and it fails before it can answer.
    """
    environ["CONTENT_TYPE"] = CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
    return django(environ, start_response)
