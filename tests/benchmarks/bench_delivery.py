"""What a candidate costs, from the entrance to the receipt: CPU of server and database, on SQLite and PostgreSQL.

    python -m tests.benchmarks.bench_delivery [--candidates 1000] [--saves 20] [--database sqlite|postgres|both]

The real site runs in a process of its own (uvicorn, all middleware, every check, history, audit, commit with fsync).
All candidates do each step before any does the next, ``--at-once`` of them at a time, over kept-alive connections, as
in the minute in which an examination begins. The paper has 100 items. CPU time is read from /proc, so this runs on
Linux. Rates depend on the machine and on the client beside it; CPU a request is what to compare. At the end every
acknowledged revision is looked up in the database, and the audit chain is verified.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from sqlalchemy import select

from exam_engine.delivery.models import Answer
from exam_engine.migrations.tables import metadata
from exam_engine.papers import service as papers
from exam_engine.papers.content import canonical_bytes, digest_of
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import SEAL_PURPOSE
from exam_engine.papers.service.reading import seal_context
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Registration, Seat
from itembank.base import audit, bulk
from itembank.base.crypto import Keyring
from itembank.base.db import Database, Scope, database_now
from itembank.base.ids import new_id
from itembank.people.models import Person
from itembank.people.rules import InstitutionKind
from scripts.load.processes import cpu_seconds, family
from scripts.servers.ports import free_port
from scripts.servers.postgres import start_postgres
from tests.factories.delivery import make_candidate, make_sitting
from tests.factories.papers import make_sealed_papers
from tests.factories.people import make_institution, make_platform
from web.app import create_app
from web.settings import Settings

ITEMS = 100
CODE = "ABCD2345"


@dataclass
class Prepared:
    """A published sitting that has begun, its candidates, and what may be answered."""

    sitting_id: UUID
    tickets: list[str]
    items: list[tuple[UUID, str]]


def prepare(database: Database, candidates: int) -> Prepared:
    """Make the schema, a sealed paper and a sitting with ``candidates`` tickets."""
    metadata().create_all(database.engine)

    def everything() -> Any:
        return database.session(scope=Scope.everything())

    with everything() as session:
        centre = make_institution(
            session, kind=InstitutionKind.PROVINCE_CENTRE, parent=make_platform(session)
        )
        institution = make_institution(session, parent=centre)
    [paper_id] = make_sealed_papers(everything, institution, forms=1)
    with everything() as session:
        items = _lengthen(session, database.keyring, paper_id)
        starts_at = database_now(session) - timedelta(minutes=1)
        sitting = make_sitting(session, institution_id=institution.id, starts_at=starts_at)
        model = make_candidate(session, sitting, paper_id=paper_id)
    with database.engine.begin() as connection:
        tickets = _copy_candidate(connection, database.keyring, model, candidates)
    return Prepared(sitting.id, tickets, items)


def _lengthen(session: Any, keyring: Keyring, paper_id: UUID) -> list[tuple[UUID, str]]:
    """Give the sealed paper ``ITEMS`` items; return each with an option."""
    paper = papers.open_sealed(session, paper_id)
    share = ITEMS // len(paper.sections)
    sections = tuple(
        replace(
            section,
            entries=tuple(
                replace(section.entries[n % len(section.entries)], item_id=new_id()) for n in range(share)
            ),
        )
        for section in paper.sections
    )
    content = canonical_bytes(replace(paper, sections=sections))
    row = session.get(Paper, paper_id)
    row.sealed = keyring.seal(content, purpose=SEAL_PURPOSE, context=seal_context(paper_id))
    row.digest = digest_of(content)
    return [(e.item_id, e.content.options[0].label) for section in sections for e in section.entries]


def _copy_candidate(connection: Any, keyring: Keyring, model: Any, count: int) -> list[str]:
    registration, seat = model.registration, model.seat
    rows: dict[Any, list[dict[str, Any]]] = {Person: [], Registration: [], Seat: []}
    for n in range(count):
        person, own, ticket = new_id(), new_id(), f"{n + 10**18:019d}"
        facts = {"name": f"考生{n}", "document_kind": "passport", "document_number": f"X{n}"}
        facts |= {"sex": "男", "born_on": "1990-01-01", "telephone": None}
        sealed = keyring.seal(json.dumps(facts).encode(), purpose="person", context=f"person/{person}")
        created = registration.created_at
        rows[Person].append(
            {"id": person, "sealed": sealed, "document_index": f"{n:064d}", "created_at": created}
        )
        changed = {"id": own, "person_id": person, "ticket_number": ticket, "row_number": n}
        changed["entry_code_hash"] = sittings.entry_code_hash(keyring, ticket, CODE)
        rows[Registration].append(_columns(registration) | changed)
        rows[Seat].append(_columns(seat) | {"id": new_id(), "registration_id": own, "number": n + 100})
    for table, made in rows.items():
        bulk.insert_rows(connection, table.__table__, made)
    return [row["ticket_number"] for row in rows[Registration]]


def _columns(row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def serve(url: str, key_file: Path, port: int) -> None:
    """Run the site; the child process of the benchmark."""
    settings = Settings(data=key_file.parent)
    heads = key_file.parent / "audit-heads.jsonl"
    app = create_app(settings, Database(url, Keyring.load(key_file), audit_heads=heads), run_jobs=False)
    uvicorn.run(app, port=port, log_config=None, access_log=False)


@dataclass
class Candidate:
    """One candidate's browser, as far as HTTP goes."""

    ticket: str
    prepared: Prepared
    cookie: str = ""
    csrf: str = ""
    attempt: str = ""
    token: str = ""
    epoch: int = 0
    revision: int = 0
    acknowledged: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    reader: Any = None
    writer: Any = None

    async def ask(
        self, method: str, path: str, body: str = "", kind: str = "", **headers: str
    ) -> tuple[int, str, bytes]:
        """Send one request; return status, head and body."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"Content-Type: {kind}"] if kind else []
        lines += [f"Cookie: session={self.cookie}"] if self.cookie else []
        lines += [f"X-CSRF-Token: {self.csrf}"] if self.csrf and method == "POST" else []
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"content-length: (\d+)", head)
        content = await self.reader.readexactly(int(found[1]) if found else 0)
        return int(head.split()[1]), head, content

    async def log_in(self) -> None:
        form = f"ticket_number={self.ticket}&entry_code={CODE}"
        status, head, body = await self.ask(
            "POST", "/exam/login", form, "application/x-www-form-urlencoded", Accept="text/html"
        )
        assert status == 303, (status, body[:300])
        self.cookie = re.search(r"session=([^;]+)", head)[1]  # type: ignore[index]

    async def wait(self) -> None:
        status, _, body = await self.ask("GET", "/exam")
        assert status == 200, status
        self.csrf = re.search(rb'data-csrf="([^"]+)"', body)[1].decode()  # type: ignore[index]

    async def start(self) -> None:
        status, head, _ = await self.ask("POST", f"/exam/sittings/{self.prepared.sitting_id}/start")
        assert status == 303, status
        self.attempt = re.search(r"location: (\S+)", head)[1]  # type: ignore[index]

    async def read(self) -> None:
        status, _, body = await self.ask("GET", self.attempt)
        assert status == 200, status
        assert body.count(b"<fieldset") == ITEMS

    async def open(self) -> None:
        status, _, body = await self.ask("POST", f"{self.attempt}/open", Accept="application/json")
        assert status == 200, body[:300]
        opened = json.loads(body)
        self.token, self.epoch = opened["token"], opened["epoch"]

    async def save(self) -> None:
        self.revision += 1
        item, label = self.prepared.items[self.revision % ITEMS]
        sent = {"item": str(item), "revision": self.revision, "response": [label], "flagged": False}
        status, _, body = await self.ask(
            "PUT",
            f"{self.attempt}/answers",
            json.dumps({"answers": [sent]}),
            "application/json",
            Authorization=f"Bearer {self.token}",
        )
        assert status == 200, body[:300]
        key = UUID(self.attempt.rpartition("/")[2]), item
        self.acknowledged[key] = json.loads(body)["accepted"][0][1]

    async def heartbeat(self) -> None:
        status, _, body = await self.ask(
            "GET", f"{self.attempt}/heartbeat", Authorization=f"Bearer {self.token}"
        )
        assert status == 200, body[:300]

    async def hand_in(self) -> None:
        status, _, body = await self.ask(
            "POST",
            f"{self.attempt}/submit",
            f"epoch={self.epoch}",
            "application/x-www-form-urlencoded",
            Accept="application/json",
        )
        assert status == 200, body[:300]
        assert json.loads(body)["code"] == "handed_in"


Step = Callable[[Candidate], Awaitable[None]]

STEPS: list[tuple[str, Step, bool]] = [
    ("log in", Candidate.log_in, False),
    ("waiting room", Candidate.wait, False),
    ("start", Candidate.start, False),
    ("page", Candidate.read, False),
    ("open", Candidate.open, False),
    ("save", Candidate.save, True),
    ("heartbeat", Candidate.heartbeat, True),
    ("hand in", Candidate.hand_in, False),
]
"""Name, what is done, and whether each candidate does it many times."""
ENTRY = {"log in", "waiting room", "start", "page", "open"}


async def drive(crowd: list[Candidate], port: int, step: Step, times: int, at_once: int) -> list[float]:
    """Let every candidate do a step, ``at_once`` at a time; return the milliseconds of each."""
    milliseconds: list[float] = []
    waiting = iter(crowd)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        for candidate in waiting:
            candidate.reader, candidate.writer = reader, writer
            for _ in range(times):
                began = time.perf_counter()
                await step(candidate)
                milliseconds.append((time.perf_counter() - began) * 1000)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(at_once)))
    return milliseconds


@contextmanager
def server(url: str, key_file: Path, port: int) -> Any:
    program = [sys.executable, "-m", "tests.benchmarks.bench_delivery"]
    child = subprocess.Popen([*program, "--serve", url, str(key_file), str(port)])
    try:
        for _ in range(1200):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.05)
        yield child.pid
    finally:
        child.terminate()
        child.wait()


def measure(name: str, url: str, database_pid: int | None, chosen: argparse.Namespace) -> None:
    """Run one database and print its table."""
    with tempfile.TemporaryDirectory() as folder:
        key_file = Path(folder) / "keyring.json"
        keyring = Keyring.load_or_create(key_file)
        database = Database(url.format(folder=folder), keyring)
        prepared = prepare(database, chosen.candidates + 4)
        crowd = [Candidate(ticket, prepared) for ticket in prepared.tickets]
        first, crowd = crowd[:4], crowd[4:]
        port = free_port()
        with server(database.url, key_file, port) as pid:
            for _, step, _ in STEPS:  # templates, catalogues, the paper
                asyncio.run(drive(first, port, step, 1, 1))
            print(f"\n{name}: {len(crowd)} candidates, {chosen.at_once} at once\n")
            print("| step | server µs | database µs | together | a second | p50 ms | p99 ms |")
            print("|---|---|---|---|---|---|---|")
            entry = 0.0
            for label, step, often in STEPS:
                times = chosen.saves if often else 1
                entry += report(label, crowd, port, step, times, chosen.at_once, pid, database_pid)
            print(f"\nfrom the entrance to the opened page: {entry / 1000:.2f} ms")
        acknowledged = {key: r for one in crowd for key, r in one.acknowledged.items()}
        with database.session(writes=False) as session:
            stored = {(a.attempt_id, a.item_id): a.revision for a in session.scalars(select(Answer))}
            verdict = audit.verify(session, key_file.parent / "audit-heads.jsonl")
        database.dispose()
    lost = sum(stored.get(key, 0) < revision for key, revision in acknowledged.items())
    print(f"{len(acknowledged)} answers acknowledged, {lost} of them not stored;", end=" ")
    print(f"audit chain of {verdict.entries} records {'holds' if verdict.is_intact else 'BROKEN'}")


def report(
    label: str,
    crowd: list[Candidate],
    port: int,
    step: Step,
    times: int,
    at_once: int,
    pid: int,
    database_pid: int | None,
) -> float:
    """Drive one step and print its line; return its microseconds if it belongs to entering."""

    def spent() -> tuple[float, float]:
        return cpu_seconds([pid]), cpu_seconds(family(database_pid)) if database_pid else 0.0

    before, began = spent(), time.perf_counter()
    milliseconds = sorted(asyncio.run(drive(crowd, port, step, times, at_once)))
    seconds, after = time.perf_counter() - began, spent()
    count = len(milliseconds)
    mine, theirs = ((b - a) / count * 1e6 for a, b in zip(before, after, strict=True))
    figures = (f"{mine:.0f}", f"{theirs:.0f}", f"{mine + theirs:.0f}", f"{count / seconds:.0f}")
    figures += (f"{milliseconds[count // 2]:.1f}", f"{milliseconds[count * 99 // 100]:.1f}")
    print("|", label, "|", " | ".join(figures), "|", flush=True)
    return mine + theirs if label in ENTRY else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a candidate costs.")
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument(
        "--at-once", type=int, default=100, help="candidates that wait for an answer together"
    )
    parser.add_argument("--saves", type=int, default=20, help="saves and heartbeats of each candidate")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--serve", nargs=3, metavar=("URL", "KEYS", "PORT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve[0], Path(chosen.serve[1]), int(chosen.serve[2]))
        return
    if chosen.database in ("sqlite", "both"):
        measure("SQLite", "sqlite:///{folder}/bench.sqlite3", None, chosen)
    if chosen.database in ("postgres", "both"):
        postgres = start_postgres(fsync=True)
        try:
            measure("PostgreSQL", postgres.url("postgres"), postgres.process.pid, chosen)
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
