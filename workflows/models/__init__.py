from workflows.models.changes import Proposal
from workflows.models.checkpoints import ROUNDS, Checkpoint, CheckpointKind
from workflows.models.files import Attachment, StoredFile
from workflows.models.history import Acknowledgement, Event, EventKind, PendingEvent
from workflows.models.nudges import Nudge
from workflows.models.pins import Pin, PinEntry, PinEntryKind
from workflows.models.reports import IndicatorReport, MeasureReport, ProgressClass
from workflows.models.reviews import Decision, Outcome, Review, ReviewProcess, Stage, Submission
from workflows.models.seals import Seal, SealedHead

__all__ = [
    "ROUNDS",
    "Acknowledgement",
    "Attachment",
    "Checkpoint",
    "CheckpointKind",
    "Decision",
    "Event",
    "EventKind",
    "IndicatorReport",
    "MeasureReport",
    "Nudge",
    "Outcome",
    "PendingEvent",
    "Pin",
    "PinEntry",
    "PinEntryKind",
    "ProgressClass",
    "Proposal",
    "Review",
    "ReviewProcess",
    "Seal",
    "SealedHead",
    "Stage",
    "StoredFile",
    "Submission",
]
