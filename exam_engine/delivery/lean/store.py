"""The SQL of the lean road: each statement serves the candidates of a whole batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import (
    Connection,
    Executable,
    Row,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy import cast as cast_to

from exam_engine.delivery.models import (
    Answer,
    Attempt,
    AttemptStep,
    EntryBar,
    SebCandidate,
    SittingSeb,
)
from exam_engine.delivery.seb.rules import SebUse
from exam_engine.delivery.store import goes_on_in
from exam_engine.sittings.models import Plan, Registration, Room, Seat, Sitting
from exam_engine.sittings.rules import Component, SittingStatus
from itembank.base.bulk import Rows, among, insert_rows, update_rows
from itembank.people.models import LoginSession, Person


def _table(model: Any) -> Table:
    return cast(Table, model.__table__)


_ANSWER, _ATTEMPT, _BAR = _table(Answer).c, _table(Attempt).c, _table(EntryBar).c
_STEP = _table(AttemptStep).c
_LOGIN, _PERSON, _PLAN = _table(LoginSession).c, _table(Person).c, _table(Plan).c
_REGISTRATION, _ROOM, _SEAT, _SITTING = (_table(model).c for model in (Registration, Room, Seat, Sitting))
_SEB, _SHOWN = _table(SittingSeb).c, _table(SebCandidate).c


@cache
def _entries(dialect: str) -> Executable:
    c = _REGISTRATION
    return (
        select(
            c.ticket_number,
            c.id,
            c.institution_id,
            c.status,
            c.entry_code_hash,
            _SITTING.opens_at,
            _SITTING.ends_at,
        )
        .join_from(_table(Registration), _table(Seat), _SEAT.registration_id == c.id)
        .join(_table(Sitting), _SITTING.id == _SEAT.sitting_id)
        .where(among(c.ticket_number, "tickets", dialect), _SITTING.status == SittingStatus.PUBLISHED)
    )


def entries(connection: Connection, ticket_numbers: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Return for each known ticket its registration with each published sitting."""
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(_entries(connection.dialect.name), {"tickets": ticket_numbers}):
        found.setdefault(row.ticket_number, []).append(row)
    return found


@cache
def _working(dialect: str) -> Executable:
    query = select(_ATTEMPT.id, _ATTEMPT.registration_id, _ATTEMPT.institution_id, _ATTEMPT.epoch)
    query = query.where(among(_ATTEMPT.registration_id, "ids", dialect), _ATTEMPT.submitted_at.is_(None))
    return query.order_by(_ATTEMPT.id).with_for_update()


def working(connection: Connection, registration_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Return, locked, the attempts under way of some registrations."""
    return connection.execute(_working(connection.dialect.name), {"ids": registration_ids}).all()


def _logged_in(dialect: str) -> Any:
    return and_(
        among(_LOGIN.token_digest, "digests", dialect),
        _LOGIN.registration_id.is_not(None),
        _LOGIN.expires_at > bindparam("now", type_=_LOGIN.expires_at.type),
    )


def _seb_missing(registration_id: Any) -> Any:
    """Whether the sitting requires the Safe Exam Browser, and this login neither is one nor was let in without."""
    here = and_(_SHOWN.sitting_id == _SITTING.id, _SHOWN.registration_id == registration_id)
    may_go_on = or_(_SHOWN.let_in_at.is_not(None), _SHOWN.token_digest == _LOGIN.token_digest)
    required = exists().where(_SEB.sitting_id == _SITTING.id, _SEB.use == SebUse.REQUIRED)
    return and_(required, ~exists().where(here, may_go_on)).label("seb_missing")


@cache
def _places(dialect: str) -> Executable:
    attempt_here = and_(_ATTEMPT.sitting_id == _SITTING.id, _ATTEMPT.registration_id == _REGISTRATION.id)
    barred_here = and_(_BAR.sitting_id == _SITTING.id, _BAR.registration_id == _REGISTRATION.id)
    return (
        select(
            _LOGIN.token_digest,
            _REGISTRATION.id.label("registration_id"),
            _REGISTRATION.ticket_number,
            _REGISTRATION.status,
            _REGISTRATION.photo_ref,
            _PERSON.id.label("person_id"),
            _PERSON.sealed,
            _SEAT.number.label("seat_number"),
            _SEAT.paper_id,
            _SEAT.accommodations,
            _SEAT.form,
            _ROOM.name.label("room_name"),
            _SITTING.id.label("sitting_id"),
            _SITTING.institution_id,
            _SITTING.status.label("sitting_status"),
            _SITTING.rules,
            _PLAN.name.label("plan_name"),
            _BAR.id.label("bar_id"),
            _seb_missing(_REGISTRATION.id),
            _ATTEMPT.id.label("attempt_id"),
            _ATTEMPT.epoch,
            _ATTEMPT.due_at,
            _ATTEMPT.submitted_at,
            _ATTEMPT.paused_at,
            _ATTEMPT.step_epoch,
            goes_on_in(_ATTEMPT).label("goes_on"),
        )
        .join_from(_table(LoginSession), _table(Registration), _REGISTRATION.id == _LOGIN.registration_id)
        .join(_table(Person), _PERSON.id == _REGISTRATION.person_id)
        .join(_table(Seat), _SEAT.registration_id == _REGISTRATION.id)
        .join(_table(Sitting), _SITTING.id == _SEAT.sitting_id)
        .join(_table(Plan), _PLAN.id == _SITTING.plan_id)
        .join(_table(Room), _ROOM.id == _SEAT.room_id)
        .outerjoin(_table(Attempt), attempt_here)
        .outerjoin(_table(EntryBar), barred_here)
        .where(
            _logged_in(dialect),
            _SITTING.component == Component.THEORY,
            _SITTING.status != SittingStatus.DRAFT,
        )
    )


def places(connection: Connection, digests: Sequence[str], now: datetime) -> dict[str, list[Row[Any]]]:
    """Return the theory sittings of those logged in, by session: place, attempt and bar."""
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(_places(connection.dialect.name), {"digests": digests, "now": now}):
        found.setdefault(row.token_digest, []).append(row)
    return found


def begin(connection: Connection, rows: Rows) -> dict[tuple[UUID, UUID], UUID]:
    """Insert attempts; return (sitting, registration) → id of the attempt there is now, ours or a quicker one."""
    # Each waits for whoever inserts the same attempt: two that went in different orders would wait for each other.
    rows = sorted(rows, key=lambda row: (row["registration_id"], row["sitting_id"]))
    insert_rows(connection, _table(Attempt), rows, skip_existing=True)
    if connection.dialect.name == "sqlite":
        return {(row["sitting_id"], row["registration_id"]): row["id"] for row in rows}
    query = select(_ATTEMPT.sitting_id, _ATTEMPT.registration_id, _ATTEMPT.id)
    query = query.where(among(_ATTEMPT.registration_id, "ids", connection.dialect.name))
    found = connection.execute(query, {"ids": [row["registration_id"] for row in rows]})
    return {(row[0], row[1]): row[2] for row in found}


@cache
def _barred(dialect: str) -> Executable:
    query = select(_BAR.sitting_id, _BAR.registration_id)
    return query.where(among(_BAR.registration_id, "ids", dialect))


def take_back_barred(connection: Connection, begun: Rows) -> set[UUID]:
    """Delete of the attempts just begun those of candidates who are barred by now; return their ids.

    Whoever bars waits for the keys that the insert has locked, and then finds the attempt; whoever was quicker is
    found here.
    """
    ids = [row["registration_id"] for row in begun]
    found = connection.execute(_barred(connection.dialect.name), {"ids": ids})
    barred = {(row.sitting_id, row.registration_id) for row in found}
    gone = {row["id"] for row in begun if (row["sitting_id"], row["registration_id"]) in barred}
    _take_back(connection, gone)
    return gone


def _take_back(connection: Connection, ids: Collection[UUID]) -> None:
    if ids:
        query = delete(_table(Attempt)).where(among(_ATTEMPT.id, "ids", connection.dialect.name))
        connection.execute(query, {"ids": list(ids)})


def take_back_changed(connection: Connection, begun: Mapping[UUID, Any]) -> set[UUID]:
    """Delete of the attempts just begun those whose candidate was given something else meanwhile; return their ids.

    ``begun`` says what each began with. The ordinary road, which waits for whoever decides, begins them anew.
    """
    given = accommodations(connection, list(begun)) if begun else {}
    gone = {attempt_id for attempt_id, looked in begun.items() if (looked or None) != given.get(attempt_id)}
    _take_back(connection, gone)
    return gone


@cache
def _attempts(dialect: str, *, lock: bool) -> Executable:
    query = (
        select(
            _LOGIN.token_digest,
            _ATTEMPT.id,
            _ATTEMPT.institution_id,
            _ATTEMPT.registration_id,
            _ATTEMPT.sitting_id,
            _ATTEMPT.paper_id,
            _ATTEMPT.form,
            _ATTEMPT.seed,
            _ATTEMPT.epoch,
            _ATTEMPT.due_at,
            _ATTEMPT.submitted_at,
            _ATTEMPT.paused_at,
            _ATTEMPT.ends_at,
            _ATTEMPT.step,
            _ATTEMPT.step_epoch,
            _ATTEMPT.last_step,
            goes_on_in(_ATTEMPT).label("goes_on"),
            _ATTEMPT.receipt,
            _SITTING.rules,
            _seb_missing(_ATTEMPT.registration_id),
        )
        .join_from(_table(Attempt), _table(LoginSession), _LOGIN.registration_id == _ATTEMPT.registration_id)
        .join(_table(Sitting), _SITTING.id == _ATTEMPT.sitting_id)
        .where(among(_ATTEMPT.id, "ids", dialect), _logged_in(dialect))
    )
    return query.order_by(_ATTEMPT.id).with_for_update(of=_table(Attempt)) if lock else query


def attempts(
    connection: Connection, ids: Sequence[UUID], digests: Sequence[str], now: datetime, *, lock: bool
) -> dict[tuple[UUID, str], Row[Any]]:
    """Return (attempt, session) → attempt of the candidate whose session it is, in key order when locked."""
    query = _attempts(connection.dialect.name, lock=lock)
    rows = connection.execute(query, {"ids": ids, "digests": digests, "now": now})
    return {(row.id, row.token_digest): row for row in rows}


@cache
def _given(dialect: str) -> Executable:
    present = and_(_STEP.attempt_id == _ATTEMPT.id, _STEP.number == _ATTEMPT.step)
    query = select(_ATTEMPT.id, _ATTEMPT.epoch, _ATTEMPT.form, _STEP.places)
    query = query.join_from(_table(Attempt), _table(AttemptStep), present, isouter=True)
    return query.where(among(_ATTEMPT.id, "ids", dialect))


def given(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, tuple[int, Sequence[int]]]:
    """Return epoch and form, or places of the present step, of attempts that have one."""
    rows = connection.execute(_given(connection.dialect.name), {"ids": list(ids)})
    return {row[0]: (row[1], (row[2] or ()) if row[3] is None else row[3]) for row in rows}


@cache
def _steps(dialect: str) -> Executable:
    query = select(_STEP.attempt_id, _STEP.number, _STEP.kind, _STEP.places)
    return query.where(among(_STEP.attempt_id, "ids", dialect)).order_by(_STEP.number)


def steps(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
    """Return by attempt the steps that it has begun, in order; asks only for attempts that have any."""
    found: dict[UUID, list[Row[Any]]] = {}
    for row in connection.execute(_steps(connection.dialect.name), {"ids": list(ids)}) if ids else ():
        found.setdefault(row.attempt_id, []).append(row)
    return found


@cache
def _accommodations(dialect: str) -> Executable:
    here = and_(_SEAT.sitting_id == _ATTEMPT.sitting_id, _SEAT.registration_id == _ATTEMPT.registration_id)
    query = select(_ATTEMPT.id, _SEAT.accommodations).join_from(_table(Attempt), _table(Seat), here)
    return query.where(among(_ATTEMPT.id, "ids", dialect), _SEAT.accommodations.is_not(None))


def accommodations(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Return what the candidates of some attempts were given beyond the ordinary; most were given nothing."""
    found = connection.execute(_accommodations(connection.dialect.name), {"ids": list(ids)})
    return {row[0]: row[1] for row in found}


def begin_steps(connection: Connection, rows: Rows) -> None:
    """Insert steps of locked or new attempts."""
    if rows:
        insert_rows(connection, _table(AttemptStep), rows)


_LEAVE = (
    update(_table(AttemptStep))
    .values(left_at=bindparam("at"), due_at=bindparam("due"))
    .where(_STEP.attempt_id == bindparam("attempt"), _STEP.number == bindparam("step"))
)


def leave_steps(connection: Connection, rows: Rows) -> None:
    """Note when steps of locked attempts were left: ``attempt``, ``step``, ``at`` and ``due``."""
    connection.execute(_LEAVE, list(rows))


@cache
def _sheets(dialect: str) -> Executable:
    return (
        select(
            _ATTEMPT.id,
            _REGISTRATION.ticket_number,
            _PERSON.id.label("person_id"),
            _PERSON.sealed,
            _SEAT.number.label("seat_number"),
            _SEAT.accommodations,
            _PLAN.name.label("plan_name"),
        )
        .join_from(_table(Attempt), _table(Registration), _REGISTRATION.id == _ATTEMPT.registration_id)
        .join(_table(Person), _PERSON.id == _REGISTRATION.person_id)
        .join(
            _table(Seat),
            and_(_SEAT.sitting_id == _ATTEMPT.sitting_id, _SEAT.registration_id == _ATTEMPT.registration_id),
        )
        .join(_table(Plan), _PLAN.id == _REGISTRATION.plan_id)
        .where(among(_ATTEMPT.id, "ids", dialect))
    )


def heads(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """Return what stands at the head of the pages of some attempts."""
    return {row.id: row for row in connection.execute(_sheets(connection.dialect.name), {"ids": ids})}


@cache
def _answers(dialect: str) -> Executable:
    c = _ANSWER
    rows: Any
    if dialect == "sqlite":
        row = func.json_array(
            type_coerce(c.item_id, Text()),
            c.epoch,
            c.revision,
            func.json(type_coerce(c.response, Text())),
            c.flagged,
        )
        rows = type_coerce(func.json_group_array(func.json(row)), Text())
    else:
        row = func.json_build_array(c.item_id, c.epoch, c.revision, c.response, c.flagged)
        rows = cast_to(func.json_agg(row), Text())
    return select(c.attempt_id, rows).where(among(c.attempt_id, "ids", dialect)).group_by(c.attempt_id)


_rows = msgspec.json.Decoder(list[tuple[UUID, int, int, list[str], bool | int]]).decode


def answers(
    connection: Connection, attempt_ids: Iterable[UUID]
) -> dict[UUID, list[tuple[UUID, int, int, list[str], bool | int]]]:
    """Return by attempt its latest answers, (item, epoch, revision, response, flagged), in item order."""
    # One text an attempt: a hundred rows of five columns each cost more than everything else together.
    found = connection.execute(_answers(connection.dialect.name), {"ids": list(attempt_ids)})
    return {row[0]: sorted(_rows(row[1]), key=lambda answer: answer[0].int) for row in found}


def change(connection: Connection, rows: Rows) -> None:
    """Write new values of locked attempts, named by ``id``."""
    update_rows(connection, _table(Attempt), "id", rows)
