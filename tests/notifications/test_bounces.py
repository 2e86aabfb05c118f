"""Mails that come back: from a report in a folder or an IMAP mailbox to the office's page, and back to work."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from notifications import outbox
from notifications.bounces import mailbox, reading
from notifications.bounces.mailbox import MailboxError
from notifications.bounces.reading import read_bounces, revive
from notifications.models import Bounce, BounceBox, OutgoingMail, Reason, Status
from notifications.services.addresses import settle_address
from tests.clock import Clock
from tests.notifications.city import City, make_city, october, run
from tests.notifications.test_bounce_reports import MAILS, OURS, TANAKA, raw
from tests.servers.certificates import make_certificate
from tests.servers.imap import ImapServer, TlsFront
from tests.servers.ports import free_port
from tests.servers.smtp import SmtpSink

pytestmark = pytest.mark.django_db

WORDS = "550 5.1.1 <tanaka@city.example>: Recipient address rejected: User unknown in local recipient table"


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open(october(1))
    return city


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.BOUNCE_URL = f"folder://{tmp_path}"
    return tmp_path


@pytest.fixture(scope="module")
def imap_server() -> Iterator[ImapServer]:
    server = ImapServer()
    server.start()
    yield server
    server.stop()


def report_on(mail: OutgoingMail, name: str = "postfix") -> bytes:
    about = raw(name).replace(OURS.encode(), mail.message_id.encode())
    return about.replace(TANAKA.encode(), mail.address.encode())


def arrive(folder: Path, *reports: bytes) -> None:
    for report in reports:
        (folder / f"{len(list(folder.rglob('*')))}.eml").write_bytes(report)


def newest_to(city: City, name: str = "tanaka") -> OutgoingMail:
    return OutgoingMail.objects.filter(recipient=getattr(city, name)).latest("pk")


def state(mail: OutgoingMail) -> tuple[str, str, str]:
    mail.refresh_from_db()
    return mail.status, mail.reason, mail.last_error


# ---- from the mail server to the office and back


def send_due(at: str) -> dict[str, Any]:
    out = StringIO()
    call_command("send_due", "--at", f"2026-10-{at}+09:00", stdout=out)
    return json.loads(out.getvalue())


def test_from_a_mail_that_comes_back_to_one_that_arrives_again(
    city: City, folder: Path, smtp_sink: SmtpSink, clock: Clock, client: Client, settings: Any
) -> None:
    settings.MAIL_RETURN_PATH = "bounces@city.example.jp"
    tanaka = city.tanaka.email
    clock.now = october(1)
    client.force_login(city.kanri)

    send_due("01T09:00")
    (first,) = smtp_sink.to(tanaka)
    assert first.sender == "bounces@city.example.jp"
    assert first.message["From"] == settings.DEFAULT_FROM_EMAIL
    opened = newest_to(city)
    arrive(folder, report_on(opened))
    assert send_due("01T09:05")["came_back"] == 1
    assert state(opened) == (Status.BOUNCED, "", WORDS)
    page = client.get(reverse("mail_message", args=[opened.pk])).content.decode()
    for text in ("戻ってきました", "相手先で拒否されました", "5.1.1", "User unknown in local recipient table"):
        assert text in page
    assert "送信停止中の宛先が" not in client.get(reverse("mail")).content.decode()
    assert "送信は続けています" in client.get(reverse("mail_addresses")).content.decode()

    assert send_due("06T09:00")["sent"] >= 1
    assert len(smtp_sink.to(tanaka)) == 2
    arrive(folder, report_on(newest_to(city)))
    assert send_due("06T09:05")["came_back"] == 1
    assert "送信停止中の宛先が1件あります" in client.get(reverse("mail")).content.decode()
    page = client.get(reverse("mail_addresses")).content.decode()
    for text in (tanaka, "送信を停止しています", reverse("person_edit", args=[city.tanaka.pk]), "2通が戻りました"):
        assert text in page

    send_due("13T09:00")
    reminder = newest_to(city)
    assert state(reminder) == (Status.FAILED, Reason.DEAD_ADDRESS, "")
    assert len(smtp_sink.to(tanaka)) == 2
    assert "1通は送っていません" in client.get(reverse("mail_addresses")).content.decode()

    clock.now = october(13, 10)
    client.force_login(city.kanri)
    said = client.post(reverse("mail_addresses"), {"address": tanaka}, follow=True).content.decode()
    assert f"{tanaka}への送信を再開しました" in said
    assert "戻ってきたメールはありません" in said
    send_due("13T10:01")
    assert state(reminder) == (Status.SENT, "", "")
    assert len(smtp_sink.to(tanaka)) == 3
    assert (
        "対応が必要なものはありませんでした"
        in client.post(reverse("mail_addresses"), {"address": tanaka}, follow=True).content.decode()
    )


def test_a_corrected_address_gets_what_the_wrong_one_missed(city: City, folder: Path) -> None:
    for day in (1, 6):
        run(october(day))
        arrive(folder, report_on(newest_to(city)))
        read_bounces(now=october(day, 10))
    assert "tanaka" not in run(october(13))
    city.tanaka.email = "t.tanaka@city.example.jp"
    city.tanaka.save(update_fields=["email"])
    assert revive(now=october(13, 10)) == 1
    assert revive(now=october(13, 10)) == 0
    assert list(run(october(13, 11))) == ["t.tanaka"]


def test_of_the_days_that_were_missed_only_the_newest_mail_is_made_up_for(city: City) -> None:
    city.tanaka.email = ""
    city.tanaka.save(update_fields=["email"])
    for day in (1, 13, 14):
        run(october(day))
    assert OutgoingMail.objects.filter(recipient=city.tanaka, reason=Reason.NO_ADDRESS).count() == 3
    assert revive(now=october(14, 10)) == 0
    city.tanaka.email = "tanaka@city.example.jp"
    city.tanaka.save(update_fields=["email"])
    assert revive(now=october(14, 11)) == 1
    assert len(run(october(14, 11))["tanaka"]) == 1


def test_an_address_is_alive_after_one_refusal_or_after_mails_that_were_merely_given_up(
    city: City, folder: Path
) -> None:
    for day, name in [(1, "given_up"), (6, "given_up"), (13, "postfix")]:
        assert "tanaka" in run(october(day))
        arrive(folder, report_on(newest_to(city), name))
        assert read_bounces(now=october(day, 10)) == 1
    assert list(Bounce.objects.order_by("at").values_list("status", "is_hard")) == [
        ("4.4.1", False),
        ("4.4.1", False),
        ("5.1.1", True),
    ]
    assert "tanaka" in run(october(14))


def test_only_administrators_see_and_settle(city: City, folder: Path, client: Client) -> None:
    run(october(1))
    arrive(folder, report_on(newest_to(city)))
    read_bounces(now=october(1))
    client.force_login(city.mori)
    assert client.get(reverse("mail_addresses")).status_code == 404
    assert client.post(reverse("mail_addresses"), {"address": city.tanaka.email}).status_code == 404
    assert Bounce.objects.unsettled().count() == 1


@pytest.mark.parametrize("address", ["", "nobody@city.example.jp", "x\0", "あ" * 5000])
def test_settling_what_nobody_uses_changes_nothing(city: City, client: Client, address: str) -> None:
    client.force_login(city.kanri)
    response = client.post(reverse("mail_addresses"), {"address": address}, follow=True)
    assert response.status_code == 200
    assert "対応が必要なものはありませんでした" in response.content.decode()


# ---- what a report does to a mail


def test_a_report_counts_once_however_often_it_is_read(city: City, folder: Path) -> None:
    run(october(1))
    mail = newest_to(city)
    arrive(folder, *[report_on(mail)] * 3, report_on(mail, "given_up"))
    assert read_bounces(now=october(1, 10)) == 1
    arrive(folder, report_on(mail))
    assert read_bounces(now=october(1, 11)) == 0
    assert Bounce.objects.values_list("mail", "status", "at").get() == (mail.pk, "5.1.1", october(1, 10))


@pytest.mark.parametrize(
    "name", sorted(set(MAILS) - {"postfix", "exchange", "sendmail", "gmail", "code_only", "given_up"})
)
def test_which_reports_mean_that_the_mail_came_back(city: City, folder: Path, name: str) -> None:
    run(october(1))
    mail = newest_to(city)
    arrive(folder, report_on(mail, name))
    came_back = name.startswith("gateway") or name in ("several_one_is_ours", "forwarded_in_vain")
    assert read_bounces(now=october(1, 10)) == came_back
    assert state(mail)[0] == (Status.BOUNCED if came_back else Status.SENT)
    assert BounceBox.objects.get().error == ""
    assert [path.name for path in folder.iterdir()] == ["done"]


@pytest.mark.parametrize("status", [Status.UNCERTAIN, Status.RETRY, Status.CANCELLED, Status.EXPIRED, Status.FAILED])
def test_a_mail_that_came_back_had_left_and_is_never_sent_again(city: City, folder: Path, status: Status) -> None:
    run(october(1))
    mail = newest_to(city)
    waits = october(1, 12) if status.is_waiting else None
    OutgoingMail.objects.filter(pk=mail.pk).update(status=status, sent_at=None, next_attempt_at=waits)
    arrive(folder, report_on(mail))
    assert read_bounces(now=october(1, 10)) == 1
    assert state(mail) == (Status.BOUNCED, "", WORDS)
    assert run(october(1, 13)) == {}


def test_a_report_that_overtakes_its_mail_has_the_last_word(city: City, folder: Path) -> None:
    run(october(1))
    mail = newest_to(city)
    OutgoingMail.objects.filter(pk=mail.pk).update(status=Status.UNCERTAIN, sent_at=None, next_attempt_at=october(1))
    (claimed,) = outbox.claim(october(1, 10), limit=5)
    arrive(folder, report_on(mail))
    assert read_bounces(now=october(1, 10)) == 1
    assert not outbox.settle(claimed.mail, Status.SENT, "", october(1, 11))
    assert state(mail) == (Status.BOUNCED, "", WORDS)


# ---- folders


def test_files_that_are_still_written_and_other_folders_stay(city: City, folder: Path) -> None:
    run(october(1))
    (folder / ".half").write_bytes(report_on(newest_to(city)))
    (folder / "sub").mkdir()
    (folder / "done").mkdir()
    (folder / "done" / "1.eml").write_text("an older one")
    (folder / "1.eml").write_bytes(raw("spam"))
    assert read_bounces(now=october(1, 10)) == 0
    assert sorted(path.name for path in folder.iterdir()) == [".half", "done", "sub"]
    assert len(list((folder / "done").iterdir())) == 2


def test_a_maildir(city: City, tmp_path: Path, settings: Any) -> None:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "ま い" / name).mkdir(parents=True)
    settings.BOUNCE_URL = (tmp_path / "ま い").as_uri().replace("file:", "maildir:")
    run(october(1))
    (tmp_path / "ま い" / "new" / "1.mx").write_bytes(report_on(newest_to(city)))
    (tmp_path / "ま い" / "cur" / "2.mx:2,S").write_bytes(report_on(newest_to(city, "suzuki")))
    assert read_bounces(now=october(1, 10)) == 2
    assert sorted(path.name for path in (tmp_path / "ま い" / "done").iterdir()) == ["1.mx", "2.mx:2,S"]


def test_a_mail_is_put_aside_only_after_it_was_dealt_with(folder: Path) -> None:
    arrive(folder, b"1", b"2")
    reading = mailbox.mails(f"folder://{folder}")
    assert next(reading) == b"1"
    assert next(reading) == b"2"
    reading.close()  # as if the process ended here
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["1.eml"]


def test_files_that_cannot_be_read_keep_none_of_the_others_waiting(city: City, folder: Path) -> None:
    run(october(1))
    for number in range(mailbox.MOST):
        (folder / f"0-{number:03}.eml").symlink_to("/proc/self/mem")  # its first byte cannot be read
    (folder / "1.eml").write_bytes(report_on(newest_to(city)))
    assert read_bounces(now=october(1, 10)) == 1
    assert BounceBox.objects.get().error
    assert [path.name for path in (folder / "done").iterdir()] == ["1.eml"]


def test_what_there_is_no_time_for_is_read_the_next_time(
    city: City, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(october(1))
    arrive(folder, report_on(newest_to(city)))
    with monkeypatch.context() as patch:
        patch.setattr(reading, "SECONDS", 0)
        assert read_bounces(now=october(1, 10)) == 0
    assert read_bounces(now=october(1, 11)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "folder:///nowhere/at/all",
        "maildir:///nowhere",
        "ftp://host/x",
        "imaps://",
        "imaps://user:secret@host:x/INBOX",
        "imap://[secret/INBOX",
        "imap://user:ひみつ@127.0.0.1:{port}/INBOX",
        "imap://user:secret@127.0.0.1:{port}/INBOX",
        "imaps://user:secret@127.0.0.1:{port}/INBOX",
    ],
)
def test_what_cannot_be_read_is_said_on_the_page_and_harms_nothing(
    city: City, client: Client, settings: Any, url: str
) -> None:
    settings.BOUNCE_URL = url.format(port=free_port())
    assert run(october(1)).keys() == {"sato", "suzuki", "tanaka"}
    assert read_bounces(now=october(1, 10)) == 0
    client.force_login(city.kanri)
    page = client.get(reverse("mail")).content.decode()
    assert "戻りメールの受信箱を読めません" in page
    assert BounceBox.objects.get().error
    assert "secret" not in page
    assert "ひみつ" not in page
    settings.BOUNCE_URL = ""
    assert "戻りメールの受信箱を読めません" not in client.get(reverse("mail")).content.decode()


# ---- IMAP


def test_imap(city: City, imap_server: ImapServer, settings: Any) -> None:
    settings.BOUNCE_URL = imap_server.url
    run(october(1))
    imap_server.put(report_on(newest_to(city)))
    imap_server.put(raw("vacation"))
    imap_server.put(raw("broken"))
    assert imap_server.unseen() >= 3
    assert read_bounces(now=october(1, 10)) == 1
    assert state(newest_to(city)) == (Status.BOUNCED, "", WORDS)
    assert imap_server.unseen() == 0
    assert read_bounces(now=october(1, 11)) == 0
    assert BounceBox.objects.values_list("at", "error").get() == (october(1, 11), "")


def test_imap_with_a_wrong_password_or_folder(city: City, imap_server: ImapServer, settings: Any) -> None:
    settings.BOUNCE_URL = imap_server.url.replace("p%40ss%2Fword", "secret")
    assert read_bounces(now=october(1)) == 0
    assert BounceBox.objects.get().error == "[AUTHENTICATIONFAILED] Invalid authentication credentials."
    settings.BOUNCE_URL = imap_server.url.replace("INBOX", "%22Nowhere")
    assert read_bounces(now=october(1)) == 0
    assert "Nowhere" not in BounceBox.objects.get().error
    assert BounceBox.objects.get().error


def test_a_mail_stays_unseen_until_it_was_dealt_with(imap_server: ImapServer) -> None:
    list(mailbox.mails(imap_server.url))
    imap_server.put(b"Subject: 1\n\n1\n")
    reading = mailbox.mails(imap_server.url)
    assert next(reading) == b"Subject: 1\r\n\r\n1\r\n"
    reading.close()
    assert imap_server.unseen() == 1


def test_imaps_is_only_spoken_with_a_server_that_is_vouched_for(
    city: City, imap_server: ImapServer, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, "imap")
    front = TlsFront(certificate, imap_server.port)
    url = imap_server.url.replace("imap://", "imaps://").replace(str(imap_server.port), str(front.port))
    try:
        with pytest.raises(MailboxError, match="CERTIFICATE_VERIFY_FAILED"):
            next(mailbox.mails(url))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
        run(october(1))
        imap_server.put(report_on(newest_to(city), "exchange"))
        settings.BOUNCE_URL = url
        assert read_bounces(now=october(1, 10)) == 1
    finally:
        front.close()


def test_nothing_is_read_where_no_mailbox_is_named(city: City) -> None:
    assert read_bounces(now=october(1)) == 0
    assert not BounceBox.objects.exists()


def test_settling_counts_for_one_address_alone(city: City, folder: Path) -> None:
    run(october(1))
    arrive(folder, report_on(newest_to(city)), report_on(newest_to(city, "suzuki")))
    assert read_bounces(now=october(1, 10)) == 2
    assert settle_address(by=city.kanri, address=city.tanaka.email, now=october(1, 11))
    assert not settle_address(by=city.kanri, address=city.tanaka.email, now=october(1, 12))
    assert [bounce.address for bounce in Bounce.objects.unsettled()] == [city.suzuki.email]
