"""Standard-setting workshops on their way: panels, rounds, ratings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.filing import service as filing
from exam_engine.papers import service as papers
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Plan, Sitting
from exam_engine.sittings.rules import Component, Terms
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Workshop
from exam_engine.standard_setting.rules import Method
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from itembank.statistics.models import ItemParameter, Scale
from itembank.statistics.rules import ScaleModel
from itembank.taxonomy.models import Occupation
from tests.factories.papers import LEVEL, actor_of, make_sealed_papers
from tests.factories.people import NOW
from tests.factories.sittings import EXAM_DAY, STARTS, centre_officer, officer_of

DESCRIPTION = "恰好合格的考生能够独立完成常规任务，遇到不常见的情况需要查阅资料或请教他人。"

OpenSession = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Panel:
    """A workshop, its leader, its judges, and somebody who could record the result."""

    workshop: Workshop
    leader: Actor
    judges: tuple[Actor, ...]
    second: Actor

    @property
    def id(self) -> UUID:
        return self.workshop.id


def leader_of(session: Session, institution: Institution, name: str = "standard-leader") -> Actor:
    return actor_of(session, institution, Role.PSYCHOMETRICIAN, username=name)


def draft_of(method: Method = Method.ANGOFF, **changes: Any) -> standards.WorkshopDraft:
    return standards.WorkshopDraft(
        **{"name": "三级理论合格线", "method": method, "description": DESCRIPTION, "rounds": 2, **changes}
    )


def make_paper(open_session: OpenSession, institution: Institution) -> UUID:
    """Return a sealed paper of ten items; its bank's writer is ``bank-writer``."""
    return make_sealed_papers(open_session, institution, forms=1)[0]


def make_panel(
    session: Session,
    institution: Institution,
    draft: standards.WorkshopDraft,
    *,
    judges: int = 3,
    leader: str = "standard-leader",
    named: Sequence[str] = (),
) -> Panel:
    """Return a workshop in preparation with judges; the first of them wrote the bank's items.

    ``named`` are further judges' user names.
    """
    leads = leader_of(session, institution, leader)
    second = actor_of(session, institution, Role.QUALITY_SUPERVISOR, username="standard-second")
    names = ["bank-writer", *(f"judge-{number}" for number in range(2, judges + 1)), *named]
    panel = tuple(
        actor_of(
            session, institution, Role.ITEM_WRITER if name == "bank-writer" else Role.REVIEWER, username=name
        )
        for name in names
    )
    workshop = standards.open_workshop(session, actor=leads, draft=draft, now=NOW)
    standards.invite(
        session,
        actor=leads,
        workshop_id=workshop.id,
        user_ids=[judge.id for judge in panel if judge.id],
        now=NOW,
    )
    return Panel(workshop, leads, panel, second)


def open_round(session: Session, panel: Panel) -> None:
    """Open the next round; everybody has agreed."""
    standards.open_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    for judge in panel.judges:
        standards.agree(session, actor=judge, workshop_id=panel.id, now=NOW)


def rate(session: Session, panel: Panel, judge: Actor, values: Sequence[object], *, first: int = 1) -> None:
    """Save ratings of one judge, from position ``first`` on."""
    standards.save_ratings(
        session,
        actor=judge,
        workshop_id=panel.id,
        values={position: str(value) for position, value in enumerate(values, first)},
        now=NOW + timedelta(minutes=5),
    )


def hold_round(
    session: Session, panel: Panel, ratings: Sequence[Sequence[object]], *, first: int = 1
) -> None:
    """Open a round, save everybody's ratings, close it."""
    open_round(session, panel)
    for judge, values in zip(panel.judges, ratings, strict=True):
        rate(session, panel, judge, values, first=first)
    standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW + timedelta(hours=1))


def make_scale(
    session: Session, workshop_items: Sequence[UUID], institution: Institution, occupation_id: UUID
) -> Scale:
    """Return a Rasch scale whose items get harder in the order given, from -1 by 0.25 logits."""
    scale = Scale(
        institution_id=institution.id,
        occupation_id=occupation_id,
        level=LEVEL.value,
        name="三级量表",
        model=ScaleModel.RASCH,
        n_persons=400,
        n_items=len(workshop_items),
        summary={"warnings": [], "converged": True},
        source={"kind": "file", "filename": "x.csv"},
        created_by=None,
        created_at=NOW,
    )
    session.add(scale)
    session.flush()
    for number, item_id in enumerate(workshop_items):
        session.add(
            ItemParameter(
                institution_id=institution.id,
                scale_id=scale.id,
                item_id=item_id,
                n_responses=400,
                p_value=0.9 - 0.05 * number,
                is_constant=False,
                a=1.0,
                b=-1 + 0.25 * number,
                flags=[],
            )
        )
    session.flush()
    return scale


def items_of(session: Session, workshop_id: UUID) -> list[UUID]:
    """Return the rated items in their order."""
    return [row.item_id for row in store.items(session, workshop_id)]


def judge_id_of(session: Session, panel: Panel, number: int = 0) -> UUID:
    """Return the row of a judge, counted from 0."""
    judge = store.judge_of(session, panel.id, panel.judges[number].id or panel.id)
    assert judge is not None
    return judge.id


def stems_of(database: Database, paper_id: UUID) -> list[str]:
    with database.session(scope=Scope.everything(), writes=False) as session:
        view = papers.candidate_view(session, paper_id)
        return [entry.stem for section in view.sections for entry in section.entries]


def plan_sitting(session: Session, institution: Institution, occupation: Occupation) -> tuple[Plan, Sitting]:
    """Return a plan and its theory sitting in preparation, at the level of the papers."""
    filing.file_scope(
        session,
        actor=centre_officer(session, institution),
        institution_id=institution.id,
        occupation_id=occupation.id,
        levels=[LEVEL.value],
        number="备〔2026〕009号",
        valid_from=EXAM_DAY,
        valid_until=EXAM_DAY,
        now=NOW,
    )
    components = frozenset({Component.THEORY})
    draft = sittings.PlanDraft("三级认定", occupation.id, LEVEL.value, EXAM_DAY, components)
    plan = sittings.create_plan(session, actor=officer_of(institution), draft=draft, now=NOW)
    terms = Terms(STARTS, STARTS, STARTS + timedelta(minutes=90), 90)
    sitting = sittings.create_sitting(
        session,
        actor=officer_of(institution),
        plan_id=plan.id,
        component=Component.THEORY,
        terms=terms,
        now=NOW,
    )
    return plan, sitting
