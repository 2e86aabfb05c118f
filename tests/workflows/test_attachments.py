"""Evidence in a draft: kept once under its hash, replaced and removed while it is prepared, frozen when submitted."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from departments.models import PlanAuthor
from tests.factories import make_plan
from tests.servers.clamd import Clamd
from tests.servers.ports import free_port
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, at, fresh, now_of, opened, save, take
from tests.workflows.papers import JPEG, PDF, office, png, sha256
from workflows.access import Action
from workflows.content import canonical, changes, digest
from workflows.errors import NotAllowed, Overtaken, ReviewError, Stale
from workflows.evidence import storage
from workflows.models import Attachment, CheckpointKind, Event, Review, Stage, StoredFile, Submission
from workflows.services.attachments import FILES_CAP, attach, detach
from workflows.services.reviews import submit

OTHER_PDF = PDF + b"% mended\n"
LATER_PDF = PDF + b"% again\n"


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    kept = {**settings.STORAGES["attachments"], "OPTIONS": {"location": tmp_path / "attachments"}}
    settings.STORAGES = {**settings.STORAGES, "attachments": kept}


def files_on_disk() -> set[str]:
    folder = Path(storages["attachments"].location)
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def add(review: Review, by: Any, content: bytes = PDF, name: str = "集計.pdf", **given: Any) -> Review:
    task_id = given.pop("task_id", now_of(review).task_id or 0)
    return attach(review_id=review.pk, task_id=task_id, name=name, file=io.BytesIO(content), by=fresh(by), now=NOW)


def remove(review: Review, by: Any, attachment_id: int) -> Review:
    task_id = now_of(review).task_id or 0
    return detach(review_id=review.pk, task_id=task_id, attachment_id=attachment_id, by=fresh(by), now=NOW)


def in_draft(review: Review) -> dict[str, str]:
    return {found.name: found.file.sha256 for found in Attachment.objects.filter(review=review).select_related("file")}


def submitted(review: Review) -> list[list[dict[str, Any]]]:
    """The attachments of each round."""
    return [json.loads(found.content)["attachments"] for found in review.submissions.order_by("round")]


# ---- adding, replacing, removing


def test_adding_a_file_is_a_save_of_the_draft(review: Review, cast: Cast) -> None:
    changed = add(review, cast.editor)
    assert (changed.version, changed.saved_by, changed.saved_at) == (2, cast.editor, NOW)
    attachment = Attachment.objects.select_related("file").get()
    assert (attachment.name, attachment.added_by, attachment.added_at) == ("集計.pdf", cast.editor, NOW)
    stored = attachment.file
    assert (stored.sha256, stored.size, stored.media_type) == (sha256(PDF), len(PDF), "application/pdf")
    assert files_on_disk() == {f"{stored.sha256[:2]}/{stored.sha256}"}
    with storage.read(stored.sha256) as kept:
        assert kept.read() == PDF
    assert PlanAuthor.objects.filter(user=cast.editor, plan=review.plan_id).exists()
    assert list(Event.objects.values_list("kind", flat=True)) == ["opened"]


def test_the_same_file_twice_is_one_save_and_one_file(review: Review, cast: Cast) -> None:
    for _ in range(2):
        assert add(review, cast.editor).version == 2
    assert add(review, cast.editor, name="写し.pdf").version == 3
    assert (StoredFile.objects.count(), len(files_on_disk())) == (1, 1)
    assert in_draft(review) == {"集計.pdf": sha256(PDF), "写し.pdf": sha256(PDF)}


def test_a_file_of_the_same_name_takes_its_place(review: Review, cast: Cast) -> None:
    add(review, cast.editor)
    add(review, cast.lead, OTHER_PDF)
    assert in_draft(review) == {"集計.pdf": sha256(OTHER_PDF)}
    assert Attachment.objects.get().added_by == cast.lead
    assert len(files_on_disk()) == 2


def test_removing_twice_removes_once(review: Review, cast: Cast) -> None:
    add(review, cast.editor)
    number = Attachment.objects.get().pk
    assert remove(review, cast.lead, number).version == 3
    assert remove(review, cast.lead, number).version == 3
    assert in_draft(review) == {}
    assert StoredFile.objects.count() == 1


def test_a_file_of_another_review_stays(places: Places, review: Review, cast: Cast) -> None:
    other = opened(make_approved_plan(places.tax))[0]
    add(other, cast.tax_editor)
    remove(review, cast.editor, Attachment.objects.get().pk)
    assert in_draft(other) == {"集計.pdf": sha256(PDF)}
    assert now_of(review).version == 1


def test_only_so_many_files(review: Review, cast: Cast) -> None:
    for number in range(FILES_CAP):
        add(review, cast.editor, name=f"{number}.pdf")
    with pytest.raises(ReviewError, match="添付資料は20件までです。"):
        add(review, cast.editor)
    assert len(in_draft(review)) == FILES_CAP
    add(review, cast.editor, OTHER_PDF, name="7.pdf")
    assert in_draft(review)["7.pdf"] == sha256(OTHER_PDF)


def test_who_may_not_save_leaves_nothing_behind(review: Review, cast: Cast) -> None:
    for person in cast.everybody():
        if person in (cast.editor, cast.lead):
            continue
        with pytest.raises(NotAllowed):
            add(review, person)
        with pytest.raises(NotAllowed):
            remove(review, person, 1)
    assert (in_draft(review), files_on_disk(), StoredFile.objects.count()) == ({}, set(), 0)


@pytest.mark.parametrize("stage", [Stage.REVIEW, Stage.APPROVE, Stage.APPROVED])
def test_only_while_it_is_prepared(review: Review, cast: Cast, stage: Stage) -> None:
    add(review, cast.editor)
    at(stage, review, cast)
    for person in (cast.editor, cast.lead, cast.reviewer, cast.approver):
        with pytest.raises((NotAllowed, Stale)):
            add(review, person, OTHER_PDF)
        with pytest.raises((NotAllowed, Stale)):
            remove(review, person, Attachment.objects.get().pk)
    assert in_draft(review) == {"集計.pdf": sha256(PDF)}


def test_a_page_of_an_earlier_turn_changes_nothing(review: Review, cast: Cast) -> None:
    task_id = review.task_id
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    with pytest.raises(Stale):
        add(review, cast.editor, task_id=task_id)
    assert in_draft(review) == {}


def test_what_cannot_be_taken_leaves_nothing_behind(review: Review, cast: Cast) -> None:
    with pytest.raises(ReviewError):
        add(review, cast.editor, b"<html>", "a.pdf")
    assert (in_draft(review), files_on_disk(), now_of(review).version) == ({}, set(), 1)


# ---- what is submitted


def test_a_round_freezes_its_files(review: Review, cast: Cast) -> None:
    add(review, cast.editor, PDF)
    add(review, cast.editor, png(), "い.png")
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    add(review, cast.editor, OTHER_PDF)
    add(review, cast.editor, JPEG, "あ.jpg")
    remove(review, cast.editor, Attachment.objects.get(name="い.png").pk)
    take(Action.SUBMIT, review, cast.lead)
    jpeg = {"name": "あ.jpg", "sha256": sha256(JPEG), "size": len(JPEG), "type": "image/jpeg"}
    picture = {"name": "い.png", "sha256": sha256(png()), "size": len(png()), "type": "image/png"}
    old = {"name": "集計.pdf", "sha256": sha256(PDF), "size": len(PDF), "type": "application/pdf"}
    new = {**old, "sha256": sha256(OTHER_PDF), "size": len(OTHER_PDF)}
    assert submitted(review) == [[picture, old], [jpeg, new]]
    first, second = Submission.objects.order_by("round")
    assert [found.sha256 for found in (first, second)] == [digest(found.content) for found in (first, second)]
    before, after = json.loads(first.content), json.loads(second.content)
    assert canonical(before) == first.content
    assert [(change.place, change.key, change.before, change.after) for change in changes(before, after)] == [
        ("あ.jpg", "file", None, jpeg),
        ("集計.pdf", "file", old, new),
        ("い.png", "file", picture, None),
    ]
    everything = {sha256(content) for content in (PDF, OTHER_PDF, png(), JPEG)}
    assert storage.missing_or_changed(everything) == []


def test_a_file_added_behind_ones_back_is_not_submitted(review: Review, cast: Cast) -> None:
    seen = save(review, cast.lead)
    add(review, cast.editor)
    with pytest.raises(Overtaken):
        submit(review_id=seen.pk, task_id=seen.task_id, version=seen.draft_version, by=cast.lead, now=NOW)
    assert now_of(review).stage == Stage.PREPARE


def test_a_plan_takes_files_too(places: Places, cast: Cast) -> None:
    (planning,) = opened(make_plan(places.civic, measures=1), kind=CheckpointKind.PLAN)
    seen = now_of(planning)
    add(planning, cast.editor)
    with pytest.raises(Overtaken):
        submit(review_id=seen.pk, task_id=seen.task_id, version=seen.draft_version, by=cast.lead, now=NOW)
    take(Action.SUBMIT, planning, cast.lead)
    assert [[file["name"] for file in files] for files in submitted(planning)] == [["集計.pdf"]]


def test_rounds_frozen_before_there_were_files_compare_with_later_ones() -> None:
    measure = {"id": 1, "number": 1, "title": "窓口", "done": "進めた。"}
    before = {"format": 1, "kind": "report", "measures": [measure], "indicators": []}
    file = {"name": "a.pdf", "sha256": "0" * 64, "size": 1, "type": "application/pdf"}
    after = {**before, "format": 2, "measures": [{**measure, "priority": "mayor"}], "attachments": [file]}
    assert [(change.key, change.before, change.after) for change in changes(before, after)] == [("file", None, file)]


# ---- the bytes


def test_what_is_gone_or_changed_is_found_and_mended_by_the_file_itself(review: Review, cast: Cast) -> None:
    add(review, cast.editor, PDF)
    add(review, cast.editor, OTHER_PDF, "b.pdf")
    add(review, cast.editor, LATER_PDF, "c.pdf")
    hashes = [sha256(content) for content in (PDF, OTHER_PDF, LATER_PDF)]
    gone, changed = (Path(storages["attachments"].path(f"{name[:2]}/{name}")) for name in hashes[1:])
    gone.unlink()
    changed.write_bytes(LATER_PDF[:-1])
    assert storage.missing_or_changed([*hashes, "f" * 64]) == [*hashes[1:], "f" * 64]
    add(review, cast.editor, OTHER_PDF, "b.pdf")
    add(review, cast.editor, LATER_PDF, "c.pdf")
    assert storage.missing_or_changed(hashes) == []


def test_a_file_is_there_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="no space left"):
        storage.keep(sha256(PDF), io.BytesIO(PDF))
    assert files_on_disk() == set()
    monkeypatch.undo()
    storage.keep(sha256(PDF), io.BytesIO(PDF))
    assert files_on_disk() == {f"{sha256(PDF)[:2]}/{sha256(PDF)}"}


# ---- the virus scanner


@pytest.fixture(params=["tcp", "unix"])
def clamd(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[Clamd]:
    server = Clamd(str(tmp_path / "clamd.ctl") if request.param == "unix" else "")
    settings.CLAMD_URL = server.url
    yield server
    server.close()


def test_the_scanner_gets_the_whole_file_and_lets_it_in(review: Review, cast: Cast, clamd: Clamd) -> None:
    large = office(parts={"xl/sheet.xml": os.urandom(300_000)})
    add(review, cast.editor, large, "a.xlsx")
    assert clamd.scanned == [large]
    assert in_draft(review) == {"a.xlsx": sha256(large)}
    assert storage.missing_or_changed([sha256(large)]) == []


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("stream: Eicar-Signature FOUND", "ウイルス検査で問題が見つかった"),
        ("INSTREAM size limit exceeded. ERROR", "ウイルス検査ができない"),
        ("stream: Can't allocate memory ERROR", "ウイルス検査ができない"),
        ("", "ウイルス検査ができない"),
    ],
)
def test_whatever_the_scanner_does_not_call_clean_stays_out(
    review: Review, cast: Cast, clamd: Clamd, answer: str, sentence: str
) -> None:
    clamd.answer = answer
    with pytest.raises(ReviewError, match=sentence):
        add(review, cast.editor)
    assert clamd.scanned == [PDF]
    assert (in_draft(review), files_on_disk(), now_of(review).version) == ({}, set(), 1)


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:{port}", "unix:///nowhere/clamd.ctl", "127.0.0.1:3310", "tcp://x:y"])
def test_without_the_scanner_nothing_is_let_in(review: Review, cast: Cast, settings: Any, url: str) -> None:
    settings.CLAMD_URL = url.format(port=free_port())
    with pytest.raises(ReviewError, match="ウイルス検査ができない"):
        add(review, cast.editor)
    assert (in_draft(review), files_on_disk(), now_of(review).version) == ({}, set(), 1)
