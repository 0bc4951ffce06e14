"""Entry codes: issued once to be handed out, kept as keyed hashes, checked at the candidate's log-in."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import store
from exam_engine.sittings.models import Registration
from exam_engine.sittings.numbers import ENTRY_CODE_ALPHABET, ENTRY_CODE_LENGTH, tidy_entry_code
from exam_engine.sittings.rules import (
    EntryNotOpen,
    EntryOver,
    EntryRefused,
    RegistrationStatus,
    SittingStatus,
    TicketMissing,
    at_the_site,
)
from exam_engine.sittings.service.records import note_event
from itembank.base import audit
from itembank.base.crypto import Keyring
from itembank.base.db import keyring_of
from itembank.base.errors import NotFound
from itembank.people.rules import Actor

_ABSENT = "0" * 19


@dataclass(frozen=True)
class IssuedCode:
    """A ticket with its entry code, readable only now."""

    registration_id: UUID
    ticket_number: str
    entry_code: str


def entry_code_hash(keyring: Keyring, ticket_number: str, code: str) -> str:
    """Return the keyed hash that is kept of an entry code."""
    return keyring.blind_index(f"{ticket_number}:{tidy_entry_code(code[:40])}", purpose="entry_code")


def issue_entry_codes(
    session: Session,
    *,
    actor: Actor,
    plan_id: UUID,
    now: datetime,
    registration_ids: Sequence[UUID] | None = None,
    only_missing: bool = False,
) -> list[IssuedCode]:
    """Give tickets fresh entry codes; earlier codes of the same tickets stop working.

    Parameters
    ----------
    registration_ids : sequence, optional
        Whose; everybody with a ticket when not given.
    only_missing : bool
        Leave out those who have been issued one.

    Raises TicketMissing or NotFound.
    """
    rows = list(store.ticketed(session, plan_id))
    if registration_ids is not None:
        wanted = set(registration_ids)
        rows = [row for row in rows if row.id in wanted]
        if len(rows) != len(wanted):
            raise NotFound
    if not rows:
        raise TicketMissing
    issued = []
    for row in rows:
        if only_missing and row.entry_code_hash is not None:
            continue
        ticket = row.ticket_number or ""
        code = "".join(secrets.choice(ENTRY_CODE_ALPHABET) for _ in range(ENTRY_CODE_LENGTH))
        kind = "code" if row.entry_code_hash is None else "code_again"
        row.entry_code_hash, row.entry_code_issued_at = (
            entry_code_hash(keyring_of(session), ticket, code),
            now,
        )
        note_event(session, actor=actor, registration=row, kind=kind, now=now)
        issued.append(IssuedCode(row.id, ticket, code))
    audit.record(
        session,
        actor=actor,
        action="entry_codes.issued",
        subject=("plan", plan_id),
        institution_id=rows[0].institution_id,
        detail={"tickets": [code.ticket_number for code in issued]},
    )
    session.flush()
    return issued


def check_entry(session: Session, *, ticket_number: str, entry_code: str, now: datetime) -> Registration:
    """Return the registration that a candidate proves to be theirs, when one of its sittings is open.

    Unknown ticket, wrong code and withdrawn approval are refused alike and take the same time.

    Raises EntryRefused; after the right code EntryNotOpen or EntryOver.
    """
    ticket = ticket_number.strip()
    known = len(ticket) == len(_ABSENT) and ticket.isascii() and ticket.isdigit()
    row = store.registration_by_ticket(session, ticket if known else _ABSENT)
    expected = (row.entry_code_hash if row else None) or _ABSENT
    given = entry_code_hash(keyring_of(session), ticket if known else _ABSENT, entry_code)
    if not hmac.compare_digest(expected, given) or row is None:
        raise EntryRefused
    if row.status is not RegistrationStatus.APPROVED:
        raise EntryRefused
    published = [
        sitting for sitting, _ in store.seats_of(session, row.id) if sitting.status is SittingStatus.PUBLISHED
    ]
    if any(sitting.opens_at <= now < sitting.ends_at for sitting in published):
        return row
    coming = [sitting.opens_at for sitting in published if now < sitting.opens_at]
    if coming:
        raise EntryNotOpen(opens=at_the_site(min(coming)))
    raise EntryOver
