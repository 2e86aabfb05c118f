"""The page on which a whole plan is edited: rows come and go without a script, and what was typed stays."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from departments.drafts import IndicatorDraft, MeasureDraft, MilestoneDraft, PlanDraft
from departments.fiscal import MONTHS
from departments.forms.fields import LinesField, NumberField
from departments.models import ActionPlan, Department, Initiative
from departments.models.indicators import Direction, Kind
from departments.models.plans import PlanKind, Priority
from departments.rules import months_fault, target_faults
from departments.wording import month_text, number_text
from departments.years import year_label

NOT_CHOSEN = ("", _("Choose"))
# Django refuses longer forms outright, and what was typed would be lost.
ROOM_FOR_A_ROW = 20
NUMBER = r"0|[1-9]\d{0,3}"
REMOVABLE = re.compile(rf"m({NUMBER})(-[sk]({NUMBER}))?")
ADDABLE = re.compile(rf"m|m({NUMBER})-[sk]")


def month_choices() -> list[tuple[str, Any]]:
    return [NOT_CHOSEN, *((str(month), month_text(month)) for month in MONTHS)]


def initiative_choices(fiscal_year: int) -> list[tuple[str, Any]]:
    found = Initiative.objects.filter(strategy__fiscal_year=fiscal_year).order_by("number")
    return [NOT_CHOSEN, *((str(row.pk), str(row)) for row in found)]


class PlanAddForm(forms.Form):
    """Which plan to start: one of the departments that the person drafts for, one of the years with a strategy."""

    department = forms.ModelChoiceField(Department.objects.none(), label=_("Department"), empty_label=_("Choose"))
    fiscal_year = forms.TypedChoiceField(label=_("Fiscal year"), coerce=int)
    kind = forms.ChoiceField(label=_("Kind"), choices=PlanKind.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, department_ids: Iterable[int], years: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = Department.objects.filter(pk__in=department_ids)
        self.fields["fiscal_year"].choices = [(str(year), year_label(year)) for year in years]


class RowForm(forms.Form):
    """One row of the page. A new row that was left blank is no row; an existing one must stay filled."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(label=_("Title"), max_length=120)

    def __init__(self, *args: Any, title: str, **kwargs: Any) -> None:
        """`title` says which row this is, before the names of its fields in the list of mistakes."""
        super().__init__(*args, empty_permitted=True, use_required_attribute=False, **kwargs)
        self.title = title
        # In a template `form.title` is the field of that name.
        self.row_name = title
        if self.row_id:
            self.empty_permitted = False

    @property
    def row_id(self) -> str:
        """The id of the row that it is about, empty for a new one."""
        return str(self["id"].value() or "")

    @property
    def is_blank(self) -> bool:
        return self.empty_permitted and not self.has_changed()


class _RowWithMonths(RowForm):
    first_month = forms.TypedChoiceField(label=_("From"), coerce=int, choices=month_choices)
    last_month = forms.TypedChoiceField(label=_("Until"), coerce=int, choices=month_choices)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("first_month") and cleaned.get("last_month"):
            fault = months_fault(cleaned["first_month"], cleaned["last_month"])
            if fault:
                self.add_error("last_month", fault)
        return cleaned


class MilestoneForm(_RowWithMonths):
    def to_draft(self) -> MilestoneDraft:
        cleaned = self.cleaned_data
        return MilestoneDraft(cleaned["title"], cleaned["first_month"], cleaned["last_month"])


class IndicatorForm(RowForm):
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[NOT_CHOSEN, *((kind.value, kind.label) for kind in Kind if kind != Kind.DERIVED)]
    )
    direction = forms.ChoiceField(label=_("Direction"), choices=[NOT_CHOSEN, *Direction.choices])
    target = NumberField(label=_("Target"), required=False)
    unit = forms.CharField(label=_("Unit"), max_length=10, required=False)
    formula = LinesField(label=_("Formula"), max_length=1000, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") and cleaned.get("direction") and "target" in cleaned:
            for at, message in target_faults(cleaned["kind"], cleaned["direction"], cleaned["target"]).items():
                self.add_error(at, message)
        return cleaned

    def to_draft(self) -> IndicatorDraft:
        return IndicatorDraft(**self.cleaned_data)


class MeasureForm(_RowWithMonths):
    field_order = ["title", "initiative", "priority"]
    initiative = forms.TypedChoiceField(label=_("Initiative"), coerce=int)
    priority = forms.ChoiceField(label=_("Class"), choices=[NOT_CHOSEN, *Priority.choices])
    goal = LinesField(
        label=_("Goal for the year"),
        max_length=1000,
        required=False,
        help_text=_("What will be so by the end of the year. It is needed before the plan can be submitted."),
    )

    def __init__(self, *args: Any, initiatives: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["initiative"].choices = initiatives
        self.fields["goal"].need = _("(needed to submit)")


class SummaryForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    summary = LinesField(label=_("Summary"), max_length=2000, required=False)


@dataclass
class MeasureRow:
    """A measure's form with those of its milestones and indicators. `key` is their prefix on the page: m0."""

    key: str
    form: MeasureForm
    milestones: list[MilestoneForm] = field(default_factory=list)
    indicators: list[IndicatorForm] = field(default_factory=list)

    def forms(self) -> Iterator[RowForm]:
        yield self.form
        yield from self.milestones
        yield from self.indicators

    @property
    def is_blank(self) -> bool:
        return all(form.is_blank for form in self.forms())

    def to_draft(self) -> MeasureDraft:
        milestones = [form.to_draft() for form in self.milestones if not form.is_blank]
        return MeasureDraft(
            **self.form.cleaned_data,
            milestones=tuple(sorted(milestones, key=lambda row: (row.first_month, row.last_month))),
            indicators=tuple(form.to_draft() for form in self.indicators if not form.is_blank),
        )


class PlanEditor:
    """All forms of the page. Rows are known by the fields that were sent: m0-title, m0-s1-title, m0-k0-title."""

    def __init__(
        self, plan: ActionPlan, typed: dict[str, Any], *, check: bool, head: type[SummaryForm] = SummaryForm
    ) -> None:
        """`typed`: field name → text. With `check`, forms tell what is wrong; without, they only show it.

        `head`: the form on top, which may ask for more than a summary.
        """
        self.typed = typed
        self.check = check
        self.initiatives = initiative_choices(plan.fiscal_year)
        self.summary = head(typed) if check else head(initial=typed)
        self.measures = [self._measure(number, key) for number, key in enumerate(_rows(typed, "m"), start=1)]

    def _form(self, form: type[RowForm], key: str, **kwargs: Any) -> Any:
        if self.check:
            return form(self.typed, prefix=key, **kwargs)
        start = f"{key}-"
        return form(
            prefix=key,
            initial={name.removeprefix(start): self.typed[name] for name in self.typed if name.startswith(start)},
            **kwargs,
        )

    def _measure(self, number: int, key: str) -> MeasureRow:
        name = gettext("Measure %(number)d") % {"number": number}
        row = MeasureRow(key, self._form(MeasureForm, key, title=name, initiatives=self.initiatives))
        for at, each in enumerate(_rows(self.typed, f"{key}-s"), start=1):
            title = gettext("%(measure)s, milestone %(number)d") % {"measure": name, "number": at}
            row.milestones.append(self._form(MilestoneForm, each, title=title))
        for at, each in enumerate(_rows(self.typed, f"{key}-k"), start=1):
            title = gettext("%(measure)s, indicator %(number)d") % {"measure": name, "number": at}
            row.indicators.append(self._form(IndicatorForm, each, title=title))
        return row

    def focus_on(self, key: str) -> None:
        """Let the page open at that row."""
        for form in self.forms():
            if form.prefix == key:
                form.fields["title"].widget.attrs["autofocus"] = True

    def tell_before(self, earlier: PlanDraft) -> None:
        """Say at each field what stands in the earlier draft, where that is something else."""
        measures = {str(measure.id): measure for measure in earlier.measures}
        _tell_before(self.summary, {"summary": earlier.summary})
        for row in self.measures:
            measure = measures.get(row.form.row_id)
            if measure is not None:
                _tell_before(row.form, vars(measure))
                indicators = {str(indicator.id): vars(indicator) for indicator in measure.indicators}
                for form in row.indicators:
                    _tell_before(form, indicators.get(form.row_id, {}))

    def forms(self) -> list[forms.Form]:
        return [self.summary, *(form for row in self.measures for form in row.forms())]

    def is_valid(self) -> bool:
        for row in self.measures:
            # A milestone without its measure would vanish with it.
            row.form.empty_permitted = row.form.empty_permitted and row.is_blank
        return all(form.is_valid() for form in self.forms())

    def to_draft(self) -> PlanDraft:
        measures = tuple(row.to_draft() for row in self.measures if not row.is_blank)
        return PlanDraft(summary=self.summary.cleaned_data["summary"], measures=measures)


def _tell_before(form: forms.Form, earlier: dict[str, Any]) -> None:
    for name in form.fields.keys() & earlier.keys() - {"id"}:
        was = _shown(form, name, earlier[name])
        if was != _shown(form, name, form[name].value()):
            said = gettext("Before the change: %(text)s") % {"text": was or gettext("(empty)")}
            form[name].help_text = format_html('{}<span class="before typed">{}</span>', form[name].help_text, said)


def _shown(form: forms.Form, name: str, value: Any) -> str:
    """A value of the field as people read it, whether it was typed or stored."""
    if isinstance(value, Decimal):
        return number_text(value)
    text = "" if value is None else str(value).replace("\r\n", "\n")
    return str(dict(getattr(form.fields[name], "choices", ())).get(text, text))


def _rows(typed: Iterable[str], start: str) -> list[str]:
    """The keys of the rows under `start` in the order of their numbers: m → m0, m2, m10."""
    pattern = re.compile(rf"{re.escape(start)}({NUMBER})-title")
    found = filter(None, map(pattern.fullmatch, typed))
    return [f"{start}{number}" for number in sorted(int(match[1]) for match in found)]


def editor_of(plan: ActionPlan, draft: PlanDraft) -> PlanEditor:
    """The page as it is opened."""
    return PlanEditor(plan, {"version": plan.version, **fields_of(draft)}, check=False)


def fields_of(draft: PlanDraft) -> dict[str, Any]:
    """The draft as the fields of the page, by their names."""
    typed: dict[str, Any] = {"summary": draft.summary}
    for at, measure in enumerate(draft.measures):
        plain = {name: value for name, value in vars(measure).items() if name not in ("milestones", "indicators")}
        typed |= _prefixed(f"m{at}", plain)
        for place, milestone in enumerate(measure.milestones):
            typed |= _prefixed(f"m{at}-s{place}", vars(milestone))
        for place, indicator in enumerate(measure.indicators):
            typed |= _prefixed(f"m{at}-k{place}", vars(indicator))
    return typed


def _prefixed(key: str, values: dict[str, Any]) -> dict[str, Any]:
    return {f"{key}-{name}": value for name, value in values.items()}


def has_room(posted: QueryDict) -> bool:
    """Whether the form with one more row could still be sent."""
    return len(posted) + ROOM_FOR_A_ROW <= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def with_change(typed: dict[str, Any], change: str) -> tuple[dict[str, Any], str]:
    """The fields after a button was pressed, and the key of the row to go to.

    `change` is `add m`, `add m0-s`, `remove m0` or `remove m0-s1`; anything else changes nothing.
    """
    verb, _space, key = change.partition(" ")
    if verb == "remove" and REMOVABLE.fullmatch(key):
        kept = {name: value for name, value in typed.items() if not name.startswith(f"{key}-")}
        return kept, key.partition("-")[0]
    if verb == "add" and ADDABLE.fullmatch(key):
        last = _rows(typed, key)[-1:]
        added = f"{key}{int(last[0].removeprefix(key)) + 1 if last else 0}"
        return {**typed, f"{added}-title": ""}, added
    return typed, ""
