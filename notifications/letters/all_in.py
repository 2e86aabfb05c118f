"""What the mail says when everything has come in."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from notifications.all_in import stages_of
from notifications.letters.facts import Facts
from notifications.models import MailItem, OutgoingMail
from workflows.access import board_departments


def all_in(mail: OutgoingMail, items: Sequence[MailItem], facts: Facts) -> dict[str, Any]:
    """How many plans of the checkpoint stand where, of those that are the reader's."""
    item = items[0]
    checkpoint = item.review.checkpoint
    board = f"{settings.SITE_URL}{reverse('board')}?year={checkpoint.fiscal_year}"
    return {
        "checkpoint": str(checkpoint),
        "stages": stages_of(item.review, mail.recipient_id, item.audience, facts.today),
        "words": item.text.splitlines(),
        "board": board if board_departments(mail.recipient, facts.today) else "",
    }
