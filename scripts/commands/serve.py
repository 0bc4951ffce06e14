"""`exam-engine serve` and `exam-engine worker`: the site, for real use, in one process or in several."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading
from typing import Any

import uvicorn

from exam_engine.delivery.engine import check_durable
from exam_engine.jobs.runner import Runner
from exam_engine.worker import HANDLERS
from itembank.base.errors import Conflict, Invalid
from itembank.people import service as people
from scripts import workers
from scripts.site import Site, open_site
from web import logs, server
from web.app import create_app

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MOST_WORKERS = 64
KEEP_ALIVE_SECONDS = 75
"""Longer than a candidate's page is silent: opening a connection costs more than saving an answer."""

JOB_SECONDS = 1.0
"""So often the process for slow jobs looks for one: while candidates work each look is paid for nothing."""

GRACE_SECONDS = 5
"""At the end a reply under way has so long; consoles, which listen without end, are cut off then."""


class DemonstrationRefused(Conflict):
    """A demonstration database must not be served as a real site."""

    code = "demonstration_refused"
    message = (
        "This database is a demonstration, worth nothing in earnest. Use another data folder, or serve it on "
        "this machine only with --demonstration."
    )


class WorkersWrong(Invalid):
    """The embedded database has one process that writes."""

    code = "workers_wrong"
    message = "{count} workers: {reason}"


def register(commands: Any) -> None:
    """Add the commands."""
    command = commands.add_parser("serve", help="serve the site (settings come from the environment)")
    command.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="web processes on one port, with one more for slow jobs; more than one needs PostgreSQL",
    )
    command.add_argument(
        "--demonstration", action="store_true", help="serve a demonstration, on this machine only"
    )
    command.add_argument("--port", type=int, help=argparse.SUPPRESS)
    command.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    command.set_defaults(run=run)
    worker = commands.add_parser("worker", help="work off slow jobs without serving pages")
    worker.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    worker.set_defaults(run=run_worker)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    site = open_site(migrate=not arguments.child)
    if arguments.port is not None:
        site.settings = site.settings.model_copy(update={"port": arguments.port})
    _check_demonstration(site, allowed=arguments.demonstration)
    check_durable(site.database, accepted=bool(site.settings.accept_loss))
    if arguments.child:
        serve(site, child=True)
        return 0
    if arguments.workers == 1:
        serve(site)
        return 0
    return _serve_many(site, arguments)


def run_worker(arguments: argparse.Namespace) -> int:
    """Work off the job queue until told to stop."""
    site = open_site(migrate=not arguments.child)
    logs.configure(site.settings.log_level, site.settings.log_format)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if arguments.child:
        workers.stop_with_parent(stopping.set)
    runner = Runner(site.database, HANDLERS, poll_seconds=JOB_SECONDS)
    runner.start()
    stopping.wait()
    runner.stop()
    site.database.dispose()
    return 0


def _check_demonstration(site: Site, *, allowed: bool) -> None:
    with site.database.session(writes=False) as session:
        if people.is_demonstration(session) and not (allowed and site.settings.host in LOOPBACK):
            raise DemonstrationRefused


def _serve_many(site: Site, arguments: argparse.Namespace) -> int:
    settings, count = site.settings, arguments.workers
    if not 1 <= count <= MOST_WORKERS:
        raise WorkersWrong(count=count, reason=f"give 1 to {MOST_WORKERS}.")
    if site.database.is_sqlite:
        raise WorkersWrong(count=count, reason="the embedded database is written by one; use PostgreSQL.")
    site.database.dispose()
    logs.configure(settings.log_level, settings.log_format)
    # Held, but not listening: the port stays ours while workers come and go.
    with workers.listening_socket(settings.host, settings.port) as held:
        port = held.getsockname()[1]
        web = ["serve", "--child", "--port", str(port)]
        web += ["--demonstration"] if arguments.demonstration else []
        print(f"http://{settings.host}:{port}", file=sys.stderr, flush=True)
        return workers.Supervisor([web] * count + [["worker", "--child"]]).run()


def _spare_the_collector() -> None:
    """Leave what stays for good (modules, models, routes) out of garbage collection, and collect less often.

    A full collection looks at all of it, and no request goes on meanwhile: that was the slowest answer of a hundred.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def serve(site: Site, *, child: bool = False) -> None:
    """Serve an open site in this process; a child shares its port with others and leaves slow jobs to them."""
    settings = site.settings
    logs.configure(settings.log_level, settings.log_format)
    app = create_app(settings, site.database, run_jobs=not child, sweep=True)
    config = server.config(
        app,
        host=settings.host,
        port=settings.port,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    _spare_the_collector()
    web_server = uvicorn.Server(config)
    if not child:
        print(f"http://{settings.host}:{settings.port}", file=sys.stderr, flush=True)
        web_server.run()
        return

    def stop() -> None:
        web_server.should_exit = True

    workers.stop_with_parent(stop)
    listening = workers.listening_socket(settings.host, settings.port)
    listening.listen(config.backlog)
    web_server.run(sockets=[listening])
