"""The token with which a candidate's page saves: checked by its signature, without reading the database.

It names attempt, registration, paper, epoch and its end. Whether the attempt is still open and the epoch still the
newest is matched by the flush that writes the answer, so that hand-in, pause and take-over bite at once.
"""

from __future__ import annotations

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from exam_engine.delivery.rules import NotYourAttempt, TokenExpired
from itembank.base.crypto import Keyring

PURPOSE = "attempt-token"
_LAYOUT = struct.Struct(">16s16s16sII?")
_SIGNATURE_DIGITS = 64
LIFETIME = timedelta(hours=24)
"""Longer than any examination with all extra time, which nobody can know when the token is issued."""

KNOWN = 20_000
"""Tokens that a process remembers to be genuine: each comes every few seconds for hours. About 10 MB."""


@dataclass(frozen=True, slots=True)
class AttemptToken:
    """What a valid token says."""

    attempt_id: UUID
    registration_id: UUID
    paper_id: UUID
    epoch: int
    has_form: bool = False
    """The candidate was given a part of the paper; which one stands in the attempt."""


def issue(keyring: Keyring, token: AttemptToken, *, now: datetime) -> str:
    """Return the signed text of ``token``, valid for ``LIFETIME`` from ``now`` on."""
    packed = _LAYOUT.pack(
        token.attempt_id.bytes,
        token.registration_id.bytes,
        token.paper_id.bytes,
        token.epoch,
        int((now + LIFETIME).timestamp()),
        token.has_form,
    )
    payload = urlsafe_b64encode(packed).decode()
    return f"{payload}.{keyring.blind_index(payload, purpose=PURPOSE)}"


def read(keyring: Keyring, text: str, *, now: datetime) -> AttemptToken:
    """Return what ``text`` says.

    Raises NotYourAttempt when it is not a token of this site, TokenExpired after its end.
    """
    token, ends = _verified(keyring, text)
    if now.timestamp() >= ends:
        raise TokenExpired
    return token


@lru_cache(maxsize=KNOWN)
def _verified(keyring: Keyring, text: str) -> tuple[AttemptToken, int]:
    """Return what a genuine token says, and when it ends; what is not genuine is raised, and not remembered."""
    payload, _, signature = text.partition(".")
    if len(signature) != _SIGNATURE_DIGITS or not text.isascii():
        raise NotYourAttempt
    if not hmac.compare_digest(keyring.blind_index(payload, purpose=PURPOSE), signature):
        raise NotYourAttempt
    packed = urlsafe_b64decode(payload)
    if len(packed) != _LAYOUT.size:  # issued by an earlier version of this program
        raise TokenExpired
    attempt, registration, paper, epoch, ends, has_form = _LAYOUT.unpack(packed)
    token = AttemptToken(UUID(bytes=attempt), UUID(bytes=registration), UUID(bytes=paper), epoch, has_form)
    return token, ends
