"""When an institution may evaluate an occupation and level. No I/O."""

from __future__ import annotations

from datetime import date

from itembank.base.errors import Conflict, Forbidden, Invalid


class OutsideScope(Conflict):
    """The institution is not filed for this occupation and level on that day."""

    code = "outside_scope"
    message = (
        "{institution} is not filed for {wanted} on {day}. Filed are: {filed}. "
        "The filing authority can add it; until then nothing can be planned or certified for it."
    )


class NotFilingAuthority(Forbidden):
    """The actor's institution is not a centre above the institution."""

    code = "not_filing_authority"
    message = "Only a centre above {institution} can write its filing."


class NotAnAssessor(Invalid):
    """Only employers and social organisations are filed."""

    code = "not_an_assessor"
    message = "{institution} is neither an employer nor a social organisation and cannot be filed."


class ValidityWrong(Invalid):
    """The validity ends before it begins."""

    code = "validity_wrong"
    message = "The validity must not end ({until}) before it begins ({begins})."


class ScopeExists(Conflict):
    """The same scope is filed already for an overlapping period."""

    code = "scope_exists"
    message = "{wanted} is already filed from {begins} until {until} under number {number}."


class ScopeWithdrawn(Conflict):
    """The filing has been withdrawn before."""

    code = "scope_withdrawn"
    message = "This filing was withdrawn on {day}."


class WithdrawalReasonMissing(Invalid):
    """A withdrawal needs its recorded reason."""

    code = "withdrawal_reason_missing"
    message = "Write down why the filing is withdrawn."


def is_in_force(*, valid_from: date, valid_until: date, withdrawn_on: date | None, on: date) -> bool:
    """Tell whether a filed scope covers the day ``on``; the day of withdrawal no longer counts."""
    return valid_from <= on <= valid_until and (withdrawn_on is None or on < withdrawn_on)


def check_validity(valid_from: date, valid_until: date) -> None:
    """Raise ValidityWrong if the period is empty."""
    if valid_until < valid_from:
        raise ValidityWrong(begins=valid_from, until=valid_until)
