"""Which function does which job."""

from __future__ import annotations

from exam_engine.calibration import service as calibration
from exam_engine.jobs.runner import Handler

HANDLERS: dict[str, Handler] = {
    calibration.JOB_KIND: calibration.run_job,
}
"""Job kind (``feature.verb``) → handler."""
