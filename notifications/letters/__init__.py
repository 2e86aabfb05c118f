"""Mails: what they say, put into words and bytes."""
