"""What imports can be asked to do."""

from itembank.interchange.service.importing import Imported, Target, import_file, keep_report
from itembank.interchange.service.reading import (
    batch_warnings,
    count_waiting,
    find_batch,
    find_row,
    list_batches,
    list_rows,
    next_waiting,
    report_json,
)
from itembank.interchange.service.repairing import discard, repair
from itembank.interchange.service.rows import RowView

__all__ = [
    "Imported",
    "RowView",
    "Target",
    "batch_warnings",
    "count_waiting",
    "discard",
    "find_batch",
    "find_row",
    "import_file",
    "keep_report",
    "list_batches",
    "list_rows",
    "next_waiting",
    "repair",
    "report_json",
]
