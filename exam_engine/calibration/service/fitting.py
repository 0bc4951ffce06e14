"""Fit of a scale to its model, from the answers that its calibration kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.fit import ScaleAnswers
from exam_engine.calibration.reports.rules import NoAnswersKept, ReportKind
from exam_engine.calibration.service.computing import unpack
from exam_engine.calibration.service.reporting import ReportRequest, submit_report
from exam_engine.psychometrics.irt.models import Model
from itembank.people.rules import Actor
from itembank.statistics import service as statistics
from itembank.statistics.rules import ScaleModel


def request_fit(
    session: Session, *, actor: Actor, institution_id: UUID, scale_id: UUID, name: str, now: datetime
) -> StatisticsReport:
    """File a report on the fit of a scale.

    Raises
    ------
    ScaleNotFound
        If there is no such scale.
    NoAnswersKept
        If it holds no parameters, or no answers are kept with it, as with a linked scale.
    """
    scale = statistics.find_scale(session, scale_id)
    run = store.run_of_scale(session, scale_id)
    if run is None or run.data is None or not scale.model.has_parameters:
        raise NoAnswersKept(name=scale.name)
    matrix = unpack(run)
    rows = {str(row.item_id): row for row in statistics.item_parameters(session, scale_id)}
    known = [
        at
        for at, item in enumerate(matrix.items)
        if item in rows and rows[item].a is not None and rows[item].b is not None
    ]
    names = store.names_of(session, [UUID(matrix.items[at]) for at in known])
    is_rasch = scale.model is ScaleModel.RASCH
    found = [rows[matrix.items[at]] for at in known]
    answers = ScaleAnswers(
        scale=scale.name,
        model=Model(scale.model.value),
        variance=float(scale.summary.get("latent_variance") or 1.0) if is_rasch else 1.0,
        items=tuple(
            (
                str(row.item_id),
                names.get(row.item_id, str(row.item_id)),
                row.a or 0.0,
                row.b or 0.0,
                row.c or 0.0,
            )
            for row in found
        ),
        responses=matrix.responses[:, known],
        has_priors=bool(scale.summary.get("priors")),
    )
    request = ReportRequest(
        institution_id=institution_id,
        kind=ReportKind.FIT,
        name=name,
        occupation_id=scale.occupation_id,
        level=scale.level,
        source={"kind": "scale", "scale": str(scale_id)},
        settings={},
        content=answers.to_bytes(),
    )
    return submit_report(session, request, actor=actor, now=now)
