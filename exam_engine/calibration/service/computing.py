"""From a response matrix to a scale: the job, and the same at once for small data."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.answers import mark_sheets, tabulate_options
from exam_engine.calibration.findings import ASYMPTOTE_FIELDS, BEYOND_SCALES, Outcome
from exam_engine.calibration.models import CalibrationRun
from exam_engine.calibration.outcome import describe_items
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import Method, RunNotFound, UnlinkedBlocks
from exam_engine.calibration.service.repeating import agreement_with, options_of, origin_of
from exam_engine.calibration.service.sheets import read_sheets
from exam_engine.calibration.service.versions import kernel_version, package_version
from exam_engine.calibration.settings import RunSettings
from exam_engine.jobs.runner import JobContext
from itembank.people.rules import Actor
from itembank.statistics import service as statistics
from itembank.statistics.models import Scale
from itembank.statistics.rules import ScaleModel
from itembank.statistics.service import ItemFigures, ScaleDraft

JOB_KIND = "calibration.run"

Options = Mapping[UUID, list[dict[str, Any]]]
"""How the options of each item drew weak and strong persons."""


def run_job(context: JobContext) -> dict[str, Any]:
    """Work off one calibration; its transactions stay short, the computing happens between them."""
    run_id = UUID(context.payload["run_id"])
    options: Options = {}
    with context.session(writes=False) as session:
        run = find_run(session, run_id)
        sheets = None if run.data else read_sheets(session, [UUID(one) for one in run.source["sittings"]])
        origin = origin_of(run)
        if origin is not None:
            options = options_of(session, origin)
        settings = RunSettings.from_json(run.settings)
    if sheets is None:
        matrix = unpack(run)
    else:
        context.progress(0, 100, "reading")
        matrix = mark_sheets(sheets)
        options = tabulate_options(sheets, matrix)
    try:
        outcome = describe_items(
            matrix, run.method, estimation=settings.estimation(), report=context.progress
        )
    except UnlinkedBlocks as unlinked:
        raise _in_names(context, unlinked) from None
    with context.session() as session:
        run = find_run(session, run_id)
        run.items, run.data, run.n_persons = list(matrix.items), pack(matrix), matrix.n_persons
        now = context.database.clock.now()
        scale = keep_outcome(session, run, outcome, options, actor=context.actor, now=now)
        run.scale_id = scale.id
    return {"url": f"/analysis/scales/{scale.id}", "scale_id": str(scale.id)}


def _in_names(context: JobContext, unlinked: UnlinkedBlocks) -> UnlinkedBlocks:
    """Return the refusal with the items' reference numbers, which a reader knows, for their ids."""
    with context.session(writes=False) as session:
        names = store.names_of(session, [UUID(item) for block in unlinked.blocks for item in block])
    return UnlinkedBlocks([[names.get(UUID(item), item) for item in block] for block in unlinked.blocks])


def calibrate_now(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    occupation_id: UUID,
    level: int,
    name: str,
    method: Method,
    responses: Mapping[UUID, Sequence[int]],
    settings: RunSettings | None = None,
    now: datetime,
) -> Scale:
    """Calibrate at once and keep the scale; for small data and for building a demonstration.

    Parameters
    ----------
    responses : mapping of item id to marks
        One mark a person: 1 correct, 0 wrong, -1 not presented; all of one length. Other scores are refused with
        ValueError: a scale of the bank holds one difficulty an item.
    """
    columns = np.array(list(responses.values()), dtype=np.int8)
    matrix = ResponseMatrix(tuple(str(item_id) for item_id in responses), columns.T)
    chosen = settings or RunSettings()
    outcome = describe_items(matrix, method, estimation=chosen.estimation())
    run = CalibrationRun(
        institution_id=institution_id,
        occupation_id=occupation_id,
        level=level,
        name=name,
        method=method,
        source={"kind": "direct"},
        settings=chosen.as_json(method),
        items=list(matrix.items),
        data=pack(matrix),
        n_persons=matrix.n_persons,
        created_by=actor.id,
        created_at=now,
    )
    session.add(run)
    scale = keep_outcome(session, run, outcome, {}, actor=actor, now=now)
    run.scale_id = scale.id
    session.flush()
    return scale


def keep_outcome(
    session: Session, run: CalibrationRun, outcome: Outcome, options: Options, *, actor: Actor, now: datetime
) -> Scale:
    """Keep an outcome as a scale of the bank."""
    summary = {key: value for key, value in outcome.as_json().items() if key != "items"}
    figures = []
    for item in outcome.items:
        known = {key: value for key, value in asdict(item).items() if key not in BEYOND_SCALES | {"item"}}
        if item.model != Method.THREE_PL:
            known |= dict.fromkeys(ASYMPTOTE_FIELDS)
        item_id = UUID(item.item)
        figures.append(ItemFigures(item_id=item_id, options=options.get(item_id), **known))
    summary["code"] = {"package": package_version(), "kernel": kernel_version()}
    origin = origin_of(run)
    if origin is not None:
        summary["again"] = agreement_with(session, origin, summary, figures)
    draft = ScaleDraft(
        institution_id=run.institution_id,
        occupation_id=run.occupation_id,
        level=run.level,
        name=run.name,
        model=ScaleModel(run.method.value),
        n_persons=outcome.n_persons,
        summary=summary,
        source=run.source,
        items=figures,
    )
    return statistics.keep_scale(session, actor=actor, draft=draft, now=now)


def find_run(session: Session, run_id: UUID) -> CalibrationRun:
    """Return a run; raises RunNotFound."""
    run = store.run(session, run_id)
    if run is None:
        raise RunNotFound
    return run


def pack(matrix: ResponseMatrix) -> bytes:
    """Return the marks compressed."""
    return zlib.compress(np.ascontiguousarray(matrix.responses, dtype=np.int8).tobytes())


def unpack(run: CalibrationRun) -> ResponseMatrix:
    """Return the marks of a run."""
    flat = np.frombuffer(zlib.decompress(run.data or b""), dtype=np.int8)
    return ResponseMatrix(tuple(run.items), flat.reshape(-1, len(run.items)).copy())
