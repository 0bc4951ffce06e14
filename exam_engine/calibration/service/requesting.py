"""Asking for a calibration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.models import CalibrationRun
from exam_engine.calibration.reading import ResponseMatrix, read_responses
from exam_engine.calibration.rules import (
    MAX_PROBLEMS,
    AnswersNotKept,
    Fault,
    Method,
    Problem,
    ResponsesRefused,
    check_sample,
    check_stored,
)
from exam_engine.calibration.service.choosing import choose_sittings
from exam_engine.calibration.service.computing import JOB_KIND, pack
from exam_engine.calibration.settings import RunSettings
from exam_engine.jobs import service as jobs
from exam_engine.jobs.models import Job
from itembank.base import audit
from itembank.people.rules import Actor
from itembank.statistics import service as statistics


def request_from_file(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    occupation_id: UUID,
    level: int,
    name: str,
    method: Method,
    settings: RunSettings | None = None,
    filename: str,
    content: bytes,
    now: datetime,
) -> Job:
    """File a calibration of an uploaded response matrix.

    Raises
    ------
    MethodNotStored
        If a scale cannot hold what the method finds.
    ResponsesRefused, FileTooLarge
        If the file is not as described, or names items that the bank does not hold.
    NoResponses, SampleTooSmall
        If there are too few persons for the method.
    """
    check_stored(method)
    matrix = read_responses(content)
    item_ids = _columns(session, matrix, occupation_id=occupation_id, level=level)
    check_sample(matrix.n_persons, method)
    run = CalibrationRun(
        institution_id=institution_id,
        occupation_id=occupation_id,
        level=level,
        name=name,
        method=method,
        settings=(settings or RunSettings()).as_json(method),
        source={"kind": "file", "filename": filename},
        items=[str(item_id) for item_id in item_ids],
        data=pack(matrix),
        n_persons=matrix.n_persons,
        created_by=actor.id,
        created_at=now,
    )
    return submit(session, run, actor=actor, now=now)


def request_from_sittings(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    name: str,
    method: Method,
    settings: RunSettings | None = None,
    sitting_ids: Sequence[UUID],
    now: datetime,
) -> Job:
    """File a calibration of the answers given in sittings of one occupation and level.

    Raises
    ------
    MethodNotStored
        If a scale cannot hold what the method finds.
    NotFound
        If a sitting is not there or not a theory examination.
    SittingNotOver
        If somebody may still be answering.
    MixedSittings
        If the sittings are of several occupations or levels.
    NoResponses, SampleTooSmall
        If there are too few persons for the method.
    """
    check_stored(method)
    chosen = choose_sittings(session, sitting_ids, now=now)
    counts = store.attempt_counts(session)
    n_persons = sum(counts.get(sitting.id, 0) for sitting, _ in chosen)
    check_sample(n_persons, method)
    occupation_id, level = chosen[0][1].occupation_id, chosen[0][1].level
    run = CalibrationRun(
        institution_id=institution_id,
        occupation_id=occupation_id,
        level=level,
        name=name,
        method=method,
        settings=(settings or RunSettings()).as_json(method),
        source={"kind": "sittings", "sittings": [str(sitting.id) for sitting, _ in chosen]},
        items=[],
        data=None,
        n_persons=n_persons,
        created_by=actor.id,
        created_at=now,
    )
    return submit(session, run, actor=actor, now=now)


def calibrate_again(
    session: Session, *, actor: Actor, institution_id: UUID, scale_id: UUID, name: str, now: datetime
) -> Job:
    """File a calibration of the answers kept with a scale, with its model and settings, under the present code.

    Raises
    ------
    ScaleNotFound
        If there is no such scale.
    AnswersNotKept
        If no answers are kept with it, as with a linked scale.
    """
    scale = statistics.find_scale(session, scale_id)
    origin = store.run_of_scale(session, scale_id)
    if origin is None or origin.data is None:
        raise AnswersNotKept(name=scale.name)
    run = CalibrationRun(
        institution_id=institution_id,
        occupation_id=origin.occupation_id,
        level=origin.level,
        name=name,
        method=origin.method,
        settings=origin.settings,
        source={"kind": "again", "scale": str(scale_id)},
        items=origin.items,
        data=origin.data,
        n_persons=origin.n_persons,
        created_by=actor.id,
        created_at=now,
    )
    return submit(session, run, actor=actor, now=now)


def submit(session: Session, run: CalibrationRun, *, actor: Actor, now: datetime) -> Job:
    """Keep the request and file its job."""
    session.add(run)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="calibration.requested",
        subject=("calibration_run", run.id),
        institution_id=run.institution_id,
        detail={
            "method": run.method.value,
            "settings": run.settings,
            "source": run.source,
            "persons": run.n_persons,
        },
    )
    return jobs.submit(
        session,
        actor=actor,
        kind=JOB_KIND,
        payload={"run_id": str(run.id)},
        institution_id=run.institution_id,
        now=now,
        total=100,
    )


def identify(
    session: Session, names: Sequence[str], *, occupation_id: UUID, level: int
) -> dict[str, list[UUID]]:
    """Return the items that each name means: an id, ``#number`` or a reference number."""
    return store.items_named(session, names, occupation_id=occupation_id, level=level)


def _columns(session: Session, matrix: ResponseMatrix, *, occupation_id: UUID, level: int) -> list[UUID]:
    """Find the items that the columns name; every name that is none, or several, is a problem."""
    names = matrix.items
    found = identify(session, names, occupation_id=occupation_id, level=level)
    problems = []
    seen: dict[UUID, str] = {}
    for column, name in enumerate(names, start=matrix.first_column):
        matches = found.get(name, [])
        if len(matches) != 1:
            fault = Fault.AMBIGUOUS_ITEM if matches else Fault.UNKNOWN_ITEM
            problems.append(Problem(fault, row=1, column=column, name=name))
        elif seen.setdefault(matches[0], name) != name:
            problems.append(Problem(Fault.DUPLICATE, row=1, column=column, name=name))
    if problems:
        raise ResponsesRefused(tuple(problems[:MAX_PROBLEMS]), len(problems))
    return [found[name][0] for name in names]
