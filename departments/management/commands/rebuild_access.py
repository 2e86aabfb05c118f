from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from departments.projection import rebuild_access


class Command(BaseCommand):
    help = "Make guardian's rows say what the appointments say; with --check only compare, and exit 1 on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        difference = rebuild_access(timezone.localdate(), write=not check)
        counts = f"added {difference.added}, renewed {difference.renewed}, removed {difference.removed}"
        if check and difference:
            raise CommandError(f"Rights differ from the appointments (would be {counts}). Run rebuild_access.")
        self.stdout.write(counts)
