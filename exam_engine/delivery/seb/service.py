"""What officers, invigilators and candidates do with the Safe Exam Browser.

A login is looked at once, on a page whose address holds a value of that login alone: what a browser sends for it
cannot have been heard from another. Entrance, waiting room, start and page then only ask whether that was done. Saving
does not ask again: its token was handed out behind the check, and some versions send no headers with what a page's
script asks for.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.models import SebCandidate, SittingSeb
from exam_engine.delivery.seb import configuration, keys, store
from exam_engine.delivery.seb.rules import (
    ExamKey,
    SebClosed,
    SebConfigurationWrong,
    SebNeeded,
    SebReasonMissing,
    SebTheoryOnly,
    SebUnknown,
    SebUse,
    Shown,
    read_keys,
)
from exam_engine.sittings import service as sittings
from exam_engine.sittings.numbers import ENTRY_CODE_ALPHABET
from exam_engine.sittings.rules import Component, SittingStatus
from itembank.base import audit
from itembank.base.db import database_now, keyring_of
from itembank.people.rules import Actor

PASSWORD_GROUPS = 3
"""Of four signs: 31^12 cannot be tried out, although everybody can read the digest in the file."""


@dataclass(frozen=True)
class SebSetting:
    """What a sitting wants, with what only officers and invigilators may see."""

    use: SebUse
    salt: bytes
    quit_password: str
    start_password: str
    keys: Sequence[ExamKey]

    def settings(self, base: str) -> dict[str, Any]:
        """Return the browser's settings for a site at ``base``."""
        site = keys.seen_address(base, "")
        return configuration.settings(site, salt=self.salt, quit_password=self.quit_password)

    def config_key(self, base: str) -> str:
        """Return the Config Key for a site at ``base``."""
        return keys.config_key(self.settings(base))


@dataclass(frozen=True)
class Standing:
    """How a candidate's browser stands."""

    shown: Shown
    version: str = ""
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Given:
    """What a browser shows: hashes of Config Key and Browser Exam Key with the address."""

    config: str
    exam: str = ""
    version: str = ""


def _password() -> str:
    return "-".join(
        "".join(secrets.choice(ENTRY_CODE_ALPHABET) for _ in range(4)) for _ in range(PASSWORD_GROUPS)
    )


def _seal(session: Session, sitting_id: UUID, setting: SebSetting) -> bytes:
    facts = {
        "salt": b64encode(setting.salt).decode(),
        "quit": setting.quit_password,
        "start": setting.start_password,
        "keys": [[key.key, key.label] for key in setting.keys],
    }
    return keyring_of(session).seal(
        json.dumps(facts).encode(), purpose="seb", context=f"sitting/{sitting_id}"
    )


def _open(session: Session, row: SittingSeb) -> SebSetting:
    opened = keyring_of(session).open(row.sealed, purpose="seb", context=f"sitting/{row.sitting_id}")
    facts = json.loads(opened)
    admitted = [ExamKey(key, label) for key, label in facts["keys"]]
    return SebSetting(row.use, b64decode(facts["salt"]), facts["quit"], facts["start"], admitted)


def setting_of(session: Session, sitting_id: UUID) -> SebSetting | None:
    """Return what a sitting wants; None when it was never switched on."""
    row = store.setting(session, sitting_id)
    return _open(session, row) if row else None


def used_setting(session: Session, sitting_id: UUID) -> SebSetting:
    """Return what a sitting wants; raises SebUnknown when it wants nothing."""
    found = setting_of(session, sitting_id)
    if found is None or found.use is SebUse.OFF:
        raise SebUnknown
    return found


def change_setting(
    session: Session, *, actor: Actor, sitting_id: UUID, use: SebUse, key_lines: str, reason: str = ""
) -> SebSetting:
    """Switch the use on or off, and set which versions of the browser are admitted.

    Salt and passwords are made the first time and stay, so that files that were handed out stay right.

    Raises SebTheoryOnly, SebClosed, SebReasonMissing once the sitting is published, SebKeyWrong, SebKeyTwice,
    SebTooManyKeys or NotFound.
    """
    sitting = sittings.find_sitting(session, sitting_id)
    if sitting.component is not Component.THEORY:
        raise SebTheoryOnly
    if sitting.status is SittingStatus.CLOSED:
        raise SebClosed
    row = store.setting(session, sitting_id, lock=True)
    before = row.use if row else SebUse.OFF
    if sitting.status is not SittingStatus.DRAFT and use is not before and not reason.strip():
        raise SebReasonMissing
    admitted = read_keys(key_lines)
    if row is None:
        setting = SebSetting(use, secrets.token_bytes(32), _password(), _password(), admitted)
        row = SittingSeb(institution_id=sitting.institution_id, sitting_id=sitting_id)
        session.add(row)
    else:
        held = _open(session, row)
        setting = SebSetting(use, held.salt, held.quit_password, held.start_password, admitted)
    row.use, row.sealed = use, _seal(session, sitting_id, setting)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="seb.changed",
        subject=("sitting", sitting_id),
        institution_id=sitting.institution_id,
        detail={"use": str(use), "admitted": [key.label for key in admitted], "reason": reason.strip()[:400]},
    )
    return setting


def file_of(session: Session, sitting_id: UUID, *, base: str, protected: bool) -> bytes:
    """Return the configuration file of a sitting, opened by its start password when ``protected``.

    Raises SebUnknown.
    """
    setting = used_setting(session, sitting_id)
    password = setting.start_password if protected else ""
    return configuration.as_file(setting.settings(base), password=password)


def wanted(session: Session, *, actor: Actor, sitting_id: UUID, session_digest: str) -> SebUse:
    """Return what a sitting still wants of this login: nothing once it was shown, or the candidate let in without."""
    assert actor.id is not None
    return store.wanted(session, sitting_id, actor.id, session_digest)


def show(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    session_digest: str,
    base: str,
    path: str,
    given: Given,
) -> None:
    """Keep that this login is a Safe Exam Browser with the sitting's configuration.

    Parameters
    ----------
    base, path : str
        Of the page for which the browser has sent its hashes; a value in the path is this login's alone.

    Raises SebNeeded when nothing was sent, SebConfigurationWrong, SebUnknown.
    """
    assert actor.id is not None
    if not given.config:
        raise SebNeeded
    setting = used_setting(session, sitting_id)
    address = keys.seen_address(base, path)
    if not keys.shows(address, setting.config_key(base), given.config) or not keys.shows_one_of(
        address, [key.key for key in setting.keys], given.exam
    ):
        raise SebConfigurationWrong(address=keys.seen_address(base, ""))
    row = _candidate(session, sitting_id, actor.id)
    row.token_digest, row.version, row.shown_at = session_digest, given.version[:80], database_now(session)
    session.flush()
    _record(session, actor, row, "seb.shown", version=row.version)


def let_in(session: Session, *, actor: Actor, sitting_id: UUID, registration_id: UUID, reason: str) -> None:
    """Let one candidate take the sitting in another browser.

    Raises SebUnknown, SebReasonMissing, SebClosed or NotFound.
    """
    _check_open(session, sitting_id)
    used_setting(session, sitting_id)
    if not reason.strip():
        raise SebReasonMissing
    row = _candidate(session, sitting_id, registration_id)
    row.let_in_at, row.let_in_by = database_now(session), str(actor)
    row.let_in_reason = reason.strip()[:400]
    session.flush()
    _record(session, actor, row, "seb.let_in", reason=row.let_in_reason)


def keep_out(session: Session, *, actor: Actor, sitting_id: UUID, registration_id: UUID, reason: str) -> None:
    """Take back that a candidate may use another browser; it counts from the next page on.

    Raises SebUnknown, SebReasonMissing, SebClosed or NotFound.
    """
    _check_open(session, sitting_id)
    if not reason.strip():
        raise SebReasonMissing
    row = store.candidate(session, sitting_id, registration_id)
    if row is None or row.let_in_at is None:
        raise SebUnknown
    row.let_in_at, row.let_in_by, row.let_in_reason = None, "", ""
    session.flush()
    _record(session, actor, row, "seb.kept_out", reason=reason.strip()[:400])


def standings(session: Session, sitting_id: UUID) -> dict[UUID, Standing] | None:
    """Return how candidates stand; None when the sitting does not use the browser. Who is not there has not shown."""
    setting = store.setting(session, sitting_id)
    if setting is None or setting.use is SebUse.OFF:
        return None
    return {
        row.registration_id: _standing(row, is_open) for row, is_open in store.candidates(session, sitting_id)
    }


def _standing(row: SebCandidate, is_open: bool) -> Standing:
    if is_open:
        return Standing(Shown.SEB, row.version, row.shown_at)
    if row.let_in_at is not None:
        return Standing(Shown.LET_IN, at=row.let_in_at, reason=row.let_in_reason)
    return Standing(Shown.MISSING)


def _check_open(session: Session, sitting_id: UUID) -> None:
    if sittings.find_sitting(session, sitting_id).status is SittingStatus.CLOSED:
        raise SebClosed


def _candidate(session: Session, sitting_id: UUID, registration_id: UUID) -> SebCandidate:
    row = store.candidate(session, sitting_id, registration_id)
    if row is None:
        seat = sittings.seat_of(session, sitting_id, registration_id)
        row = SebCandidate(
            institution_id=seat.institution_id, sitting_id=sitting_id, registration_id=registration_id
        )
        session.add(row)
    return row


def _record(session: Session, actor: Actor, row: SebCandidate, action: str, **detail: object) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("registration", row.registration_id),
        institution_id=row.institution_id,
        detail={"sitting": row.sitting_id, **detail},
    )
