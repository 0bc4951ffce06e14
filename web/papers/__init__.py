"""Blueprints, assembly, side-by-side review, approval and sealing of papers."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from exam_engine.papers import service as papers
from exam_engine.papers.rules import PaperStatus
from itembank.people.rules import Action
from web.deps import Context
from web.i18n import N_
from web.navigation import Area, NavItem, Todo
from web.papers.assemblies.capacity_routes import router as capacity_router
from web.papers.assemblies.drawing_routes import router as drawing_router
from web.papers.assemblies.editing_routes import router as editing_router
from web.papers.assemblies.paper_routes import router as papers_router
from web.papers.assemblies.routes import router as assemblies_router
from web.papers.blueprints import router as blueprints_router
from web.papers.growing import router as growing_router
from web.papers.printing.routes import router as printing_router

router = APIRouter()
for part in (
    blueprints_router,
    growing_router,
    assemblies_router,
    capacity_router,
    drawing_router,
    papers_router,
    editing_router,
    printing_router,
):
    router.routes.extend(part.routes)


WAITING = (
    (Action.PAPER_ASSEMBLE, PaperStatus.RETURNED, N_("Papers sent back to you")),
    (Action.PAPER_SEAL, PaperStatus.DRAFT, N_("Papers to approve and seal")),
    (Action.PAPER_SEAL, PaperStatus.APPROVED, N_("Approved papers to seal")),
)
"""What may wait for somebody: who does it, the papers' state, and words."""


def _todos(ctx: Context) -> Sequence[Todo]:
    waiting = [(action, status, words) for action, status, words in WAITING if ctx.may(action)]
    return [
        Todo(
            papers.waiting_for(ctx.session, ctx.actor, status), ctx._(words), f"/papers?status={status.value}"
        )
        for _, status, words in waiting
    ]


AREA = Area(
    "papers",
    router,
    nav=[
        NavItem(Action.PAPER_READ, "/blueprints", N_("Blueprints"), "Papers"),
        NavItem(Action.PAPER_READ, "/papers", N_("Papers"), "Papers"),
    ],
    todos=_todos,
)
