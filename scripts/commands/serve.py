"""`exam-engine serve`: the site, for real use."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import uvicorn

from itembank.base.errors import Conflict
from itembank.people import service as people
from scripts.site import Site, open_site
from web import logs
from web.app import create_app


class DemonstrationRefused(Conflict):
    """A demonstration database must not be served as a real site."""

    code = "demonstration_refused"
    message = "This database is a demonstration, worth nothing in earnest. Use another data folder."


def register(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("serve", help="serve the site (settings come from the environment)")
    command.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    site = open_site()
    with site.database.session(writes=False) as session:
        if people.is_demonstration(session):
            raise DemonstrationRefused
    serve(site)
    return 0


def serve(site: Site) -> None:
    """Serve an open site in this process."""
    settings = site.settings
    logs.configure(settings.log_level, settings.log_format)
    app = create_app(settings, site.database)
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False
    )
    print(f"http://{settings.host}:{settings.port}", file=sys.stderr)
    uvicorn.Server(config).run()
