"""Encryption at rest, blind indexes and signatures, with key material outside the database.

One keyring file (JSON, mode 0600, outside the database and its backups) holds random 256-bit root keys by id.
Everything else is derived from a root key with HKDF-SHA-256 under a label for its purpose:

- ``seal`` / ``open``: AES-256-GCM; the context (table, column, row) is authenticated, so that a ciphertext
  moved to another row does not open. Layout: version byte, 8-byte key id, 12-byte nonce, ciphertext and tag.
- ``blind_index``: HMAC-SHA-256 for equality look-ups of encrypted values.
- ``sign`` / ``verify``: Ed25519.

Rotation: a new root key becomes the primary; old ones stay for opening.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from base64 import b64decode, b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from itembank.base.errors import ExamError

_VERSION = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12


class SealBroken(ExamError):
    """A ciphertext does not open: altered, moved, or sealed under a key that is not in the ring."""

    code = "seal_broken"
    message = "Stored data could not be decrypted: it was altered or its key is missing."


class KeyringUnreadable(ExamError):
    """The key file is absent or not a keyring."""

    code = "keyring_unreadable"
    message = "The key file {path} cannot be read: {reason}"


class Keyring:
    """The site's keys. Never log or pickle it."""

    def __init__(self, roots: dict[str, bytes], primary: str) -> None:
        if primary not in roots:
            raise ValueError("the primary key is not in the ring")
        self._roots = roots
        self.primary = primary
        self._derive = lru_cache(maxsize=256)(self._derive_uncached)
        self._aes = lru_cache(maxsize=256)(self._aes_uncached)

    def __repr__(self) -> str:
        return f"Keyring(primary={self.primary!r}, keys={len(self._roots)})"

    @classmethod
    def generate(cls) -> Keyring:
        """Return a ring with one fresh random key."""
        key_id = secrets.token_hex(_KEY_ID_BYTES)
        return cls({key_id: secrets.token_bytes(32)}, key_id)

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read a ring from ``path``.

        Raises KeyringUnreadable if the file is absent or malformed.
        """
        try:
            stored = json.loads(path.read_text("utf-8"))
            roots = {name: b64decode(key, validate=True) for name, key in stored["keys"].items()}
            if any(len(key) != 32 for key in roots.values()):
                raise ValueError("a key is not 32 bytes long")
            return cls(roots, stored["primary"])
        except OSError as error:
            raise KeyringUnreadable(path=path, reason=error.strerror) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeyringUnreadable(path=path, reason="not a keyring file") from error

    @classmethod
    def load_or_create(cls, path: Path) -> Keyring:
        """Read the ring at ``path``; make and keep a fresh one when there is no file yet."""
        if path.exists():
            return cls.load(path)
        ring = cls.generate()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = json.dumps(
            {
                "primary": ring.primary,
                "keys": {name: b64encode(key).decode() for name, key in ring._roots.items()},
            }
        )
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was quicker
            return cls.load(path)
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return ring

    def _derive_uncached(self, key_id: str, purpose: str) -> bytes:
        if key_id not in self._roots:
            raise SealBroken
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(
            self._roots[key_id]
        )

    def _aes_uncached(self, key_id: str, purpose: str) -> AESGCM:
        return AESGCM(self._derive(key_id, "seal:" + purpose))

    def seal(self, plain: bytes, *, purpose: str, context: str) -> bytes:
        """Encrypt ``plain``; ``context`` (such as ``"item_version/<id>"``) must be given again to open it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = self._aes(self.primary, purpose).encrypt(nonce, plain, context.encode())
        return _VERSION + bytes.fromhex(self.primary) + nonce + box

    def open(self, sealed: bytes, *, purpose: str, context: str) -> bytes:
        """Decrypt what ``seal`` made.

        Raises SealBroken if it was altered, belongs elsewhere or its key is missing.
        """
        start = 1 + _KEY_ID_BYTES
        if sealed[:1] != _VERSION or len(sealed) < start + _NONCE_BYTES + 16:
            raise SealBroken
        cipher = self._aes(sealed[1:start].hex(), purpose)
        nonce, box = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, box, context.encode())
        except InvalidTag as error:
            raise SealBroken from error

    def blind_index(self, value: str, *, purpose: str) -> str:
        """Return a keyed digest (64 hexadecimal digits) for equality look-ups of an encrypted value."""
        # Not tied to the primary key: an index must stay stable through rotation.
        key = self._derive(min(self._roots), "index:" + purpose)
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()

    def _signer(self, key_id: str, purpose: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._derive(key_id, "sign:" + purpose))

    def sign(self, message: bytes, *, purpose: str) -> str:
        """Return ``key id:signature`` (hexadecimal), an Ed25519 signature of ``message``."""
        return self.primary + ":" + self._signer(self.primary, purpose).sign(message).hex()

    def verify(self, message: bytes, signature: str, *, purpose: str) -> bool:
        """Tell whether ``signature`` is one of ours over ``message``."""
        key_id, _, value = signature.partition(":")
        if key_id not in self._roots:
            return False
        try:
            self._signer(key_id, purpose).public_key().verify(bytes.fromhex(value), message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def public_key(self, *, purpose: str) -> str:
        """Return the raw Ed25519 public key (hexadecimal) of the primary key for ``purpose``."""
        return (
            self._signer(self.primary, purpose)
            .public_key()
            .public_bytes(Encoding.Raw, PublicFormat.Raw)
            .hex()
        )
