"""docs/flow.svg shows the flow as it is."""

import io

from django.conf import settings
from django.core.management import call_command


def test_the_drawing_in_the_docs_is_what_the_code_draws() -> None:
    drawn = io.StringIO()
    call_command("flow_chart", stdout=drawn)
    kept = (settings.BASE_DIR / "docs" / "flow.svg").read_text(encoding="utf-8")
    assert kept == drawn.getvalue(), "run: python manage.py flow_chart > docs/flow.svg"
