"""Refusals and failures as answers: an HTML page for people, JSON for programs, never a bare 500."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from starlette.exceptions import HTTPException

from itembank.base.errors import (
    Conflict,
    ExamError,
    Forbidden,
    Invalid,
    NotFound,
    TooMany,
    Unavailable,
)
from itembank.base.ids import new_id
from web.deps import NotLoggedIn, PasswordMustChange, language_of
from web.i18n import translator
from web.render import render

log = structlog.get_logger(__name__)

_STATUS: tuple[tuple[type[ExamError], int], ...] = (
    (NotLoggedIn, 401),
    (Invalid, 422),
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (TooMany, 429),
    (Unavailable, 503),
)


class Broken(ExamError):
    """Something nobody expected; the log has it under the reference."""

    code = "broken"
    message = "Something went wrong on our side. Nothing of this request was saved. Reference: {reference}"


class ValueRefused(Invalid):
    """The database cannot hold a value: too long, out of range, or no text."""

    code = "value_refused"
    message = (
        "One of the values is too long, too large or holds characters that cannot be kept. Nothing was saved."
    )


class WrittenAtOnce(Conflict):
    """A row of the same kind was written in the meantime."""

    code = "written_at_once"
    message = (
        "Somebody else did the same at the same moment. "
        "Nothing of this request was saved; reload the page and look."
    )


class MethodWrong(ExamError):
    """The address exists, but not for this kind of request."""

    code = "method_wrong"
    message = "This address does not accept that kind of request."


def status_of(error: ExamError) -> int:
    """Return the HTTP status of a refusal."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def answer(request: Request, error: ExamError, status: int) -> Response:
    """Return a refusal in the form and language that the request asked for."""
    message = translator(language_of(request))(error.message, **error.facts)
    headers = {"retry-after": "5"} if status in (429, 503) else {}
    if _wants_json(request):
        facts = {name: str(value) for name, value in error.facts.items()}
        return JSONResponse({"code": error.code, "message": message, "facts": facts}, status, headers)
    values = {"status": status, "code": error.code, "message": message, "path": request.url.path}
    return HTMLResponse(render("error.html", language_of(request), values), status, headers)


def install(app: FastAPI) -> None:
    """Register the handlers."""

    def refused(request: Request, error: Exception) -> Response:
        refusal = cast(ExamError, error)
        if request.method == "GET" and not _wants_json(request):
            if isinstance(refusal, NotLoggedIn):
                entrance = "/exam/login" if request.url.path.startswith("/exam") else "/login"
                return RedirectResponse(f"{entrance}?next={quote(request.url.path)}", 303)
            if isinstance(refusal, PasswordMustChange):
                return RedirectResponse("/account", 303)
        return answer(request, refusal, status_of(refusal))

    def http_refused(request: Request, error: Exception) -> Response:
        status = cast(HTTPException, error).status_code
        if status == 404:
            return answer(request, NotFound(), 404)
        return answer(request, MethodWrong() if status == 405 else Invalid(), status)

    def malformed(request: Request, error: Exception) -> Response:
        # A path or query parameter of the wrong form names nothing that exists.
        places = {str(problem["loc"][0]) for problem in cast(RequestValidationError, error).errors()}
        return answer(request, NotFound(), 404) if "path" in places else answer(request, Invalid(), 422)

    def database_away(request: Request, error: Exception) -> Response:
        if isinstance(error, IntegrityError):  # two requests at once, of which the other was quicker
            log.exception("written_at_once", path=request.url.path)
            return answer(request, WrittenAtOnce(), 409)
        if isinstance(error, DataError):  # a form let through what the column cannot hold
            log.exception("value_refused", path=request.url.path)
            return answer(request, ValueRefused(), 422)
        if isinstance(error, OperationalError) or cast(DBAPIError, error).connection_invalidated:
            log.exception("database_away", path=request.url.path)
            return answer(request, Unavailable(), 503)
        return broken(request, error)

    def broken(request: Request, error: Exception) -> Response:
        reference = new_id().hex[:12]
        log.error("request_broken", path=request.url.path, reference=reference, exc_info=error)
        return answer(request, Broken(reference=reference), 500)

    app.add_exception_handler(ExamError, refused)
    app.add_exception_handler(HTTPException, http_refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(DBAPIError, database_away)
    app.add_exception_handler(Exception, broken)
