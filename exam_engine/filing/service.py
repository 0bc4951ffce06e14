"""What can be done with filings: write one, withdraw it, and ask whether an institution may evaluate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.filing import store
from exam_engine.filing.models import FilingScope
from exam_engine.filing.rules import (
    NotAnAssessor,
    NotFilingAuthority,
    OutsideScope,
    ScopeExists,
    ScopeWithdrawn,
    WithdrawalReasonMissing,
    check_validity,
    is_in_force,
)
from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import ASSESSORS, CENTRES, Actor
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level


@dataclass(frozen=True)
class FiledScope:
    """A filing with the names of what it is about."""

    scope: FilingScope
    institution: str
    authority: str
    occupation: str
    occupation_code: str
    level: Level

    @property
    def wanted(self) -> str:
        """Occupation and level in words."""
        return f"{self.occupation} {self.level.label}"


def _check_authority(session: Session, actor: Actor, institution: Institution) -> Institution:
    """Return the centre that acts; it must stand above the institution."""
    if actor.institution_id is None:
        raise NotFilingAuthority(institution=institution.name)
    authority = people.find_institution(session, actor.institution_id)
    above = institution.path.startswith(authority.path) and authority.id != institution.id
    if authority.kind not in CENTRES or not above:
        raise NotFilingAuthority(institution=institution.name)
    return authority


def file_scope(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    occupation_id: UUID,
    levels: Iterable[int],
    number: str,
    valid_from: date,
    valid_until: date,
    now: datetime,
) -> list[FilingScope]:
    """File an institution for an occupation at some levels, all under one number.

    Raises NotFilingAuthority, NotAnAssessor, ValidityWrong, ScopeExists or NotFound.
    """
    institution = people.find_institution(session, institution_id)
    authority = _check_authority(session, actor, institution)
    if institution.kind not in ASSESSORS:
        raise NotAnAssessor(institution=institution.name)
    occupation = taxonomy.find_occupation(session, occupation_id)
    check_validity(valid_from, valid_until)
    made = []
    for level in sorted({Level(level) for level in levels}, reverse=True):
        for filed in store.scopes(
            session, institution_id=institution.id, occupation_id=occupation.id, level=level
        ):
            overlaps = filed.valid_from <= valid_until and valid_from <= filed.valid_until
            if overlaps and filed.withdrawn_on is None:
                raise ScopeExists(
                    wanted=f"{occupation.name} {level.label}",
                    begins=filed.valid_from,
                    until=filed.valid_until,
                    number=filed.number,
                )
        made.append(
            FilingScope(
                institution_id=institution.id,
                occupation_id=occupation.id,
                level=level.value,
                number=number.strip(),
                valid_from=valid_from,
                valid_until=valid_until,
                authority_id=authority.id,
                created_by=str(actor),
                created_at=now,
            )
        )
    session.add_all(made)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="filing.written",
        subject=("institution", institution.id),
        institution_id=institution.id,
        detail={
            "number": number.strip(),
            "occupation": taxonomy.occupation_code(occupation),
            "levels": [scope.level for scope in made],
            "valid_from": valid_from,
            "valid_until": valid_until,
        },
    )
    return made


def withdraw_scope(
    session: Session, *, actor: Actor, scope_id: UUID, reason: str, on: date, now: datetime
) -> FilingScope:
    """Withdraw a filing from a day on; what was made under it stays.

    Raises NotFilingAuthority, ScopeWithdrawn, WithdrawalReasonMissing or NotFound.
    """
    scope = store.scope(session, scope_id)
    if scope is None:
        raise NotFound
    _check_authority(session, actor, people.find_institution(session, scope.institution_id))
    if scope.withdrawn_on is not None:
        raise ScopeWithdrawn(day=scope.withdrawn_on)
    if not reason.strip():
        raise WithdrawalReasonMissing
    scope.withdrawn_on, scope.withdrawal_reason = on, reason.strip()[:400]
    audit.record(
        session,
        actor=actor,
        action="filing.withdrawn",
        subject=("filing_scope", scope.id),
        institution_id=scope.institution_id,
        detail={"on": on, "reason": scope.withdrawal_reason, "at": now},
    )
    session.flush()
    return scope


def list_scopes(session: Session, *, institution_id: UUID | None = None) -> list[FiledScope]:
    """Filings within the session's scope, of one institution or of all."""
    rows = store.scopes(session, institution_id=institution_id)
    return _named(session, rows)


def _named(session: Session, rows: Sequence[FilingScope]) -> list[FiledScope]:
    occupations = {row.id: row for row in taxonomy.list_occupations(session)}
    places = {row.id: row.name for row in people.list_institutions(session)}
    return [
        FiledScope(
            row,
            places[row.institution_id],
            places[row.authority_id],
            occupations[row.occupation_id].name,
            taxonomy.occupation_code(occupations[row.occupation_id]),
            Level(row.level),
        )
        for row in rows
    ]


def check_scope(
    session: Session, *, institution_id: UUID, occupation_id: UUID, level: int, on: date
) -> FilingScope:
    """Return the filing under which the institution may evaluate on a day.

    Raises OutsideScope, which names what is filed.
    """
    found = [
        scope
        for scope in store.scopes(
            session, institution_id=institution_id, occupation_id=occupation_id, level=level
        )
        if _is_in_force(scope, on)
    ]
    if found:
        return found[0]
    filed = [
        row for row in list_scopes(session, institution_id=institution_id) if _is_in_force(row.scope, on)
    ]
    raise OutsideScope(
        institution=people.find_institution(session, institution_id).name,
        wanted=f"{taxonomy.find_occupation(session, occupation_id).name} {Level(level).label}",
        day=on,
        filed="；".join(f"{row.wanted}（{row.scope.number}，{row.scope.valid_until}）" for row in filed)
        or "—",
    )


def _is_in_force(scope: FilingScope, on: date) -> bool:
    return is_in_force(
        valid_from=scope.valid_from, valid_until=scope.valid_until, withdrawn_on=scope.withdrawn_on, on=on
    )
