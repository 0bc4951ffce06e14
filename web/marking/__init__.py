"""Marking: answers against their keys, and the examiners' practical score sheets."""

from __future__ import annotations

from collections.abc import Sequence

from exam_engine.marking import service as marking
from itembank.people.rules import Action
from web.deps import Context
from web.i18n import N_
from web.marking.routes import router
from web.navigation import Area, NavItem, Todo


def todos(ctx: Context) -> Sequence[Todo]:
    """Sittings to mark."""
    if not ctx.may(Action.MARKING_RUN):
        return []
    count = marking.sittings_to_mark(ctx.session, now=ctx.now)
    return [Todo(count, N_("sittings to mark"), "/marking/theory")]


AREA = Area(
    "marking",
    router,
    nav=[
        NavItem(Action.MARKING_RUN, "/marking/theory", N_("Theory marking"), "Results and certificates"),
        NavItem(
            Action.PRACTICAL_READ, "/marking/practical", N_("Practical scoring"), "Results and certificates"
        ),
    ],
    todos=todos,
)
