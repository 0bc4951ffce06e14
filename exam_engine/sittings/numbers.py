"""Numbers of plans and tickets, and the candidate's entry code. No I/O."""

from __future__ import annotations

from datetime import date

from itembank.base.errors import Conflict


class SiteNumberMissing(Conflict):
    """Numbers of plans and tickets contain the institution's site sequence."""

    code = "site_number_missing"
    message = (
        "{institution} has no site sequence of six digits, which plan and ticket numbers contain. "
        "Have the platform administrator enter the one given by the filing authority."
    )


class SerialsUsedUp(Conflict):
    """The digits of a serial are exhausted."""

    code = "serials_used_up"
    message = "All {last} serials after {prefix} are used."


PLAN_SERIALS = 9_999
TICKET_SERIALS = 99_999


def plan_prefix(year: int, province: str, site: str) -> str:
    """Return the first ten digits of a plan number: YY, province, site."""
    return f"{year % 100:02d}{province}{site}"


def ticket_prefix(day: date, province: str, site: str) -> str:
    """Return the first fourteen digits of a ticket number: YYMMDD, province, site."""
    return f"{day:%y%m%d}{province}{site}"


def numbered(prefix: str, serial: int, *, last: int) -> str:
    """Return ``prefix`` with its serial in as many digits as ``last`` has.

    Raises SerialsUsedUp.
    """
    if serial > last:
        raise SerialsUsedUp(prefix=prefix, last=last)
    return f"{prefix}{serial:0{len(str(last))}d}"


ENTRY_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without characters that look alike on paper (0 O, 1 I L)."""


ENTRY_CODE_LENGTH = 8


def tidy_entry_code(text: str) -> str:
    """Return an entry code as it is compared: capitals, without separators."""
    return "".join(char for char in text.upper() if char.isalnum())


def show_entry_code(code: str) -> str:
    """Return an entry code as it is printed: two groups of four."""
    return f"{code[:4]}-{code[4:]}"
