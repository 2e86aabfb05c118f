"""Reminders while processes are killed, stopped and cut off: real processes, real servers, real signals.

python -m tests.faults [--quick]: every scenario on PostgreSQL and SQLite, one table of what was found.
"""
