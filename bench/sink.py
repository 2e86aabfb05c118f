"""python -m bench.sink PORT: a mail server that takes every mail; both ways of sending use the same.

As RFC 5321 (4.2.5) wants it of whoever answers 250, the mail is on the disk by then. Nothing else is done with it.
"""

import asyncio
import os
import sys
import tempfile

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Appends each mail to a file that nobody reads."""

    def __init__(self, spool: int) -> None:
        self.spool = spool

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        os.write(self.spool, envelope.original_content or b"")
        os.fdatasync(self.spool)
        return "250 2.0.0 OK"


async def serve(port: int) -> None:
    with tempfile.TemporaryFile() as spool:
        sink = Sink(spool.fileno())
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(sink), "127.0.0.1", port)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
