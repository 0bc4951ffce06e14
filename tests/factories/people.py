"""Institutions and people."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from itembank.people import service as people
from itembank.people import store
from itembank.people.models import Institution, Membership, Person, User
from itembank.people.rules import SYSTEM, InstitutionKind, Role
from itembank.people.service import PersonFacts

_numbers = itertools.count(1)
NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)


def make_platform(session: Session) -> Institution:
    found = store.platform(session)
    return found or people.create_institution(
        session,
        actor=SYSTEM,
        kind=InstitutionKind.PLATFORM,
        name="测试平台",
        parent_id=None,
        province_code="00",
        now=NOW,
    )


def make_institution(
    session: Session,
    *,
    kind: InstitutionKind = InstitutionKind.EMPLOYER,
    parent: Institution | None = None,
    name: str = "",
) -> Institution:
    number = next(_numbers)
    return people.create_institution(
        session,
        actor=SYSTEM,
        kind=kind,
        name=name or f"测试机构{number}",
        parent_id=(parent or make_platform(session)).id,
        province_code="62",
        site_sequence=f"{number:06d}",
        now=NOW,
    )


def make_user(
    session: Session, *, username: str = "", roles: Iterable[Role], institution: Institution
) -> User:
    """Return an account with the roles; without a usable password, since tests open sessions directly."""
    name = username or f"user{next(_numbers)}"
    user = store.user_by_name(session, name)
    if user is None:
        user = User(username=name, name=name, password_hash="unusable", created_at=NOW)
        session.add(user)
        session.flush()
    held = store.roles_at(session, user.id, institution.id)
    for role in set(roles) - held:
        session.add(Membership(user_id=user.id, institution_id=institution.id, role=role))
    session.flush()
    return user


def citizen_id(number: int, *, born: date = date(1990, 1, 1), male: bool = True) -> str:
    """Return a valid made-up citizen ID (GB 11643)."""
    body = f"620102{born:%Y%m%d}{(number * 2 + (1 if male else 0)) % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


def make_person(session: Session, *, name: str = "张三", number: int | None = None) -> Person:
    number = number or next(_numbers)
    facts = PersonFacts(name, "身份证", citizen_id(number), "男", date(1990, 1, 1), "13800000000")
    return people.keep_person(session, actor=SYSTEM, facts=facts, now=NOW)
