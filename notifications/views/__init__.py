"""Pages about mails and reminders."""
