"""`exam-engine chaos`: kill servers under load and look whether an acknowledged answer was lost.

Everything is its own: a hall of invented candidates in a temporary folder, the shipped server, and for PostgreSQL a
server from the binaries of a wheel (development installation). Exit code 0 when nothing was lost, 1 otherwise; with
--careless the server acknowledges before it stores, and 0 means that the losses were found.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from contextlib import nullcontext
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from itembank.base.errors import Invalid
from scripts.load import hall as halls
from scripts.load.chaos import Chaos, Kill, NotRecovered, kill_process
from scripts.load.ledger import compare
from scripts.load.processes import Server, children, say
from scripts.servers.postgres import Postgres
from scripts.servers.together import Servers, start_servers
from scripts.site import open_site
from web.settings import Settings

CANDIDATES_PER_SAVE = 1 / 200
"""Tickets prepared for each save asked for: a candidate hands in after some three hundred answers."""


class ChaosWrong(Invalid):
    """Figures that make no run."""

    code = "chaos_wrong"
    message = "{name} {value}: give {right}."


def register(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("chaos", help="kill servers under load; compare what was acknowledged")
    command.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    command.add_argument("--workers", type=int, default=2, help="web processes (PostgreSQL)")
    command.add_argument("--kills", type=int, default=20, metavar="N", help="kills of each kind")
    command.add_argument("--saves", type=int, default=100_000, metavar="N", help="answers at least")
    command.add_argument("--lanes", type=int, default=60, metavar="N", help="candidates at work at once")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--careless", action="store_true", help="the control: a server that loses answers")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run it and print the figures."""
    for name, least, most in (
        ("kills", 1, 10_000),
        ("saves", 1, 10**8),
        ("lanes", 1, 2_000),
        ("workers", 1, 64),
    ):
        value = getattr(arguments, name)
        if not least <= value <= most:
            raise ChaosWrong(name=f"--{name}", value=value, right=f"{least} to {most}")
    behind = start_servers() if arguments.database == "postgres" else nullcontext()
    with tempfile.TemporaryDirectory(prefix="exam-engine-chaos-") as folder, behind as servers:
        figures = _run(arguments, Path(folder), servers)
    print(_text(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if figures["as expected"] else 1


def _run(arguments: argparse.Namespace, folder: Path, servers: Servers | None) -> dict[str, Any]:
    url = servers.database_url if servers else ""
    site = open_site(Settings(data=folder, database_url=url))
    count = arguments.lanes + int(arguments.saves * 3 * CANDIDATES_PER_SAVE)
    say(f"a hall for {count} candidates")
    hall = halls.prepare(site, count, starts_in=timedelta(seconds=1))
    site.database.dispose()
    workers = arguments.workers if servers else 1
    server = Server(
        folder,
        url,
        workers=workers,
        redis_url=servers.redis.url if servers else "",
        careless=arguments.careless,
    )
    chaos = Chaos(
        server.url,
        hall,
        _kills(server, servers, random.Random(arguments.seed)),
        times=arguments.kills,
        lanes=arguments.lanes,
        least_saves=arguments.saves,
        seed=arguments.seed,
    )
    failure = ""
    try:
        server.start()
        asyncio.run(chaos.run(say))
    except NotRecovered as reason:
        failure = str(reason)
    finally:
        server.stop()
    findings = compare(chaos.ledger, open_site(site.settings, migrate=False).database)
    tally = vars(chaos.tally)
    return {
        "database": arguments.database,
        "workers": workers,
        "control": arguments.careless,
        **{
            name: dict(sorted(value.items())) if isinstance(value, dict) else value
            for name, value in tally.items()
        },
        **asdict(findings),
        "failure": failure,
        "as expected": not failure and (findings.lost > 0 if arguments.careless else findings.clean),
    }


def _kills(server: Server, servers: Servers | None, rng: random.Random) -> dict[str, Kill]:
    def worker() -> None:
        if servers is None:
            kill_process(server.process.pid)
            server.process.wait()
            server.start()
        else:
            kill_process(server.oldest_web_worker())  # a newer one may not have begun to answer

    kills = {"web worker": Kill("web worker", worker)}
    if servers is None:
        return kills
    postgres, redis = servers.postgres, servers.redis

    def whole() -> None:
        postgres.kill()
        postgres.start()

    def backend() -> None:
        while not (busy := _backends(postgres)):
            time.sleep(0.01)
        kill_process(rng.choice(busy))

    kills["database"] = Kill("database", whole)

    def memory() -> None:
        redis.kill()
        time.sleep(rng.uniform(0.0, 1.0))
        redis.start()

    kills["backend"] = Kill("backend", backend)
    kills["Redis"] = Kill("Redis", memory)
    return kills


def _backends(postgres: Postgres) -> list[int]:
    """Return the processes that serve connections, not the server's own writers."""
    found = []
    for pid in children(postgres.process.pid):
        try:
            title = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"127.0.0.1(" in title:
            found.append(pid)
    return found


def _text(figures: dict[str, Any]) -> str:
    width = max(len(name) for name in figures)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in figures.items())
