"""The application: areas, middleware, and what they share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exam_engine.delivery.engine import Delivery, check_durable
from exam_engine.jobs.runner import Runner
from exam_engine.papers import service as paper_service
from exam_engine.worker import HANDLERS
from itembank.base.db import Database
from itembank.people import service as people
from web import (
    account,
    admin,
    analysis,
    bank,
    errors,
    exam,
    home,
    invigilation,
    latefiles,
    marking,
    papers,
    public,
    recognition,
    results,
    sittings,
    standards,
)
from web.bank import imports as bank_imports
from web.navigation import Area
from web.security import Limiter, SecurityHeaders, UploadTooLarge
from web.settings import Settings
from web.shared import Shared
from web.site import Site

log = structlog.get_logger(__name__)

AREAS: list[Area] = [
    exam.AREA,  # first: saving an answer is matched before everything else
    home.AREA,
    account.AREA,
    bank.AREA,
    bank_imports.AREA,
    papers.AREA,
    admin.AREA,
    analysis.AREA,
    standards.AREA,
    sittings.AREA,
    invigilation.AREA,
    latefiles.AREA,
    marking.AREA,
    results.AREA,
    recognition.AREA,
    public.AREA,
]
"""In the order of the work: each area adds its own entry."""


class Assets(StaticFiles):
    """Our styles and scripts: an address that names its version never changes, others are asked for again."""

    def file_response(
        self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200
    ) -> Response:
        """Answer with a file, and say how long a browser may keep it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        versioned = scope["query_string"].startswith(b"v=")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


class BodyLimit:
    """Refuses a request body above ``megabytes``, declared or counted."""

    def __init__(self, app: ASGIApp, *, megabytes: int) -> None:
        self.app, self.megabytes = app, megabytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.megabytes * 1024 * 1024
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        # Middleware stands outside of the error handlers: what is refused here is answered here.
        if not declared.isdigit() or len(declared) > 15 or int(declared) > limit:
            refusal = errors.answer(Request(scope), UploadTooLarge(megabytes=self.megabytes), 422)
            await refusal(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise UploadTooLarge(megabytes=self.megabytes)
            return message

        await self.app(scope, counted, send)


def create_app(
    settings: Settings, database: Database, *, run_jobs: bool = True, sweep: bool | None = None
) -> FastAPI:
    """Return the site over an open database.

    Parameters
    ----------
    run_jobs : bool, default True
        Whether this process works off the job queue; tests drive the queue themselves.
    sweep : bool, optional
        Whether this process hands in overdue attempts; as ``run_jobs`` if not given.

    Raises DatabaseMayLose.
    """

    check_durable(database, accepted=bool(settings.accept_loss))
    delivery = Delivery(database, paper_service.candidate_view, sweep=run_jobs if sweep is None else sweep)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        runner = Runner(database, HANDLERS) if run_jobs else None
        if runner:
            runner.start()
        delivery.start()
        yield
        delivery.stop()
        if runner:
            runner.stop()

    app = Site(
        lean=[route for area in AREAS for route in area.routes],
        secure=settings.secure_cookies,
        title="exam-engine",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.delivery = delivery
    app.state.shared = Limiter.shared = Shared(settings.redis_url)
    app.state.areas = AREAS
    with database.session(writes=False) as session:
        app.state.demonstration = people.is_demonstration(session)
    for area in AREAS:
        # As they are: of a router that is included, FastAPI works out every route a second time when first asked.
        app.router.routes.extend(area.router.routes)
    app.mount("/static", Assets(directory=Path(__file__).parent / "static"), name="static")
    errors.install(app)
    app.add_middleware(BodyLimit, megabytes=settings.upload_megabytes)
    app.add_middleware(SecurityHeaders, secure=settings.secure_cookies)
    return app
