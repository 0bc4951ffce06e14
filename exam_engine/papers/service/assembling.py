"""Ask for papers, and make them: read the bank, let the kernel work without a transaction, store what it found."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.assembly import WORK_LIMIT, Assembled, Infeasible, assemble
from exam_engine.jobs import service as jobs
from exam_engine.jobs.runner import JobContext
from exam_engine.papers import store
from exam_engine.papers.bank import problem_of, read_bank
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem
from exam_engine.papers.models import Assembly, Blueprint, Paper, PaperEntry
from exam_engine.papers.report import report_of
from exam_engine.papers.rules import (
    AssemblyStatus,
    AssemblyUnknown,
    PaperStatus,
    check_forms,
    label_prefix,
    next_labels,
)
from exam_engine.papers.service.blueprints import find_blueprint, spec_of
from itembank.base import audit
from itembank.base.errors import ExamError
from itembank.people import service as people
from itembank.people.rules import Actor

JOB_KIND = "papers.assemble"

STAGES = {
    "bound": "Working out the bound",
    "build": "Building forms",
    "improve": "Bringing forms closer to their targets",
    "polish": "Bringing forms closer to their targets",
    "verify": "Checking every rule",
    "explain": "Looking for the reason why there is no solution",
}
"""What a job's page says while the kernel works; the pages' catalogue has the same texts."""

OpenSession = Callable[[], AbstractContextManager[Session]]
Progress = Callable[[int, int, str], None]


def request_assembly(
    session: Session,
    *,
    actor: Actor,
    blueprint_id: UUID,
    forms: int,
    now: datetime,
    seed: int | None = None,
    work_limit: int = WORK_LIMIT,
    queue: bool = True,
) -> Assembly:
    """File a request for forms of a blueprint; with ``queue`` a worker takes it up.

    Raises FormsOutOfRange or BlueprintUnknown.
    """
    check_forms(forms)
    blueprint = find_blueprint(session, blueprint_id)
    assembly = Assembly(
        institution_id=blueprint.institution_id,
        blueprint_id=blueprint.id,
        forms=forms,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        work_limit=work_limit,
        requested_by=actor.id if actor.kind == "user" else None,
        requested_at=now,
    )
    session.add(assembly)
    session.flush()
    if queue:
        job = jobs.submit(
            session,
            actor=actor,
            kind=JOB_KIND,
            payload={"assembly_id": str(assembly.id)},
            institution_id=blueprint.institution_id,
            now=now,
        )
        assembly.job_id = job.id
    audit.record(
        session,
        actor=actor,
        action="paper.requested",
        subject=("paper_assembly", assembly.id),
        institution_id=blueprint.institution_id,
        detail={"blueprint": str(blueprint.id), "forms": forms, "seed": assembly.seed},
    )
    return assembly


def run_assembly_job(context: JobContext) -> dict[str, Any]:
    """Job handler of ``papers.assemble``."""
    assembly_id = UUID(context.payload["assembly_id"])

    def progress(done: int, total: int, stage: str) -> None:
        context.progress(done, total, STAGES.get(stage, stage))

    status = perform_assembly(
        context.session, assembly_id, actor=context.actor, now=context.database.clock.now, progress=progress
    )
    return {"url": f"/papers/assemblies/{assembly_id}", "status": status.value}


def perform_assembly(
    open_session: OpenSession,
    assembly_id: UUID,
    *,
    actor: Actor,
    now: Callable[[], datetime],
    progress: Progress | None = None,
) -> AssemblyStatus:
    """Assemble what was requested and store draft papers or the reason why there are none.

    Raises what problem_of refuses; the request then counts as stopped.
    """
    try:
        with open_session() as session:
            assembly = find_assembly(session, assembly_id)
            if assembly.status is not AssemblyStatus.WAITING:
                return assembly.status  # a worker was lost after it had stored its papers
            blueprint = find_blueprint(session, assembly.blueprint_id)
            spec = spec_of(blueprint)
            bank = read_bank(session, blueprint.occupation_id, blueprint.level)
            forms, seed, work_limit = assembly.forms, assembly.seed, assembly.work_limit
        problem = problem_of(spec, bank)
        items, pool, specification = problem.items, problem.pool, problem.specification
        answer = assemble(
            pool, specification, forms=forms, seed=seed, work_limit=work_limit, progress=progress
        )
    except ExamError as error:
        _stop(open_session, assembly_id, error, now())
        raise
    kinds = {section.type for section in spec.sections}
    left_out = sum(item.type in kinds for item in bank.items) - len(items)
    report = report_of(answer, pool, left_out=left_out)
    if bank.scale_id is not None and pool.a is not None:
        report["scale_id"] = str(bank.scale_id)
    with open_session() as session:
        assembly = find_assembly(session, assembly_id)
        assembly.outcome, assembly.finished_at = report, now()
        if isinstance(answer, Assembled):
            assembly.status = AssemblyStatus.ASSEMBLED
            by_id = {str(item.item_id): item for item in items}
            chosen = [[by_id[name] for name in form] for form in answer.forms]
            _store_papers(
                session, assembly, find_blueprint(session, assembly.blueprint_id), spec, chosen, now()
            )
        elif isinstance(answer, Infeasible):
            assembly.status = AssemblyStatus.INFEASIBLE
        else:
            assembly.status = AssemblyStatus.UNDECIDED
        audit.record(
            session,
            actor=actor,
            action="paper.assembled",
            subject=("paper_assembly", assembly.id),
            institution_id=assembly.institution_id,
            detail={"status": assembly.status.value, "forms": forms, "seed": seed},
        )
        return assembly.status


def find_assembly(session: Session, assembly_id: UUID) -> Assembly:
    """Return a request; raises AssemblyUnknown."""
    found = store.assembly(session, assembly_id)
    if found is None:
        raise AssemblyUnknown
    return found


def list_assemblies(session: Session) -> Sequence[Assembly]:
    """The latest requests, newest first."""
    return store.assemblies(session)


def papers_of(session: Session, assembly_id: UUID) -> Sequence[Paper]:
    """Papers that an assembly made, by form."""
    return store.papers(session, assembly_id=assembly_id)


def _stop(open_session: OpenSession, assembly_id: UUID, error: ExamError, at: datetime) -> None:
    with open_session() as session:
        assembly = find_assembly(session, assembly_id)
        assembly.status, assembly.finished_at = AssemblyStatus.STOPPED, at
        facts = {name: str(value) for name, value in error.facts.items()}
        assembly.outcome = {"error": {"code": error.code, "message": error.message, "facts": facts}}


def _store_papers(
    session: Session,
    assembly: Assembly,
    blueprint: Blueprint,
    spec: BlueprintSpec,
    forms: Sequence[Sequence[BankItem]],
    at: datetime,
) -> None:
    store.lock_institution(session, blueprint.institution_id)
    institution = people.find_institution(session, blueprint.institution_id)
    prefix = label_prefix(at, institution.credit_code)
    labels = next_labels(prefix, store.labels(session, prefix), len(forms))
    order: dict[str, int] = {section.type: number for number, section in enumerate(spec.sections)}
    for number, (form, label) in enumerate(zip(forms, labels, strict=True), start=1):
        paper = Paper(
            institution_id=blueprint.institution_id,
            blueprint_id=blueprint.id,
            assembly_id=assembly.id,
            occupation_id=blueprint.occupation_id,
            level=blueprint.level,
            form=number,
            label=label,
            total_marks=spec.total_marks,
            minutes=spec.minutes,
            created_by=assembly.requested_by,
            created_at=at,
            status=PaperStatus.DRAFT,
        )
        session.add(paper)
        session.flush()
        ordered = sorted(form, key=lambda item: (order[item.type], _place(item)))
        session.add_all(
            PaperEntry(
                institution_id=blueprint.institution_id,
                paper_id=paper.id,
                position=position,
                item_id=item.item_id,
                version_id=item.version_id,
                type=item.type,
                marks=spec.marks_of(item.type),
            )
            for position, item in enumerate(ordered, start=1)
        )


def _place(item: BankItem) -> tuple[str, str, str]:
    """Within a section items follow the outline, as printed papers do."""
    return (item.nodes[-1] if item.nodes else "~", item.category, str(item.item_id))
