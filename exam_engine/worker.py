"""Which function does which job."""

from __future__ import annotations

from exam_engine.calibration import service as calibration
from exam_engine.delivery import service as delivery
from exam_engine.jobs.runner import Handler
from exam_engine.marking import service as marking
from exam_engine.papers import service as papers
from exam_engine.sittings import service as sittings

HANDLERS: dict[str, Handler] = {
    calibration.JOB_KIND: calibration.run_job,
    calibration.REPORT_JOB: calibration.run_report_job,
    delivery.COLLECT_JOB: delivery.run_collection_job,
    marking.JOB_KIND: marking.run_marking_job,
    "papers.assemble": papers.run_assembly_job,
    "papers.draw": papers.run_drawing_job,
    "papers.capacity": papers.run_capacity_job,
    "sittings.import": sittings.import_list_job,
}
"""Job kind (``feature.verb``) → handler."""
