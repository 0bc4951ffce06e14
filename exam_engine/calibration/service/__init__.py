"""What can be asked of calibration: from responses to a scale in the bank.

Data flow: a response file → response matrix → `outcome.describe_items` in a job, outside any transaction → a frozen
scale in `itembank.statistics`.
"""

from exam_engine.calibration.service.computing import JOB_KIND, calibrate_now, run_job
from exam_engine.calibration.service.requesting import identify, request_from_file
from exam_engine.calibration.service.showing import list_jobs, name_of, outcome_of, table_of

__all__ = [
    "JOB_KIND",
    "calibrate_now",
    "identify",
    "list_jobs",
    "name_of",
    "outcome_of",
    "request_from_file",
    "run_job",
    "table_of",
]
