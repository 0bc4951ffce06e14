"""Accommodations: given with a reason, replaced, withdrawn, and copied to the seats they apply to.

Attempts under way are the business of ``delivery.service.accommodating``, which calls these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import store
from exam_engine.sittings.accommodations import (
    WHO,
    AccommodationList,
    Accommodations,
    AccommodationsClosed,
    AccommodationWithdrawn,
    CandidateRepeated,
    CandidateUnknown,
    ListedAccommodation,
    ListError,
    NobodyChosen,
    NotSeatedHere,
    OfficerDecides,
    check_reason,
    read_list,
    short_words,
)
from exam_engine.sittings.models import Accommodation, Plan, Registration, Seat, Sitting
from exam_engine.sittings.rules import PlanStatus, SittingStatus
from exam_engine.sittings.service.plans import find_plan
from exam_engine.sittings.service.records import (
    RegistrationView,
    find_registration,
    note_event,
    view_registrations,
)
from exam_engine.sittings.service.times import find_sitting, terms_of
from exam_engine.sittings.spreadsheet import read_table
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.base.errors import NotFound
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.rules import Action, Actor

_PURPOSE = "accommodation"
REPLACED = "replaced"


@dataclass(frozen=True)
class AccommodationView:
    """One accommodation as the officer sees it."""

    row: Accommodation
    candidate: RegistrationView
    given: Accommodations
    reason: str
    """Empty for whom it is none of their business."""
    seats: Sequence[tuple[Sitting, Seat]]
    """Where it applies now."""

    def extra_minutes(self) -> list[int]:
        """Return the extra minutes in each sitting where it applies."""
        return [self.given.extra_of(terms_of(sitting).limit_minutes) for sitting, _ in self.seats]


@dataclass(frozen=True)
class SeatChange:
    """What changed for one seat."""

    sitting: Sitting
    seat: Seat
    before: Accommodations
    after: Accommodations


@dataclass(frozen=True)
class CheckedList:
    """An uploaded list: whose accommodations it names, or every breach."""

    rows: Sequence[tuple[UUID, ListedAccommodation]]
    errors: Sequence[ListError]


def list_accommodations(
    session: Session, plan_id: UUID, *, sitting_id: UUID | None = None, text: str = "", reasons: bool = False
) -> list[AccommodationView]:
    """Return the standing accommodations of a plan, or those that apply in one sitting, by ticket number.

    ``text`` narrows to part of a name, or of a ticket or document number.
    """
    rows = store.accommodations(session, plan_id)
    ids = [row.registration_id for row in rows]
    candidates = view_registrations(session, ids)
    seats = store.accommodated_seats(session, ids)
    found = []
    for row in rows:
        candidate = candidates.get(row.registration_id)
        here = [
            (sitting, seat) for sitting, seat in seats.get(row.registration_id, ()) if _rules(row, sitting)
        ]
        if row.sitting_id is None:  # one of the sitting's own goes before
            own = {one.sitting_id for one in rows if one.registration_id == row.registration_id}
            here = [(sitting, seat) for sitting, seat in here if sitting.id not in own]
        if candidate is None or not _fits(candidate, text.strip()):
            continue
        if sitting_id is not None and all(sitting.id != sitting_id for sitting, _ in here):
            continue
        reason = _open(session, row.id, row.sealed_reason) if reasons else ""
        found.append(AccommodationView(row, candidate, Accommodations.from_json(row.given), reason, here))
    return sorted(found, key=lambda view: view.candidate.registration.ticket_number or "")


def _rules(row: Accommodation, sitting: Sitting) -> bool:
    return row.sitting_id in (None, sitting.id)


def _fits(candidate: RegistrationView, text: str) -> bool:
    person, ticket = candidate.person, candidate.registration.ticket_number or ""
    return not text or text in person.name or text in ticket or text.upper() in person.document_number.upper()


def _seal(session: Session, accommodation_id: UUID, text: str) -> bytes:
    context = f"accommodation/{accommodation_id}"
    return keyring_of(session).seal(text.encode(), purpose=_PURPOSE, context=context)


def _open(session: Session, accommodation_id: UUID, sealed: bytes) -> str:
    context = f"accommodation/{accommodation_id}"
    return keyring_of(session).open(sealed, purpose=_PURPOSE, context=context).decode()


def check_decider(
    session: Session, *, actor: Actor, plan_id: UUID, sitting_id: UUID | None, now: datetime
) -> tuple[Plan, Sitting | None]:
    """Return plan and sitting if ``actor`` may decide about them now.

    Raises OfficerDecides, AccommodationsClosed or NotFound.
    """
    plan = find_plan(session, plan_id)
    sitting = None if sitting_id is None else find_sitting(session, sitting_id)
    if sitting is not None and sitting.plan_id != plan.id:
        raise NotFound
    if plan.status is PlanStatus.CLOSED or (sitting is not None and sitting.status is SittingStatus.CLOSED):
        raise AccommodationsClosed
    if not actor.may(Action.REGISTRATION_WRITE) and (sitting is None or now < sitting.opens_at):
        raise OfficerDecides
    return plan, sitting


def keep_accommodation(
    session: Session,
    *,
    actor: Actor,
    plan_id: UUID,
    sitting_id: UUID | None,
    registration_ids: Sequence[UUID],
    given: Accommodations,
    reason: str,
    now: datetime,
) -> list[SeatChange]:
    """Give candidates something in one sitting, or in all of the plan; what they had there is replaced.

    Raises NobodyChosen, NotSeatedHere, AccommodationOutOfRange, BreaksIncomplete, AccommodationEmpty,
    ReasonMissing, ReasonTooLong, OfficerDecides, AccommodationsClosed or NotFound.
    """
    plan, sitting = check_decider(session, actor=actor, plan_id=plan_id, sitting_id=sitting_id, now=now)
    given.check()
    reason = check_reason(reason)
    chosen = list(dict.fromkeys(registration_ids))
    if not chosen:
        raise NobodyChosen
    candidates = view_registrations(session, chosen)
    if len(candidates) != len(chosen) or any(
        view.registration.plan_id != plan.id for view in candidates.values()
    ):
        raise NotFound
    changes = []
    for registration_id in chosen:
        view = candidates[registration_id]
        if sitting is not None and store.seat(session, sitting.id, registration_id) is None:
            raise NotSeatedHere(name=view.person.name)
        standing = store.standing_accommodation(session, registration_id, sitting_id)
        if standing is not None:
            _end(session, actor, standing, REPLACED, now)
        row = Accommodation(
            id=new_id(),
            institution_id=plan.institution_id,
            registration_id=registration_id,
            sitting_id=sitting_id,
            given=given.as_json(),
            given_by=str(actor),
            given_by_name=actor.name[:60],
            given_at=now,
        )
        row.sealed_reason = _seal(session, row.id, reason)
        session.add(row)
        session.flush()
        _tell(session, actor, view.registration, row, "given", given, reason, now)
        changes += _copy(session, view.registration)
    return changes


def withdraw_accommodation(
    session: Session, *, actor: Actor, plan_id: UUID, accommodation_id: UUID, reason: str, now: datetime
) -> list[SeatChange]:
    """Take one back with a reason; it stays on record.

    Raises ReasonMissing, ReasonTooLong, AccommodationWithdrawn, OfficerDecides, AccommodationsClosed or NotFound.
    """
    row = find_accommodation(session, plan_id, accommodation_id)
    check_decider(session, actor=actor, plan_id=plan_id, sitting_id=row.sitting_id, now=now)
    if row.withdrawn_at is not None:
        raise AccommodationWithdrawn
    reason = check_reason(reason)
    _end(session, actor, row, reason, now)
    registration = find_registration(session, row.registration_id)
    given = Accommodations.from_json(row.given)
    _tell(session, actor, registration, row, "withdrawn", given, reason, now)
    return _copy(session, registration)


def find_accommodation(session: Session, plan_id: UUID, accommodation_id: UUID) -> Accommodation:
    """Return an accommodation of a plan; raises NotFound."""
    row = store.accommodation(session, accommodation_id)
    if row is None or find_registration(session, row.registration_id).plan_id != plan_id:
        raise NotFound
    return row


def _end(session: Session, actor: Actor, row: Accommodation, reason: str, now: datetime) -> None:
    row.withdrawn_by, row.withdrawn_at = str(actor), now
    row.sealed_withdrawal = _seal(session, row.id, reason)
    session.flush()


def _tell(
    session: Session,
    actor: Actor,
    registration: Registration,
    row: Accommodation,
    deed: str,
    given: Accommodations,
    reason: str,
    now: datetime,
) -> None:
    action = "accommodation.given" if deed == "given" else "accommodation.withdrawn"
    words = "、".join(short_words(given, 0)) or f"{given.extra_percent} %"
    note_event(
        session, actor=actor, registration=registration, kind=f"accommodation_{deed}", new=words, now=now
    )
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("accommodation", row.id),
        institution_id=registration.institution_id,
        detail={"registration": registration.id, "sitting": row.sitting_id, "given": given.as_json()},
        personal={registration.person_id: {"reason": reason}},
    )


def _copy(session: Session, registration: Registration) -> list[SeatChange]:
    """Write what applies now to the seats of one candidate, and return what differs."""
    changes = []
    applies = effective(session, [registration.id])
    for sitting, seat in store.seats_of(session, registration.id):
        if sitting.status is SittingStatus.CLOSED:
            continue
        before = Accommodations.from_json(seat.accommodations)
        after = applies(registration.id, sitting.id)
        if before != after:
            seat.accommodations = after.as_json() or None
            changes.append(SeatChange(sitting, seat, before, after))
    session.flush()
    return changes


class Effective:
    """What stands for some candidates: a sitting's own goes before the plan's."""

    def __init__(self, rows: Iterable[Accommodation]) -> None:
        self._given = {(row.registration_id, row.sitting_id): row.given for row in rows}

    def __call__(self, registration_id: UUID, sitting_id: UUID) -> Accommodations:
        """Return what applies to a candidate in a sitting."""
        own = self._given.get((registration_id, sitting_id))
        return Accommodations.from_json(own or self._given.get((registration_id, None)))


def effective(session: Session, registration_ids: Sequence[UUID]) -> Effective:
    """Return what stands for some candidates."""
    return Effective(store.accommodations_of(session, registration_ids))


def check_list(session: Session, *, plan_id: UUID, filename: str, content: bytes) -> CheckedList:
    """Read an uploaded list (CSV or XLSX) and find its candidates; every breach is kept.

    Raises TableUnreadable, TableTooLarge, ListWithoutColumn, ListHasNoRows, ListTooLong or NotFound.
    """
    plan = find_plan(session, plan_id)
    found: AccommodationList = read_list(read_table(filename, content))
    numbers = _numbers(session, plan.id) if found.rows else {}
    rows, errors, seen = [], list(found.errors), dict[UUID, int]()
    for row in found.rows:
        registration_id = numbers.get(row.who.upper())
        if registration_id is None:
            errors.append(ListError(row.row, WHO, row.who, CandidateUnknown(value=row.who)))
        elif registration_id in seen:
            repeated = CandidateRepeated(first=seen[registration_id])
            errors.append(ListError(row.row, WHO, row.who, repeated))
        else:
            seen[registration_id] = row.row
            rows.append((registration_id, row))
    return CheckedList(rows, sorted(errors, key=lambda error: error.row))


def _numbers(session: Session, plan_id: UUID) -> Mapping[str, UUID]:
    rows = store.registrations_of_plan(session, plan_id)
    persons = people.read_persons(session, [row.person_id for row in rows])
    numbers = {persons[row.person_id].document_number.upper(): row.id for row in rows}
    return numbers | {row.ticket_number: row.id for row in rows if row.ticket_number}
