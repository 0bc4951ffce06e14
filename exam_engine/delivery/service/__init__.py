"""What candidates, the server and invigilators can do with an attempt."""

from exam_engine.delivery.service.comparing import Kept, kept
from exam_engine.delivery.service.controlling import (
    bar_entry,
    extend_attempt,
    lift_bar,
    pause_attempt,
    resume_attempt,
    terminate_attempt,
)
from exam_engine.delivery.service.entering import (
    Opened,
    Stage,
    Waiting,
    is_over,
    open_attempt,
    own_attempt,
    place_of,
    start,
    still_working,
    take_over,
    terms_of,
    waiting_room,
)
from exam_engine.delivery.service.handing_in import (
    HandedIn,
    any_overdue,
    hand_in,
    hand_in_overdue,
    receipt_of,
)
from exam_engine.delivery.service.late import (
    LateFileView,
    accept_answer_file,
    decide_late_file,
    late_files,
    undecided_files,
)
from exam_engine.delivery.service.reading import (
    AttemptProgress,
    AttemptResponses,
    AttemptStage,
    attempt_states,
    responses,
)
from exam_engine.delivery.service.reporting import AttemptEvidence, ReportedEvent, evidence, record_events
from exam_engine.delivery.service.working import save_form, saved_answers

__all__ = [
    "AttemptEvidence",
    "AttemptProgress",
    "AttemptResponses",
    "AttemptStage",
    "HandedIn",
    "Kept",
    "LateFileView",
    "Opened",
    "ReportedEvent",
    "Stage",
    "Waiting",
    "accept_answer_file",
    "any_overdue",
    "attempt_states",
    "bar_entry",
    "decide_late_file",
    "evidence",
    "extend_attempt",
    "hand_in",
    "hand_in_overdue",
    "is_over",
    "kept",
    "late_files",
    "lift_bar",
    "open_attempt",
    "own_attempt",
    "pause_attempt",
    "place_of",
    "receipt_of",
    "record_events",
    "responses",
    "resume_attempt",
    "save_form",
    "saved_answers",
    "start",
    "still_working",
    "take_over",
    "terminate_attempt",
    "terms_of",
    "undecided_files",
    "waiting_room",
]
