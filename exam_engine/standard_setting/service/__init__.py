"""What can be asked of standard setting.

Data flow: a sealed paper, items or a marked sitting → a workshop whose basis is frozen → judges' ratings in rounds →
figures by the kernels → a frozen result that a second person records. docs/adr/0007-standard-setting.md.
"""

from exam_engine.standard_setting.service.opening import WorkshopDraft, open_workshop
from exam_engine.standard_setting.service.panel import (
    abandon,
    describe,
    exclude_judge,
    find_workshop,
    invite,
    possible_judges,
    remove_judge,
)
from exam_engine.standard_setting.service.rating import (
    RatedCandidate,
    RatedItem,
    Saved,
    Task,
    agree,
    find_task,
    keep_former,
    list_tasks,
    read_bookmark,
    read_candidates,
    read_items,
    save_answers,
    save_ratings,
)
from exam_engine.standard_setting.service.rounds import (
    close_round,
    close_workshop,
    open_questions,
    open_round,
    ratings_digest,
    record_result,
)
from exam_engine.standard_setting.service.showing import (
    Feedback,
    RoundView,
    WorkshopRow,
    WorkshopView,
    list_workshops,
    marked_sittings,
    read_feedback,
    read_questions,
    read_rounds,
    read_workshop,
    workshops_to_record,
)

__all__ = [
    "Feedback",
    "RatedCandidate",
    "RatedItem",
    "RoundView",
    "Saved",
    "Task",
    "WorkshopDraft",
    "WorkshopRow",
    "WorkshopView",
    "abandon",
    "agree",
    "close_round",
    "close_workshop",
    "describe",
    "exclude_judge",
    "find_task",
    "find_workshop",
    "invite",
    "keep_former",
    "list_tasks",
    "list_workshops",
    "marked_sittings",
    "open_questions",
    "open_round",
    "open_workshop",
    "possible_judges",
    "ratings_digest",
    "read_bookmark",
    "read_candidates",
    "read_feedback",
    "read_items",
    "read_questions",
    "read_rounds",
    "read_workshop",
    "record_result",
    "remove_judge",
    "save_answers",
    "save_ratings",
    "workshops_to_record",
]
