"""The rows of the outbox: queueing, claiming, freezing and settling mails.

A mail is claimed by one sender at a time, under a lease, with as many others as go out within a moment. The sender puts
them into words and writes their bytes down all at once before it talks to the mail server, and renews the lease of the
mail at hand. A lease that ran out means that the sender died or was stopped: a mail whose bytes it had written down
goes out again as the very same bytes, for it may have arrived; one that it had not, as if it had never been claimed.
Leases are about processes and so use the machine's clock; everything else happens at the `now` that is passed in.
"""

from notifications.outbox.claiming import Claim, begin, claim, is_well_leased, put_back, put_into_words, renew, settle
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
    "is_well_leased",
    "join",
    "postpone",
    "put_back",
    "put_into_words",
    "queue",
    "renew",
    "settle",
    "unsent",
]
