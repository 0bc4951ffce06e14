"""All SQL of calibration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Text, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from exam_engine.calibration.models import CalibrationRun
from exam_engine.calibration.reports.rules import Attribute
from exam_engine.delivery.models import Answer, AnswerHistory, Attempt
from exam_engine.invigilation.models import Incident
from exam_engine.invigilation.rules import VOIDING
from exam_engine.marking.models import MarkingRun
from exam_engine.papers.models import PaperEntry
from exam_engine.sittings.models import Plan, Registration, Room, Seat, Sitting
from exam_engine.sittings.rules import Component, SittingStatus, at_the_site
from itembank.base.audit import AuditEntry
from itembank.items.models import Item

CHUNK = 500
"""Names a statement; SQLite and PostgreSQL both bound the parameters."""


def run(session: Session, run_id: UUID) -> CalibrationRun | None:
    return session.scalars(select(CalibrationRun).where(CalibrationRun.id == run_id)).one_or_none()


def run_of_scale(session: Session, scale_id: UUID) -> CalibrationRun | None:
    query = select(CalibrationRun).where(CalibrationRun.scale_id == scale_id)
    return session.scalars(query.limit(1)).one_or_none()


def items_named(
    session: Session, names: Sequence[str], *, occupation_id: UUID, level: int
) -> dict[str, list[UUID]]:
    """Return the items of the occupation and level by id, ``#number`` or reference number."""
    found: dict[str, list[UUID]] = defaultdict(list)
    wanted = set(names)
    for start in range(0, len(names), CHUNK):
        part = names[start : start + CHUNK]
        ids = {identity: name for name in part if (identity := _as_id(name)) is not None}
        numbers = {number: name for name in part if (number := _as_number(name)) is not None}
        query = select(Item.id, Item.number, Item.reference).where(
            Item.occupation_id == occupation_id,
            Item.level == level,
            or_(Item.reference.in_(part), Item.id.in_(ids), Item.number.in_(numbers)),
        )
        for item_id, number, reference in session.execute(query):
            called = {ids.get(item_id, ""), numbers.get(number, ""), reference or ""}
            for name in called & wanted:
                found[name].append(item_id)
    return found


def names_of(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what each item is called: its reference number, or ``#number`` where it has none."""
    found: dict[UUID, str] = {}
    for start in range(0, len(item_ids), CHUNK):
        part = item_ids[start : start + CHUNK]
        query = select(Item.id, Item.number, Item.reference).where(Item.id.in_(part))
        for item_id, number, reference in session.execute(query):
            found[item_id] = reference or f"#{number}"
    return found


def theory_sittings(session: Session) -> Sequence[tuple[Sitting, Plan]]:
    """Return published or closed theory sittings with their plans, latest first."""
    query = (
        select(Sitting, Plan)
        .join(Plan, Plan.id == Sitting.plan_id)
        .where(Sitting.component == Component.THEORY, Sitting.status != SittingStatus.DRAFT)
        .order_by(Sitting.ends_at.desc(), Sitting.id.desc())
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def theory_sitting(session: Session, sitting_id: UUID) -> tuple[Sitting, Plan]:
    """Return a sitting that is there, with its plan."""
    query = select(Sitting, Plan).join(Plan, Plan.id == Sitting.plan_id).where(Sitting.id == sitting_id)
    sitting, plan = session.execute(query).one()
    return sitting, plan


def sittings_before(session: Session, sitting: Sitting, plan: Plan) -> list[UUID]:
    """Return the theory sittings of the plan's occupation and level that began before this one."""
    query = (
        select(Sitting.id)
        .join(Plan, Plan.id == Sitting.plan_id)
        .where(
            Sitting.component == Component.THEORY,
            Sitting.starts_at < sitting.starts_at,
            Plan.occupation_id == plan.occupation_id,
            Plan.level == plan.level,
        )
    )
    return list(session.scalars(query))


def attempt_counts(session: Session) -> dict[UUID, int]:
    """Return the number of attempts of each sitting."""
    query = select(Attempt.sitting_id, func.count(Attempt.id)).group_by(Attempt.sitting_id)
    return {row[0]: row[1] for row in session.execute(query)}


def items_of_sittings(session: Session, sitting_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Return by sitting which items its candidates had; not what was drawn for forms that nobody was given."""
    given = places_given(session, sitting_ids)
    query = select(PaperEntry.paper_id, PaperEntry.item_id).where(
        PaperEntry.paper_id.in_({paper_id for _, paper_id in given})
    )
    entries: dict[UUID, list[UUID]] = defaultdict(list)
    for paper_id, item_id in session.execute(query.order_by(PaperEntry.paper_id, PaperEntry.position)):
        entries[paper_id].append(item_id)
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for (sitting_id, paper_id), places in given.items():
        items = entries[paper_id]
        found[sitting_id].update(items if places is None else (items[place] for place in places))
    return found


def places_given(
    session: Session, sitting_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID], frozenset[int] | None]:
    """Return by sitting and paper which places of it somebody had; None for all of them."""
    query = select(Attempt.sitting_id, Attempt.paper_id, Attempt.form).where(
        Attempt.sitting_id.in_(sitting_ids)
    )
    found: dict[tuple[UUID, UUID], frozenset[int] | None] = {}
    for sitting_id, paper_id, form in session.execute(query):
        known = found.get((sitting_id, paper_id), frozenset())
        found[sitting_id, paper_id] = None if known is None or form is None else known.union(form)
    return found


def has_open_attempts(session: Session, sitting_id: UUID) -> bool:
    query = select(Attempt.id).where(Attempt.sitting_id == sitting_id, Attempt.submitted_at.is_(None))
    return session.execute(query.limit(1)).first() is not None


def voided(session: Session, sitting_ids: Sequence[UUID]) -> set[tuple[UUID, UUID | None]]:
    """Return sitting and registration of those whose component is void."""
    query = select(Incident.sitting_id, Incident.registration_id).where(
        Incident.sitting_id.in_(sitting_ids),
        Incident.kind.in_(VOIDING),
        Incident.confirmed_at.is_not(None),
        Incident.withdrawn_at.is_(None),
    )
    return {(sitting_id, registration_id) for sitting_id, registration_id in session.execute(query)}


@dataclass(frozen=True)
class AttemptRow:
    """One attempt, as plain values."""

    id: UUID
    registration_id: UUID
    paper_id: UUID
    seed: int
    is_terminated: bool
    started_at: datetime
    form: Sequence[int] | None
    """What of the paper was given, as places on it; None for the whole."""


def attempt_rows(session: Session, sitting_id: UUID) -> list[AttemptRow]:
    """Return the handed-in attempts of a sitting, in the order in which they began."""
    query = (
        select(
            Attempt.id,
            Attempt.registration_id,
            Attempt.paper_id,
            Attempt.seed,
            Attempt.terminated_reason,
            Attempt.started_at,
            Attempt.form,
        )
        .where(Attempt.sitting_id == sitting_id, Attempt.submitted_at.is_not(None))
        .order_by(Attempt.id)
    )
    return [AttemptRow(*row[:4], bool(row[4]), *row[5:]) for row in session.execute(query)]


ANSWER_SEPARATOR = "\n"
"""Between the answers of an attempt; JSON never holds it bare."""


def plain_answers(session: Session, sitting_id: UUID) -> Sequence[Row[str, str]]:
    """Return attempt and all its answers in one text: item id and stored JSON, one answer after the other.

    Ids are written as the database writes them. A million answers come in less than a second of CPU: the database
    joins them, and no row, UUID or list is made for each.
    """
    answer = cast(Answer.item_id, Text).concat(cast(Answer.response, Text))
    query = (
        select(cast(Answer.attempt_id, Text), func.aggregate_strings(answer, ANSWER_SEPARATOR))
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
        .group_by(Answer.attempt_id)
    )
    return session.execute(query).all()


def saves(session: Session, sitting_id: UUID) -> Iterator[tuple[str, str, int, int, datetime]]:
    """Yield every save of a sitting: attempt, item id and stored JSON in one text, epoch, revision, time.

    Ids are written as the database writes them; the saves of an attempt come together, in the page's order.
    """
    query = (
        select(
            cast(AnswerHistory.attempt_id, Text),
            cast(AnswerHistory.item_id, Text).concat(cast(AnswerHistory.response, Text)),
            AnswerHistory.epoch,
            AnswerHistory.revision,
            AnswerHistory.saved_at,
        )
        .join(Attempt, Attempt.id == AnswerHistory.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
        .order_by(AnswerHistory.attempt_id, AnswerHistory.epoch, AnswerHistory.revision)
    )
    for row in session.execute(query.execution_options(yield_per=10_000)):
        yield row[0], row[1], row[2], row[3], row[4]


def pauses(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, datetime]]]:
    """Return what pauses and candidates' own breaks left in the record, by attempt: action and time, in order."""
    found: dict[UUID, list[tuple[str, datetime]]] = defaultdict(list)
    for start in range(0, len(attempt_ids), CHUNK):
        part = [str(one) for one in attempt_ids[start : start + CHUNK]]
        query = (
            select(AuditEntry.subject_id, AuditEntry.action, AuditEntry.at)
            .where(
                AuditEntry.subject_id.in_(part),
                AuditEntry.subject_kind == "attempt",
                AuditEntry.action.in_(("attempt.paused", "attempt.break_begun", "attempt.resumed")),
            )
            .order_by(AuditEntry.number)
        )
        for subject_id, action, at in session.execute(query):
            found[UUID(subject_id)].append((action, at))
    return found


@dataclass(frozen=True)
class EarlierRow:
    """An attempt in an earlier sitting, and whose registration of the later one it belongs to."""

    registration_id: UUID
    """Of the later sitting."""
    sitting_id: UUID
    earlier_registration_id: UUID


def earlier_rows(session: Session, sitting_id: UUID) -> list[EarlierRow]:
    """Return earlier handed-in theory attempts, at the same occupation and level, of a sitting's persons; latest
    first."""
    now, before = aliased(Registration), aliased(Registration)
    plan, sitting = aliased(Plan), aliased(Sitting)
    attempt = aliased(Attempt)
    query = (
        select(now.id, sitting.id, before.id)
        .select_from(Attempt)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .join(Plan, Plan.id == Sitting.plan_id)
        .join(now, now.id == Attempt.registration_id)
        .join(before, (before.person_id == now.person_id))
        .join(attempt, attempt.registration_id == before.id)
        .join(sitting, sitting.id == attempt.sitting_id)
        .join(plan, plan.id == sitting.plan_id)
        .where(
            Attempt.sitting_id == sitting_id,
            attempt.submitted_at.is_not(None),
            attempt.terminated_reason == "",
            sitting.component == Component.THEORY,
            sitting.starts_at < Sitting.starts_at,
            plan.occupation_id == Plan.occupation_id,
            plan.level == Plan.level,
        )
        .order_by(sitting.starts_at.desc(), attempt.id.desc())
    )
    return [EarlierRow(*row) for row in session.execute(query)]


def attributes_of(session: Session, sitting_id: UUID) -> dict[UUID, dict[Attribute, str]]:
    """Return by registration what candidates of a sitting can be told apart by."""
    query = (
        select(
            Attempt.registration_id,
            Plan.name,
            Sitting.starts_at,
            Registration.source,
            Registration.education,
            Room.name,
            Seat.number,
            Room.seats_per_row,
        )
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .join(Plan, Plan.id == Sitting.plan_id)
        .join(Registration, Registration.id == Attempt.registration_id)
        .outerjoin(
            Seat, (Seat.sitting_id == Attempt.sitting_id) & (Seat.registration_id == Attempt.registration_id)
        )
        .outerjoin(Room, Room.id == Seat.room_id)
        .where(Attempt.sitting_id == sitting_id)
    )
    return {
        row[0]: {
            Attribute.SITTING: f"{row[1]} {at_the_site(row[2])}",
            Attribute.SOURCE: row[3],
            Attribute.EDUCATION: row[4],
            Attribute.ROOM: row[5] or "",
            Attribute.SEAT: str(row[6] or ""),
            Attribute.SEATS_PER_ROW: str(row[7] or ""),
        }
        for row in session.execute(query)
    }


def last_marking(session: Session, sitting_id: UUID) -> MarkingRun | None:
    query = select(MarkingRun).where(MarkingRun.sitting_id == sitting_id).order_by(MarkingRun.number.desc())
    return session.scalars(query.limit(1)).one_or_none()


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _as_number(name: str) -> int | None:
    """Read ``#17``; a bare number is a reference number."""
    digits = name[1:]
    return (
        int(digits)
        if name.startswith("#") and digits.isascii() and digits.isdigit() and len(digits) < 10
        else None
    )
