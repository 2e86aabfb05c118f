import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows import matrix


class Command(BaseCommand):
    help = "Print who may do what to which review, in every case; or write the table into a text that has its marks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["json", "markdown"], default="markdown")
        parser.add_argument("--into", type=Path, metavar="README.md", help="write the table between this file's marks")

    def handle(self, *args: Any, format: str, into: Path | None, **options: Any) -> None:
        if into is not None:
            self._write_into(into)
        elif format == "json":
            self.stdout.write(json.dumps(matrix.as_json(), indent=1))
        else:
            self.stdout.write(matrix.as_markdown())

    def _write_into(self, path: Path) -> None:
        try:
            path.write_text(matrix.with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
        except (OSError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error
        self.stdout.write(f"{path}: the rights are up to date")
