"""Filing, plans, sittings, registrations, rooms and tickets."""

from exam_engine.sittings import service as sittings
from itembank.people.rules import Action
from web.deps import Context
from web.i18n import N_
from web.navigation import Area, NavItem, Todo
from web.sittings.routes import router


def _todos(ctx: Context) -> list[Todo]:
    if not ctx.may(Action.REGISTRATION_REVIEW):
        return []
    return [
        Todo(count, N_("Registrations to review"), f"/plans/{plan_id}/registrations?status=claimed")
        for plan_id, count in sittings.waiting_for_review(ctx.session)
    ]


AREA = Area(
    "sittings",
    router,
    nav=[
        NavItem(Action.FILING_READ, "/filing", N_("Filed scopes"), "Examinations"),
        NavItem(Action.PLAN_READ, "/plans", N_("Plans"), "Examinations"),
        NavItem(Action.PLAN_WRITE, "/rooms", N_("Exam rooms"), "Examinations"),
    ],
    todos=_todos,
)
