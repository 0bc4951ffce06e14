"""What a route is given: one transaction, who acts, and how to answer.

Every route declares ``requires(Action…)`` or ``public()``; tests walk the routes and fail on one that does not.
This is the one place where a request is authorised: the role is checked against the permission table, and the
session is narrowed to the institutions that the role reaches for that action.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, cast
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from itembank.base.db import Database, Scope
from itembank.base.errors import Forbidden
from itembank.people import service as people
from itembank.people.rules import PUBLIC, Action, Actor, Role, check_may
from web import i18n, security
from web.forms import FormData, form_data
from web.navigation import Area, navigation
from web.render import render
from web.settings import Settings

LANGUAGE_COOKIE = "language"
NOTICE_COOKIE = "notice"


class NotLoggedIn(Forbidden):
    """Nobody is logged in, or the session has ended."""

    code = "not_logged_in"
    message = "Please log in."


class PasswordMustChange(Forbidden):
    """A password given by somebody else must be changed first."""

    code = "password_must_change"
    message = "Please choose a password of your own first."


def get_session(request: Request) -> Iterator[Session]:
    """One transaction for the request, committed before the reply is sent (scope="function")."""
    database = cast(Database, request.app.state.database)
    with database.session(writes=request.method in security.UNSAFE_METHODS) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session, scope="function")]


def language_of(request: Request) -> str:
    """Return the language to answer in."""
    return i18n.choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"))


@dataclass
class Context:
    """A request under way: its transaction, its actor and its answers."""

    request: Request
    session: Session
    actor: Actor
    now: datetime
    settings: Settings
    language: str
    login: people.Login | None = None
    public_page: bool = False
    _institution_name: str = field(default="", repr=False)

    @property
    def database(self) -> Database:
        return cast(Database, self.request.app.state.database)

    def _(self, message: str, **facts: object) -> str:
        """Translate ``message`` and fill in its facts."""
        return i18n.translator(self.language)(message, **facts)

    def may(self, action: Action) -> bool:
        return self.actor.may(action)

    def values(self) -> dict[str, Any]:
        """What every template can use."""
        token = self.request.cookies.get(security.SESSION_COOKIE, "")
        areas = cast(list[Area], self.request.app.state.areas)
        staff = self.actor.kind == "user"
        return {
            "ctx": self,
            "actor": self.actor,
            "may": self.may,
            "Action": Action,
            "csrf": security.csrf_token(token) if token else "",
            "nav": navigation(areas, self.actor) if staff else [],
            "path": self.request.url.path,
            "institution": self.institution() if staff else None,
            "notice": self._take_notice(),
            "demonstration": self.request.app.state.demonstration,
            "public_page": self.public_page,
        }

    def institution(self) -> Any:
        """The institution the actor acts at."""
        if self.actor.institution_id is None:
            return None
        return people.find_institution(self.session, self.actor.institution_id)

    def workplaces(self) -> list[Any]:
        """The user's institutions, for the switch in the top bar."""
        return people.workplaces(self.session, self.actor.id) if self.actor.id else []

    def _take_notice(self) -> str:
        raw = self.request.cookies.get(NOTICE_COOKIE, "")
        try:
            return str(json.loads(base64.urlsafe_b64decode(raw))) if raw else ""
        except (ValueError, RecursionError):
            return ""

    def page(
        self, template: str, *, block: str | None = None, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Answer with a page; ``block`` names the part to send when htmx asked."""
        fragment = block if self.request.headers.get("hx-request") == "true" else None
        html = render(template, self.language, {**self.values(), **values}, block=fragment)
        response = HTMLResponse(html, status_code=status, headers={"vary": "HX-Request"})
        if self.request.cookies.get(NOTICE_COOKIE):
            response.delete_cookie(NOTICE_COOKIE)
        return response

    def redirect(self, url: str, *, notice: str = "") -> Response:
        """Answer with a redirect (303), optionally leaving a notice for the next page."""
        response = RedirectResponse(url, status_code=303)
        if notice:
            packed = base64.urlsafe_b64encode(json.dumps(notice).encode()).decode()
            response.set_cookie(
                NOTICE_COOKIE,
                packed,
                max_age=60,
                httponly=True,
                samesite="lax",
                secure=self.settings.secure_cookies,
            )
        return response

    def download(self, content: bytes, filename: str, media_type: str, *, inline: bool = False) -> Response:
        """Answer with a file."""
        disposition = "inline" if inline else "attachment"
        return Response(
            content,
            media_type=media_type,
            headers={"content-disposition": f"{disposition}; filename*=UTF-8''{quote(filename)}"},
        )


def _context(request: Request, session: Session, actor: Actor, login: people.Login | None) -> Context:
    database = cast(Database, request.app.state.database)
    return Context(
        request=request,
        session=session,
        actor=actor,
        now=database.clock.now(),
        settings=request.app.state.settings,
        language=language_of(request),
        login=login,
    )


def _resume(request: Request, session: Session) -> people.Login | None:
    token = request.cookies.get(security.SESSION_COOKIE)
    if not token:
        return None
    return people.resume(session, token, now=request.app.state.database.clock.now())


async def checked_form(request: Request, form: Annotated[FormData, Depends(form_data)]) -> None:
    """Refuse an unsafe request whose CSRF token is not its session's."""
    if request.method not in security.UNSAFE_METHODS:
        return
    security.check_same_site(request)
    token = request.cookies.get(security.SESSION_COOKIE)
    if token:
        security.check_csrf(token, request.headers.get("x-csrf-token") or form.text("_csrf") or None)


_PASSWORD_PATHS = ("/account", "/logout")


def requires(action: Action) -> Any:
    """Declare that a route needs ``action``; gives the route its Context.

    Raises NotLoggedIn, NotPermitted, CsrfWrong or PasswordMustChange.
    """

    def authorised(
        request: Request, session: SessionDep, _form: Annotated[None, Depends(checked_form)]
    ) -> Context:
        security.check_address(request)
        login = _resume(request, session)
        if login is None:
            raise NotLoggedIn
        check_may(login.actor, action)
        if login.must_change_password and not request.url.path.startswith(_PASSWORD_PATHS):
            raise PasswordMustChange
        session.info["scope"] = people.scope_of(session, login.actor, action)
        return _context(request, session, login.actor, login)

    authorised.action = action  # type: ignore[attr-defined]  # read by the test that walks the routes
    return Depends(authorised)


def public(scope: Scope | None = None) -> Any:
    """Declare that a route is open to anybody, why being said at the route; gives it a Context.

    Without a scope the route cannot read tenant tables.
    """

    def unauthorised(request: Request, session: SessionDep) -> Context:
        security.check_address(request)
        if request.method in security.UNSAFE_METHODS:
            security.check_same_site(request)
        session.info["scope"] = scope
        login = _resume(request, session)
        context = _context(request, session, login.actor if login else PUBLIC, login)
        context.public_page = True
        return context

    unauthorised.action = None  # type: ignore[attr-defined]
    return Depends(unauthorised)


def candidate_actor(context: Context) -> Actor:
    """Return the candidate who acts; raises NotLoggedIn for anybody else."""
    if Role.CANDIDATE not in context.actor.roles:
        raise NotLoggedIn
    return context.actor
