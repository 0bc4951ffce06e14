"""Staff accounts and their roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.errors import Conflict, Forbidden, Invalid, NotFound
from itembank.people import store
from itembank.people.models import Membership, User
from itembank.people.rules import Actor, Role, check_password, check_role_fits
from itembank.people.service.institutions import find_institution

_hasher = PasswordHasher()
_ABSENT = _hasher.hash("an account that does not exist takes as long to refuse")


class UsernameTaken(Conflict):
    """Another account has this user name."""

    code = "username_taken"
    message = "The user name {username} is taken."


class UsernameWrong(Invalid):
    """The user name has characters that are not allowed."""

    code = "username_wrong"
    message = "A user name has 2 to 60 letters, digits, dots, hyphens or underscores."


class PasswordWrong(Forbidden):
    """The present password is not the one given."""

    code = "password_wrong"
    message = "The present password is not right."


def password_matches(user: User | None, password: str) -> bool:
    """Tell whether ``password`` is the account's, taking the same time when there is no account."""
    try:
        return _hasher.verify(user.password_hash if user else _ABSENT, password) and user is not None
    except (VerificationError, InvalidHashError):
        return False


def create_user(
    session: Session,
    *,
    actor: Actor,
    username: str,
    name: str,
    password: str,
    now: datetime,
    must_change_password: bool = False,
) -> User:
    """Add a staff account without roles.

    Raises UsernameTaken, UsernameWrong or PasswordTooWeak.
    """
    username = username.strip().lower()
    if not 2 <= len(username) <= 60 or not all(c.isalnum() or c in "._-" for c in username):
        raise UsernameWrong
    if store.user_by_name(session, username):
        raise UsernameTaken(username=username)
    check_password(password)
    user = User(
        username=username,
        name=name.strip() or username,
        password_hash=_hasher.hash(password),
        must_change_password=must_change_password,
        created_at=now,
    )
    session.add(user)
    session.flush()
    audit.record(
        session, actor=actor, action="user.created", subject=("user", user.id), detail={"username": username}
    )
    return user


def find_user(session: Session, user_id: UUID) -> User:
    """Return an account; raises NotFound."""
    user = store.user(session, user_id)
    if user is None:
        raise NotFound
    return user


def members(session: Session, institution_id: UUID) -> Sequence[tuple[User, Role]]:
    """Everybody with a role at the institution, one row a role."""
    return store.members(session, institution_id)


def grant_role(session: Session, *, actor: Actor, user_id: UUID, institution_id: UUID, role: Role) -> None:
    """Give ``user`` a role at an institution; giving it twice changes nothing.

    Raises RoleDoesNotFit or NotFound.
    """
    user, institution = find_user(session, user_id), find_institution(session, institution_id)
    check_role_fits(role, institution.kind)
    if role in store.roles_at(session, user.id, institution.id):
        return
    session.add(Membership(user_id=user.id, institution_id=institution.id, role=role))
    audit.record(
        session,
        actor=actor,
        action="role.granted",
        subject=("user", user.id),
        institution_id=institution.id,
        detail={"role": role.value},
    )
    session.flush()


def revoke_role(session: Session, *, actor: Actor, user_id: UUID, institution_id: UUID, role: Role) -> None:
    """Take a role away; open sessions lose it at the next request."""
    if role not in store.roles_at(session, user_id, institution_id):
        return
    store.revoke(session, user_id, institution_id, role)
    audit.record(
        session,
        actor=actor,
        action="role.revoked",
        subject=("user", user_id),
        institution_id=institution_id,
        detail={"role": role.value},
    )


def _set_password(session: Session, user: User, password: str, *, must_change: bool) -> None:
    check_password(password)
    user.password_hash = _hasher.hash(password)
    user.must_change_password = must_change
    user.failures, user.locked_until = 0, None
    store.end_sessions(session, user_id=user.id)


def change_password(session: Session, *, actor: Actor, present: str, password: str) -> None:
    """Change one's own password; ends every open session of the account.

    Raises PasswordWrong or PasswordTooWeak.
    """
    user = find_user(session, actor.id) if actor.id else None
    if user is None or not password_matches(user, present):
        raise PasswordWrong
    _set_password(session, user, password, must_change=False)
    audit.record(session, actor=actor, action="password.changed", subject=("user", user.id))


def reset_password(session: Session, *, actor: Actor, user_id: UUID, password: str) -> None:
    """Give an account a new password that must be changed at the next login."""
    user = find_user(session, user_id)
    _set_password(session, user, password, must_change=True)
    audit.record(session, actor=actor, action="password.reset", subject=("user", user.id))
