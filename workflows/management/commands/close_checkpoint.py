from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.errors import ReviewError
from workflows.management.checkpoint import add_checkpoint_arguments, find_checkpoint
from workflows.services.checkpoints import close_checkpoint


class Command(BaseCommand):
    help = "Close a checkpoint for good: what is not approved by now ends unfinished."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_checkpoint_arguments(parser)

    def handle(self, *args: Any, fiscal_year: int, kind: str, **options: Any) -> None:
        checkpoint = find_checkpoint(fiscal_year, kind)
        try:
            unfinished = close_checkpoint(checkpoint=checkpoint, by=None, now=timezone.now())
        except ReviewError as refusal:
            raise CommandError(str(refusal)) from refusal
        facts = {"checkpoint": checkpoint, "unfinished": unfinished}
        self.stdout.write(_("%(checkpoint)s: closed; reviews that ended unfinished: %(unfinished)d") % facts)
