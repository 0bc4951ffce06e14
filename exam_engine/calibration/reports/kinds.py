"""Which module computes which kind of report. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exam_engine.calibration.reports import dif, sitting
from exam_engine.calibration.reports.book import AnswerBook
from exam_engine.calibration.reports.rules import ReportKind

Compute = Callable[[AnswerBook, Mapping[str, Any], Callable[[int, int, str], None]], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """How a kind of report comes to its figures, and what of them a list may show."""

    compute: Compute
    summary: Callable[[Mapping[str, Any]], dict[str, Any]]


KINDS: Mapping[ReportKind, Kind] = {
    ReportKind.SITTING: Kind(sitting.compute, sitting.summary_of),
    ReportKind.DIF: Kind(dif.compute, dif.summary_of),
}
