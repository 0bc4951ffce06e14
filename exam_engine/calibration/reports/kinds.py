"""Which module computes which kind of report. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exam_engine.calibration.reports import dif, fit, forensics, linking, sitting
from exam_engine.calibration.reports.book import AnswerBook
from exam_engine.calibration.reports.rules import ReportKind

Progress = Callable[[int, int, str], None]
OfBook = Callable[[AnswerBook, Mapping[str, Any], Progress], dict[str, Any]]
OfBytes = Callable[[bytes, Mapping[str, Any], Progress], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """How a kind of report comes to its figures, and what of them a list may show."""

    compute: OfBytes
    """From the frozen input."""
    summary: Callable[[Mapping[str, Any]], dict[str, Any]]


def _of_book(compute: OfBook) -> OfBytes:
    """Return a computation that reads its answer book first."""
    return lambda content, settings, progress: compute(AnswerBook.from_bytes(content), settings, progress)


KINDS: Mapping[ReportKind, Kind] = {
    ReportKind.SITTING: Kind(_of_book(sitting.compute), sitting.summary_of),
    ReportKind.DIF: Kind(_of_book(dif.compute), dif.summary_of),
    ReportKind.FIT: Kind(fit.compute, fit.summary_of),
    ReportKind.FORENSICS: Kind(_of_book(forensics.compute), forensics.summary_of),
    ReportKind.LINKING: Kind(linking.compute, linking.summary_of),
}
