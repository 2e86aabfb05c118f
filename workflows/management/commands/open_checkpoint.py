from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.errors import ReviewError
from workflows.management.checkpoint import add_checkpoint_arguments, find_checkpoint
from workflows.services.checkpoints import open_checkpoint


class Command(BaseCommand):
    help = "Open a checkpoint: a review for every plan of the year. Run again, it adds those that came since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_checkpoint_arguments(parser)

    def handle(self, *args: Any, fiscal_year: int, kind: str, **options: Any) -> None:
        checkpoint = find_checkpoint(fiscal_year, kind)
        try:
            opening = open_checkpoint(checkpoint=checkpoint, by=None, now=timezone.now())
        except ReviewError as refusal:
            raise CommandError(str(refusal)) from refusal
        facts = {"checkpoint": checkpoint, "opened": opening.opened, "already": opening.already}
        self.stdout.write(_("%(checkpoint)s: reviews opened: %(opened)d; there before: %(already)d") % facts)
        for plan in opening.left_out:
            self.stdout.write(_("  left out, because it is not approved yet: %(plan)s") % {"plan": plan})
