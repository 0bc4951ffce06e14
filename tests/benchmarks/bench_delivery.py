"""What saving an answer costs: CPU microseconds of server and database per save, on SQLite and PostgreSQL.

    python -m tests.benchmarks.bench_delivery [--saves 20000] [--candidates 200] [--database sqlite|postgres|both]

The real site runs in a process of its own (uvicorn, all middleware, token check, validation, history, commit with
fsync); candidates send over kept-alive connections, each its next answer when the last was acknowledged. CPU time
is read from /proc, so this runs on Linux. Rates depend on the machine and on the client beside it; CPU per save is
what to compare. At the end every acknowledged revision is looked up in the database.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from sqlalchemy import select

from exam_engine.delivery.models import Answer
from exam_engine.delivery.tokens import AttemptToken, issue
from exam_engine.migrations.tables import metadata
from itembank.base.crypto import Keyring
from itembank.base.db import Database, Scope, database_now
from itembank.people.rules import InstitutionKind
from scripts.servers.postgres import start_postgres
from tests.factories.delivery import make_attempt
from tests.factories.papers import make_sealed_papers
from tests.factories.people import make_institution, make_platform
from web.app import create_app
from web.settings import Settings

TICKS = os.sysconf("SC_CLK_TCK")
ANSWER = '{"answers":[{"item":"%s","revision":%d,"response":["%s"],"flagged":false}]}'


@dataclass
class Prepared:
    """Attempts under way, and what may be answered."""

    tokens: dict[UUID, str]
    items: list[tuple[UUID, str]]


def prepare(database: Database, candidates: int) -> Prepared:
    """Make the schema, one sealed paper and ``candidates`` attempts on it."""
    metadata().create_all(database.engine)

    def everything() -> Any:
        return database.session(scope=Scope.everything())

    with everything() as session:
        centre = make_institution(
            session, kind=InstitutionKind.PROVINCE_CENTRE, parent=make_platform(session)
        )
        institution = make_institution(session, parent=centre)
    [paper_id] = make_sealed_papers(everything, institution, forms=1)
    from exam_engine.papers import service as papers

    with everything() as session:
        paper = papers.open_sealed(session, paper_id)
        now = database_now(session)
        made = [
            make_attempt(session, institution_id=institution.id, started_at=now, paper_id=paper_id)
            for _ in range(candidates)
        ]
        tokens = {
            attempt.id: issue(
                database.keyring, AttemptToken(attempt.id, attempt.registration_id, paper_id, 1)
            )
            for attempt in made
        }
    return Prepared(tokens, [(e.item_id, e.content.options[0].label) for e in paper.entries])


def serve(url: str, key_file: Path, port: int) -> None:
    """Run the site; the child process of the benchmark."""
    settings = Settings(data=key_file.parent)
    app = create_app(settings, Database(url, Keyring.load(key_file)), run_jobs=False)
    uvicorn.run(app, port=port, log_config=None, access_log=False)


def cpu_seconds(pids: list[int]) -> float:
    """Return user and system CPU seconds of the processes, those of ended children included."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(fields[n]) for n in (11, 12, 13, 14))
    return total / TICKS


def family(pid: int) -> list[int]:
    """Return a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


async def candidate(
    port: int, attempt: UUID, token: str, prepared: Prepared, share: int, milliseconds: list[float]
) -> dict[UUID, int]:
    """Save ``share`` answers one after the other; return the newest acknowledged revision of each item."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    acknowledged: dict[UUID, int] = {}
    for revision in range(1, share + 1):
        item, label = prepared.items[revision % len(prepared.items)]
        body = ANSWER % (item, revision, label)
        writer.write(
            f"PUT /exam/attempts/{attempt}/answers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        began = time.perf_counter()
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        reply = json.loads(await reader.readexactly(length))
        milliseconds.append((time.perf_counter() - began) * 1000)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head[:40]!r} {reply}")
        acknowledged[item] = reply["accepted"][0][1]
    writer.close()
    return acknowledged


async def drive(
    port: int, prepared: Prepared, saves: int
) -> tuple[dict[tuple[UUID, UUID], int], list[float]]:
    share = max(1, saves // len(prepared.tokens))
    milliseconds: list[float] = []
    results = await asyncio.gather(
        *(
            candidate(port, attempt, token, prepared, share, milliseconds)
            for attempt, token in prepared.tokens.items()
        )
    )
    acknowledged = {
        (attempt, item): revision
        for attempt, result in zip(prepared.tokens, results, strict=True)
        for item, revision in result.items()
    }
    return acknowledged, milliseconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(url: str, key_file: Path, port: int) -> Any:
    program = [sys.executable, "-m", "tests.benchmarks.bench_delivery"]
    child = subprocess.Popen([*program, "--serve", url, str(key_file), str(port)])
    try:
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.05)
        yield child.pid
    finally:
        child.terminate()
        child.wait()


def measure(name: str, url: str, database_pid: int | None, candidates: int, saves: int) -> dict[str, Any]:
    """Run one database; return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        key_file = Path(folder) / "keyring.json"
        keyring = Keyring.load_or_create(key_file)
        database = Database(url.format(folder=folder), keyring)
        prepared = prepare(database, candidates)
        port = free_port()
        with server(database.url, key_file, port) as pid:
            asyncio.run(drive(port, prepared, candidates))  # opens the connections' first pages and the paper
            before = cpu_seconds([pid]), cpu_seconds(family(database_pid)) if database_pid else 0.0
            began = time.perf_counter()
            acknowledged, milliseconds = asyncio.run(drive(port, prepared, saves))
            seconds = time.perf_counter() - began
            after = cpu_seconds([pid]), cpu_seconds(family(database_pid)) if database_pid else 0.0
        with database.session(writes=False) as session:
            stored = {(a.attempt_id, a.item_id): a.revision for a in session.scalars(select(Answer))}
        database.dispose()
    count = len(milliseconds)
    milliseconds.sort()
    return {
        "database": name,
        "saves": count,
        "saves per second": round(count / seconds),
        "server CPU µs per save": round((after[0] - before[0]) / count * 1e6),
        "database CPU µs per save": round((after[1] - before[1]) / count * 1e6),
        "p50 ms": round(milliseconds[count // 2], 1),
        "p99 ms": round(milliseconds[count * 99 // 100], 1),
        "acknowledged but not stored": sum(stored.get(key, 0) < r for key, r in acknowledged.items()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what saving an answer costs.")
    parser.add_argument("--saves", type=int, default=20_000)
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--serve", nargs=3, metavar=("URL", "KEYS", "PORT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve[0], Path(chosen.serve[1]), int(chosen.serve[2]))
        return
    if chosen.database in ("sqlite", "both"):
        print(measure("SQLite", "sqlite:///{folder}/bench.sqlite3", None, chosen.candidates, chosen.saves))
    if chosen.database in ("postgres", "both"):
        postgres = start_postgres(fsync=True)
        try:
            figures = measure(
                "PostgreSQL", postgres.url("postgres"), postgres.process.pid, chosen.candidates, chosen.saves
            )
            print(figures)
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
