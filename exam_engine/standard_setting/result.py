"""The frozen result of a workshop: one JSON value with its inputs, and its digest. No I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FORMAT = 1
"""Version of the result's form; a reader refuses one that it does not know."""


def canonical_bytes(result: Mapping[str, Any]) -> bytes:
    """Return the bytes that are hashed and exported: JSON with sorted keys, UTF-8."""
    return json.dumps(result, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False).encode()


def digest_of(result: Mapping[str, Any]) -> str:
    """Return the SHA-256 digest, hexadecimal.

    >>> digest_of({"format": 1})[:8]
    '56c29e54'
    """
    return hashlib.sha256(canonical_bytes(result)).hexdigest()


def is_unchanged(result: Mapping[str, Any], digest: str) -> bool:
    """Tell whether a stored result is the one whose digest was recorded."""
    return digest_of(result) == digest
