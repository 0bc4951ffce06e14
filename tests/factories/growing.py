"""Sealed collections for adaptive and two-stage tests, and sittings that use them."""

from __future__ import annotations

import time
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.service import Settings
from exam_engine.jobs.runner import Runner
from exam_engine.papers import service as papers
from exam_engine.papers.content import SealedPaper
from exam_engine.papers.rules import AssemblyStatus
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import Terms, Way
from exam_engine.worker import HANDLERS
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import Role
from itembank.statistics.models import ItemParameter, Scale
from itembank.statistics.rules import ScaleModel
from itembank.taxonomy.models import Occupation
from tests.factories.exam import ExamWorld
from tests.factories.papers import LEVEL, actor_of, make_bank, make_blueprint
from tests.factories.people import NOW


def calibrate(session: Session, institution: Institution, occupation: Occupation) -> None:
    """Give every item of the bank a Rasch difficulty on one scale."""
    found = session.scalars(
        select(Item).where(Item.occupation_id == occupation.id).order_by(Item.number)
    ).all()
    scale = Scale(
        institution_id=institution.id,
        occupation_id=occupation.id,
        level=LEVEL.value,
        name="测试量表",
        model=ScaleModel.RASCH,
        n_persons=400,
        n_items=len(found),
        summary={},
        source={"kind": "file"},
        created_by=None,
        created_at=NOW,
    )
    session.add(scale)
    session.flush()
    difficulties = np.random.default_rng(4).normal(0, 1, len(found))
    session.add_all(
        ItemParameter(
            institution_id=institution.id,
            scale_id=scale.id,
            item_id=item.id,
            n_responses=400,
            is_constant=False,
            a=1.0,
            b=float(b),
            flags=[],
        )
        for item, b in zip(found, difficulties, strict=True)
    )
    session.flush()


def make_collection(database: Database, institution: Institution, settings: Settings) -> SealedPaper:
    """Return a collection, made by its job and sealed by a second person."""
    with database.session(scope=Scope.everything()) as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="paper-manager")
        second = actor_of(session, institution, Role.REVIEWER, username="paper-reviewer")
        occupation = make_bank(session, institution)
        calibrate(session, institution, occupation)
        blueprint = make_blueprint(session, institution, occupation, actor=manager, equal=[])
        asked = delivery.request_collection(
            session, actor=manager, blueprint_id=blueprint.id, settings=settings, now=NOW, seed=1
        )
        assembly_id = asked.id
    while not Runner(database, HANDLERS).run_one() and _waits(database, assembly_id):
        time.sleep(0.05)  # a running server has taken the job
    with database.session(scope=Scope.everything()) as session:
        paper = papers.papers_of(session, assembly_id)[0]
        papers.approve_paper(session, actor=second, paper_id=paper.id, now=NOW)
        papers.seal_paper(session, actor=second, paper_id=paper.id, now=NOW)
        return papers.open_sealed(session, paper.id)


def _waits(database: Database, assembly_id: UUID) -> bool:
    with database.session(scope=Scope.everything()) as session:
        return papers.find_assembly(session, assembly_id).status is AssemblyStatus.WAITING


def growing_world(database: Database, institution: Institution, settings: Settings) -> ExamWorld:
    """Return a sitting that gives everybody an adaptive or two-stage test."""
    paper = make_collection(database, institution, settings)
    world = ExamWorld.with_paper(database, institution, paper)
    with database.session(scope=Scope.everything()) as session:
        sitting = session.get_one(Sitting, world.sitting.id)
        give(sitting, settings.way)
        world.sitting = sitting
    return world


def give(sitting: Sitting, way: Way) -> None:
    """Let a published sitting give its papers in a way."""
    sitting.way = way
    sitting.rules = {**(sitting.rules or {}), "way": way.value}
    assert Terms.from_json(sitting.rules).way is way
