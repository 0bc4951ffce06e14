"""How often somebody may try to enter.

A try counts before its code is looked at, so that no number of tries at once passes by; a right code takes its counts
back, and so may come as often as needed, from however many candidates behind one address. Guessing is bounded for a
ticket from one address, and, far higher, for a ticket from anywhere: whoever types wrong codes elsewhere does not keep
the candidate out.
"""

from __future__ import annotations

from itembank.base.errors import TooMany
from web.security import Limiter

addresses = Limiter("entrance-address", limit=600, seconds=60)
"""Refused entries by address; a whole examination centre often stands behind one."""

tickets = Limiter("entrance-ticket", limit=8, seconds=60)
"""Refused entries of a ticket from one address."""

anywhere = Limiter("entrance-ticket-anywhere", limit=400, seconds=60)
"""Of a ticket from all addresses: 31^8 codes at 400 a minute are four thousand years."""

TICKET_COUNTED = "entrance_ticket_counted"
"""In the request's state: the lean road has counted this try."""


def count_ticket(ticket: str, address: str) -> None:
    """Count a try for a ticket; raises TooMany."""
    tickets.check(f"{ticket} {address}")
    try:
        anywhere.check(ticket)
    except TooMany:
        tickets.take_back(f"{ticket} {address}")
        raise


def take_back_ticket(ticket: str, address: str) -> None:
    """Forget a try whose code was right, or was not looked at."""
    tickets.take_back(f"{ticket} {address}")
    anywhere.take_back(ticket)
