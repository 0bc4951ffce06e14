"""Institutions, accounts and roles; reading the audit chain."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from itembank.base import audit
from itembank.base.errors import ExamError, NotFound
from itembank.base.ids import new_token
from itembank.people import service as people
from itembank.people.models import Institution, User
from itembank.people.rules import Action, InstitutionKind, Role
from web.admin.forms import InstitutionForm, RoleForm, UserForm
from web.admin.labels import ACTIONS, ACTORS, SUBJECTS
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form
from web.labels import INSTITUTION_KINDS, ROLES

router = APIRouter(prefix="/admin")
FormDep = Annotated[FormData, Depends(form_data)]


def _reach(ctx: Context) -> list[Institution]:
    """Institutions this administrator manages."""
    scope = ctx.session.info["scope"]
    return [found for found in people.list_institutions(ctx.session) if scope.includes(found.id)]


def _managed(ctx: Context, institution_id: UUID) -> UUID:
    if not ctx.session.info["scope"].includes(institution_id):
        raise NotFound
    return institution_id


@router.get("/institutions")
def list_institutions(ctx: Context = requires(Action.INSTITUTION_MANAGE)) -> Response:
    """The tree of institutions, and a form to add one."""
    return _institutions_page(ctx, Form())


def _institutions_page(ctx: Context, form: Form[InstitutionForm], status: int = 200) -> Response:
    return ctx.page(
        "admin/institutions.html",
        institutions=_reach(ctx),
        kinds={kind: INSTITUTION_KINDS[kind] for kind in InstitutionKind if kind != "platform"},
        labels=INSTITUTION_KINDS,
        form=form,
        status=status,
    )


@router.post("/institutions")
def create_institution(data: FormDep, ctx: Context = requires(Action.INSTITUTION_MANAGE)) -> Response:
    """Add an institution."""
    form = parse_form(InstitutionForm, data)
    if form.model is None:
        return _institutions_page(ctx, form, 422)
    sent = form.model
    try:
        people.create_institution(
            ctx.session,
            actor=ctx.actor,
            kind=sent.kind,
            name=sent.name,
            parent_id=_managed(ctx, sent.parent_id),
            province_code=sent.province_code,
            credit_code=sent.credit_code or None,
            ministry_code=sent.ministry_code,
            site_sequence=sent.site_sequence or None,
            now=ctx.now,
        )
    except ExamError as error:
        fields = {"credit_code_wrong": "credit_code", "parent_does_not_fit": "parent_id"}
        form.add(fields.get(error.code, str(error.facts.get("field", ""))), error)
        return _institutions_page(ctx, form, 422)
    return ctx.redirect("/admin/institutions", notice=ctx._("{name} was added.", name=sent.name))


@router.get("/people")
def list_people(institution: UUID | None = None, ctx: Context = requires(Action.PEOPLE_MANAGE)) -> Response:
    """Everybody with a role at an institution."""
    return _people_page(ctx, institution, Form())


def _people_page(
    ctx: Context, institution_id: UUID | None, form: Form[Any], status: int = 200, **values: Any
) -> Response:
    chosen = _managed(ctx, institution_id or ctx.actor.institution_id or UUID(int=0))
    institution = people.find_institution(ctx.session, chosen)
    rows: dict[UUID, dict[str, Any]] = {}
    for user, role in people.members(ctx.session, chosen):
        rows.setdefault(user.id, {"user": user, "roles": []})["roles"].append(role)
    return ctx.page(
        "admin/people.html",
        institutions=_reach(ctx),
        chosen=institution,
        rows=list(rows.values()),
        roles={role: ROLES[role] for role in Role if role is not Role.CANDIDATE},
        labels=ROLES,
        form=form,
        status=status,
        **{"password": None, "username": None, **values},
    )


@router.post("/people")
def create_user(data: FormDep, ctx: Context = requires(Action.PEOPLE_MANAGE)) -> Response:
    """Add an account; its first password is shown once."""
    form = parse_form(UserForm, data)
    if form.model is None:
        return _people_page(ctx, None, form, 422)
    sent, password = form.model, new_token(12)
    _managed(ctx, sent.institution_id)
    try:
        with ctx.session.begin_nested():
            user = people.create_user(
                ctx.session,
                actor=ctx.actor,
                username=sent.username,
                name=sent.name,
                password=password,
                now=ctx.now,
                must_change_password=True,
            )
            people.grant_role(
                ctx.session,
                actor=ctx.actor,
                user_id=user.id,
                institution_id=sent.institution_id,
                role=sent.role,
            )
    except ExamError as error:
        form.add("role" if error.code == "role_does_not_fit" else "username", error)
        return _people_page(ctx, sent.institution_id, form, 422)
    return _people_page(ctx, sent.institution_id, Form(), password=password, username=user.username)


@router.post("/people/roles")
def grant_role(data: FormDep, ctx: Context = requires(Action.PEOPLE_MANAGE)) -> Response:
    """Give somebody already here another role."""
    return _change_role(ctx, data, grant=True)


@router.post("/people/roles/revoke")
def revoke_role(data: FormDep, ctx: Context = requires(Action.PEOPLE_MANAGE)) -> Response:
    """Take a role away."""
    return _change_role(ctx, data, grant=False)


def _change_role(ctx: Context, data: FormData, *, grant: bool) -> Response:
    form = parse_form(RoleForm, data)
    if form.model is None:
        return _people_page(ctx, None, form, 422)
    sent = form.model
    _managed(ctx, sent.institution_id)
    if sent.user_id not in {user.id for user, _ in people.members(ctx.session, sent.institution_id)}:
        raise NotFound
    change = people.grant_role if grant else people.revoke_role
    change(
        ctx.session,
        actor=ctx.actor,
        user_id=sent.user_id,
        institution_id=sent.institution_id,
        role=sent.role,
    )
    return ctx.redirect(f"/admin/people?institution={sent.institution_id}", notice=ctx._("Roles changed."))


@router.post("/people/{user_id}/password")
def reset_password(user_id: UUID, ctx: Context = requires(Action.PEOPLE_MANAGE)) -> Response:
    """Give somebody a new first password, shown once."""
    scope = ctx.session.info["scope"]
    user = people.find_user(ctx.session, user_id)
    places = people.workplaces(ctx.session, user_id)
    # Whoever also works elsewhere gets a new password only from somebody who manages all those places.
    if not places or not all(scope.includes(place.id) for place in places):
        raise NotFound
    password = new_token(12)
    people.reset_password(ctx.session, actor=ctx.actor, user_id=user_id, password=password)
    return _people_page(ctx, places[0].id, Form(), password=password, username=user.username)


@router.get("/audit")
def show_audit(
    before: int | None = None, action: str = "", ctx: Context = requires(Action.AUDIT_READ)
) -> Response:
    """Audit records of the institutions in reach, newest first."""
    scope = ctx.session.info["scope"]
    own = ctx.institution()
    entries = audit.entries(
        ctx.session,
        institutions=scope.institutions,
        with_unowned=own is not None and own.kind is InstitutionKind.PLATFORM,
        before=min(before, 2**31 - 1) if before is not None else None,
        action=action,
    )
    # No foreign key holds an old record's account, so one may be gone.
    accounts = {id: ctx.session.get(User, id) for entry in entries if (id := _user_of(entry))}
    return ctx.page(
        "admin/audit.html",
        block="rows",
        entries=entries,
        action=action,
        actions=ACTIONS,
        subjects=SUBJECTS,
        who=lambda entry: _name_of(ctx, entry, accounts),
    )


def _user_of(entry: audit.AuditEntry) -> UUID | None:
    kind, _, id = entry.actor.partition(":")
    return UUID(id) if kind == "user" and len(id) == 36 else None


def _name_of(ctx: Context, entry: audit.AuditEntry, accounts: dict[UUID, User | None]) -> str:
    id = _user_of(entry)
    if id and (user := accounts[id]):
        return user.name
    kind = entry.actor.partition(":")[0]
    return ctx._(ACTORS.get(kind, kind))
