"""A login shows once that it is a Safe Exam Browser; its configuration file, and the page that closes it.

The address of the page holds a value of this login alone. The browser hashes it with its keys, and sends that with the
form: in headers (Windows), or the page's script asks the browser for it (macOS, iPad, and Windows too).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from exam_engine.delivery import service as delivery
from exam_engine.delivery.seb import service as seb
from exam_engine.delivery.seb.configuration import QUIT_PATH
from exam_engine.delivery.seb.keys import seen_address
from exam_engine.delivery.seb.rules import SebNeeded, SebUse
from exam_engine.delivery.service import Stage, Waiting
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from itembank.base.db import Scope
from itembank.base.errors import ExamError, Forbidden, NotFound
from itembank.people.rules import Action
from itembank.people.service import session_digest
from web.deps import Context, candidate_actor, public, requires
from web.errors import status_of
from web.forms import FormData, form_data
from web.security import SESSION_COOKIE

router = APIRouter(prefix="/exam")
PATH = "/exam/seb"
_NAMED = re.compile(r"\bSEB/[\w.]+")


def is_named(user_agent: str) -> bool:
    """Tell whether a browser calls itself a Safe Exam Browser; that proves nothing."""
    return _NAMED.search(user_agent) is not None


def own_page(token: str) -> str:
    """Return the path of the page that only one login is given."""
    return f"{PATH}?proof={hmac.new(token.encode(), b'seb', hashlib.sha256).hexdigest()}"


def first_page(user_agent: str, token: str) -> str:
    """Return where a candidate goes after the entrance."""
    return own_page(token) if is_named(user_agent) else "/exam"


def _token(ctx: Context) -> str:
    return ctx.request.cookies.get(SESSION_COOKIE, "")


def _page_path(ctx: Context) -> str:
    return own_page(_token(ctx))


def wanted(ctx: Context, sitting_id: UUID) -> SebUse:
    """Return what a sitting still wants of this login."""
    digest = session_digest(_token(ctx))
    return seb.wanted(ctx.session, actor=candidate_actor(ctx), sitting_id=sitting_id, session_digest=digest)


def turned_away(ctx: Context, sitting_id: UUID) -> Response | None:
    """Return the way to the page where a login shows what it is, if the sitting requires that first.

    Raises SebNeeded for a script.
    """
    if wanted(ctx, sitting_id) is not SebUse.REQUIRED:
        return None
    if "application/json" in ctx.request.headers.get("accept", ""):
        raise SebNeeded
    return ctx.redirect(_page_path(ctx))


def current_of(rooms: list[Waiting]) -> Waiting | None:
    """Return the sitting that a candidate waits for or works on."""
    return next((room for room in rooms if room.stage in (Stage.WORKING, Stage.READY, Stage.EARLY)), None)


def _current(ctx: Context) -> tuple[UUID, SebUse] | None:
    """Return the sitting for which there is something to show."""
    current = current_of(delivery.waiting_room(ctx.session, actor=candidate_actor(ctx)))
    if current is None:
        return None
    sitting_id = current.place.sitting.id
    use = wanted(ctx, sitting_id)
    return None if use is SebUse.OFF else (sitting_id, use)


@router.get("/seb")
def ask(proof: str = "", ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """The page where a login shows what it is, or reads what to do."""
    found = _current(ctx)
    if found is None:
        return ctx.redirect("/exam")
    if f"{PATH}?proof={proof}" != _page_path(ctx):
        return ctx.redirect(_page_path(ctx))
    return _page(ctx, *found, refusal=None)


def _page(ctx: Context, sitting_id: UUID, use: SebUse, refusal: ExamError | None) -> Response:
    base = seen_address(ctx.settings.public_url, "")
    file = f"{PATH}/{sitting_id}.seb"
    scheme, _, rest = base.partition("://")
    needed = use is SebUse.REQUIRED
    named = is_named(ctx.request.headers.get("user-agent", ""))
    return ctx.page(
        "exam/seb.html",
        needed=needed,
        named=named,
        refusal=refusal or (SebNeeded() if needed else None),
        tried=refusal is not None,
        action=_page_path(ctx),
        file=file,
        link=f"{'sebs' if scheme == 'https' else 'seb'}://{rest}{file}",
        status=status_of(refusal or SebNeeded()) if refusal or (needed and not named) else 200,
    )


@router.post("/seb")
def show(data: Annotated[FormData, Depends(form_data)], ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Look at what the browser has sent, once a login."""
    found = _current(ctx)
    if found is None:
        return ctx.redirect("/exam")
    sitting_id, use = found
    try:
        with ctx.session.begin_nested():
            seb.show(
                ctx.session,
                actor=candidate_actor(ctx),
                sitting_id=sitting_id,
                session_digest=session_digest(_token(ctx)),
                base=ctx.settings.public_url,
                path=_page_path(ctx),
                given=_given(ctx.request, data),
            )
    except Forbidden as refusal:
        return _page(ctx, sitting_id, use, refusal)
    return ctx.redirect("/exam")


def _given(request: Request, data: FormData) -> seb.Given:
    headers = request.headers
    name = _NAMED.search(headers.get("user-agent", ""))
    if data.text("config_key"):
        return seb.Given(data.text("config_key")[:64], data.text("exam_key")[:64], data.text("version"))
    return seb.Given(
        headers.get("x-safeexambrowser-configkeyhash", ""),
        headers.get("x-safeexambrowser-requesthash", ""),
        name[0] if name else "",
    )


# Open: the browser ends itself when it is sent here; in another there is nothing to read.
@router.get(QUIT_PATH.removeprefix("/exam"))
def quit_browser(ctx: Context = public()) -> Response:
    """The address that closes the Safe Exam Browser."""
    return ctx.page("exam/seb_quit.html")


# Open: the browser fetches its file before anybody has logged in. It opens with the start password only.
@router.get("/seb/{sitting_id}.seb")
def fetch_file(sitting_id: UUID, ctx: Context = public(Scope.everything())) -> Response:
    """The configuration file of a published sitting."""
    sitting = sittings.find_sitting(ctx.session, sitting_id)
    setting = seb.setting_of(ctx.session, sitting_id)
    if sitting.status is not SittingStatus.PUBLISHED or setting is None or setting.use is SebUse.OFF:
        raise NotFound
    content = seb.file_of(ctx.session, sitting_id, base=ctx.settings.public_url, protected=True)
    return ctx.download(content, f"{sitting_id}.seb", "application/seb")
