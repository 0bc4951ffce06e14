"""Staff log in, change their password and choose where they act."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from itembank.base.errors import ExamError
from itembank.people import service as people
from itembank.people.rules import Action
from web.account.forms import LoginForm, PasswordForm
from web.deps import Context, public, requires
from web.errors import status_of
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import N_
from web.security import SESSION_COOKIE, Limiter, client_address

router = APIRouter()
_failures = Limiter("login-failure", limit=30, seconds=60)
"""Wrong passwords from one address; right ones do not count, since a whole office shares an address."""


def _safe(target: str) -> str:
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"


# Open: nobody is logged in yet.
@router.get("/login")
def show_login(next: str = "/", ctx: Context = public()) -> Response:
    """The login page."""
    return ctx.page("account/login.html", form=Form(), next=_safe(next))


# Open: nobody is logged in yet. Guessing is bounded by address and by account.
@router.post("/login")
def log_in(data: Annotated[FormData, Depends(form_data)], ctx: Context = public()) -> Response:
    """Open a session, or show the refusal beside the form."""
    address = client_address(ctx.request)
    _failures.guard(address)
    target = _safe(data.text("next") or "/")
    form = parse_form(LoginForm, data)
    form.values.pop("password", None)
    if form.model is None:
        return ctx.page("account/login.html", form=form, next=target, status=422)
    token = people.log_in(
        ctx.session, username=form.model.username, password=form.model.password, now=ctx.now
    )
    if isinstance(token, ExamError):
        _failures.check(address)
        form.add("", token)
        return ctx.page("account/login.html", form=form, next=target, status=status_of(token))
    response = ctx.redirect(target)
    response.set_cookie(
        SESSION_COOKIE, token, httponly=True, samesite="lax", secure=ctx.settings.secure_cookies
    )
    return response


@router.post("/logout")
def log_out(ctx: Context = requires(Action.ACCOUNT)) -> Response:
    """End the session."""
    assert ctx.login is not None
    people.log_out(ctx.session, ctx.login)
    response = ctx.redirect("/login")
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/account")
def show_account(ctx: Context = requires(Action.ACCOUNT)) -> Response:
    """One's own account."""
    return ctx.page("account/account.html", form=Form())


@router.post("/account/password")
def change_password(
    data: Annotated[FormData, Depends(form_data)], ctx: Context = requires(Action.ACCOUNT)
) -> Response:
    """Change one's password; every session of the account ends."""
    form = parse_form(PasswordForm, data)
    form.values.clear()
    if form.model and form.model.password != form.model.again:
        form.add("again", N_("The two passwords differ."))
    elif form.model:
        try:
            people.change_password(
                ctx.session, actor=ctx.actor, present=form.model.present, password=form.model.password
            )
        except ExamError as error:
            form.add("present" if error.code == "password_wrong" else "password", error)
        else:
            return ctx.redirect("/login", notice=ctx._("The password is changed. Please log in with it."))
    return ctx.page("account/account.html", form=form, status=422)


@router.post("/account/workplace/{institution_id}")
def act_at(institution_id: UUID, ctx: Context = requires(Action.ACCOUNT)) -> Response:
    """Act at another of one's institutions."""
    assert ctx.login is not None
    people.act_at(ctx.session, ctx.login, institution_id)
    return ctx.redirect("/")
