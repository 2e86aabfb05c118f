"""An IMAP server (pymap, its mailboxes in memory) with a mailbox for reports, and the same behind TLS."""

import imaplib
import select
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

from tests.servers.certificates import Certificate
from tests.servers.ports import free_port, listens, stop_process, wait_until

USER, PASSWORD = "reports", "p@ss/word"


class ImapServer:
    """`url` is its BOUNCE_URL. The mailbox starts with four mails of pymap's own, two of them unseen."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"imap://{USER}:p%40ss%2Fword@127.0.0.1:{self.port}/INBOX"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        program = Path(sys.executable).parent / "pymap"
        account = ["--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
        self.process = subprocess.Popen(
            [program, "--host", "127.0.0.1", "--port", str(self.port), "--no-tls", "dict", *account],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: listens(self.port), what=f"IMAP server on port {self.port}")

    def stop(self) -> None:
        if self.process is not None:
            stop_process(self.process)
            self.process = None

    def put(self, raw: bytes) -> None:
        """A mail arrives."""
        with self._mailbox() as mailbox:
            assert mailbox.append("INBOX", "", "", raw.replace(b"\n", b"\r\n"))[0] == "OK"

    def unseen(self) -> int:
        with self._mailbox() as mailbox:
            mailbox.select("INBOX", readonly=True)
            return len(mailbox.uid("SEARCH", "UNSEEN")[1][0].split())

    def _mailbox(self) -> imaplib.IMAP4:
        mailbox = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        mailbox.login(USER, PASSWORD)
        return mailbox


class TlsFront(ThreadingTCPServer):
    """Takes TLS connections and passes on to the server's port what is said within."""

    daemon_threads = True

    def __init__(self, certificate: Certificate, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = port
        self.port = self.server_address[1]
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.path, certificate.key)
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Passing(BaseRequestHandler):
    server: TlsFront

    def handle(self) -> None:
        inside = ("127.0.0.1", self.server.behind)
        with (
            suppress(OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as outer,
            socket.create_connection(inside) as inner,
        ):
            _pass_on(outer, inner)


def _pass_on(outer: ssl.SSLSocket, inner: socket.socket) -> None:
    while True:
        ready = [outer] if outer.pending() else select.select([outer, inner], [], [])[0]
        for source in ready:
            said = source.recv(16384)
            if not said:
                return
            (inner if source is outer else outer).sendall(said)
