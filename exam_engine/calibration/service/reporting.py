"""Statistics reports: ask for one, compute it, run it again, read it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports import store
from exam_engine.calibration.reports.agreement import compare
from exam_engine.calibration.reports.book import AnswerBook, compress, decompress, digest_of
from exam_engine.calibration.reports.kinds import KINDS
from exam_engine.calibration.reports.rules import (
    Attribute,
    InputAltered,
    ReportKind,
    ReportNotFound,
    ReportNotReady,
)
from exam_engine.calibration.service.freezing import freeze_sittings
from exam_engine.calibration.service.showing import names_of_sittings
from exam_engine.calibration.service.versions import kernel_version, package_version
from exam_engine.jobs import service as jobs
from exam_engine.jobs.models import Job
from exam_engine.jobs.runner import JobContext
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.people.rules import Actor
from itembank.statistics import service as statistics

REPORT_JOB = "statistics.report"

PURPOSE = "statistics_report"
"""Of the key under which inputs and figures are sealed."""

PAGE_ROWS = 50


@dataclass(frozen=True)
class ReportRequest:
    """What is to be reported."""

    institution_id: UUID
    kind: ReportKind
    name: str
    occupation_id: UUID
    level: int
    source: Mapping[str, Any]
    settings: Mapping[str, Any]
    content: bytes | None = None
    """Where the input is known already; sittings are read by the job."""


@dataclass(frozen=True)
class ReportPage:
    """Some of the reports, newest first."""

    reports: Sequence[StatisticsReport]
    page: int
    pages: int
    total: int


def submit_report(
    session: Session, request: ReportRequest, *, actor: Actor, now: datetime
) -> StatisticsReport:
    """Keep a request and file its job."""
    return _file(session, _keep(session, request, actor=actor, now=now), actor=actor, now=now)


def compute_now(session: Session, request: ReportRequest, *, actor: Actor, now: datetime) -> StatisticsReport:
    """Keep a request whose input is known and compute it at once; for small data."""
    if request.content is None:
        raise ValueError("the input must be known")
    report = _keep(session, request, actor=actor, now=now)
    kind = KINDS[report.kind]
    results = kind.compute(request.content, report.settings, lambda *_: None)
    _keep_results(session, report, results, kind.summary(results), now)
    _record_request(session, report, actor)
    return report


def _keep(session: Session, request: ReportRequest, *, actor: Actor, now: datetime) -> StatisticsReport:
    report = StatisticsReport(
        institution_id=request.institution_id,
        kind=request.kind,
        name=request.name,
        occupation_id=request.occupation_id,
        level=request.level,
        source=dict(request.source),
        settings=dict(request.settings),
        created_by=actor.id,
        created_at=now,
    )
    session.add(report)
    session.flush()
    if request.content is not None:
        keep_input(session, report, request.content)
    return report


def run_again(session: Session, *, actor: Actor, report_id: UUID, now: datetime) -> StatisticsReport:
    """File a new report from the same input and settings under the present code.

    Raises
    ------
    ReportNotFound, ReportNotReady
        If there is nothing to run again.
    InputAltered
        If the stored input is not what was frozen.
    """
    origin = find_report(session, report_id)
    content = input_of(session, origin)
    report = StatisticsReport(
        institution_id=origin.institution_id,
        kind=origin.kind,
        name=origin.name,
        occupation_id=origin.occupation_id,
        level=origin.level,
        source=origin.source,
        settings=origin.settings,
        rerun_of=origin.id,
        created_by=actor.id,
        created_at=now,
    )
    session.add(report)
    session.flush()
    keep_input(session, report, content)
    return _file(session, report, actor=actor, now=now)


def _record_request(session: Session, report: StatisticsReport, actor: Actor) -> None:
    audit.record(
        session,
        actor=actor,
        action="statistics_report.requested",
        subject=("statistics_report", report.id),
        institution_id=report.institution_id,
        detail={
            "kind": report.kind.value,
            "source": report.source,
            "settings": report.settings,
            "again": str(report.rerun_of) if report.rerun_of else None,
        },
    )


def _file(session: Session, report: StatisticsReport, *, actor: Actor, now: datetime) -> StatisticsReport:
    _record_request(session, report, actor)
    job = jobs.submit(
        session,
        actor=actor,
        kind=REPORT_JOB,
        payload={"report_id": str(report.id)},
        institution_id=report.institution_id,
        now=now,
        total=100,
    )
    report.job_id = job.id
    session.flush()
    return report


def run_report_job(context: JobContext) -> dict[str, Any]:
    """Work off one report: freeze the input, compute between transactions, keep the figures."""
    report_id = UUID(context.payload["report_id"])
    with context.session(writes=False) as session:
        report = find_report(session, report_id)
        kind, settings, origin_id = KINDS[report.kind], report.settings, report.rerun_of
        content = input_of(session, report) if report.input else None
        if content is None:
            sittings = [UUID(one) for one in report.source["sittings"]]
            wanted = [Attribute(one) for one in report.settings.get("attributes", ())]
            with_history = bool(report.settings.get("sections"))
            book = freeze_sittings(session, sittings, attributes=wanted, with_history=with_history)
            content = book.to_bytes()
            is_new = True
        else:
            is_new = False
    context.progress(0, 100, "reading")
    if is_new:
        with context.session() as session:
            keep_input(session, find_report(session, report_id), content)
    results = kind.compute(content, settings, context.progress)
    with context.session() as session:
        report = find_report(session, report_id)
        _keep_results(session, report, results, kind.summary(results), context.database.clock.now())
        origin = store.report(session, origin_id) if origin_id else None
        if origin is not None and origin.results is not None:
            report.agreement = compare(results_of(session, origin), results)
        audit.record(
            session,
            actor=context.actor,
            action="statistics_report.computed",
            subject=("statistics_report", report.id),
            institution_id=report.institution_id,
            detail={"digest": report.digest, "kernel": report.kernel_version},
        )
    return {"url": f"/analysis/reports/{report_id}", "report_id": str(report_id)}


def keep_input(session: Session, report: StatisticsReport, content: bytes) -> None:
    """Freeze the input of a report: it never changes again."""
    report.digest = digest_of(content)
    report.input = keyring_of(session).seal(
        compress(content), purpose=PURPOSE, context=f"statistics_report/{report.id}/input"
    )
    session.flush()


def input_of(session: Session, report: StatisticsReport) -> bytes:
    """Return the frozen input.

    Raises ReportNotReady where there is none, InputAltered where it is not what the digest says.
    """
    if report.input is None:
        raise ReportNotReady
    content = decompress(
        keyring_of(session).open(
            report.input, purpose=PURPOSE, context=f"statistics_report/{report.id}/input"
        )
    )
    if digest_of(content) != report.digest:
        raise InputAltered
    return content


def book_of(session: Session, report: StatisticsReport) -> AnswerBook:
    """Return the answer book of a report; raises what `input_of` raises."""
    return AnswerBook.from_bytes(input_of(session, report))


def _keep_results(
    session: Session,
    report: StatisticsReport,
    results: Mapping[str, Any],
    summary: dict[str, Any],
    now: datetime,
) -> None:
    text = json.dumps(results, ensure_ascii=False, allow_nan=False).encode()
    report.results = keyring_of(session).seal(
        compress(text), purpose=PURPOSE, context=f"statistics_report/{report.id}/results"
    )
    report.summary = summary
    report.package_version, report.kernel_version = package_version(), kernel_version()
    report.computed_at = now
    session.flush()


def results_of(session: Session, report: StatisticsReport) -> dict[str, Any]:
    """Return the figures of a report; raises ReportNotReady where there are none."""
    if report.results is None:
        raise ReportNotReady
    sealed = report.results
    text = keyring_of(session).open(sealed, purpose=PURPOSE, context=f"statistics_report/{report.id}/results")
    found: dict[str, Any] = json.loads(decompress(text))
    return found


def find_report(session: Session, report_id: UUID) -> StatisticsReport:
    """Return a report; raises ReportNotFound."""
    report = store.report(session, report_id)
    if report is None:
        raise ReportNotFound
    return report


def sources_of(session: Session, report: StatisticsReport) -> list[str]:
    """Return what a report was computed from, in words: plans with their days, or the file's name."""
    if report.source["kind"] == "file":
        return [str(report.source["filename"])]
    if "scale" in report.source:
        return [statistics.find_scale(session, UUID(report.source["scale"])).name]
    if "new" in report.source:
        scales = [statistics.find_scale(session, UUID(report.source[one])).name for one in ("new", "old")]
        return [" → ".join(scales)]
    return names_of_sittings(session, report.source.get("sittings", ()))


def job_of(session: Session, report: StatisticsReport) -> Job | None:
    """Return the job that computes a report."""
    return jobs.find_job(session, report.job_id) if report.job_id else None


def list_reports(
    session: Session, *, kinds: Collection[ReportKind] = tuple(ReportKind), page: int = 1
) -> ReportPage:
    """Return a page of the institution's reports of some kinds, newest first."""
    total = store.count_reports(session, kinds=kinds)
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(max(page, 1), pages)
    found = store.reports(session, kinds=kinds, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS)
    return ReportPage(found, page, pages, total)
