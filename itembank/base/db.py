"""The database: declarative base, column types, sessions as transactions, and the tenancy filter.

Data flow of one request: ``Database.session(scope=…)`` opens one transaction; every ORM SELECT of a tenant
table is narrowed to the scope's institutions here and nowhere else; commit happens when the block ends without
an exception. A session without a scope cannot read tenant tables at all.
"""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    sessionmaker,
    with_loader_criteria,
)
from sqlalchemy.pool import ConnectionPoolEntry

from itembank.base.clock import Clock, SystemClock
from itembank.base.crypto import Keyring
from itembank.base.errors import NotFound
from itembank.base.ids import new_id


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every backend; refuses naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times are aware; this one has no zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables. Constraint names are derived, so that migrations are the same everywhere."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012  SQLAlchemy reads it from the class


class IdMixin:
    """A sortable opaque primary key."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class TenantMixin:
    """A row that belongs to one institution; reads are filtered to the session's scope."""

    @declared_attr
    @classmethod
    def institution_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("institution.id"), index=True)


@dataclass(frozen=True)
class Scope:
    """Which institutions' rows a session may see and write; ``institutions=None`` means all."""

    institutions: frozenset[UUID] | None

    @classmethod
    def of(cls, institutions: Iterable[UUID]) -> Scope:
        return cls(frozenset(institutions))

    @classmethod
    def everything(cls) -> Scope:
        """For jobs, the command line and public verification only; say why where it is used."""
        return cls(None)

    def includes(self, institution_id: UUID) -> bool:
        return self.institutions is None or institution_id in self.institutions


class ScopeMissing(RuntimeError):
    """A session without a scope touched a tenant table: a programming error, never a user's."""


class OutsideTenant(NotFound):
    """A row of an institution outside the session's scope was about to be written."""

    code = "outside_tenant"
    message = "Not found."


def _narrow_to_scope(state: ORMExecuteState) -> None:
    if not (state.is_select or state.is_update or state.is_delete) or state.is_column_load:
        return
    scope = state.session.info.get("scope")
    if isinstance(scope, Scope) and scope.institutions is None:
        return
    if not isinstance(scope, Scope):
        if any(issubclass(mapper.class_, TenantMixin) for mapper in state.all_mappers):
            raise ScopeMissing("this session has no scope but reads a tenant table")
        return
    institutions = scope.institutions
    state.statement = state.statement.options(
        with_loader_criteria(
            TenantMixin, lambda cls: cls.institution_id.in_(institutions), include_aliases=True
        )
    )


def _check_writes(session: Session, _context: object, _instances: object) -> None:
    scope = session.info.get("scope")
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantMixin):
            if not isinstance(scope, Scope):
                raise ScopeMissing("this session has no scope but writes a tenant table")
            # The row's present owner counts too: nobody moves a row into or out of their reach.
            former = inspect(row).attrs.institution_id.history.deleted or ()
            if not all(scope.includes(owner) for owner in (row.institution_id, *former) if owner):
                raise OutsideTenant


def _configure_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A reading transaction that starts to write can fail with BUSY whatever the timeout: writers say so.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _engine(url: str, *, pool_size: int, max_overflow: int) -> Engine:
    pings = not url.startswith("sqlite") and not hasattr(select, "poll")  # Windows
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_pre_ping=pings,
        # The connection last given back is warm: its backend has the statements and the catalogue at hand.
        pool_use_lifo=True,
        hide_parameters=True,  # a failing statement is logged; its values can be personal
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif not pings:
        event.listen(engine, "checkout", partial(_check_alive, engine.dialect))
    return engine


def _check_alive(dialect: Dialect, connection: Any, _record: ConnectionPoolEntry, _fairy: Any) -> None:
    """Let the pool replace a connection that its server has ended.

    Nobody has asked: what there is to read is a farewell, or a notice, after which it still answers. To ask each time
    would cost as much as a short statement.
    """
    if not connection.closed:
        poll = select.poll()
        poll.register(connection.pgconn.socket, select.POLLIN)
        if not poll.poll(0):
            return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


class Database:
    """One database, its keyring and its clock.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: ``sqlite:///file`` or ``postgresql+psycopg://…``.
    keyring : Keyring
        Given to every session as ``session.info["keyring"]``.
    clock : Clock
        Given to every session as ``session.info["clock"]``.
    audit_heads : Path, optional
        File outside the database to which the signed heads of the audit chain are appended.
    """

    def __init__(
        self,
        url: str,
        keyring: Keyring,
        clock: Clock | None = None,
        *,
        audit_heads: Path | None = None,
        pool_size: int = 20,
    ) -> None:
        self.url = url
        self.keyring = keyring
        self.clock: Clock = clock or SystemClock()
        self.audit_heads = audit_heads
        self.engine = _engine(url, pool_size=pool_size, max_overflow=20)
        self.reserved_engine = _engine(url, pool_size=2, max_overflow=2)
        """Connections for the threads that save answers: requests that hold all others cannot stop them."""
        self.reading = {"writes": False} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        """Options of a connection that does not write."""
        self.written: object | None = object() if self.is_sqlite else None
        """Another object after whatever this process wrote, candidates' answers left out; None where other processes
        write as well, PostgreSQL. Who takes it before reading knows by it later that there is nothing to read anew."""
        self._sessions = sessionmaker(
            self.engine,
            expire_on_commit=False,
            info={"keyring": keyring, "clock": self.clock, "audit_heads": audit_heads},
        )
        event.listen(self._sessions, "do_orm_execute", _narrow_to_scope)
        event.listen(self._sessions, "before_flush", _check_writes)
        for install in _session_hooks:
            install(self._sessions)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def session(self, *, scope: Scope | None = None, writes: bool = True) -> Iterator[Session]:
        """Open one transaction: committed at the end of the block, rolled back on an exception."""
        try:
            with self._sessions() as session, session.begin():
                session.info["scope"] = scope
                if self.is_sqlite and not writes:
                    session.connection(execution_options=self.reading)
                yield session
        finally:
            if writes:
                self.note_written()

    def note_written(self) -> None:
        """Say, after a transaction that may have written anything but answers, that it is over."""
        if self.is_sqlite:
            self.written = object()

    @contextmanager
    def glance(self, *, scope: Scope | None = None) -> Iterator[Session]:
        """Open a session for a few short readings, such as those that are made again and again.

        PostgreSQL needs no transaction for them, which would be two more messages to it and back: each statement sees
        what is committed by then in any case.
        """
        with self._sessions() as session, session.begin():
            session.info["scope"] = scope
            session.connection(execution_options=self.reading)
            yield session

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()
        self.reserved_engine.dispose()


_session_hooks: list[Any] = []


def on_session_factory(install: Any) -> Any:
    """Register ``install(sessionmaker)`` to run for every Database (the audit chain uses it)."""
    _session_hooks.append(install)
    return install


def keyring_of(session: Session) -> Keyring:
    """Return the site's keyring that the session carries."""
    return cast(Keyring, session.info["keyring"])


def database_now(session: Session) -> datetime:
    """Return the database's own time (UTC), plus the test clock's offset if there is one.

    Deadlines are decided by it, so that all workers agree.
    """
    return connection_now(session.connection(), cast(Clock, session.info["clock"]))


def connection_now(connection: Connection, clock: Clock) -> datetime:
    """Return what ``database_now`` does, for code that works below a session."""
    if connection.dialect.name == "sqlite":
        stamp = connection.exec_driver_sql("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").scalar_one()
        now = datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    else:
        now = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return now.astimezone(UTC) + clock.offset
