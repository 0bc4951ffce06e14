"""Login sessions: opened, resumed, moved to another workplace, ended."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.errors import Forbidden, NotFound, TooMany
from itembank.base.ids import new_id, new_token
from itembank.people import store
from itembank.people.models import Institution, LoginSession, User
from itembank.people.rules import (
    LOCK_AFTER_FAILURES,
    LOCK_MINUTES,
    SESSION_HOURS,
    SYSTEM,
    Actor,
    Role,
)
from itembank.people.service.accounts import password_matches
from itembank.people.service.institutions import actor_for


class LoginRefused(Forbidden):
    """The name or the password is wrong; which of them is not said."""

    code = "login_refused"
    message = "The user name or the password is not right."


class AccountLocked(TooMany):
    """Too many wrong passwords."""

    code = "account_locked"
    message = "Too many wrong passwords. The account is locked for {minutes} minutes."


@dataclass(frozen=True)
class Login:
    """A resumed login: its session row and who acts."""

    session: LoginSession
    actor: Actor
    must_change_password: bool = False


def session_digest(token: str) -> str:
    """Return what is kept of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _open(session: Session, now: datetime, **columns: UUID | None) -> str:
    token = new_token(32)
    expires_at = now + timedelta(hours=SESSION_HOURS)
    session.add(
        LoginSession(token_digest=session_digest(token), created_at=now, expires_at=expires_at, **columns)
    )
    session.flush()
    return token


def log_in(
    session: Session, *, username: str, password: str, now: datetime
) -> str | LoginRefused | AccountLocked:
    """Return a fresh session token, or the refusal as a value so that the failure count is committed."""
    user = store.user_by_name(session, username.strip().lower())
    if user and user.locked_until and user.locked_until > now:
        return AccountLocked(minutes=LOCK_MINUTES)
    if not password_matches(user, password) or user is None or not user.is_active:
        if user:
            _count_failure(session, user, now)
        return LoginRefused()
    user.failures, user.locked_until = 0, None
    audit.record(session, actor=f"user:{user.id}", action="user.logged_in", subject=("user", user.id))
    memberships = store.memberships(session, user.id)
    return _open(
        session, now, user_id=user.id, institution_id=memberships[0].institution_id if memberships else None
    )


def _count_failure(session: Session, user: User, now: datetime) -> None:
    user.failures += 1
    if user.failures >= LOCK_AFTER_FAILURES:
        user.failures, user.locked_until = 0, now + timedelta(minutes=LOCK_MINUTES)
        audit.record(session, actor=SYSTEM, action="user.locked", subject=("user", user.id))


def open_staff_session(session: Session, *, user_id: UUID, institution_id: UUID, now: datetime) -> str:
    """Return a fresh session token for an account that was authenticated in another way."""
    return _open(session, now, user_id=user_id, institution_id=institution_id)


def open_candidate_session(
    session: Session, *, registration_id: UUID, institution_id: UUID, now: datetime
) -> str:
    """Return a fresh session token for a candidate whose ticket and entry code were right.

    Earlier sessions end: a candidate works on one machine, the one entered last.
    """
    store.end_sessions(session, registration_id=registration_id)
    audit.record(
        session,
        actor=f"candidate:{registration_id}",
        action="candidate.entered",
        subject=("registration", registration_id),
        institution_id=institution_id,
    )
    return _open(session, now, registration_id=registration_id, institution_id=institution_id)


def open_candidate_sessions(
    connection: Connection, registrations: Sequence[tuple[UUID, UUID]], *, now: datetime
) -> list[str]:
    """Do what ``open_candidate_session`` does for many (registration, institution); the caller keeps the records."""
    tokens = [new_token(32) for _ in registrations]
    rows = [
        {
            "id": new_id(),
            "token_digest": session_digest(token),
            "registration_id": registration_id,
            "institution_id": institution_id,
            "created_at": now,
            "expires_at": now + timedelta(hours=SESSION_HOURS),
        }
        for token, (registration_id, institution_id) in zip(tokens, registrations, strict=True)
    ]
    store.replace_candidate_sessions(connection, rows)
    return tokens


def resume(session: Session, token: str, *, now: datetime) -> Login | None:
    """Return the login behind a cookie, or None when it is unknown, expired or the account is closed."""
    row = store.login_session(session, session_digest(token))
    if row is None or row.expires_at <= now:
        return None
    if row.registration_id is not None:
        roles = frozenset({Role.CANDIDATE})
        return Login(row, Actor("candidate", row.registration_id, row.institution_id, roles))
    user = store.user(session, row.user_id) if row.user_id else None
    if user is None or not user.is_active:
        return None
    return Login(row, actor_for(session, user, row.institution_id), user.must_change_password)


def log_out(session: Session, login: Login) -> None:
    """End one session."""
    audit.record(
        session,
        actor=login.actor,
        action=f"{login.actor.kind}.logged_out",
        subject=(login.actor.kind, login.actor.id or ""),
        institution_id=login.actor.institution_id,
    )
    session.delete(login.session)


def workplaces(session: Session, user_id: UUID) -> list[Institution]:
    """Institutions at which the user has a role."""
    seen: dict[UUID, Institution] = {}
    for membership in store.memberships(session, user_id):
        institution = store.institution(session, membership.institution_id)
        if institution is not None and institution.is_active:
            seen.setdefault(institution.id, institution)
    return list(seen.values())


def act_at(session: Session, login: Login, institution_id: UUID) -> None:
    """Let the session act at another of the user's institutions; raises NotFound."""
    user_id = login.session.user_id
    if user_id is None or institution_id not in {place.id for place in workplaces(session, user_id)}:
        raise NotFound
    store.act_at(session, login.session.id, institution_id)
    audit.record(
        session,
        actor=login.actor,
        action="user.workplace_chosen",
        subject=("user", user_id),
        institution_id=institution_id,
    )
