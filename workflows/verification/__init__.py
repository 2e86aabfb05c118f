"""Checking the history: each plan's chain of events is whole, and the other rows say what it tells.

What this cannot see: rows added since the last seal, taken off together with every row that they speak of; and seals
taken off the end, unless somebody kept a line of them.
"""

from workflows.verification.rows import Fault
from workflows.verification.seals import lost_line
from workflows.verification.whole import faults, worthwhile_processes

__all__ = ["Fault", "faults", "lost_line", "worthwhile_processes"]
