"""Collections: papers that hold more than one candidate receives, from which tests grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.assembly import Infeasible, Pool, Specification, Undecided
from exam_engine.papers import store
from exam_engine.papers.bank import Bank, read_bank
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem
from exam_engine.papers.models import Assembly, Paper
from exam_engine.papers.report import report_of
from exam_engine.papers.rules import AssemblyStatus, AssemblyUnknown, PaperKind
from exam_engine.papers.service.blueprints import find_blueprint
from exam_engine.papers.service.storing import outline_place, store_papers
from itembank.base import audit
from itembank.people.rules import Actor


def file_collection(
    session: Session,
    *,
    actor: Actor,
    blueprint_id: UUID,
    settings: Mapping[str, Any],
    seed: int,
    now: datetime,
) -> Assembly:
    """Keep a request for a collection with its settings; raises BlueprintUnknown."""
    blueprint = find_blueprint(session, blueprint_id)
    assembly = Assembly(
        institution_id=blueprint.institution_id,
        blueprint_id=blueprint.id,
        forms=1,
        seed=seed,
        work_limit=0,
        kind=PaperKind.COLLECTION,
        request=dict(settings),
        requested_by=actor.id if actor.kind == "user" else None,
        requested_at=now,
    )
    session.add(assembly)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="paper.collection_requested",
        subject=("paper_assembly", assembly.id),
        institution_id=assembly.institution_id,
        detail={"blueprint": str(blueprint.id), "seed": seed, **settings},
    )
    return assembly


def bank_of(session: Session, blueprint_id: UUID) -> Bank:
    """Return the bank that a blueprint draws from; raises BlueprintUnknown."""
    blueprint = find_blueprint(session, blueprint_id)
    return read_bank(session, blueprint.occupation_id, blueprint.level)


def in_order(spec: BlueprintSpec, items: Sequence[BankItem]) -> list[BankItem]:
    """Return items in the order in which a paper holds them: by section, then by the outline."""
    order: dict[str, int] = {section.type: number for number, section in enumerate(spec.sections)}
    return sorted(items, key=lambda item: (order[item.type], outline_place(item)))


def keep_collection(
    session: Session,
    *,
    actor: Actor,
    assembly_id: UUID,
    spec: BlueprintSpec,
    items: Sequence[BankItem],
    collection: Mapping[str, Any],
    summary: Mapping[str, Any],
    at: datetime,
) -> Paper:
    """Store a collection as a draft for the second person; ``items`` are ``in_order``.

    ``collection`` is sealed with it; ``summary`` tells how it came about.
    """
    assembly = _found(session, assembly_id)
    store_papers(session, assembly, spec, [items], at)
    session.flush()
    paper = store.papers(session, assembly_id=assembly.id)[0]
    paper.kind, paper.collection = PaperKind.COLLECTION, dict(collection)
    paper.total_marks = sum((spec.marks_of(item.type) for item in items), Decimal(0))
    assembly.status, assembly.finished_at, assembly.progress = AssemblyStatus.ASSEMBLED, at, None
    assembly.outcome = {"collection": dict(summary)}
    _record(session, actor, assembly)
    return paper


def keep_refusal(
    session: Session,
    *,
    actor: Actor,
    assembly_id: UUID,
    answer: Infeasible | Undecided,
    pool: Pool,
    specification: Specification,
    at: datetime,
) -> None:
    """Store why there is no collection, rule by rule, as the page of an assembly shows it."""
    assembly = _found(session, assembly_id)
    impossible = isinstance(answer, Infeasible)
    assembly.status = AssemblyStatus.INFEASIBLE if impossible else AssemblyStatus.UNDECIDED
    assembly.outcome = report_of(answer, pool, specification, left_out=0)
    assembly.finished_at, assembly.progress = at, None
    _record(session, actor, assembly)


def keep_stop(session: Session, *, assembly_id: UUID, error: Mapping[str, Any], at: datetime) -> None:
    """Store that the work ended with a refusal."""
    assembly = _found(session, assembly_id)
    assembly.status, assembly.finished_at, assembly.outcome = (
        AssemblyStatus.STOPPED,
        at,
        {"error": dict(error)},
    )


def _found(session: Session, assembly_id: UUID) -> Assembly:
    found = store.assembly(session, assembly_id)
    if found is None:
        raise AssemblyUnknown
    return found


def _record(session: Session, actor: Actor, assembly: Assembly) -> None:
    audit.record(
        session,
        actor=actor,
        action="paper.assembled",
        subject=("paper_assembly", assembly.id),
        institution_id=assembly.institution_id,
        detail={"status": assembly.status.value, "kind": assembly.kind.value, "seed": assembly.seed},
    )
