"""The statistics desk after the large exam: a 2PL scale and its fit, a sitting report, a comparison of sources."""

from __future__ import annotations

from uuid import UUID

from exam_engine.calibration import service as calibration
from exam_engine.calibration.reports.rules import Attribute
from exam_engine.calibration.rules import Method
from exam_engine.jobs import service as jobs
from exam_engine.jobs.rules import JobStatus
from exam_engine.jobs.runner import Runner
from exam_engine.worker import HANDLERS
from itembank.statistics import service as statistics
from scripts.demonstration.world import World

SCALE_NAME = "理论统考（500 人，2PL）"


def analyse(world: World, sitting_id: UUID) -> None:
    """Calibrate the sitting's paper and compute the reports."""
    actor, institution_id = world.actor("psychometrician"), world.ground.institution_id
    with world.session() as session:
        scale = calibration.request_from_sittings(
            session,
            actor=actor,
            institution_id=institution_id,
            name=SCALE_NAME,
            method=Method.TWO_PL,
            sitting_ids=[sitting_id],
            now=world.now(),
        ).id
    run(world, scale)
    with world.session() as session:
        found = next(row for row in statistics.list_scales(session) if row.name == SCALE_NAME)
        reports = [
            calibration.request_sitting_report(
                session,
                actor=actor,
                name="理论统考",
                sitting_ids=[sitting_id],
                now=world.now(),
                institution_id=institution_id,
            ),
            calibration.request_dif_of_sittings(
                session,
                actor=actor,
                institution_id=institution_id,
                name="理论统考：按考生来源比较",
                sitting_ids=[sitting_id],
                attribute=Attribute.SOURCE,
                now=world.now(),
            ),
            calibration.request_fit(
                session,
                actor=actor,
                scale_id=found.id,
                name=SCALE_NAME,
                now=world.now(),
                institution_id=institution_id,
            ),
        ]
        filed = [calibration.job_of(session, report) for report in reports]
        ids = [job.id for job in filed if job is not None]
    for job_id in ids:
        run(world, job_id)


def run(world: World, job_id: UUID) -> None:
    """Do the next job of the queue, which must be this one and end well."""
    Runner(world.database, HANDLERS).run_one()
    with world.session() as session:
        job = jobs.find_job(session, job_id)
        if job.status is not JobStatus.DONE:
            raise RuntimeError(f"a job of the demonstration failed: {job.kind} {job.status}")
