from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from departments.imports import ImportRefused, import_strategy


class Command(BaseCommand):
    help = "Loads a strategy file (TOML): all of it, or nothing and the list of what to mend."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            imported = import_strategy(file)
        except ImportRefused as refusal:
            for fault in refusal.faults:
                self.stderr.write(str(fault))
            raise CommandError(_("%(count)d faults. Nothing was loaded.") % {"count": len(refusal.faults)}) from refusal
        for entry in imported.left:
            self.stdout.write(_("%(entry)s is not in the file; it was left as it is.") % {"entry": entry})
        self.stdout.write(
            _("Loaded: %(new)d new, %(changed)d changed, %(unchanged)d unchanged.")
            % {"new": imported.new, "changed": imported.changed, "unchanged": imported.unchanged}
        )
