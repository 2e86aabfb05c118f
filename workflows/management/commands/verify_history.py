from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.history import faults
from workflows.models import Event


class Command(BaseCommand):
    help = "Check every plan's chain of history; exit 1 and name the first bad row of each broken chain."

    def handle(self, *args: Any, **options: Any) -> None:
        events = Event.objects.order_by("plan", "sequence")
        found = list(faults(events.iterator(chunk_size=5000)))
        for fault in found:
            self.stderr.write(f"plan {fault.plan_id}, row {fault.sequence} (event {fault.event_id}): {fault.what}")
        if found:
            raise CommandError(f"{len(found)} broken chains; first bad row: event {found[0].event_id}")
        self.stdout.write(f"history is whole: {events.count()} events")
