"""What can be asked of recognition: decide, make public, hear objections, approve."""

from exam_engine.recognition.service.approve import (
    NotTheAuthority,
    WaitingPlan,
    approve,
    check_issue_clear,
    list_waiting,
    read_decisions,
    resubmit,
    return_decisions,
)
from exam_engine.recognition.service.notice import (
    NoticeView,
    PlanMark,
    find_notice,
    list_notices,
    mark_of_plan,
    notice_of_plan,
    publish_notice,
    suggested_last_day,
)
from exam_engine.recognition.service.objections import (
    ObjectionView,
    begin_investigation,
    decide_objection,
    file_objection,
    list_objections,
    open_objections,
    read_objection,
    status_by_reference,
)

__all__ = [
    "NotTheAuthority",
    "NoticeView",
    "ObjectionView",
    "PlanMark",
    "WaitingPlan",
    "approve",
    "begin_investigation",
    "check_issue_clear",
    "decide_objection",
    "file_objection",
    "find_notice",
    "list_notices",
    "list_objections",
    "list_waiting",
    "mark_of_plan",
    "notice_of_plan",
    "open_objections",
    "publish_notice",
    "read_decisions",
    "read_objection",
    "resubmit",
    "return_decisions",
    "status_by_reference",
    "suggested_last_day",
]
