"""`manage.py compile_texts`: make every .mo from its .po, without the system's gettext."""

import os
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compiles every */locale/*/LC_MESSAGES/django.po"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for source in sorted(settings.BASE_DIR.glob("*/locale/*/LC_MESSAGES/django.po")):
            texts = polib.pofile(str(source), check_for_duplicates=True)
            # Written beside and then renamed: a program that reads it just now finds the old one or the new one, whole.
            part = source.with_suffix(f".{os.getpid()}.part.mo")
            texts.save_as_mofile(str(part))
            part.replace(source.with_suffix(".mo"))
            self.stdout.write(f"{source.relative_to(settings.BASE_DIR)}: {len(texts.translated_entries())} texts")
