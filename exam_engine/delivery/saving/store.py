"""Saving answers: the SQL of a whole batch, as each database does it for the least.

PostgreSQL gets one statement, which decides by its own clock and commits by itself: one message there and back. SQLite
is a part of this process: a few short statements under its one writing lock, on a connection of the driver that is
kept. The way through engine, pool and expression language would cost several times what they do.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import JSON, Connection, Uuid, bindparam, text
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import PoolProxiedConnection

from exam_engine.delivery.rules import SAVE_GRACE, AnswerRow, AttemptState, refusal
from itembank.base.db import Database, UtcDateTime

_GOES_ON = "(NOT last_step AND ends_at IS NOT NULL AND due_at < ends_at)"
_STATE = f"id, epoch, due_at, submitted_at, paused_at, step_epoch, {_GOES_ON} AS goes_on"
_SENT = "attempt_id, item_id, epoch, revision, flagged, response"
_LATEST = """
ON CONFLICT (attempt_id, item_id) DO UPDATE SET
    epoch = excluded.epoch, revision = excluded.revision, flagged = excluded.flagged,
    response = excluded.response, saved_at = excluded.saved_at
WHERE (excluded.epoch, excluded.revision) > (held.epoch, held.revision)
"""

_SAVE = text(f"""
WITH clock AS (SELECT clock_timestamp() + CAST(:offset AS interval) AS now),
opened AS (
    SELECT {_STATE} FROM attempt
    WHERE id = ANY(CAST(:saving AS uuid[])) ORDER BY id FOR SHARE
),
taken AS (
    SELECT sent.*, clock.now AS saved_at
    FROM ROWS FROM (
        unnest(CAST(:attempt_id AS uuid[])), unnest(CAST(:item_id AS uuid[])), unnest(CAST(:epoch AS integer[])),
        unnest(CAST(:revision AS bigint[])), unnest(CAST(:flagged AS boolean[])),
        json_array_elements(CAST(:response AS json))
    ) AS sent({_SENT})
    JOIN opened ON opened.id = sent.attempt_id AND opened.epoch = sent.epoch
    CROSS JOIN clock
    WHERE opened.submitted_at IS NULL AND opened.paused_at IS NULL
    AND clock.now <= opened.due_at + CAST(:grace AS interval)
),
history AS (
    INSERT INTO answer_history ({_SENT}, saved_at)
    SELECT attempt_id, item_id, epoch, revision, flagged, response, saved_at
    FROM taken ORDER BY attempt_id, item_id ON CONFLICT DO NOTHING
),
latest AS (
    INSERT INTO answer AS held ({_SENT}, saved_at)
    SELECT attempt_id, item_id, epoch, revision, flagged, response, saved_at
    FROM taken ORDER BY attempt_id, item_id {_LATEST}
)
SELECT opened.*, clock.now FROM opened CROSS JOIN clock
UNION ALL
SELECT {_STATE}, clock.now FROM attempt CROSS JOIN clock WHERE id = ANY(CAST(:asking AS uuid[]))
""")  # noqa: S608  nothing of it comes from outside
"""One round trip and one commit for a whole batch. Attempts that save are locked in key order and shared: processes
neither deadlock nor wait for each other, and only what changes the attempt itself (hand-in, take-over, pause,
extension) excludes a save. ``rules.refusal`` then says by the same rows and the same time what this statement has
decided. Those that only ask are read: a lock is a write, too."""

_STATES = text(
    f"SELECT {_STATE}, clock_timestamp() + CAST(:offset AS interval) AS now"  # noqa: S608  nothing from outside
    " FROM attempt WHERE id = ANY(CAST(:asking AS uuid[]))"
)

_LITE_STATES = f"""
SELECT {_STATE}, strftime('%Y-%m-%d %H:%M:%f', 'now')
FROM attempt WHERE id IN (SELECT value FROM json_each(?))
"""  # noqa: S608
_LITE_VALUES = f"({_SENT}, saved_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
_LITE_HISTORY = f"INSERT INTO answer_history {_LITE_VALUES} ON CONFLICT DO NOTHING"
_LITE_LATEST = f"INSERT INTO answer AS held {_LITE_VALUES} {_LATEST}"
_LITE_TIME = "%Y-%m-%d %H:%M:%S.%f"
"""As SQLAlchemy writes times there."""

_TYPED = (
    bindparam("attempt_id", type_=Uuid()),
    bindparam("item_id", type_=Uuid()),
    bindparam("response", type_=JSON()),
    bindparam("saved_at", type_=UtcDateTime()),
)
_VALUES = f"({_SENT}, saved_at) VALUES ({', '.join(f':{name}' for name in _SENT.split(', '))}, :saved_at)"
_HISTORY_OF_FEW = text(f"INSERT INTO answer_history {_VALUES} ON CONFLICT DO NOTHING").bindparams(*_TYPED)
_LATEST_OF_FEW = text(f"INSERT INTO answer AS held {_VALUES} {_LATEST}").bindparams(*_TYPED)

States = dict[UUID, AttemptState]


def write_answers(connection: Connection, rows: Sequence[AnswerRow], *, saved_at: datetime) -> None:
    """Append to the history and replace the latest answers that are older, within a transaction of the caller's.

    No key may occur twice; who calls has decided that they are taken.
    """
    given = [{**asdict(row), "saved_at": saved_at} for row in rows]
    connection.execute(_HISTORY_OF_FEW, given)
    connection.execute(_LATEST_OF_FEW, given)


class Saver(Protocol):
    """Saves a batch in one transaction."""

    def save(
        self, attempt_ids: Collection[UUID], rows: Sequence[AnswerRow]
    ) -> tuple[States, datetime | None]:
        """Save what attempts take of ``rows``.

        Parameters
        ----------
        attempt_ids : collection of UUID
            Of all whose state is asked for; those of the rows are among them.
        rows : sequence of AnswerRow
            The newest of each (attempt, item), in key order; none only asks for the states.

        Returns
        -------
        states, now
            By which it was decided; no time without a known attempt.
        """

    def close(self) -> None:
        """Give back what is held."""


def saver_of(database: Database) -> Saver:
    """Return what saves for one thread on this database."""
    return _SqliteSaver(database) if database.is_sqlite else _PostgresqlSaver(database)


class _PostgresqlSaver:
    def __init__(self, database: Database) -> None:
        self._clock = database.clock
        self._engine = database.reserved_engine.execution_options(**database.reading)  # it commits by itself

    def save(
        self, attempt_ids: Collection[UUID], rows: Sequence[AnswerRow]
    ) -> tuple[States, datetime | None]:
        saving = {row.attempt_id for row in rows}
        given: dict[str, Any] = {
            "offset": self._clock.offset,
            "asking": _array(one for one in attempt_ids if one not in saving),
        }
        if rows:
            given |= {
                "grace": SAVE_GRACE,
                "saving": _array(saving),
                "attempt_id": _array(row.attempt_id for row in rows),
                "item_id": _array(row.item_id for row in rows),
                "epoch": _array(row.epoch for row in rows),
                "revision": _array(row.revision for row in rows),
                "flagged": _array(row.flagged for row in rows),
                "response": json.dumps([row.response for row in rows]),
            }
        with self._engine.connect() as connection:
            found = connection.execute(_SAVE if rows else _STATES, given).all()
        states = {
            row[0]: AttemptState(row[0], row[1], _utc(row[2]), _utc(row[3]), _utc(row[4]), row[5], row[6])
            for row in found
        }
        return states, _utc(found[0][7]) if found else None

    def close(self) -> None:
        pass


def _array(values: Iterable[UUID | int]) -> str:
    """Return identifiers, numbers or truths as PostgreSQL writes an array; a text costs less than a list of objects."""
    return "{" + ",".join(map(str, values)) + "}"


def _utc(time: Any) -> Any:
    return time.astimezone(UTC) if time else None


class _SqliteSaver:
    """Keeps one connection of the driver, whose pages and statements stay at hand."""

    def __init__(self, database: Database) -> None:
        self._clock, self._engine = database.clock, database.reserved_engine
        self._connection: PoolProxiedConnection | None = None

    def save(
        self, attempt_ids: Collection[UUID], rows: Sequence[AnswerRow]
    ) -> tuple[States, datetime | None]:
        try:
            if self._connection is None:
                self._connection = self._engine.raw_connection()
                self._connection.detach()  # the pool has its number for others
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE" if rows else "BEGIN")
            decided = self._save(cursor, attempt_ids, rows)
            cursor.execute("COMMIT")
        except BaseException:
            self.close()
            raise
        return decided

    def _save(
        self, cursor: DBAPICursor, attempt_ids: Collection[UUID], rows: Sequence[AnswerRow]
    ) -> tuple[States, datetime | None]:
        keys = {attempt_id.hex: attempt_id for attempt_id in attempt_ids}
        cursor.execute(_LITE_STATES, (json.dumps(list(keys)),))
        found = cursor.fetchall()
        if not found:
            return {}, None
        now = _lite(found[0][7]) + self._clock.offset
        states: States = {}
        for key, epoch, due_at, submitted_at, paused_at, step_epoch, goes_on, _ in found:
            states[keys[key]] = AttemptState(
                keys[key],
                epoch,
                _lite(due_at),
                _lite(submitted_at),
                _lite(paused_at),
                step_epoch,
                bool(goes_on),
            )
        saved_at = now.strftime(_LITE_TIME)
        taken = [
            (
                row.attempt_id.hex,
                row.item_id.hex,
                row.epoch,
                row.revision,
                row.flagged,
                json.dumps(row.response),
                saved_at,
            )
            for row in rows
            if refusal(states.get(row.attempt_id), epoch=row.epoch, now=now) is None
        ]
        if taken:
            cursor.executemany(_LITE_HISTORY, taken)
            cursor.executemany(_LITE_LATEST, taken)
        return states, now

    def close(self) -> None:
        """Close the connection, which undoes what was not committed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _lite(time: str | None) -> Any:
    return datetime.fromisoformat(time).replace(tzinfo=UTC) if time else None
