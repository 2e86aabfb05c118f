"""Reading a TOML file that people write by hand: every fault is collected, with its entry and field."""

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from departments.fiscal import MONTHS, calendar_month
from departments.rules import number_fault

FISCAL_MONTH_OF = {str(calendar_month(month)): month for month in MONTHS}
POSITION = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class Fault:
    """What is wrong at one field of one entry; either may be empty where none is meant."""

    file: str
    entry: str
    field: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.entry, self.field, self.message) if part)


def read_toml(path: Path) -> tuple[dict[str, Any], list[Fault]]:
    """The file's tables with numbers as exact decimals, or what keeps it from being read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal), []
    except OSError as error:
        message = _("The file cannot be read: %(reason)s.") % {"reason": error.strerror}
    except UnicodeDecodeError:
        message = _("The file is not UTF-8 text. Save it as UTF-8.")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = POSITION.search(str(error))
        message = _("This is not TOML: %(reason)s") % {"reason": POSITION.sub("", str(error)).strip()}
        line = _("line %(line)s") % {"line": at[1]} if at else _("at the end")
        return {}, [Fault(path.name, line, "", message)]
    return {}, [Fault(path.name, "", "", message)]


@dataclass
class Entry:
    """One table of the file. Each reader returns the value, or a blank one after noting the fault."""

    file: str
    name: str
    table: dict[str, Any]
    faults: list[Fault]
    within: str = ""
    known: set[str] = field(default_factory=set)

    def fault(self, at: str, message: str) -> None:
        self.faults.append(Fault(self.file, self.name, f"{self.within}{at}", message))

    def _get(self, key: str, wanted: type | tuple[type, ...], kind: str, *, required: bool) -> Any:
        """The value if it is there and of the wanted type, else None after noting why not."""
        self.known.add(key)
        value = self.table.get(key)
        if value is None:
            if required:
                self.fault(key, _("This field is missing."))
            return None
        # In Python true is a whole number; in the file it is not.
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            self.fault(key, _("Give %(kind)s.") % {"kind": kind})
            return None
        return value

    def text(self, key: str, longest: int, *, required: bool = False) -> str:
        value = self._get(key, str, _("a text in quotes"), required=required)
        if value is None:
            return ""
        value = value.strip()
        if required and not value:
            self.fault(key, _("This field is empty."))
        if len(value) > longest:
            self.fault(
                key,
                _("Give at most %(longest)d characters; these are %(length)d.")
                % {"longest": longest, "length": len(value)},
            )
        if "\0" in value:
            self.fault(key, _("This text has a character that cannot be stored."))
        return value

    def whole(self, key: str, least: int, most: int, *, required: bool = True) -> int | None:
        value = self._get(key, int, _("a whole number"), required=required)
        if value is not None and not least <= value <= most:
            self.fault(key, _("Give a whole number from %(least)d to %(most)d.") % {"least": least, "most": most})
            return None
        return value

    def number(self, key: str) -> Decimal | None:
        value = self._get(key, (int, Decimal), _("a number without quotes"), required=False)
        if value is None:
            return None
        fault = number_fault(Decimal(value))
        if fault:
            self.fault(key, fault)
            return None
        return Decimal(value)

    def flag(self, key: str) -> bool:
        return bool(self._get(key, bool, _("true or false"), required=False))

    def choice(self, key: str, choices: type[TextChoices], *, required: bool = True) -> str:
        value = self._get(
            key, str, _("one of: %(choices)s") % {"choices": ", ".join(choices.values)}, required=required
        )
        if value is not None and value not in choices.values:
            self.fault(
                key,
                _("“%(value)s” is not known. Give one of: %(choices)s.")
                % {"value": value, "choices": ", ".join(choices.values)},
            )
            return ""
        return value or ""

    def months(self, key: str) -> tuple[int, int] | None:
        """Fiscal months from "4-6", as on the wall calendar."""
        value = self._get(key, str, _('months like "4-6", April to June'), required=True)
        return None if value is None else self.month_span(key, value)

    def month_span(self, key: str, value: object) -> tuple[int, int] | None:
        first, dash, last = value.partition("-") if isinstance(value, str) else ("", "", "")
        last = last if dash else first
        if first not in FISCAL_MONTH_OF or last not in FISCAL_MONTH_OF:
            self.fault(key, _('Give months like "4-6", April to June.'))
            return None
        span = FISCAL_MONTH_OF[first], FISCAL_MONTH_OF[last]
        if span[1] < span[0]:
            self.fault(key, _("These months run backwards: a fiscal year begins in April and ends in March."))
            return None
        return span

    def list(self, key: str) -> list[Any]:
        return self._get(key, list, _("a list in square brackets"), required=False) or []

    def subtable(self, key: str) -> "Entry":
        """The table under the key, empty where there is none; its faults name `key.field`."""
        table = self._get(key, dict, _("a table"), required=False) or {}
        return Entry(file=self.file, name=self.name, table=table, faults=self.faults, within=f"{key}.")

    def refuse_unknown(self, also: Collection[str] = ()) -> None:
        """Note every key that nothing has asked for: a misspelt field must not pass in silence."""
        for key in self.table:
            if key not in self.known and key not in also:
                self.fault(
                    key,
                    _("This field is not known here. Known are: %(known)s.") % {"known": ", ".join(sorted(self.known))},
                )
