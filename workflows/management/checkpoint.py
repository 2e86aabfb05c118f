"""Naming a checkpoint on the command line: the fiscal year and the kind."""

from argparse import ArgumentParser

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from workflows.models import ROUNDS, Checkpoint


def add_checkpoint_arguments(parser: ArgumentParser) -> None:
    """Let the command line name a checkpoint: `2026 q2`."""
    parser.add_argument("fiscal_year", type=int, help="the year it starts in, 2026 for 令和8年度")
    parser.add_argument("kind", choices=[kind.value for kind in ROUNDS])


def find_checkpoint(fiscal_year: int, kind: str) -> Checkpoint:
    """The checkpoint that was named; CommandError with those there are when it is none."""
    checkpoint = Checkpoint.objects.filter(fiscal_year=fiscal_year, kind=kind).first()
    if checkpoint is None:
        known = ", ".join(f"{found.fiscal_year} {found.kind}" for found in Checkpoint.objects.rounds())
        facts = {"year": fiscal_year, "kind": kind, "known": known or _("none yet")}
        raise CommandError(_("There is no checkpoint %(year)d %(kind)s. Known: %(known)s.") % facts)
    return checkpoint
