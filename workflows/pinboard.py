"""The pinned comments as pages show them, each at its place, with the forms by which people answer and add to them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.http import QueryDict

from workflows.access import Action
from workflows.dossier import Dossier
from workflows.forms.pins import AnswerForm, PinForm, ResolutionForm, SaidForm
from workflows.forms.reports import EntryForm
from workflows.places import INDICATORS, WHOLE, CardKey, Place, places
from workflows.remarks import Remark, read_remarks


@dataclass
class PinCard:
    """The comments on one measure with its indicators, on the strategy's indicators, or on the whole."""

    open: list[Remark] = field(default_factory=list)
    resolved: list[Remark] = field(default_factory=list)
    form: PinForm | None = None


@dataclass(frozen=True)
class PinBoard:
    """The review page's: cards with something in them by their key; `answers` by comment, for those who may answer."""

    open: list[Remark]
    cards: dict[CardKey, PinCard]
    answers: dict[int, AnswerForm]
    may_resolve: bool


def pin_board(
    dossier: Dossier, may: Collection[Action], data: QueryDict | None = None, sent: SaidForm | None = None
) -> PinBoard:
    """All comments on what the dossier shows. `data`: what was typed on the page, to stand in the forms again; `sent`:
    the form among them that was refused, with its errors."""
    remarks = read_remarks(dossier.events, dossier.papers.rounds)
    unresolved = [remark for remark in remarks if remark.is_open]
    cards, answers = _cards(dossier, remarks), _answers(unresolved, may, data)
    if Action.PIN in may and dossier.shown is not None:
        known = places(dossier.papers.rounds[dossier.shown.round])
        for key in {place.card for place in known.values()}:
            cards[key].form = pin_form(known, key, data, is_sent=False)
    if isinstance(sent, AnswerForm):
        answers[sent.remark.pk] = sent
    elif isinstance(sent, PinForm):
        cards[sent.key].form = sent
    return PinBoard(unresolved, dict(cards), answers, Action.RESOLVE in may)


def _cards(dossier: Dossier, remarks: Iterable[Remark]) -> defaultdict[CardKey, PinCard]:
    """The comments by the cards of the page; those on what it does not show are with the whole."""
    measures = dossier.report.measures if dossier.report else dossier.plan or []
    shown: set[CardKey] = {measure.id for measure in measures}
    if dossier.report and dossier.report.indicators:
        shown.add(INDICATORS)
    cards: defaultdict[CardKey, PinCard] = defaultdict(PinCard)
    for remark in remarks:
        card = cards[remark.place.card if remark.place.card in shown else WHOLE]
        (card.open if remark.is_open else card.resolved).append(remark)
    return cards


def _answers(unresolved: Iterable[Remark], may: Collection[Action], data: QueryDict | None) -> dict[int, AnswerForm]:
    if Action.ANSWER not in may:
        return {}
    kind = ResolutionForm if Action.RESOLVE in may else AnswerForm
    return {remark.pk: kind(data, remark=remark, is_sent=False) for remark in unresolved}


def pin_form(known: dict[str, Place], key: CardKey, data: QueryDict | None = None, *, is_sent: bool = True) -> PinForm:
    """The form to comment on the places of one card."""
    return PinForm(data, places=[place for place in known.values() if place.card == key], key=key, is_sent=is_sent)


class SheetPins:
    """The comments that are not resolved, beside the fields of a sheet; answers to them are typed into the sheet.

    `beside`: the fields' names and the forms' prefixes → comments; under "" those that have no place in the sheet.
    `answers` by comment. `asked`: the comment whose answer is to be sent.
    """

    def __init__(self, remarks: Iterable[Remark], entries: Iterable[EntryForm], data: QueryDict | None = None) -> None:
        self.open = [remark for remark in remarks if remark.is_open]
        self.answers = {remark.pk: AnswerForm(data, remark=remark, in_sheet=True) for remark in remarks}
        self.asked: int | None = None
        names = {name for form in entries for name in (form.prefix, *map(form.add_prefix, form.fields))}
        self.beside: dict[str, list[Remark]] = defaultdict(list)
        for remark in self.open:
            entry, _dot, name = remark.place.target.partition(".")
            self.beside[next((key for key in (f"{entry}-{name}", entry) if key in names), "")].append(remark)

    def ask_for(self, action: str) -> bool:
        """Note for which comment the pressed button says answer; whether it says that at all."""
        for pin_id, form in self.answers.items():
            if action == form.prefix:
                self.asked, form.fields["text"].required = pin_id, True
        return self.asked is not None

    def is_valid(self) -> bool:
        """Look at every answer, so that all mistakes are shown at once."""
        mistaken = [form for form in self.answers.values() if not form.is_valid()]
        return not mistaken

    def typed(self) -> dict[int, str]:
        """The answers that something was typed into, by comment."""
        return {pk: form.cleaned_data["text"] for pk, form in self.answers.items() if form.cleaned_data["text"]}

    def unsent(self) -> list[tuple[str, str]]:
        """The same as label and text."""
        return [pair for form in self.answers.values() for pair in form.kept()]

    def without_asked(self, data: QueryDict) -> QueryDict:
        """What was sent, without the answer that has been taken out of it."""
        rest = data.copy()
        rest.pop(self.answers[self.asked]["text"].html_name)
        return rest
