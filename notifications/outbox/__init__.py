"""The rows of the outbox: queueing, claiming, freezing and settling mails.

A mail is claimed by one sender at a time, under a lease. The sender marks it as begun just before it talks to the mail
server, and renews its lease while it does. A lease that ran out means that the sender died or was stopped: a mail that
was begun goes out again as the very same bytes, one that was not as if it had never been claimed. Leases are about
processes and so use the machine's clock; everything else happens at the `now` that is passed in.
"""

from notifications.outbox.claiming import Claim, begin, claim, put_back, put_into_words, renew, settle
from notifications.outbox.queueing import (
    BATCH,
    GIVE_UP_AFTER,
    Draft,
    join,
    postpone,
    queue,
    unsent,
)

__all__ = [
    "BATCH",
    "GIVE_UP_AFTER",
    "Claim",
    "Draft",
    "begin",
    "claim",
    "join",
    "postpone",
    "put_back",
    "put_into_words",
    "queue",
    "renew",
    "settle",
    "unsent",
]
