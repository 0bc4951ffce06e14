"""Identifiers: sortable and opaque for rows, unguessable for tokens."""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then a counter and randomness.

    Ids made by one process are strictly increasing.
    """
    global _last  # noqa: PLW0603  one clock for the process
    with _lock:
        # 12 fractional bits below the millisecond keep the order within it (RFC 9562, 6.2 method 3).
        stamp = time.time_ns() * 4096 // 1_000_000
        _last = stamp = max(stamp, _last + 1)
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)


def new_token(nbytes: int = 24) -> str:
    """Return an unguessable URL-safe token of ``nbytes`` random bytes."""
    return secrets.token_urlsafe(nbytes)
