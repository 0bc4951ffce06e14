"""Institutions as tenants, and the actor somebody is at one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session
from stdnum.cn import uscc

from itembank.base import audit
from itembank.base.db import Scope
from itembank.base.errors import Conflict, Invalid, NotFound
from itembank.base.ids import new_id
from itembank.people import store
from itembank.people.models import Institution, User
from itembank.people.rules import (
    CENTRES,
    PLATFORM_WIDE,
    SUPERVISORY,
    Action,
    Actor,
    InstitutionKind,
    check_parent_fits,
)


class CreditCodeWrong(Invalid):
    """The unified social credit code fails its check character."""

    code = "credit_code_wrong"
    message = "The unified social credit code {value} is not valid (GB 32100 check character)."


class PlatformExists(Conflict):
    """There is one platform."""

    code = "platform_exists"
    message = "The platform organisation exists already."


class CodeWrong(Invalid):
    """A number of the institution does not have its form."""

    code = "institution_code_wrong"
    message = "Exactly {digits} digits are needed, not “{value}”."


def _check_digits(field: str, value: str | None, digits: int) -> None:
    if value is not None and not (len(value) == digits and value.isascii() and value.isdigit()):
        raise CodeWrong(field=field, digits=digits, value=value)


def create_institution(
    session: Session,
    *,
    actor: Actor,
    kind: InstitutionKind,
    name: str,
    parent_id: UUID | None,
    province_code: str,
    now: datetime,
    credit_code: str | None = None,
    ministry_code: str = "0000",
    site_sequence: str | None = None,
) -> Institution:
    """Add an organisation below its parent.

    Raises ParentDoesNotFit, CreditCodeWrong, CodeWrong, PlatformExists or NotFound.
    """
    parent = None
    if parent_id is not None and (parent := store.institution(session, parent_id)) is None:
        raise NotFound
    check_parent_fits(kind, parent.kind if parent else None)
    if kind is InstitutionKind.PLATFORM and store.platform(session):
        raise PlatformExists
    if credit_code and not uscc.is_valid(credit_code):
        raise CreditCodeWrong(value=credit_code)
    _check_digits("province_code", province_code, 2)
    _check_digits("ministry_code", ministry_code, 4)
    _check_digits("site_sequence", site_sequence, 6)
    identifier = new_id()
    created = Institution(
        id=identifier,
        kind=kind,
        parent_id=parent_id,
        path=(parent.path if parent else "") + identifier.hex + "/",
        name=name.strip(),
        credit_code=credit_code or None,
        ministry_code=ministry_code,
        province_code=province_code,
        site_sequence=site_sequence,
        created_at=now,
    )
    session.add(created)
    audit.record(
        session,
        actor=actor,
        action="institution.created",
        subject=("institution", identifier),
        institution_id=identifier,
        detail={"kind": kind.value, "name": created.name, "parent": parent_id},
    )
    session.flush()
    return created


def find_institution(session: Session, institution_id: UUID) -> Institution:
    """Return an institution; raises NotFound."""
    found = store.institution(session, institution_id)
    if found is None:
        raise NotFound
    return found


def list_institutions(session: Session, *, below: Institution | None = None) -> Sequence[Institution]:
    """All institutions, or ``below`` and everything under it, parents first."""
    return store.institutions(session, below=below.path if below else "")


def platform(session: Session) -> Institution:
    """Return the platform organisation; raises NotFound before there is one."""
    found = store.platform(session)
    if found is None:
        raise NotFound
    return found


def actor_for(session: Session, user: User, institution_id: UUID | None) -> Actor:
    """Return who ``user`` is at ``institution_id``; without roles there, an actor who may do nothing."""
    roles = store.roles_at(session, user.id, institution_id) if institution_id else frozenset()
    return Actor("user", user.id, institution_id, roles, user.name)


def actor_named(session: Session, username: str, institution_id: UUID | None = None) -> Actor:
    """Return the actor of an account by user name, at its first workplace unless one is given.

    For the command line, whose user has the machine. Raises NotFound.
    """
    user = store.user_by_name(session, username.strip().lower())
    if user is None or not user.is_active:
        raise NotFound
    if institution_id is None:
        memberships = store.memberships(session, user.id)
        institution_id = memberships[0].institution_id if memberships else None
    return actor_for(session, user, institution_id)


def scope_of(session: Session, actor: Actor, action: Action) -> Scope:
    """Return the institutions ``actor`` reaches with ``action``: its own, and below it for supervision."""
    if actor.kind == "system":
        return Scope.everything()
    if actor.institution_id is None:
        return Scope.of(())
    own = store.institution(session, actor.institution_id)
    if own is None:
        return Scope.of(())
    reaches_down = (own.kind in CENTRES and action in SUPERVISORY) or (
        own.kind is InstitutionKind.PLATFORM and action in PLATFORM_WIDE
    )
    if reaches_down:
        return Scope.of(found.id for found in store.institutions(session, below=own.path))
    return Scope.of((own.id,))


def institution_named(session: Session, name: str) -> Institution:
    """Return the institution with exactly this name; raises NotFound."""
    found = [row for row in store.institutions(session) if row.name == name]
    if len(found) != 1:
        raise NotFound
    return found[0]
