"""What can be asked of calibration: from responses to a scale in the bank, and to statistics reports.

Data flow: a response file, or the answers of sittings → response matrix → `outcome.describe_items` in a
job, outside any transaction → a frozen scale in `itembank.statistics`. Reports: docs/adr/0008-statistics-reports.md.
"""

from exam_engine.calibration.service.asking import (
    ResponseFile,
    report_sitting_now,
    request_dif_of_file,
    request_dif_of_sittings,
    request_file_report,
    request_forensics,
    request_sitting_report,
)
from exam_engine.calibration.service.computing import JOB_KIND, calibrate_now, run_job
from exam_engine.calibration.service.deciding import WhatIfView, decide, list_what_ifs, try_treatments
from exam_engine.calibration.service.fitting import request_fit
from exam_engine.calibration.service.linking import adopt_link, adopted_scale, model_after, request_linking
from exam_engine.calibration.service.pooling import PoolOffer, offer_pool
from exam_engine.calibration.service.reporting import (
    REPORT_JOB,
    ReportPage,
    ReportRequest,
    book_of,
    find_report,
    job_of,
    list_reports,
    results_of,
    run_again,
    run_report_job,
    sources_of,
    submit_report,
)
from exam_engine.calibration.service.requesting import (
    calibrate_again,
    identify,
    request_from_file,
    request_from_sittings,
)
from exam_engine.calibration.service.sheets import FinishedSitting, finished_sittings
from exam_engine.calibration.service.showing import (
    list_jobs,
    name_of,
    outcome_of,
    run_of,
    sources_of_scale,
    table_of,
)
from exam_engine.calibration.service.versions import kernel_version
from exam_engine.calibration.service.watching import BankState, ItemOverTime, bank_state, item_over_time

__all__ = [
    "JOB_KIND",
    "REPORT_JOB",
    "BankState",
    "FinishedSitting",
    "ItemOverTime",
    "PoolOffer",
    "ReportPage",
    "ReportRequest",
    "ResponseFile",
    "WhatIfView",
    "adopt_link",
    "adopted_scale",
    "bank_state",
    "book_of",
    "calibrate_again",
    "calibrate_now",
    "decide",
    "find_report",
    "finished_sittings",
    "identify",
    "item_over_time",
    "job_of",
    "kernel_version",
    "list_jobs",
    "list_reports",
    "list_what_ifs",
    "model_after",
    "name_of",
    "offer_pool",
    "outcome_of",
    "report_sitting_now",
    "request_dif_of_file",
    "request_dif_of_sittings",
    "request_file_report",
    "request_fit",
    "request_forensics",
    "request_from_file",
    "request_from_sittings",
    "request_linking",
    "request_sitting_report",
    "results_of",
    "run_again",
    "run_job",
    "run_of",
    "run_report_job",
    "sources_of",
    "sources_of_scale",
    "submit_report",
    "table_of",
    "try_treatments",
]
