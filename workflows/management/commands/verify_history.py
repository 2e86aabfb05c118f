from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.models import Event
from workflows.verification import Fault, faults, lost_line, worthwhile_processes


class Command(BaseCommand):
    help = "Check the history of every plan; exit 1 and name the first bad row of each that is not whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plan", type=int, metavar="ID", help="check the history of this plan alone")
        parser.add_argument(
            "--seal",
            action="append",
            default=[],
            metavar="LINE",
            help="compare a line that was kept elsewhere, as seal_history printed it; can be given again and again",
        )

    def handle(self, *args: Any, plan: int | None, seal: list[str], **options: Any) -> None:
        processes = 1 if plan is not None else worthwhile_processes()
        found = [*filter(None, map(_lost, seal)), *faults(plan_id=plan, processes=processes)]
        for fault in found:
            self.stderr.write(f"{fault.row}: {fault.what}")
        if found:
            raise CommandError(f"the history is not whole; faults: {len(found)}; first bad row: {found[0].row}")
        events = Event.objects.all() if plan is None else Event.objects.filter(plan=plan)
        self.stdout.write(f"history is whole: {events.count()} events")


def _lost(line: str) -> Fault | None:
    try:
        return lost_line(line)
    except ValueError as error:
        raise CommandError(f'"{line}" is no line of a seal, such as "2026-10-07 12 3f…": {error}') from error
