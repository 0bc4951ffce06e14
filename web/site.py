"""The application: the ordinary road through FastAPI, and in front of it the lean one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from itembank.base.ids import new_id
from web import errors
from web.security import adding_headers

log = structlog.get_logger(__name__)


class Site(FastAPI):
    """FastAPI, except for the raw endpoints of the areas, which the candidates of a whole sitting ask at once.

    They pass by routing, middleware and telemetry, which cost as much as an endpoint itself; so each bounds the body
    that it reads, and gets the same security headers here. An endpoint that returns a ``receive`` has not answered:
    the request goes on to the ordinary road, with what was read already.
    """

    def __init__(self, *, lean: Sequence[BaseRoute], secure: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self._lean = [route for route in lean if isinstance(route, Route)]
        self._prefixes = tuple({"/" + route.path.split("/")[1] for route in self._lean})
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._prefixes) and scope["method"] != "HEAD":
            for route in self._lean:
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.setdefault("state", {})  # the same for both roads
                    inner = {**scope, **found, "app": self}
                    onward = await self._answer(
                        route, inner, receive, adding_headers(send, secure=self._secure)
                    )
                    if onward is None:
                        return
                    receive = onward
                    break
        await super().__call__(scope, receive, send)

    async def _answer(self, route: Route, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        try:
            onward: Receive | None = await route.endpoint(scope, receive, send)
        except Exception:
            reference = new_id().hex[:12]
            log.exception("request_broken", path=scope["path"], reference=reference)
            await errors.answer(Request(scope), errors.Broken(reference=reference), 500)(scope, receive, send)
            return None
        return onward
