"""The site under a test clock, for `scripts/run --headless`: time moves by lines on standard input.

Prints one JSON line with its address when it answers; then reads `advance SECONDS` lines and answers each with the
new time. The clock can be moved in no other way, and this is no command of `exam-engine`.
"""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from socket import socket

import uvicorn

from itembank.base.clock import ShiftedClock
from scripts.site import open_site
from web import logs, server
from web.app import create_app


def _obey(clock: ShiftedClock, site: uvicorn.Server) -> None:
    for line in sys.stdin:
        word, _, seconds = line.strip().partition(" ")
        if word != "advance":
            print(json.dumps({"error": f"unknown: {word}"}), flush=True)
            continue
        clock.advance(timedelta(seconds=float(seconds)))
        print(json.dumps({"now": clock.now().isoformat()}), flush=True)
    site.should_exit = True  # whoever drove us has gone


class _Announcing(uvicorn.Server):
    """Says its address once it listens."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(json.dumps({"url": f"http://{self.config.host}:{port}"}), flush=True)


def main() -> int:
    """Serve until standard input ends; the story begins at the time given as argument, else now."""
    begin = datetime.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else datetime.now(UTC)
    clock = ShiftedClock(begin - datetime.now(UTC))
    site = open_site(clock=clock)
    logs.configure(site.settings.log_level, site.settings.log_format)
    app = create_app(site.settings, site.database)
    host, port = site.settings.host, site.settings.port
    announcing = _Announcing(server.config(app, host=host, port=port, timeout_graceful_shutdown=2))
    threading.Thread(target=_obey, args=(clock, announcing), name="clock", daemon=True).start()
    announcing.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
