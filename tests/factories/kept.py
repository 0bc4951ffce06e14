"""What takes long to make is made once, and put back with all its rows for every other test that wants it."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text

from itembank.base.clock import ShiftedClock
from itembank.base.db import Base, Database

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """The contents of a database: what its maker returned, the audit heads, and when it was ready."""

    made: bytes
    heads: bytes
    at: datetime


class Shelf:
    """Contents of whole databases by their names, for the tests of one process.

    Parameters
    ----------
    folder : Path
        Where the contents of SQLite databases are kept; those of a PostgreSQL stay in schemas of their own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: dict[tuple[str, bool], Kept] = {}

    def once(self, name: str, database: Database, make: Callable[[], T]) -> T:
        """Return what ``make`` returns, with the rows that it made and everything that was there before.

        Rows that are there when this is called go. The test's clock stands where it stood when they were made.
        """
        assert database.audit_heads is not None
        assert isinstance(database.clock, ShiftedClock)
        here = name, database.is_sqlite
        if here not in self._kept:
            made = make()
            self._keep(name, database)
            heads = database.audit_heads.read_bytes() if database.audit_heads.exists() else b""
            self._kept[here] = Kept(pickle.dumps(made), heads, database.clock.now())
            return made
        kept = self._kept[here]
        self._put_back(name, database)
        database.audit_heads.write_bytes(kept.heads)
        database.clock.advance(kept.at - database.clock.now())
        again: T = pickle.loads(kept.made)
        return again

    def _keep(self, name: str, database: Database) -> None:
        if database.is_sqlite:
            _copy(_place(database), self.folder / name)
            return
        with database.engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
            insertions = ""
            for table in (each.name for each in Base.metadata.sorted_tables):
                if connection.execute(text(f'SELECT EXISTS (SELECT 1 FROM "{table}")')).scalar_one():
                    connection.execute(text(f'CREATE TABLE {name}."{table}" AS TABLE "{table}"'))
                    insertions += f'INSERT INTO "{table}" SELECT * FROM {name}."{table}"; '
            # As a replica, it checks no foreign keys: the rows come in any order.
            function = f"FUNCTION {name}.put_back() RETURNS void LANGUAGE plpgsql"
            options = "SET session_replication_role = replica"
            connection.execute(text(f"CREATE {function} {options} AS $$ BEGIN {insertions} END $$"))

    def _put_back(self, name: str, database: Database) -> None:
        if database.is_sqlite:
            _copy(self.folder / name, _place(database))
            return
        with database.engine.begin() as connection:
            connection.execute(text("SELECT delete_all_rows()"))
            connection.execute(text(f"SELECT {name}.put_back()"))


def _place(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))


def _copy(source: Path, target: Path) -> None:
    """Copy a database that may be in use."""
    connections: list[Any] = [sqlite3.connect(source), sqlite3.connect(target)]
    connections[0].backup(connections[1])
    for connection in connections:
        connection.close()
