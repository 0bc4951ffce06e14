"""How often somebody may try to enter.

A try counts before its code is looked at, so that no number of tries at once passes by; a right code takes its counts
back, and so may come as often as needed, from however many candidates behind one address.
"""

from __future__ import annotations

from web.security import Limiter

addresses = Limiter("entrance-address", limit=600, seconds=60)
"""Refused entries by address; a whole examination centre often stands behind one."""

tickets = Limiter("entrance-ticket", limit=8, seconds=60)
"""Guessing is bounded by ticket: 31^8 codes at eight a minute."""

TICKET_COUNTED = "entrance_ticket_counted"
"""In the request's state: the lean road has counted this try."""
