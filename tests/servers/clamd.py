"""A virus scanner for tests: it takes what clamd's INSTREAM command sends, and answers as it is told."""

import socket
import struct
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


class _Handler(StreamRequestHandler):
    server: "Clamd"

    def handle(self) -> None:
        command = self.rfile.read(len(b"zINSTREAM\0"))
        if command != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while length := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
        self.server.scanned.append(content)
        self.wfile.write(self.server.answer.encode() + b"\0")


class Clamd(ThreadingTCPServer):
    """Listens as soon as it is made; `answer` is its word on everything, `scanned` what it was sent."""

    daemon_threads = True

    def __init__(self, path: str = "") -> None:
        self.address_family = socket.AF_UNIX if path else socket.AF_INET
        super().__init__(path or ("127.0.0.1", 0), _Handler)  # type: ignore[arg-type]
        self.url = f"unix://{path}" if path else f"tcp://127.0.0.1:{self.server_address[1]}"
        self.answer = "stream: OK"
        self.scanned: list[bytes] = []
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
