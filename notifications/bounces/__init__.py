"""Mails that came back: reading mail servers' reports (DSN, RFC 3464), and not writing to dead addresses."""
