"""Many rows in one statement: PostgreSQL takes them as arrays, SQLite one after the other in one call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Executable,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

Rows = Sequence[Mapping[str, Any]]


def among(tested: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """Return “``tested`` is one of the list ``name``”, a bound parameter, so that the statement stays the same."""
    if dialect == "sqlite":
        return tested.in_(bindparam(name, expanding=True))
    return tested == any_(bindparam(name, type_=postgresql.ARRAY(tested.type)))


def _sent(table: Table, names: Sequence[str]) -> Any:
    kinds = {name: table.c[name].type for name in names}
    # JSON travels as text: an array of documents would be taken for one document.
    kinds = {name: Text() if isinstance(kind, JSON) else kind for name, kind in kinds.items()}
    arrays = [bindparam(f"_{name}", type_=postgresql.ARRAY(kind)) for name, kind in kinds.items()]
    columns = [column(name, kind) for name, kind in kinds.items()]
    return func.unnest(*arrays).table_valued(*columns, name="sent").render_derived()


def _chosen(table: Table, sent: Any, name: str) -> Any:
    return cast(sent.c[name], JSON()) if isinstance(table.c[name].type, JSON) else sent.c[name]


@cache
def _insertion(dialect: str, table: Table, names: tuple[str, ...], *, skip_existing: bool) -> Executable:
    if dialect == "sqlite":
        return insert(table).values({name: bindparam(f"_{name}") for name in names})
    sent = _sent(table, names)
    rows = select(*(_chosen(table, sent, name) for name in names))
    statement = postgresql.insert(table).from_select(names, rows)
    return statement.on_conflict_do_nothing() if skip_existing else statement


@cache
def _change(dialect: str, table: Table, key: str, names: tuple[str, ...]) -> Executable:
    changed = names[1:]
    if dialect == "sqlite":
        values = {name: bindparam(f"_{name}", type_=table.c[name].type) for name in changed}
        return update(table).where(table.c[key] == bindparam(f"_{key}")).values(values)
    sent = _sent(table, names)
    values = {name: _chosen(table, sent, name) for name in changed}
    return update(table).where(table.c[key] == sent.c[key]).values(values)


def _parameters(dialect: str, table: Table, names: Sequence[str], rows: Rows) -> Any:
    if dialect == "sqlite":
        return [{f"_{name}": row[name] for name in names} for row in rows]
    columns = {f"_{name}": [row[name] for row in rows] for name in names}
    for name in names:
        if isinstance(table.c[name].type, JSON):
            columns[f"_{name}"] = [
                None if value is None else json.dumps(value) for value in columns[f"_{name}"]
            ]
    return columns


def insert_rows(connection: Connection, table: Table, rows: Rows, *, skip_existing: bool = False) -> None:
    """Insert rows that all name the same columns; column defaults made in Python are not filled in.

    Parameters
    ----------
    skip_existing : bool, default False
        Leave out, on PostgreSQL, what another transaction has inserted meanwhile. On SQLite a writing transaction
        is alone, so that what it has looked up stays true.
    """
    if rows:
        names, dialect = tuple(rows[0]), connection.dialect.name
        statement = _insertion(dialect, table, names, skip_existing=skip_existing)
        connection.execute(statement, _parameters(dialect, table, names, rows))


def update_rows(connection: Connection, table: Table, key: str, rows: Rows) -> None:
    """Give each row named by ``key`` its own new values; no key may occur twice."""
    if rows:
        names, dialect = (key, *(name for name in rows[0] if name != key)), connection.dialect.name
        statement = _change(dialect, table, key, names)
        connection.execute(statement, _parameters(dialect, table, names, rows))
