"""The demonstration's organisations and accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base.ids import new_token
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Actor, InstitutionKind
from scripts.demonstration.people import CENTRE, CREDIT_CODE, INSTITUTION, PROVINCE, SITE_SEQUENCE, STAFF


@dataclass(frozen=True)
class Ground:
    """What the later stages stand on."""

    institution_id: UUID
    centre_id: UUID
    actors: dict[str, Actor]
    """Who acts, by user name."""
    passwords: dict[str, str]
    """First password by user name; random, shown once."""


def lay(session: Session, *, now: datetime) -> Ground:
    """Mark the database as a demonstration; make the centre, the institution and their staff."""
    people.mark_demonstration(session, now=now)
    platform = people.platform(session)
    centre = people.create_institution(
        session,
        actor=SYSTEM,
        kind=InstitutionKind.PROVINCE_CENTRE,
        name=CENTRE,
        parent_id=platform.id,
        province_code=PROVINCE,
        now=now,
    )
    institution = people.create_institution(
        session,
        actor=SYSTEM,
        kind=InstitutionKind.SOCIAL,
        name=INSTITUTION,
        parent_id=centre.id,
        province_code=PROVINCE,
        credit_code=CREDIT_CODE,
        site_sequence=SITE_SEQUENCE,
        now=now,
    )
    places = {"": platform, CENTRE: centre, INSTITUTION: institution}
    actors, passwords = _employ(session, places, now=now)
    return Ground(institution.id, centre.id, actors, passwords)


def recall(session: Session, passwords: dict[str, str]) -> Ground:
    """Return what ``lay`` made in an earlier run."""
    actors = {member.username: people.actor_named(session, member.username) for member in STAFF}
    institution, centre = (people.institution_named(session, name) for name in (INSTITUTION, CENTRE))
    return Ground(institution.id, centre.id, actors, passwords)


def _employ(
    session: Session, places: dict[str, Institution], *, now: datetime
) -> tuple[dict[str, Actor], dict[str, str]]:
    actors, passwords = {}, {}
    for member in STAFF:
        place = places[member.place]
        password = passwords[member.username] = new_token(9)
        user = people.create_user(
            session, actor=SYSTEM, username=member.username, name=member.name, password=password, now=now
        )
        for role in member.roles:
            people.grant_role(session, actor=SYSTEM, user_id=user.id, institution_id=place.id, role=role)
        actors[member.username] = people.actor_for(session, user, place.id)
    return actors, passwords
