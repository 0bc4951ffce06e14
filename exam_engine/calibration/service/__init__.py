"""What can be asked of calibration: from responses to a scale in the bank.

Data flow: a response file, or the answers of sittings → response matrix → `outcome.describe_items` in a
job, outside any transaction → a frozen scale in `itembank.statistics`.
"""

from exam_engine.calibration.service.computing import JOB_KIND, calibrate_now, run_job
from exam_engine.calibration.service.requesting import identify, request_from_file, request_from_sittings
from exam_engine.calibration.service.sheets import FinishedSitting, finished_sittings
from exam_engine.calibration.service.showing import list_jobs, name_of, outcome_of, table_of

__all__ = [
    "JOB_KIND",
    "FinishedSitting",
    "calibrate_now",
    "finished_sittings",
    "identify",
    "list_jobs",
    "name_of",
    "outcome_of",
    "request_from_file",
    "request_from_sittings",
    "run_job",
    "table_of",
]
