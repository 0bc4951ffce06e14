"""`exam-engine loadtest`: candidates by the thousand against a server, with their delays and what they cost.

Without --url everything is its own: a hall of invented candidates in a temporary folder, the shipped server, PostgreSQL
from the binaries of a wheel (development installation), and at the end every acknowledged answer is compared with the
database. With --url and --tickets a server elsewhere is driven; its CPU time is then not seen. Scripts, styles and
pictures are not fetched: a browser or a proxy keeps them.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gc
import json
import resource
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from itembank.base.errors import Invalid
from scripts.load import candidates, console, figures
from scripts.load import hall as halls
from scripts.load.candidate import Candidate, Link
from scripts.load.candidates import Course, Run
from scripts.load.console import Watching
from scripts.load.figures import Phase
from scripts.load.hall import Hall, Ticket
from scripts.load.ledger import compare
from scripts.load.processes import Server, cpu_seconds, say
from scripts.servers.postgres import Postgres
from scripts.servers.together import start_servers
from scripts.site import open_site
from web.settings import Settings

LOGIN_SECONDS, CALM_SECONDS, HAND_IN_SECONDS = 60.0, 5.0, 60.0
SERVER_START_SECONDS = 30.0
BURST = {"postgres": 20_000, "sqlite": 5_000}
"""The candidates whose rate of saves and calls the burst has."""
BURST_FACTOR = 20
"""So many times as often anybody saves at most: every second."""
WORK_SECONDS = 15.0
"""Without the spike of starts a run lasts at least so long: from this the cost of a save is reckoned."""


class LoadWrong(Invalid):
    """Figures or tickets that make no run."""

    code = "loadtest_wrong"
    message = "{name} {value}: {right}."


def register(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("loadtest", help="drive a server with thousands of candidates")
    command.add_argument("--candidates", type=int, default=1000, metavar="N")
    command.add_argument("--minutes", type=float, default=5.0, metavar="M", help="from the start to the end")
    command.add_argument("--spike", type=float, default=60.0, metavar="S", help="all start within S seconds")
    command.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    command.add_argument("--workers", type=int, default=1, help="web processes (PostgreSQL)")
    command.add_argument("--url", help="a server elsewhere, in place of one of its own")
    command.add_argument(
        "--tickets", type=Path, help="CSV with ticket_number, entry_code and room, for --url"
    )
    command.add_argument(
        "--burst",
        type=float,
        default=30.0,
        metavar="S",
        help="for the last S seconds at the rate of a full site (20,000 candidates, SQLite 5,000); 0 for none",
    )
    command.add_argument("--consoles", type=int, default=5, metavar="N", help="rooms watched by invigilators")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run it and print the figures; exit code 1 after an error, or when what is stored is not what was acknowledged."""
    if not 1 <= arguments.candidates <= halls.MOST:
        _refuse("--candidates", arguments.candidates, f"give 1 to {halls.MOST}")
    if not 0.5 <= arguments.minutes <= 600:
        _refuse("--minutes", arguments.minutes, "give 0.5 to 600")
    if not 0 <= arguments.spike <= arguments.minutes * 60 - WORK_SECONDS:
        _refuse(
            "--spike",
            arguments.spike,
            f"give seconds, so that {WORK_SECONDS:.0f} of the run are left for work",
        )
    if not 0 <= arguments.burst <= 600:
        _refuse("--burst", arguments.burst, "give 0 to 600")
    if arguments.consoles < 0:
        _refuse("--consoles", arguments.consoles, "give 0 or more")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if arguments.candidates + 200 > most:
        _refuse("--candidates", arguments.candidates, f"{most} open files are allowed; raise ulimit -n")
    report = _elsewhere(arguments) if arguments.url else _own(arguments)
    print(figures.text(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return 0 if not report["errors"] and report.get("clean", True) else 1


def _refuse(name: str, value: object, right: str) -> None:
    raise LoadWrong(name=name, value=value, right=right)


def _elsewhere(arguments: argparse.Namespace) -> dict[str, Any]:
    tickets = _read_tickets(arguments.tickets)[: arguments.candidates]
    scout = Candidate(Link(arguments.url), tickets[0])

    async def look() -> float:
        await scout.enter()
        await scout.wait()
        scout.link.close()
        return scout.starts_in

    starts_in = asyncio.run(look())
    now = time.monotonic()
    logins = (now, now + max(1.0, min(LOGIN_SECONDS, starts_in - CALM_SECONDS)))
    course = _course(arguments, logins, max(now + starts_in, logins[1] + CALM_SECONDS))
    one = Run(arguments.url, course, arguments.seed)
    asyncio.run(candidates.sit(one, tickets))
    return _report(arguments, one, len(tickets))


def _read_tickets(file: Path | None) -> list[Ticket]:
    if file is None:
        _refuse(
            "--url", "without --tickets", "name the CSV file with the tickets of that server's candidates"
        )
    assert file is not None
    with file.open(newline="", encoding="utf-8-sig") as rows:
        reader = csv.DictReader(rows)
        if not {"ticket_number", "entry_code"} <= set(reader.fieldnames or ()):
            _refuse("--tickets", file, "the columns ticket_number and entry_code are needed")
        found = [
            Ticket(row["ticket_number"].strip(), row["entry_code"].strip(), int(row.get("room") or 0))
            for row in reader
        ]
    if not found:
        _refuse("--tickets", file, "it holds no ticket")
    return found


def _own(arguments: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exam-engine-load-")))
        servers = stack.enter_context(start_servers()) if arguments.database == "postgres" else None
        url = servers.database_url if servers else ""
        site = open_site(Settings(data=folder, database_url=url))
        say(f"a hall for {arguments.candidates} candidates")
        lead = LOGIN_SECONDS + CALM_SECONDS + SERVER_START_SECONDS
        hall = halls.prepare(site, arguments.candidates, starts_in=timedelta(seconds=lead))
        site.database.dispose()
        workers, redis_url = (arguments.workers, servers.redis.url) if servers else (1, "")
        server = Server(folder, url, workers=workers, redis_url=redis_url)
        stack.callback(server.stop)
        server.start()
        begin = time.monotonic() + (hall.starts_at - datetime.now(UTC)).total_seconds()
        now = time.monotonic()
        logins = (now, max(now + 1.0, begin - CALM_SECONDS))
        one = Run(server.url, _with_burst(arguments, _course(arguments, logins, begin)), arguments.seed)
        say(f"{server.url}: logins for {logins[1] - logins[0]:.0f} s")
        watch = _Watch(one, server, servers.postgres if servers else None)
        watching = Watching(min(arguments.consoles, len(hall.rooms)))
        asyncio.run(_watched(one, hall, watch, watching))
        server.stop()
        report = _report(arguments, one, len(hall.tickets))
        entering, starting, working, burst, handing_in = watch.phases
        cost = figures.costs(entering, starting, working, handing_in)
        report["consoles"] = watching.report()
        report["cpu milliseconds"] = {name: round(value, 3) for name, value in cost.items()}
        report["cpu share of one core"] = {
            name: {"server": round(p.server / p.seconds, 3), "database": round(p.database / p.seconds, 3)}
            for name, p in zip(("logins", "start", "work", "burst", "hand-in"), watch.phases, strict=True)
            if p.seconds >= 1
        }
        report["ceiling at 60 % of two cores"] = figures.ceiling(cost)
        if burst.counts["save in burst"]:
            dear = figures.at_rate(cost, burst)
            report["burst"] = {
                "saves a second": round(burst.counts["save in burst"] / burst.seconds),
                "calls a second": round(burst.counts["call in burst"] / burst.seconds),
                "save, all in, cpu milliseconds": round(dear["save, all in"], 3),
                **figures.standing(working, burst),
            }
            report["ceiling at 60 % of two cores, by the burst"] = figures.ceiling(dear)
        found = compare(one.ledger, open_site(site.settings, migrate=False).database)
        report["compared"], report["clean"] = asdict(found), found.clean
    return report


def _course(arguments: argparse.Namespace, logins: tuple[float, float], start: float) -> Course:
    return Course(logins, start, arguments.spike, start + arguments.minutes * 60, HAND_IN_SECONDS)


def _with_burst(arguments: argparse.Namespace, course: Course) -> Course:
    """Return the course with the burst at its end, where there are candidates and time enough for one."""
    factor = BURST[arguments.database] / arguments.candidates
    begin = course.end - arguments.burst
    if not 1 <= factor <= BURST_FACTOR or begin < course.start + course.spike + WORK_SECONDS:
        return course
    return replace(course, burst=(begin, factor)) if arguments.burst else course


class _Watch:
    """Reads CPU time between the phases: logins, the spike of starts, work, the burst, hand-in."""

    def __init__(self, one: Run, server: Server, postgres: Postgres | None) -> None:
        self._run, self._server, self._postgres = one, server, postgres
        self.phases: list[Phase] = []

    async def look(self) -> None:
        course = self._run.course
        last = course.end + course.hand_in
        before = self._now()
        burst = min(course.burst[0], course.end)
        for until in (course.start, course.start + course.spike + 1.0, burst, course.end, last):
            while (left := until - time.monotonic()) > 0:
                await asyncio.sleep(min(10.0, left))
                if left > 10:
                    say(f"{dict(self._run.figures.counts)} {dict(self._run.figures.errors) or ''}")
            after = self._now()
            self.phases.append(
                Phase(
                    after[0] - before[0],
                    after[1] - before[1],
                    after[2] - before[2],
                    Counter(after[3]) - Counter(before[3]),
                )
            )
            before = after

    def _now(self) -> tuple[float, float, float, Counter[str]]:
        database = cpu_seconds(self._postgres.processes()) if self._postgres else 0.0
        return time.monotonic(), self._server.cpu_seconds(), database, Counter(self._run.figures.counts)


async def _watched(one: Run, hall: Hall, watch: _Watch, watching: Watching) -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # candidates whose clocks stand still would look like a slow server
    consoles = console.watch(one.url, hall, watching, one.course.end)
    await asyncio.gather(watch.look(), candidates.sit(one, hall.tickets), consoles)


def _report(arguments: argparse.Namespace, one: Run, count: int) -> dict[str, Any]:
    return {
        "candidates": count,
        "minutes": arguments.minutes,
        "url": one.url,
        "database": None if arguments.url else arguments.database,
        "delays": one.figures.table(),
        "errors": dict(one.figures.errors),
        "cuts": one.cuts,
        "take_overs": one.take_overs,
        "acknowledged": one.ledger.count,
        "receipts": len(one.ledger.receipts),
    }
