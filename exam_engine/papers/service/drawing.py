"""Individual forms (千人千卷): draw one for each candidate and keep them as one collection."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.assembly import WORK_LIMIT, Infeasible, Undecided
from exam_engine.assembly.individual import Individual, OutOfReach, assemble_individual
from exam_engine.jobs.runner import JobContext
from exam_engine.papers import store
from exam_engine.papers.drawing import Drawing, of_one_form, overlap_cap, report_of_drawing
from exam_engine.papers.models import Assembly, Paper, PaperForm
from exam_engine.papers.report import report_of, run_as_json
from exam_engine.papers.rules import OPEN, AssemblyStatus, FormUnknown, PaperKind, PaperStatus
from exam_engine.papers.service.assembling import (
    Asked,
    OpenSession,
    Progress,
    Reporter,
    file_assembly,
    find_assembly,
    read_asked,
    stop_assembly,
)
from exam_engine.papers.service.blueprints import find_blueprint, spec_of
from exam_engine.papers.service.reading import find_paper
from exam_engine.papers.service.sealing import discard_paper, release_use
from exam_engine.papers.service.storing import store_collection
from itembank.base import audit
from itembank.base.errors import ExamError
from itembank.people.rules import Actor

JOB_KIND = "papers.draw"

SEVERAL_PROCESSES_FROM = 500
"""Forms from which on several processes draw them: one more takes some seconds to start."""

MOST_PROCESSES = 4

_STATUS = {
    Individual: AssemblyStatus.ASSEMBLED,
    OutOfReach: AssemblyStatus.INFEASIBLE,
    Infeasible: AssemblyStatus.INFEASIBLE,
    Undecided: AssemblyStatus.UNDECIDED,
}


def request_drawing(
    session: Session,
    *,
    actor: Actor,
    blueprint_id: UUID,
    drawing: Drawing,
    now: datetime,
    seed: int | None = None,
    queue: bool = True,
    url: str = "",
) -> Assembly:
    """File a request for individual forms; with ``queue`` a worker takes it up, whose result is shown at ``url``.

    Raises BlueprintUnknown, DrawingOutOfRange, or DrawingRuleRefused for rows that are only wishes.
    """
    blueprint = find_blueprint(session, blueprint_id)
    drawing.check(spec_of(blueprint))
    assembly = Assembly(
        institution_id=blueprint.institution_id,
        blueprint_id=blueprint.id,
        forms=drawing.forms,
        kind=PaperKind.COLLECTION,
        request=drawing.as_json(),
        seed=secrets.randbelow(2**31) if seed is None else seed,
        work_limit=WORK_LIMIT,
        requested_by=actor.id if actor.kind == "user" else None,
        requested_at=now,
    )
    return file_assembly(session, actor, assembly, now=now, queue=queue, kind=JOB_KIND, url=url)


def run_drawing_job(context: JobContext) -> dict[str, Any]:
    """Job handler of ``papers.draw``."""
    assembly_id = UUID(context.payload["assembly_id"])
    status = perform_drawing(
        context.session,
        assembly_id,
        actor=context.actor,
        now=context.database.clock.now,
        progress=Reporter(context, assembly_id),
    )
    return {"url": context.payload["url"], "status": status.value}


def perform_drawing(
    open_session: OpenSession,
    assembly_id: UUID,
    *,
    actor: Actor,
    now: Callable[[], datetime],
    progress: Progress | None = None,
) -> AssemblyStatus:
    """Draw what was requested and store the collection as a draft, or the reason why there is none.

    Raises what problem_of refuses; the request then counts as stopped.
    """
    try:
        with open_session() as session:
            assembly = find_assembly(session, assembly_id)
            if assembly.status is not AssemblyStatus.WAITING:
                return assembly.status  # a worker was lost after it had stored its forms
            asked = read_asked(session, assembly)
            drawing = Drawing.from_json(assembly.request or {})
            seed, work_limit = assembly.seed, assembly.work_limit
        spec, problem = asked.spec, asked.problem
        answer = assemble_individual(
            problem.pool,
            of_one_form(problem.specification),
            forms=drawing.forms,
            seed=seed,
            max_exposure=None if drawing.max_exposure_percent is None else drawing.max_exposure_percent / 100,
            max_overlap=overlap_cap(drawing, problem.specification, spec.length),
            work_limit=work_limit,
            processes=_processes(drawing.forms),
            progress=progress,
        )
        with open_session() as session:
            return _store(session, assembly_id, asked, answer, actor=actor, at=now())
    except ExamError as error:
        stop_assembly(open_session, assembly_id, error, now())
        raise


def _processes(forms: int) -> int:
    return 1 if forms < SEVERAL_PROCESSES_FROM else min(MOST_PROCESSES, os.cpu_count() or 1)


def _store(
    session: Session,
    assembly_id: UUID,
    asked: Asked,
    answer: Individual | OutOfReach | Infeasible | Undecided,
    *,
    actor: Actor,
    at: datetime,
) -> AssemblyStatus:
    assembly = find_assembly(session, assembly_id)
    problem = asked.problem
    if isinstance(answer, Individual | OutOfReach):
        report: dict[str, Any] = {
            "run": run_as_json(answer.run),
            "pool": problem.pool.size,
            "left_out": asked.left_out,
        }
        report |= report_of_drawing(answer)
    else:
        report = report_of(answer, problem.pool, of_one_form(problem.specification), left_out=asked.left_out)
    assembly.outcome, assembly.finished_at, assembly.progress = report, at, None
    assembly.status = _STATUS[type(answer)]
    detail: dict[str, Any] = {
        "status": assembly.status.value,
        "forms": assembly.forms,
        "seed": assembly.seed,
    }
    if isinstance(answer, Individual):
        forms = [[problem.items[k] for k in form if k >= 0] for form in answer.forms.tolist()]
        paper = store_collection(session, assembly, asked.spec, forms, at)
        detail |= {
            "paper": paper.id,
            "label": paper.label,
            "digest": (paper.collection or {})["forms_digest"],
        }
    audit.record(
        session,
        actor=actor,
        action="forms.drawn",
        subject=("paper_assembly", assembly.id),
        institution_id=assembly.institution_id,
        detail=detail,
    )
    return assembly.status


def drawings_for(session: Session, sitting_id: UUID) -> Sequence[Assembly]:
    """Return the drawings for a sitting, the newest first."""
    return store.drawings(session, str(sitting_id))


def collection_of(session: Session, assembly_id: UUID) -> Paper | None:
    """Return the collection that a drawing made, if any."""
    return next(iter(store.papers(session, assembly_id=assembly_id)), None)


def drop_drawing(session: Session, *, actor: Actor, assembly_id: UUID, now: datetime) -> Assembly:
    """Let nobody use a drawing any more; its collection is put aside unless it is sealed, which stays as it is.

    A sealed one of which nobody ever had a form counts no longer: not as an earlier paper, nor in the use of its items.
    """
    assembly = find_assembly(session, assembly_id)
    paper = collection_of(session, assembly_id)
    request = (assembly.request or {}) | {"dropped": True}
    if paper is not None and paper.status in OPEN:
        discard_paper(session, actor=actor, paper_id=paper.id, now=now)
    elif paper is not None and paper.status is PaperStatus.SEALED and not request.get("dealt"):
        request["released"] = True
    assembly.request = request
    session.flush()
    if paper is not None and request.get("released"):
        release_use(session, paper)
    return assembly


def note_dealt(session: Session, paper_id: UUID) -> None:
    """Remember that forms of a collection were given out, on screen or on paper, whatever becomes of it."""
    assembly = find_assembly(session, find_paper(session, paper_id).assembly_id)
    assembly.request = (assembly.request or {}) | {"dealt": True}


def drawn_forms(session: Session, paper_id: UUID) -> dict[int, Sequence[int]]:
    """Return the places of each form of a collection by its number."""
    return {form.number: form.places for form in store.forms(session, paper_id)}


def find_form(session: Session, paper_id: UUID, number: int) -> PaperForm:
    """Return one form of a collection; raises FormUnknown."""
    found = store.form(session, paper_id, number)
    if found is None:
        raise FormUnknown(number=number)
    return found
