"""The demonstration as a large site runs: PostgreSQL, Redis, several web workers, a process for slow jobs.

Servers come from the binaries of Python wheels. Everything lies in temporary folders and is gone when this ends.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from itembank.base.errors import ExamError
from scripts.demo import build
from scripts.servers.ports import HOST, free_port
from scripts.servers.together import start_servers
from web.settings import Settings

WORKERS = 2


def main(argv: list[str] | None = None) -> int:
    """Start the servers, build the demonstration on them, serve it until told to stop."""
    parser = argparse.ArgumentParser(
        prog="scripts/run --full", description="the demonstration on PostgreSQL and Redis"
    )
    parser.add_argument("--workers", type=int, default=WORKERS, help="web processes (default: 2)")
    parser.add_argument("--port", type=int, help="port to listen on (default: EXAM_ENGINE_PORT, else 8000)")
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return 130
    except ExamError as refusal:
        print(f"scripts/run: {refusal}", file=sys.stderr)
        return 1


def _run(arguments: argparse.Namespace) -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exam-engine-full-")))
        servers = stack.enter_context(start_servers())
        print(f"PostgreSQL {servers.database_url} · Redis {servers.redis.url}", flush=True)
        wanted = Settings()
        settings = wanted.model_copy(
            update={
                "data": folder / "data",
                "database_url": servers.database_url,
                "redis_url": servers.redis.url,
                "key_file": None,
                "host": HOST,
                "port": free_port(wanted.port if arguments.port is None else arguments.port),
                "secure_cookies": False,
            }
        )
        facts = build(settings)
        print(facts.text(settings.public_url, settings.data), flush=True)
        return _serve(settings, arguments.workers)


def _serve(settings: Settings, workers: int) -> int:
    environment = {
        **os.environ,
        "EXAM_ENGINE_DATA": str(settings.data),
        "EXAM_ENGINE_DATABASE_URL": settings.database_url,
        "EXAM_ENGINE_REDIS_URL": settings.redis_url,
        "EXAM_ENGINE_HOST": settings.host,
        "EXAM_ENGINE_PORT": str(settings.port),
    }
    command = [sys.executable, "-m", "scripts.cli", "serve", "--demonstration", "--workers", str(workers)]
    # A process group of its own: this process alone passes on the signal to stop.
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        return server.wait()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
