"""Attachments over HTTP: chosen beside what is typed, listed where it is read, downloaded by whoever may read it."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from departments.models import ActionPlan, User
from tests.factories import make_plan
from tests.workflows.amendments import asked, other, proposed
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, at, now_of, opened, save, take
from tests.workflows.pages import logged_in, page_of, post_sheet, sheet_of, text_of
from tests.workflows.papers import PDF, document, office, png, sha256
from workflows.access import Action
from workflows.models import Attachment, CheckpointKind, MeasureReport, Review, Stage
from workflows.services.attachments import attach
from workflows.views import files

pytestmark = pytest.mark.usefixtures("clock")

OTHER_PDF = PDF + b"% mended\n"


def upload(content: bytes = PDF, name: str = "集計.pdf", sent_as: str = "text/html") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=sent_as)


def in_draft(review: Review) -> dict[str, str]:
    return {found.name: found.file.sha256 for found in Attachment.objects.filter(review=review).select_related("file")}


def add(review: Review, by: User, content: bytes = PDF, name: str = "集計.pdf") -> Review:
    task_id = now_of(review).task_id or 0
    return attach(review_id=review.pk, task_id=task_id, name=name, file=upload(content), by=by, now=NOW)


def done_of(review: Review) -> str:
    return MeasureReport.objects.get(review=review).done


# ---- on the sheet


def test_attaching_saves_what_was_typed(cast: Cast, review: Review) -> None:
    data = {**sheet_of(review, done="進めた。"), "file": upload()}
    response = post_sheet(cast.editor, review, "attach", data)
    assert response["Location"] == reverse("prepare", args=[review.pk]) + "#attachments"
    assert (in_draft(review), done_of(review)) == ({"集計.pdf": sha256(PDF)}, "進めた。")
    page = page_of(cast.editor, "prepare", review.pk)
    assert re.search(r"添付資料 集計\.pdf \d+ バイト 外す ：集計\.pdf", text_of(page))
    assert reverse("review_file", args=[review.pk, sha256(PDF), "集計.pdf"]) in page.content.decode()


@pytest.mark.parametrize("action", ["save", "submit"])
def test_a_chosen_file_comes_along_whatever_is_pressed(cast: Cast, review: Review, action: str) -> None:
    data = {**sheet_of(review, progress="on_plan", done="終えた。"), "file": upload()}
    assert post_sheet(cast.lead, review, action, data).status_code == 302
    assert in_draft(review) == {"集計.pdf": sha256(PDF)}
    assert now_of(review).stage == (Stage.REVIEW if action == "submit" else Stage.PREPARE)


def test_what_is_not_ready_to_be_submitted_keeps_the_file(cast: Cast, review: Review) -> None:
    page = post_sheet(cast.lead, review, "submit", {**sheet_of(review, done="進めた。"), "file": upload()})
    assert "まだ提出していません。" in text_of(page)
    assert "集計.pdf" in text_of(page)
    assert "ファイルはまだ保存していません。" not in text_of(page)
    assert (in_draft(review), done_of(review)) == ({"集計.pdf": sha256(PDF)}, "進めた。")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (upload(b"<html>", "a.pdf", "application/pdf"), "ウェブページや図面のファイル"),
        (upload(b"", "a.pdf"), "ファイルが空です。"),
        (upload(PDF + b" " * 10 * 1024 * 1024, "a.pdf"), "ファイルが10MBを超えています。"),
        ("", "ファイルを選んでください。"),
    ],
)
def test_a_refused_file_gets_a_sentence_and_the_words_are_saved(
    cast: Cast, review: Review, file: Any, sentence: str
) -> None:
    page = post_sheet(cast.editor, review, "attach", {**sheet_of(review, done="進めた。"), "file": file})
    text = text_of(page)
    assert page.status_code == 200
    assert "入力内容に1件の誤りがあります" in text
    assert text.count(sentence) == 2
    assert 'href="#id_file"' in page.content.decode()
    assert 'aria-invalid="true"' in page.content.decode()
    assert (in_draft(review), done_of(review)) == ({}, "進めた。")
    assert f'name="version" value="{now_of(review).version}"' in page.content.decode()


def test_a_refused_file_keeps_the_report_from_being_submitted(cast: Cast, review: Review) -> None:
    data = {**sheet_of(review, progress="on_plan", done="終えた。"), "file": upload(b"<html>", "a.pdf")}
    page = post_sheet(cast.lead, review, "submit", data)
    assert "ウェブページや図面のファイル" in text_of(page)
    assert (now_of(review).stage, done_of(review)) == (Stage.PREPARE, "終えた。")


@pytest.mark.parametrize("action", ["attach", "save", "copy-1"])
def test_a_page_shown_anew_says_that_the_file_has_to_be_chosen_again(cast: Cast, review: Review, action: str) -> None:
    data = {**sheet_of(review, percent="101", done="進めた。"), "file": upload()}
    text = text_of(post_sheet(cast.editor, review, action, data))
    assert "ファイルはまだ保存していません。もう一度選んでください。" in text
    assert "進めた。" in text
    assert in_draft(review) == {}


def test_who_is_overtaken_is_told_about_the_file_too(cast: Cast, review: Review) -> None:
    data = {**sheet_of(review, done="私の文"), "file": upload()}
    post_sheet(cast.lead, review, "save", sheet_of(review, done="所属長の文"))
    text = text_of(post_sheet(cast.editor, review, "attach", data))
    assert "相手が保存した内容: 所属長の文" in text
    assert "ファイルはまだ保存していません。" in text
    assert in_draft(review) == {}


def test_removing_saves_what_was_typed(cast: Cast, review: Review) -> None:
    add(review, cast.editor)
    review = now_of(review)
    number = Attachment.objects.get().pk
    for _ in range(2):
        data = {**sheet_of(review, done="進めた。"), "version": now_of(review).version}
        assert post_sheet(cast.editor, review, f"detach-{number}", data).status_code == 302
    assert (in_draft(review), done_of(review)) == ({}, "進めた。")


@pytest.mark.parametrize("action", ["detach-", "detach-x", "detach-²", "detach-" + "9" * 30, "attach-1", "Attach"])
def test_a_broken_button_is_a_bad_request(cast: Cast, review: Review, action: str) -> None:
    assert post_sheet(cast.editor, review, action, {**sheet_of(review), "file": upload()}).status_code == 400
    assert in_draft(review) == {}


def test_who_comes_second_attaches_nothing(cast: Cast, review: Review) -> None:
    data = {**sheet_of(review, done="もっと書いた。"), "file": upload()}
    at(Stage.REVIEW, review, cast)
    second = post_sheet(cast.editor, review, "attach", data)
    assert (second.status_code, in_draft(review)) == (409, {})
    assert "もっと書いた。" in text_of(second)


def test_nobody_else_attaches(cast: Cast, review: Review) -> None:
    add(review, cast.editor)
    number = Attachment.objects.get().pk
    for person in cast.everybody():
        if person in (cast.editor, cast.lead):
            continue
        data = {**sheet_of(review), "file": upload(OTHER_PDF)}
        answers = {post_sheet(person, review, action, data).status_code for action in ("attach", f"detach-{number}")}
        assert answers <= {302, 403, 404}, person
        assert in_draft(review) == {"集計.pdf": sha256(PDF)}, person


# ---- at the plan checkpoint


@pytest.fixture
def planning(places: Places) -> Review:
    return opened(make_plan(places.civic, measures=1), kind=CheckpointKind.PLAN)[0]


def post_plan(user: User, planning: Review, action: str, **data: Any) -> HttpResponse:
    sent = {"task": planning.task_id, "action": action, **data}
    return logged_in(user).post(reverse("prepare", args=[planning.pk]), sent)


def test_a_plan_has_a_form_of_its_own(cast: Cast, planning: Review) -> None:
    assert post_plan(cast.editor, planning, "attach", file=upload()).status_code == 302
    page = page_of(cast.lead, "prepare", planning.pk)
    assert text_of(page).count("集計.pdf") == 2  # its link, and the name of the button that removes it
    assert f'name="version" value="{now_of(planning).draft_version}"' in page.content.decode()
    assert post_plan(cast.lead, planning, f"detach-{Attachment.objects.get().pk}").status_code == 302
    assert in_draft(planning) == {}


def test_a_refused_file_of_a_plan_gets_its_sentence(cast: Cast, planning: Review) -> None:
    page = post_plan(cast.editor, planning, "attach", file=upload(b"PK\x03\x04", "a.xlsx"))
    assert text_of(page).count("このOfficeファイルは壊れているか") == 2
    assert text_of(post_plan(cast.editor, planning, "attach")).count("ファイルを選んでください。") == 2
    assert in_draft(planning) == {}


def test_a_plan_cannot_be_given_files_by_others(cast: Cast, planning: Review) -> None:
    assert post_plan(cast.tax_editor, planning, "attach", file=upload()).status_code == 404
    assert post_plan(cast.auditor, planning, "attach", file=upload()).status_code == 403
    at(Stage.REVIEW, planning, cast)
    assert post_plan(cast.editor, planning, "attach", file=upload()).status_code in (403, 409)
    assert in_draft(planning) == {}


def test_a_change_of_a_plan_takes_files_too(cast: Cast, plan: ActionPlan) -> None:
    change = asked(plan, cast.editor)
    proposed(change, cast.editor, other(plan, title="改めた施策"))
    assert post_plan(cast.editor, change, "attach", file=upload()).status_code == 302
    assert "集計.pdf" in text_of(page_of(cast.editor, "prepare", change.pk))
    take(Action.SUBMIT, change, cast.lead)
    assert "集計.pdf PDF、" in text_of(page_of(cast.reviewer, "review", change.pk))
    assert status_of(cast.reviewer, change.pk, PDF) == 200


# ---- reading


def test_reading_pages_list_the_files_of_what_they_show(cast: Cast, review: Review) -> None:
    add(review, cast.editor)
    add(review, cast.editor, office(), "集計表.xlsx")
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    add(review, cast.editor, OTHER_PDF)
    add(review, cast.editor, document(), "説明.docx")
    take(Action.SUBMIT, review, cast.lead)
    first = text_of(page_of(cast.reviewer, "review_round", review.pk, 1))
    assert re.search(r"添付資料 集計\.pdf PDF、\d+ バイト 集計表\.xlsx Excel、\d+ バイト", first)
    assert "説明.docx" not in first
    second = text_of(page_of(cast.reviewer, "review", review.pk))
    assert re.search(r"添付資料 › 説明\.docx ＋ 追加 \(記載なし\) \d+ バイト", second)
    replaced = r"添付資料 › 集計\.pdf △ 変更 \d+ バイト \d+ バイト ?\(同じ名前の別のファイルに差替え\)"
    assert re.search(replaced, second)
    assert re.search(r"添付資料 説明\.docx Word、\d+ バイト 集計\.pdf PDF、\d+ バイト 集計表\.xlsx Excel、", second)


def status_of(user: User, pk: int, content: bytes) -> int:
    """What the person gets for the file at the review with that number."""
    response = page_of(user, "review_file", pk, sha256(content), "a.pdf")
    b"".join(response)  # read to the end, which closes the file
    return response.status_code


@pytest.fixture
def answers(cast: Cast) -> Callable[..., dict[str, int]]:
    def ask(review: Review, content: bytes) -> dict[str, int]:
        """The status that each person of the cast gets for the file."""
        return {person.username: status_of(person, review.pk, content) for person in cast.everybody()}

    return ask


OWN = {"editor", "lead"}
SUBMISSIONS = OWN | {"dx_lead", "reviewer", "second_reviewer", "approver", "moved", "doubled"}


def readers(answers: dict[str, int]) -> set[str]:
    assert set(answers.values()) <= {200, 302, 404}
    assert answers["leaver"] == 302
    return {name for name, status in answers.items() if status == 200}


def test_who_may_download_what(cast: Cast, review: Review, answers: Callable[..., dict[str, int]]) -> None:
    add(review, cast.editor)
    assert readers(answers(review, PDF)) == OWN | {"auditor"}
    at(Stage.REVIEW, review, cast)
    assert readers(answers(review, PDF)) == SUBMISSIONS | {"auditor"}
    take(Action.RETURN, review, cast.reviewer)
    add(review, cast.editor, OTHER_PDF)
    assert readers(answers(review, PDF)) == SUBMISSIONS | {"auditor"}
    assert readers(answers(review, OTHER_PDF)) == OWN | {"auditor"}
    for action, by in ((Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)):
        take(action, review, by)
    assert readers(answers(review, PDF)) == SUBMISSIONS | {"auditor"}
    assert readers(answers(review, OTHER_PDF)) == SUBMISSIONS | {"auditor", "executive"}


def test_a_file_is_had_through_the_reviews_that_carry_it_alone(places: Places, cast: Cast, review: Review) -> None:
    other = opened(make_approved_plan(places.tax))[0]
    add(other, cast.tax_editor)
    assert [status_of(cast.editor, pk, PDF) for pk in (review.pk, other.pk, 0)] == [404, 404, 404]
    assert status_of(cast.tax_editor, other.pk, PDF) == 200


def test_a_hash_that_somebody_typed_is_no_file(places: Places, cast: Cast, review: Review) -> None:
    other = opened(make_approved_plan(places.tax))[0]
    add(other, cast.tax_editor)
    typed = f'"attachments":[{{"name":"a.pdf","sha256":"{sha256(PDF)}","size":1,"type":"text/html"}}]'
    save(review, cast.editor, done=typed)
    assert status_of(cast.editor, review.pk, PDF) == 404
    take(Action.SUBMIT, review, cast.lead)
    assert status_of(cast.editor, review.pk, PDF) == 404


def download(user: User, review: Review, content: bytes, name: str) -> tuple[HttpResponse, bytes]:
    response = page_of(user, "review_file", review.pk, sha256(content), name)
    return response, b"".join(response)


def test_a_download_can_do_no_harm(cast: Cast, review: Review) -> None:
    add(review, cast.editor)
    response, content = download(cast.editor, review, PDF, "集計.pdf")
    assert content == PDF
    assert {name: response[name] for name in ("Content-Type", "Content-Length", "Content-Disposition")} == {
        "Content-Type": "application/pdf",
        "Content-Length": str(len(PDF)),
        "Content-Disposition": "attachment; filename*=utf-8''%E9%9B%86%E8%A8%88.pdf",
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in response["Cache-Control"]


def test_the_name_in_the_address_only_chooses_among_names(cast: Cast, review: Review) -> None:
    add(review, cast.editor)
    add(review, cast.editor, name='集計 "2".pdf')
    wanted = {"evil.html": '集計 "2".pdf', "集計.pdf": "集計.pdf", '集計 "2".pdf': '集計 "2".pdf'}
    for wished, given_name in wanted.items():
        response, _content = download(cast.editor, review, PDF, wished)
        assert unquote(response["Content-Disposition"]) == f"attachment; filename*=utf-8''{given_name}"


@profile(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=150))
def test_every_name_that_is_taken_comes_back(cast: Cast, review: Review, stem: str) -> None:
    Attachment.objects.filter(review=review).delete()
    data = {**sheet_of(now_of(review)), "file": upload(png(), f"{stem}.png")}
    assert post_sheet(cast.editor, review, "attach", data).status_code in (200, 302)
    for name in in_draft(review):
        response, content = download(cast.editor, review, png(), name)
        assert content == png()
        disposition = response["Content-Disposition"]
        assert "\n" not in disposition
        assert name in (unquote(disposition.partition("utf-8''")[2]), disposition.partition('filename="')[2][:-1])


def test_a_file_that_is_gone_is_said_to_be_gone(
    cast: Cast, review: Review, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(files.log, "error", lambda event, **facts: told.append({"event": event, **facts}))
    add(review, cast.editor)
    storages["attachments"].delete(f"{sha256(PDF)[:2]}/{sha256(PDF)}")
    response = page_of(cast.editor, "review_file", review.pk, sha256(PDF), "集計.pdf")
    assert response.status_code == 404
    assert "「集計.pdf」は記録にありますが、ファイルの本体が見つかりません。" in text_of(response)
    assert told == [{"event": "stored file missing", "review": review.pk, "sha256": sha256(PDF)}]


def test_the_number_of_queries_is_fixed(cast: Cast, review: Review) -> None:
    client = logged_in(cast.lead)
    add(review, cast.editor)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("prepare", args=[review.pk]))
        counts.append(len(queries))
        for number in range(6):
            add(review, cast.editor, PDF + bytes([48 + number]), f"{number}.pdf")
    assert counts[0] == counts[1]
