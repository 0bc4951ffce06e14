"""Fixtures shared by all tests.

A test that takes ``database`` (or ``session``, ``client``) runs on SQLite and on a real PostgreSQL.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from hypothesis import settings as hypothesis_settings
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from exam_engine.delivery.rules import ACCEPTING_LOSS
from exam_engine.migrations import schema
from exam_engine.migrations.tables import metadata
from itembank.base import db
from itembank.base.clock import ShiftedClock
from itembank.base.crypto import Keyring
from itembank.base.db import Database, Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, InstitutionKind, Role
from itembank.people.service import accounts
from scripts import demo
from scripts.servers.postgres import Postgres, PostgresMissing, start_postgres
from tests.factories.kept import AS_REPLICA, deletions, once
from tests.factories.people import make_institution, make_platform, make_user
from tests.scheduling import Together, in_order
from web import logs, render
from web.account import routes as account
from web.app import create_app
from web.exam import limits as exam
from web.public import routes as public
from web.security import SESSION_COOKIE, csrf_token
from web.settings import Settings

# No test asserts a wall-clock time, Hypothesis with its deadline of 200 ms an example included.
hypothesis_settings.register_profile("untimed", deadline=None, derandomize=True)
hypothesis_settings.load_profile("untimed")

BEGIN = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
"""A Monday morning, 09:00 in China, with known holidays around it."""

MEMORY = Path("/dev/shm")
"""A folder that is memory, where there is one."""
ENOUGH = 2 * 1024**3
"""Bytes that all files of the tests together need at most."""

_server: Postgres | PostgresMissing | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.addoption(
        "--no-skip", action="store_true", help="what cannot be had fails instead of being skipped"
    )


def _postgres() -> Postgres | PostgresMissing:
    global _server
    if _server is None:
        try:
            _server = start_postgres()
        except (PostgresMissing, OSError) as reason:
            _server = PostgresMissing(str(reason))
    return _server


def pytest_configure(config: pytest.Config) -> None:
    logs.configure("warning", "json")
    os.environ["EXAM_ENGINE_ACCEPT_LOSS"] = ACCEPTING_LOSS  # the tests' PostgreSQL does not wait for the disk
    # A password is slow to hash on purpose; the tests open hundreds of accounts.
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts._ABSENT = accounts._hasher.hash("nobody")
    # An engine keeps the statements that it has compiled: the databases of all tests have one for each address.
    db.create_engine = cache(create_engine)
    # SQLite waits for the disk at every commit; files in memory make nobody wait.
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if config.pluginmanager.hasplugin(
        "cacheprovider"
    ):  # compiled templates, for all workers and the next run
        render.environment().bytecode_cache = FileSystemBytecodeCache(str(config.cache.mkdir("templates")))
    # With xdist one server serves all workers; alone, it is started when a test first asks for it.
    parallel = getattr(config.option, "numprocesses", None)
    if parallel and not hasattr(config, "workerinput") and config.getoption("--database") != "sqlite":
        _postgres()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    server = _server
    node.workerinput["pgport"] = server.port if isinstance(server, Postgres) else 0
    node.workerinput["pgreason"] = str(server or "")


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    if isinstance(_server, Postgres) and not hasattr(config, "workerinput"):
        _server.stop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        # PostgreSQL refuses what SQLite would keep (NUL, numbers too large), so that the longest walks need only it.
        both = ["postgres"] if metafunc.definition.get_closest_marker("strictest") else ["sqlite", "postgres"]
        metafunc.parametrize("backend", both if chosen == "both" else [chosen], scope="session")


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """With --no-skip a skip is a failure."""
    if (
        item.config.getoption("--no-skip")
        and call.excinfo
        and call.excinfo.errisinstance(pytest.skip.Exception)
    ):
        reason = str(call.excinfo.value)
        call.excinfo = pytest.ExceptionInfo.from_exc_info(
            _failure(f"skipped, but --no-skip was given: {reason}")
        )
    return None


def _failure(text: str) -> Any:
    import sys

    try:
        pytest.fail(text, pytrace=False)
    except BaseException:
        return sys.exc_info()


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of reference data that the project does not ship; tests that need it skip without it."""
    folder = Path(os.environ.get("EXAM_ENGINE_REFERENCE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no reference data in {folder} (set EXAM_ENGINE_REFERENCE_DATA)")
    return folder


@pytest.fixture(scope="session")
def demonstration_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a site with the demonstration in it, built once; who takes it works on a copy.

    Its users go to one worker (``tests.scheduling``), so that no second one builds it again.
    """
    data = tmp_path_factory.mktemp("demonstration")
    demo.ensure(demo.demonstration_settings(Settings(data=data)), say=lambda _line: None)
    return data


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring.generate()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory, keyring: Keyring) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    database = Database(f"sqlite:///{path}", keyring)
    metadata().create_all(database.engine)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def _postgres_url(request: pytest.FixtureRequest, keyring: Keyring) -> Iterator[str]:
    worker = getattr(request.config, "workerinput", {})
    if worker:
        port, reason = worker["pgport"], worker["pgreason"]
    else:
        server = _postgres()
        port, reason = (server.port, "") if isinstance(server, Postgres) else (0, str(server))
    if not port:
        pytest.skip(f"no PostgreSQL: {reason}")
    base = f"postgresql+psycopg://postgres@127.0.0.1:{port}/"
    name = "test_" + worker.get("workerid", "main")
    admin = Database(base + "postgres", keyring)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(base + name, keyring)
    metadata().create_all(database.engine)
    _make_emptying(database)
    yield base + name
    database.dispose()
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def _make_emptying(database: Database) -> None:
    """Make the function that deletes all rows.

    TRUNCATE makes new files for every table and index, which takes many times as long.
    """
    with database.engine.begin() as connection:
        function = f"FUNCTION delete_all_rows() {AS_REPLICA}"
        connection.execute(text(f"CREATE {function} AS $$ BEGIN {deletions()} END $$"))


@pytest.fixture
def clock() -> ShiftedClock:
    """The test's clock: starts on a fixed working day, since holidays are known only up to a year; moves when told."""
    return ShiftedClock(BEGIN - datetime.now(UTC))


@pytest.fixture(scope="session")
def _sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("database") / "test.sqlite3"


@pytest.fixture
def database(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path, keyring: Keyring, clock: ShiftedClock
) -> Iterator[Database]:
    """An empty database with the whole schema."""
    heads = tmp_path / "audit-heads.jsonl"
    if backend == "sqlite":
        path = request.getfixturevalue("_sqlite_place")
        for left in path.parent.iterdir():
            left.unlink()  # a new file: a connection that was left open keeps the old one
        shutil.copy(request.getfixturevalue("_sqlite_template"), path)
        database = Database(f"sqlite:///{path}", keyring, clock, audit_heads=heads)
        yield database
        database.dispose()
        return
    database = Database(request.getfixturevalue("_postgres_url"), keyring, clock, audit_heads=heads)
    yield database
    with database.engine.begin() as connection:
        connection.execute(text("SELECT delete_all_rows()"))
    # The connections stay for the next test: what they know of the tables need not be learnt anew.


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction that sees all institutions; committed at the end."""
    with database.session(scope=Scope.everything()) as session:
        yield session


OpenSession = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def open_session(database: Database) -> OpenSession:
    """``open_session()`` begins a transaction that sees all institutions."""
    return lambda: database.session(scope=Scope.everything())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, base_url="http://testserver")


@pytest.fixture
def institution(open_session: OpenSession) -> Institution:
    """An employer below a provincial centre below the platform; always the same, the first rows of all."""

    def make() -> Institution:
        with open_session() as session:
            platform = make_platform(session)
            centre = make_institution(
                session, kind=InstitutionKind.PROVINCE_CENTRE, parent=platform, name="测试省中心"
            )
            return make_institution(
                session, kind=InstitutionKind.EMPLOYER, parent=centre, name="测试用人单位"
            )

    return once("institution", open_session, make)


@pytest.fixture
def client(database: Database, settings: Settings) -> Iterator[TestClient]:
    """A browser without a login; its jobs are run by ``run_jobs``."""
    app = create_app(settings, database, run_jobs=False)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=True) as client:
        yield client


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> None:
    """All tests share one process and one address: each begins with nothing counted."""
    for limiter in (
        account._failures,
        exam.addresses,
        exam.tickets,
        public.verifications,
        public.objections,
    ):
        limiter._events.clear()


Login = Callable[..., str]


@pytest.fixture
def login(client: TestClient, database: Database, institution: Institution) -> Login:
    """``login(Role.X, …, institution=…, username=…)`` logs the client in and returns its CSRF token.

    The token is also sent as a header by the client from then on. The same user name is the same account.
    """

    def log_in(*roles: Role, institution: Institution = institution, username: str = "") -> str:
        with database.session(scope=Scope.everything()) as session:
            name = username or "-".join(role.value for role in roles)[:50] + "-" + institution.id.hex[-6:]
            user = make_user(session, username=name, roles=roles, institution=institution)
            token = people.open_staff_session(
                session, user_id=user.id, institution_id=institution.id, now=database.clock.now()
            )
        client.cookies.set(SESSION_COOKIE, token)
        client.headers["x-csrf-token"] = csrf_token(token)
        return client.headers["x-csrf-token"]

    return log_in


@pytest.fixture
def run_jobs(database: Database) -> Callable[[], int]:
    """Work off the job queue in the test's own thread; returns how many jobs ran."""
    from exam_engine.jobs.runner import Runner
    from exam_engine.worker import HANDLERS

    def run() -> int:
        runner, count = Runner(database, HANDLERS), 0
        while runner.run_one():
            count += 1
        return count

    return run


__all__ = ["SYSTEM", "schema"]
