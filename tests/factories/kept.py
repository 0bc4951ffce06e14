"""What takes long to make is made once, and put back with all its rows for every other test that wants it."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from itembank.base.clock import ShiftedClock
from itembank.base.crypto import Keyring
from itembank.base.db import Base, keyring_of

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """The contents of a database: what its maker returned, the audit heads, and when it was ready."""

    keyring: Keyring
    made: bytes
    heads: bytes
    at: datetime
    rows: sqlite3.Connection | str
    """A copy of an SQLite database in memory, or the function that puts back PostgreSQL's rows."""


_kept: dict[Hashable, Kept] = {}
_places: set[tuple[str, ...]] = {()}
"""The institutions that were put back, or none at all: what others stand on is never seen again."""


def once(
    name: Hashable, open_session: Callable[[], AbstractContextManager[Session]], make: Callable[[], T]
) -> T:
    """Return what ``make`` returns, with the rows that it made.

    ``name`` says what is made; where other rows are there already, it is something else. From the second time on the
    rows are put back instead, and the test's clock stands no earlier than when they were made. What is returned
    must be picklable and must not belong to a session.
    """
    with open_session() as session:
        engine = session.connection().engine
        clock, heads, keyring = session.info["clock"], session.info["audit_heads"], keyring_of(session)
        places, counts = _places_in(session), _counts(session)
    if places not in _places or heads is None or not isinstance(clock, ShiftedClock):
        return make()
    known = name, str(engine.url), places, counts
    kept = _kept.get(known)
    if kept is not None and kept.keyring is keyring:
        _put_back(engine, kept.rows)
        heads.write_bytes(kept.heads)
        clock.advance(max(kept.at - clock.now(), timedelta(0)))
        again: T = pickle.loads(kept.made)
        return again
    made = make()
    with open_session() as session:
        _places.add(_places_in(session))
    rows = _keep(engine, f"kept_{len(_kept)}")
    _kept[known] = Kept(keyring, pickle.dumps(made), heads.read_bytes(), clock.now(), rows)
    return made


def deletions() -> str:
    """Return the statements that delete all rows: most tables have none, and their plans are kept in a function."""
    names = (table.name for table in Base.metadata.sorted_tables)
    return " ".join(f'IF EXISTS (SELECT 1 FROM "{x}") THEN DELETE FROM "{x}"; END IF;' for x in names)


AS_REPLICA = "RETURNS void LANGUAGE plpgsql SET session_replication_role = replica"
"""A function that checks no foreign keys, so that the order of the tables does not matter."""


def _places_in(session: Session) -> tuple[str, ...]:
    return tuple(map(str, session.execute(text("SELECT id FROM institution ORDER BY id")).scalars()))


def _counts(session: Session) -> tuple[int, ...]:
    """Return how many rows each table has."""
    tables = (table.name for table in Base.metadata.sorted_tables)
    counts = ", ".join(f'(SELECT count(*) FROM "{name}")' for name in tables)
    return tuple(session.execute(text(f"SELECT {counts}")).one())


def _keep(engine: Engine, name: str) -> sqlite3.Connection | str:
    if engine.dialect.name == "sqlite":
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        with _beside(engine) as here:
            here.backup(copy)
        return copy
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
        insertions = ""
        for table in (each.name for each in Base.metadata.sorted_tables):
            if connection.execute(text(f'SELECT EXISTS (SELECT 1 FROM "{table}")')).scalar_one():
                connection.execute(text(f'CREATE TABLE {name}."{table}" AS TABLE "{table}"'))
                insertions += f'INSERT INTO "{table}" SELECT * FROM {name}."{table}"; '
        body = f"BEGIN {deletions()} {insertions} END"
        connection.execute(text(f"CREATE FUNCTION {name}.put_back() {AS_REPLICA} AS $$ {body} $$"))
    return f"{name}.put_back"


def _put_back(engine: Engine, rows: sqlite3.Connection | str) -> None:
    if isinstance(rows, str):
        with engine.begin() as connection:
            connection.execute(text(f"SELECT {rows}()"))
        return
    with _beside(engine) as here:
        rows.backup(here)


def _beside(engine: Engine) -> closing[sqlite3.Connection]:
    """Return a connection beside those of the engine, closed at the end."""
    return closing(sqlite3.connect(str(engine.url.database)))
