"""Recognition and certificates: notices, objections, the centre's approval, issue."""

from __future__ import annotations

from collections.abc import Sequence

from exam_engine.certificates import service as issuing
from exam_engine.recognition import service as recognition
from itembank.people.rules import Action
from web.deps import Context
from web.i18n import N_
from web.navigation import Area, NavItem, Todo
from web.recognition import certificates
from web.recognition.routes import router


def todos(ctx: Context) -> Sequence[Todo]:
    """Objections to decide, and recognitions to approve."""
    waiting = []
    if ctx.may(Action.OBJECTION_DECIDE):
        waiting.append(
            Todo(
                recognition.open_objections(ctx.session),
                N_("objections to decide"),
                "/recognition/objections",
            )
        )
    if ctx.may(Action.RECOGNITION_APPROVE):
        count = sum(len(plan.decisions) for plan in recognition.list_waiting(ctx.session))
        waiting.append(Todo(count, N_("recognitions to approve"), "/recognition/approvals"))
    if ctx.may(Action.CERTIFICATE_ISSUE):
        count = issuing.certificates_to_issue(ctx.session)
        waiting.append(Todo(count, N_("certificates to issue"), "/recognition/plans"))
    return waiting


assert certificates.router is router  # its routes are part of this area

AREA = Area(
    "recognition",
    router,
    nav=[
        NavItem(
            Action.RECOGNITION_READ,
            "/recognition/plans",
            N_("Notice and recognition"),
            "Results and certificates",
        ),
        NavItem(
            Action.OBJECTION_READ, "/recognition/objections", N_("Objections"), "Results and certificates"
        ),
        NavItem(
            Action.RECOGNITION_APPROVE, "/recognition/approvals", N_("Approvals"), "Results and certificates"
        ),
        NavItem(Action.CERTIFICATE_READ, "/certificates", N_("Certificates"), "Results and certificates"),
    ],
    todos=todos,
)
