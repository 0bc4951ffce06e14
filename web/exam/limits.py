"""How often somebody may try to enter."""

from __future__ import annotations

from web.security import Limiter

addresses = Limiter("entrance-address", limit=600, seconds=60)
"""Refused entries by address; a whole examination centre often stands behind one."""

tickets = Limiter("entrance-ticket", limit=8, seconds=60)
"""Guessing is bounded by ticket: 31^8 codes at eight a minute."""
