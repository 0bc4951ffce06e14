"""Standard setting: workshops, their judges' screens, their results."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from exam_engine.standard_setting import service as standards
from itembank.people.rules import Action
from web.deps import Context
from web.i18n import N_
from web.navigation import Area, NavItem, Todo
from web.standards import judging, results, routes

router = APIRouter()
for part in (routes, results, judging):
    router.routes.extend(part.router.routes)


def todos(ctx: Context) -> Sequence[Todo]:
    """Rounds to rate in, and results that wait for a second person."""
    found = []
    if ctx.may(Action.STANDARD_RATE):
        waiting = sum(task.waits for task in standards.list_tasks(ctx.session, actor=ctx.actor))
        found.append(Todo(waiting, N_("standard-setting rounds to rate in"), "/judging"))
    if ctx.may(Action.STANDARD_RECORD):
        count = standards.workshops_to_record(ctx.session, actor=ctx.actor)
        found.append(Todo(count, N_("standard-setting results to record"), "/standards"))
    return found


AREA = Area(
    "standards",
    router,
    nav=[
        NavItem(Action.STANDARD_READ, "/standards", N_("Standard setting"), "Papers"),
        NavItem(Action.STANDARD_RATE, "/judging", N_("My standard-setting ratings"), "Papers"),
    ],
    todos=todos,
)
