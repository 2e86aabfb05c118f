from workflows.models.checkpoints import Checkpoint, CheckpointKind
from workflows.models.history import Event, EventKind, PendingEvent
from workflows.models.reports import IndicatorReport, MeasureReport, ProgressClass
from workflows.models.reviews import Decision, Outcome, Review, ReviewProcess, Stage, Submission

__all__ = [
    "Checkpoint",
    "CheckpointKind",
    "Decision",
    "Event",
    "EventKind",
    "IndicatorReport",
    "MeasureReport",
    "Outcome",
    "PendingEvent",
    "ProgressClass",
    "Review",
    "ReviewProcess",
    "Stage",
    "Submission",
]
