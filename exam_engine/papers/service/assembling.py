"""Ask for papers, and make them: read the bank, let the kernel work without a transaction, store what it found."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.assembly import (
    WORK_LIMIT,
    Assembled,
    Infeasible,
    Pool,
    Specification,
    Undecided,
    assemble,
)
from exam_engine.jobs import service as jobs
from exam_engine.jobs.runner import JobContext
from exam_engine.papers import store
from exam_engine.papers.at_hand import refill_specification
from exam_engine.papers.bank import Problem, problem_of, read_bank
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem
from exam_engine.papers.models import Assembly, Paper
from exam_engine.papers.report import report_of
from exam_engine.papers.rules import AssemblyStatus, AssemblyUnknown, check_forms
from exam_engine.papers.service.blueprints import find_blueprint, spec_of
from exam_engine.papers.service.checking import forms_at_hand
from exam_engine.papers.service.refilling import refill, refill_request, refilled_paper
from exam_engine.papers.service.storing import store_papers
from itembank.base import audit
from itembank.base.errors import ExamError
from itembank.people.rules import Actor

JOB_KIND = "papers.assemble"

STAGES = {
    "bound": "Working out the bound",
    "build": "Building forms",
    "improve": "Bringing forms closer to their targets",
    "polish": "Bringing forms closer to their targets",
    "draw": "Drawing forms",
    "balance": "Levelling how often items are used and shared",
    "verify": "Checking every rule",
    "explain": "Looking for the reason why there is no solution",
}
"""What a job's page says while the kernel works; the pages' catalogue has the same texts."""

_STATUS = {
    Assembled: AssemblyStatus.ASSEMBLED,
    Infeasible: AssemblyStatus.INFEASIBLE,
    Undecided: AssemblyStatus.UNDECIDED,
}

REPORT_SECONDS = 0.5
"""How often progress is written at most."""

OpenSession = Callable[[], AbstractContextManager[Session]]
Progress = Callable[[int, int, str], None]
"""Called with done, total and stage; see exam_engine.assembly.assemble."""


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
    return file_assembly(session, actor, assembly, now=now, queue=queue)


def request_refill(
    session: Session,
    *,
    actor: Actor,
    paper_id: UUID,
    locked: Collection[int],
    reason: str,
    revision: int,
    now: datetime,
    seed: int | None = None,
    queue: bool = True,
) -> Assembly:
    """Ask for a paper's places to be filled anew except those at the positions ``locked``.

    Raises PaperNotDraft, PaperChanged, EntryUnknown, ReasonMissing, or NothingOpen when all places are locked.
    """
    assembly = refill_request(
        session, actor=actor, paper_id=paper_id, locked=locked, reason=reason, revision=revision
    )
    assembly.seed = secrets.randbelow(2**31) if seed is None else seed
    assembly.work_limit, assembly.requested_at = WORK_LIMIT, now
    return file_assembly(session, actor, assembly, now=now, queue=queue)


def file_assembly(
    session: Session,
    actor: Actor,
    assembly: Assembly,
    *,
    now: datetime,
    queue: bool,
    kind: str = JOB_KIND,
    url: str = "",
) -> Assembly:
    """Keep a request, and file its job unless it is performed at once."""
    session.add(assembly)
    session.flush()
    if queue:
        job = jobs.submit(
            session,
            actor=actor,
            kind=kind,
            payload={"assembly_id": str(assembly.id), "url": url},
            institution_id=assembly.institution_id,
            now=now,
        )
        assembly.job_id = job.id
    detail = {"blueprint": str(assembly.blueprint_id), "forms": assembly.forms, "seed": assembly.seed}
    audit.record(
        session,
        actor=actor,
        action="paper.requested",
        subject=("paper_assembly", assembly.id),
        institution_id=assembly.institution_id,
        detail=detail | ({"refill": str(assembly.paper_id)} if assembly.paper_id else {}),
    )
    return assembly


def run_assembly_job(context: JobContext) -> dict[str, Any]:
    """Job handler of ``papers.assemble``."""
    assembly_id = UUID(context.payload["assembly_id"])
    status = perform_assembly(
        context.session,
        assembly_id,
        actor=context.actor,
        now=context.database.clock.now,
        progress=Reporter(context, assembly_id),
    )
    return {"url": f"/papers/assemblies/{assembly_id}", "status": status.value}


class Reporter:
    """Keeps how far an assembly is: with its job, and in more words with the assembly."""

    def __init__(self, context: JobContext, assembly_id: UUID) -> None:
        self.context, self.assembly_id = context, assembly_id
        self.known: dict[str, Any] = {}
        self.written = 0.0

    def tell(self, name: str, value: float) -> None:
        """Take note of the bound or of the best so far; the next report writes it."""
        if math.isfinite(value):
            self.known[name] = value

    def __call__(self, done: int, total: int, stage: str) -> None:
        """Report progress; raises JobCancelled when somebody cancelled the job."""
        fresh = stage != self.known.get("stage")
        self.known |= {"stage": stage, "done": done, "total": total}
        if stage == "build":
            self.known["forms"] = done
        self.context.progress(done, total, STAGES.get(stage, stage))
        tick = time.monotonic()
        if fresh or tick - self.written > REPORT_SECONDS:
            self.written = tick
            with self.context.session() as session:
                store.write_progress(session, self.assembly_id, self.known)


@dataclass(frozen=True)
class Asked:
    """The blueprint of a request and the bank's items as it asks for them; ``left_out`` counts those it cannot use."""

    spec: BlueprintSpec
    problem: Problem
    left_out: int
    scale_id: UUID | None


def read_asked(session: Session, assembly: Assembly) -> Asked:
    """Read what a request asks for; raises what problem_of refuses."""
    blueprint = find_blueprint(session, assembly.blueprint_id)
    spec = spec_of(blueprint)
    bank = read_bank(session, blueprint.occupation_id, blueprint.level)
    problem = problem_of(spec, bank)
    kinds = {section.type for section in spec.sections}
    left_out = sum(item.type in kinds for item in bank.items) - len(problem.items)
    return Asked(spec, problem, left_out, bank.scale_id)


@dataclass(frozen=True)
class _Task:
    """What a request asks of the kernel, read from the bank at once."""

    spec: BlueprintSpec
    items: Mapping[str, BankItem]
    pool: Pool
    specification: Specification
    forms: int
    seed: int
    work_limit: int
    left_out: int
    scale_id: UUID | None


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
            task = _read_refill(session, assembly) if assembly.paper_id else _read_task(session, assembly)
        answer = assemble(
            task.pool,
            task.specification,
            forms=task.forms,
            seed=task.seed,
            work_limit=task.work_limit,
            progress=progress,
            known=progress.tell if isinstance(progress, Reporter) else None,
        )
        report = report_of(answer, task.pool, task.specification, left_out=task.left_out)
        if task.scale_id is not None and task.pool.is_calibrated:
            report["scale_id"] = str(task.scale_id)
        with open_session() as session:
            return _store(session, assembly_id, task, answer, report, actor=actor, at=now())
    except ExamError as error:
        stop_assembly(open_session, assembly_id, error, now())
        raise


def _read_task(session: Session, assembly: Assembly) -> _Task:
    asked = read_asked(session, assembly)
    problem = asked.problem
    return _Task(
        asked.spec,
        {str(item.item_id): item for item in problem.items},
        problem.pool,
        problem.specification,
        assembly.forms,
        assembly.seed,
        assembly.work_limit,
        asked.left_out,
        asked.scale_id,
    )


def _read_refill(session: Session, assembly: Assembly) -> _Task:
    paper, request = refilled_paper(session, assembly)
    at_hand, papers = forms_at_hand(session, paper.assembly_id)
    place = [other.id for other in papers].index(paper.id)
    specification = refill_specification(at_hand, place, request["locked"], request.get("aside", ()))
    return _Task(
        at_hand.spec,
        at_hand.items,
        at_hand.pool,
        specification,
        1,
        assembly.seed,
        assembly.work_limit,
        0,
        None,
    )


def _store(
    session: Session,
    assembly_id: UUID,
    task: _Task,
    answer: Assembled | Infeasible | Undecided,
    report: dict[str, Any],
    *,
    actor: Actor,
    at: datetime,
) -> AssemblyStatus:
    assembly = find_assembly(session, assembly_id)
    assembly.outcome, assembly.finished_at, assembly.progress = report, at, None
    assembly.status = _STATUS[type(answer)]
    if isinstance(answer, Assembled):
        chosen = [[task.items[name] for name in form] for form in answer.forms]
        if assembly.paper_id is None:
            store_papers(session, assembly, task.spec, chosen, at)
        else:
            refill(session, actor, assembly, chosen[0], at)
    audit.record(
        session,
        actor=actor,
        action="paper.assembled",
        subject=("paper_assembly", assembly.id),
        institution_id=assembly.institution_id,
        detail={"status": assembly.status.value, "forms": task.forms, "seed": task.seed},
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


def stop_assembly(open_session: OpenSession, assembly_id: UUID, error: ExamError, at: datetime) -> None:
    """Keep why a request cannot be performed."""
    with open_session() as session:
        assembly = find_assembly(session, assembly_id)
        assembly.status, assembly.finished_at = AssemblyStatus.STOPPED, at
        facts = {name: str(value) for name, value in error.facts.items()}
        assembly.outcome = {"error": {"code": error.code, "message": error.message, "facts": facts}}
