from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.models import Event
from workflows.verification import faults


class Command(BaseCommand):
    help = "Check the history of every plan; exit 1 and name the first bad row of each that is not whole."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(faults())
        for fault in found:
            self.stderr.write(f"{fault.row}: {fault.what}")
        if found:
            raise CommandError(f"the history of {len(found)} plans is not whole; first bad row: {found[0].row}")
        self.stdout.write(f"history is whole: {Event.objects.count()} events")
