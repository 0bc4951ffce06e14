"""Asking for reports, one function a kind and source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.forensics import LISTED_SIMULATED, PAIRS_SIMULATED
from exam_engine.calibration.reports.rules import (
    SEATED,
    Attribute,
    DifferentPassMarks,
    Marking,
    ReportKind,
    Section,
)
from exam_engine.calibration.service.choosing import choose_sittings
from exam_engine.calibration.service.freezing import freeze_sittings
from exam_engine.calibration.service.from_file import read_book
from exam_engine.calibration.service.marked_items import marked_items
from exam_engine.calibration.service.reporting import ReportRequest, compute_now, submit_report
from itembank.people.rules import Actor

SEED = 20260101
"""Of the simulated rooms: the same input and code give the same error rates."""

ROOMS_SIMULATED = 100


@dataclass(frozen=True)
class ResponseFile:
    """An uploaded response file, and the bank to which its items may belong."""

    filename: str
    content: bytes
    occupation_id: UUID
    level: int


def request_sitting_report(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    name: str,
    sitting_ids: Sequence[UUID],
    now: datetime,
) -> StatisticsReport:
    """File a report of one sitting, or of several of one occupation and level with one pass mark.

    Raises
    ------
    NotFound, SittingNotOver, MixedSittings
        If the sittings do not fit.
    DifferentPassMarks
        If they have no common cut.
    """
    request = _of_sittings(session, institution_id, name, sitting_ids, now)
    return submit_report(session, request, actor=actor, now=now)


def report_sitting_now(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    name: str,
    sitting_ids: Sequence[UUID],
    now: datetime,
) -> StatisticsReport:
    """Compute a sitting report at once; for small data and for building a demonstration.

    Raises what `request_sitting_report` raises.
    """
    request = _of_sittings(session, institution_id, name, sitting_ids, now)
    attributes = [Attribute(one) for one in request.settings.get("attributes", ())]
    book = freeze_sittings(session, [UUID(one) for one in request.source["sittings"]], attributes=attributes)
    return compute_now(session, replace(request, content=book.to_bytes()), actor=actor, now=now)


def request_file_report(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    name: str,
    file: ResponseFile,
    cut: Decimal,
    now: datetime,
) -> StatisticsReport:
    """File a sitting report of a response file, passed at ``cut`` out of 100; raises what `read_book` raises."""
    book = read_book(
        session,
        file.content,
        filename=file.filename,
        occupation_id=file.occupation_id,
        level=file.level,
    )
    request = ReportRequest(
        institution_id=institution_id,
        kind=ReportKind.SITTING,
        name=name,
        occupation_id=file.occupation_id,
        level=file.level,
        source={"kind": "file", "filename": file.filename[:200]},
        settings={"cut": float(cut)},
        content=book.to_bytes(),
    )
    return submit_report(session, request, actor=actor, now=now)


def request_dif_of_sittings(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    name: str,
    sitting_ids: Sequence[UUID],
    attribute: Attribute,
    now: datetime,
) -> StatisticsReport:
    """File a comparison of the candidates of sittings by what their registration or seat states.

    Raises what `choose_sittings` raises.
    """
    settings = {"attribute": attribute.value, "attributes": [attribute.value]}
    request = _of_sittings(
        session, institution_id, name, sitting_ids, now, kind=ReportKind.DIF, settings=settings
    )
    return submit_report(session, request, actor=actor, now=now)


def request_dif_of_file(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    name: str,
    file: ResponseFile,
    column: str,
    now: datetime,
) -> StatisticsReport:
    """File a comparison of the groups that a column of the file names; raises what `read_book` raises."""
    book = read_book(
        session,
        file.content,
        filename=file.filename,
        occupation_id=file.occupation_id,
        level=file.level,
        group_column=column,
    )
    request = ReportRequest(
        institution_id=institution_id,
        kind=ReportKind.DIF,
        name=name,
        occupation_id=file.occupation_id,
        level=file.level,
        source={"kind": "file", "filename": file.filename[:200]},
        settings={"attribute": Attribute.GROUP.value, "column": column},
        content=book.to_bytes(),
    )
    return submit_report(session, request, actor=actor, now=now)


def request_forensics(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    name: str,
    sitting_id: UUID,
    level: float,
    within_rooms: bool,
    marking: Marking = Marking.NONE,
    marked: Sequence[str] = (),
    now: datetime,
) -> StatisticsReport:
    """File a security report of a sitting: pairs of all its candidates or of those of one room, and single persons.

    ``marking`` says which items may have been known beforehand; ``marked`` names them where they are listed.

    Raises
    ------
    NotFound, SittingNotOver
        If the sitting does not fit.
    MarkedNothing, MarkedUnknown, MarkedTooFew
        If the marked items do not.
    """
    settings: dict[str, Any] = {
        "level": level,
        "within_rooms": within_rooms,
        "seed": SEED,
        "rooms": ROOMS_SIMULATED,
        "pairs_simulated": LISTED_SIMULATED if within_rooms else PAIRS_SIMULATED,
        "attributes": [attribute.value for attribute in SEATED],
        "sections": [section.value for section in Section],
    }
    request = _of_sittings(
        session, institution_id, name, [sitting_id], now, kind=ReportKind.FORENSICS, settings=settings
    )
    items = marked_items(session, sitting_id, marking, marked)
    settings["marked"] = {"by": marking.value, "items": [str(item) for item in items]}
    return submit_report(session, replace(request, settings=settings), actor=actor, now=now)


def _of_sittings(
    session: Session,
    institution_id: UUID,
    name: str,
    sitting_ids: Sequence[UUID],
    now: datetime,
    *,
    kind: ReportKind = ReportKind.SITTING,
    settings: dict[str, Any] | None = None,
) -> ReportRequest:
    """Return a request for sittings; without settings the common pass mark is one.

    Of several sittings the book keeps which one each person sat, so that the report can say whether they differ.
    """
    chosen = choose_sittings(session, sitting_ids, now=now)
    if settings is None:
        marks = {sitting.pass_mark for sitting, _ in chosen}
        if len(marks) != 1:
            raise DifferentPassMarks
        settings = {"cut": float(marks.pop())}
    if len(chosen) > 1 and Attribute.SITTING.value not in settings.get("attributes", ()):
        settings = settings | {"attributes": [*settings.get("attributes", ()), Attribute.SITTING.value]}
    plan = chosen[0][1]
    return ReportRequest(
        institution_id=institution_id,
        kind=kind,
        name=name,
        occupation_id=plan.occupation_id,
        level=plan.level,
        source={"kind": "sittings", "sittings": [str(sitting.id) for sitting, _ in chosen]},
        settings=settings,
    )
