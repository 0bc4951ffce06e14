"""The attempt's own key, what a candidate's page seals with it, and the answer file. No I/O.

The key is derived from the site's keyring and the attempt, so that nothing needs to be stored and every page that
opens the attempt gets the same. With it the page seals what it keeps on the machine, and the file that carries
answers to the invigilator when the network never came back. Whoever opens a file with it knows that it was
made where a page had opened this attempt, and that nobody without the key changed it since. The key is in that page:
the candidate, or whoever has the machine, can make a file of any answers with it, also after the deadline, and number
them as newer than the stored ones. So a file proves neither when its answers were given nor that the page gave them.

A box is base64 of kind, nonce, ciphertext and tag (``web/static/js/exam-box.js`` makes them):

1. AES-256-GCM, nonce of 12 bytes, tag of 16, by the browser's own implementation;
2. where browsers offer none (plain http): HMAC-SHA-256 over nonce (16 bytes) and a counter as the key stream (NIST
   SP 800-108 in counter mode), then HMAC-SHA-256 over nonce, length of the context, context and ciphertext, each
   under a key of its own.

The context, such as ``"<attempt>/file"``, is authenticated in both.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from base64 import b64decode
from dataclasses import dataclass
from itertools import count
from typing import Annotated
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam_engine.delivery.rules import MAX_ANSWERS_PER_SAVE, MAX_REVISION
from itembank.base.crypto import Keyring
from itembank.base.errors import Invalid

PURPOSE = "attempt-page"
FORMAT = "exam-engine answers 1"
MAX_FILE_BYTES = 256 * 1024
"""Four hundred answers, sealed and in base64, take about 60 KB."""

_TAG = {1: 16, 2: 32}
_NONCE = {1: 12, 2: 16}


class AnswerFileTooLarge(Invalid):
    """No answer file has this size."""

    code = "answer_file_too_large"
    message = (
        "The file has {kilobytes} KB; an answer file has {most} KB at most. Choose the file ending in .exam."
    )


class NotAnAnswerFile(Invalid):
    """The file is something else."""

    code = "not_an_answer_file"
    message = "This is not an answer file. Choose the file ending in .exam that the candidate's page saved."


class AnswerFileAltered(Invalid):
    """The file does not open with the key of the attempt that it names."""

    code = "answer_file_altered"
    message = (
        "The file was altered or damaged, or was not made by a page of this attempt. Save it again there."
    )


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    attempt: UUID
    sealed: str


_Label = Annotated[str, msgspec.Meta(max_length=8)]
_Row = tuple[
    UUID,
    Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)],
    Annotated[int, msgspec.Meta(ge=1, le=MAX_REVISION)],
    Annotated[list[_Label], msgspec.Meta(max_length=26)],
]


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    attempt: UUID
    answers: Annotated[list[_Row], msgspec.Meta(min_length=1, max_length=MAX_ANSWERS_PER_SAVE)]
    remaining: float | None


@dataclass(frozen=True)
class Envelope:
    """An answer file before it is opened: whose it says it is."""

    attempt_id: UUID
    sealed: str


@dataclass(frozen=True)
class FiledAnswer:
    """One answer in a file, with the order that the page gave it."""

    item_id: UUID
    epoch: int
    revision: int
    response: list[str]


@dataclass(frozen=True)
class AnswerFile:
    """An opened answer file."""

    attempt_id: UUID
    answers: tuple[FiledAnswer, ...]
    remaining_seconds: float | None
    """What the page's clock showed when the file was made."""

    @property
    def digest(self) -> str:
        """SHA-256 of the answers: the same for every copy, however often it was saved."""
        rows = sorted([a.item_id.hex, a.epoch, a.revision, a.response] for a in self.answers)
        content = json.dumps({"attempt": self.attempt_id.hex, "answers": rows}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def page_seal(keyring: Keyring, attempt_id: UUID) -> str:
    """Return the attempt's key as 64 hexadecimal digits, for the page that opens the attempt."""
    return keyring.blind_index(attempt_id.hex, purpose=PURPOSE)


def open_box(seal: str, box: bytes, *, context: str) -> bytes:
    """Return what a page sealed.

    Raises AnswerFileAltered when it was changed, is something else, or belongs to another attempt.
    """
    kind = box[0] if box else 0
    if kind not in _TAG or len(box) < 1 + _NONCE[kind] + _TAG[kind]:
        raise AnswerFileAltered
    key, nonce, rest = bytes.fromhex(seal), box[1 : 1 + _NONCE[kind]], box[1 + _NONCE[kind] :]
    if kind == 1:
        try:
            return AESGCM(key).decrypt(nonce, rest, context.encode())
        except InvalidTag as error:
            raise AnswerFileAltered from error
    return _open_by_digest(key, nonce, rest[: -_TAG[2]], rest[-_TAG[2] :], context.encode())


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _open_by_digest(key: bytes, nonce: bytes, box: bytes, tag: bytes, context: bytes) -> bytes:
    expected = _hmac(_hmac(key, b"authenticate"), nonce + len(context).to_bytes(4, "big") + context + box)
    if not hmac.compare_digest(expected, tag):
        raise AnswerFileAltered
    cipher = _hmac(key, b"encrypt")
    blocks = (_hmac(cipher, nonce + number.to_bytes(4, "big")) for number in count())
    stream = b"".join(next(blocks) for _ in range(0, len(box), 32))
    return bytes(a ^ b for a, b in zip(box, stream, strict=False))


def read_envelope(content: bytes) -> Envelope:
    """Return whose attempt a file says it is.

    Raises AnswerFileTooLarge or NotAnAnswerFile.
    """
    if len(content) > MAX_FILE_BYTES:
        raise AnswerFileTooLarge(kilobytes=-(-len(content) // 1024), most=MAX_FILE_BYTES // 1024)
    try:
        envelope = msgspec.json.decode(content, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAnAnswerFile from error
    if envelope.format != FORMAT:
        raise NotAnAnswerFile
    return Envelope(envelope.attempt, envelope.sealed)


def open_file(keyring: Keyring, envelope: Envelope) -> AnswerFile:
    """Return the answers of a file; raises AnswerFileAltered."""
    try:
        box = b64decode(envelope.sealed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise AnswerFileAltered from error
    attempt_id = envelope.attempt_id
    plain = open_box(page_seal(keyring, attempt_id), box, context=f"{attempt_id}/file")
    try:
        content = msgspec.json.decode(plain, type=_Content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AnswerFileAltered from error
    if content.attempt != attempt_id:
        raise AnswerFileAltered
    return AnswerFile(attempt_id, tuple(FiledAnswer(*row) for row in content.answers), content.remaining)
