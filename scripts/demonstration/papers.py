"""The demonstration's papers: one blueprint, three parallel forms, approved and sealed by a second account."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from importlib.resources import files
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import read_toml
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import AssemblyStatus
from itembank.people.rules import Actor
from itembank.taxonomy.models import Outline

FORMS = 3
"""One for the earlier exam, two for the sitting that is open; no item stands in two of them."""

SEED = 20_260_101


class NotAssembled(RuntimeError):
    """The demonstration's own blueprint found no forms in the demonstration's own bank."""


def assemble(
    open_session: Callable[[], AbstractContextManager[Session]],
    *,
    actor: Actor,
    outline: Outline,
    now: Callable[[], datetime],
) -> tuple[UUID, ...]:
    """Save the blueprint and assemble the forms; returns the draft papers' ids.

    Raises NotAssembled if the bank no longer carries the blueprint.
    """
    file = read_toml((files("scripts.demonstration") / "blueprint.toml").read_text("utf-8"))
    assert actor.institution_id is not None
    with open_session() as session:
        blueprint = papers.save_blueprint(
            session,
            actor=actor,
            institution_id=actor.institution_id,
            occupation_id=outline.occupation_id,
            level=outline.level,
            name=file.name,
            spec=file.spec,
            now=now(),
        )
        request = papers.request_assembly(
            session,
            actor=actor,
            blueprint_id=blueprint.id,
            forms=FORMS,
            seed=SEED,
            now=now(),
            queue=False,
        )
    status = papers.perform_assembly(open_session, request.id, actor=actor, now=now)
    with open_session() as session:
        if status is not AssemblyStatus.ASSEMBLED:
            raise NotAssembled(papers.find_assembly(session, request.id).outcome)
        return tuple(paper.id for paper in papers.papers_of(session, request.id))


def approve_and_seal(
    session: Session, *, actor: Actor, paper_ids: tuple[UUID, ...], now: datetime
) -> list[Paper]:
    """Approve and seal the forms as the second person."""
    sealed = []
    for paper_id in paper_ids:
        papers.approve_paper(session, actor=actor, paper_id=paper_id, now=now)
        sealed.append(papers.seal_paper(session, actor=actor, paper_id=paper_id, now=now))
    return sealed
