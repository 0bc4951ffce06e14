"""What a candidate is given beyond the ordinary 考试便利: time, breaks, print, contrast, order. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from typing import Any

from itembank.base.errors import Conflict, ExamError, Forbidden, Invalid

MAX_EXTRA_PERCENT = 300
MAX_EXTRA_MINUTES = 240
MAX_BREAKS = 10
MAX_BREAK_MINUTES = 60
LARGEST_PRINT = 3
"""Text sizes of the examination page beyond the ordinary: 17, 20 and 24 pixels."""

BOUNDS: Mapping[str, int] = {
    "extra_percent": MAX_EXTRA_PERCENT,
    "extra_minutes": MAX_EXTRA_MINUTES,
    "breaks": MAX_BREAKS,
    "break_minutes": MAX_BREAK_MINUTES,
    "print_size": LARGEST_PRINT,
}


class AccommodationOutOfRange(Invalid):
    """A number lies outside its bounds."""

    code = "accommodation_out_of_range"
    message = "Enter a whole number from 0 to {most}; “{value}” was given."


class AccommodationEmpty(Invalid):
    """Nothing was chosen."""

    code = "accommodation_empty"
    message = "Choose at least one: extra time, breaks, large print, contrast or the order of the paper."


class BreaksIncomplete(Invalid):
    """Breaks need both their number and their length."""

    code = "breaks_incomplete"
    message = "Breaks need a number and a length of at least one minute each: {breaks} of {minutes} minutes."


class YesOrNo(Invalid):
    """A cell that is ticked or not."""

    code = "yes_or_no"
    message = "Write 是 or 否; “{value}” was given."


class CandidateUnknown(Invalid):
    """Nobody of the plan has this number."""

    code = "accommodation_candidate_unknown"
    message = "Nobody registered for this plan has the ticket number or document number “{value}”."


class CandidateRepeated(Invalid):
    """Two rows for one candidate."""

    code = "accommodation_candidate_repeated"
    message = "This candidate stands in row {first} already. One row gives everything."


class ReasonMissing(Invalid):
    """Why somebody is treated differently must be on record."""

    code = "accommodation_reason_missing"
    message = "State the reason, such as the certificate that was shown: it is kept sealed."


class ReasonTooLong(Invalid):
    """The reason is a sentence, not a file."""

    code = "accommodation_reason_too_long"
    message = "The reason has {length} characters; at most {most} are kept."


class NobodyChosen(Invalid):
    """An accommodation is somebody's."""

    code = "accommodation_for_nobody"
    message = "Choose at least one candidate."


class NotSeatedHere(Invalid):
    """The candidate does not sit this sitting."""

    code = "accommodation_not_seated"
    message = "{name} has no seat in this sitting. Give it for the whole plan instead."


class OfficerDecides(Forbidden):
    """Before the doors open, invigilators do not decide."""

    code = "accommodation_officer_decides"
    message = "Until log-in opens, the examination officer decides about accommodations; after that you can."


class AccommodationsClosed(Conflict):
    """The sitting is over."""

    code = "accommodations_closed"
    message = "The sitting is closed: what was given is part of its record and no longer changes."


class AccommodationWithdrawn(Conflict):
    """It does not apply any more."""

    code = "accommodation_withdrawn"
    message = "This accommodation was withdrawn or replaced before; nothing was changed."


class ListWithoutColumn(Invalid):
    """The uploaded list lacks a column."""

    code = "accommodation_column_missing"
    message = "The list has no column “{column}”. Download the template and keep its first row."


class ListHasNoRows(Invalid):
    """The uploaded list holds nobody."""

    code = "accommodation_list_empty"
    message = "The list holds no candidate below its first row."


class ListTooLong(Invalid):
    """More rows than are given at once."""

    code = "accommodation_list_too_long"
    message = "The list holds {rows} candidates; at most {most} are taken at once. Divide it."


@dataclass(frozen=True)
class Accommodations:
    """What applies to one candidate in one sitting."""

    extra_percent: int = 0
    """Of the time limit; the minutes are rounded up."""
    extra_minutes: int = 0
    breaks: int = 0
    break_minutes: int = 0
    """Of each break, at most; the clock stands still meanwhile."""
    print_size: int = 0
    """0 ordinary, 1 to LARGEST_PRINT larger from the beginning."""
    contrast: bool = False
    plain_order: bool = False
    """Items and options in the order of the sealed paper, for readers and screen readers."""

    def check(self) -> None:
        """Raise AccommodationOutOfRange, BreaksIncomplete or AccommodationEmpty."""
        for name, most in BOUNDS.items():
            if not 0 <= getattr(self, name) <= most:
                raise AccommodationOutOfRange(field=name, value=getattr(self, name), most=most)
        if bool(self.breaks) != bool(self.break_minutes):
            raise BreaksIncomplete(breaks=self.breaks, minutes=self.break_minutes)
        if self == NONE:
            raise AccommodationEmpty

    def extra_of(self, limit_minutes: int) -> int:
        """Return the minutes beyond a limit: the percentage rounded up to whole minutes, and the fixed ones."""
        return -(-limit_minutes * self.extra_percent // 100) + self.extra_minutes

    def extra_time(self, limit_minutes: int) -> timedelta:
        """Return what is added to a deadline."""
        return timedelta(minutes=self.extra_of(limit_minutes))

    def as_json(self) -> dict[str, Any]:
        """Return what differs from the ordinary."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Accommodations:
        """Return what ``as_json`` wrote; nothing stored is nothing given."""
        if not stored:
            return NONE
        return cls(**{one.name: stored[one.name] for one in fields(cls) if one.name in stored})


NONE = Accommodations()
"""The ordinary."""

REASON_LENGTH = 400
MOST_LISTED = 500
"""Rows of a list; each is looked up, kept and recorded while the officer waits."""


def check_reason(reason: str) -> str:
    """Return the reason without blanks around it; raises ReasonMissing or ReasonTooLong."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    if len(reason) > REASON_LENGTH:
        raise ReasonTooLong(length=len(reason), most=REASON_LENGTH)
    return reason


WHO = "准考证号或证件号"
REASON = "原因"
_NUMBERS = {
    "延长时间（%）": "extra_percent",
    "延长时间（分钟）": "extra_minutes",
    "休息次数": "breaks",
    "每次休息（分钟）": "break_minutes",
    "字号（0–3）": "print_size",
}
_FLAGS = {"高对比度": "contrast", "原卷顺序": "plain_order"}
HEADERS = (WHO, *_NUMBERS, *_FLAGS, REASON)


@dataclass(frozen=True)
class ListedAccommodation:
    """One row of an uploaded list that keeps all rules."""

    row: int
    who: str
    """Ticket or document number, as written."""
    given: Accommodations
    reason: str


@dataclass(frozen=True)
class ListError:
    """Where a list breaks which rule: row of the file, column, and the refusal with its facts."""

    row: int
    column: str
    value: str
    error: ExamError


@dataclass
class AccommodationList:
    """What an uploaded list holds."""

    rows: list[ListedAccommodation] = field(default_factory=list)
    errors: list[ListError] = field(default_factory=list)


def read_list(table: Sequence[Sequence[str]]) -> AccommodationList:
    """Read a list of accommodations; every breach is kept, none stops the reading.

    Raises ListWithoutColumn, ListHasNoRows or ListTooLong.
    """
    header = [cell.strip() for cell in table[0]] if table else []
    for column in (WHO, REASON):
        if column not in header:
            raise ListWithoutColumn(column=column)
    if len(table) - 1 > MOST_LISTED:
        raise ListTooLong(rows=len(table) - 1, most=MOST_LISTED)
    found = AccommodationList()
    first_seen: dict[str, int] = {}
    for number, row in enumerate(table[1:], 2):
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        if any(cells.values()):
            _read_row(number, cells, found, first_seen)
    if not found.rows and not found.errors:
        raise ListHasNoRows
    return found


def _read_row(
    number: int, cells: Mapping[str, str], found: AccommodationList, first_seen: dict[str, int]
) -> None:
    errors: list[ListError] = []

    def refuse(column: str, error: ExamError) -> None:
        errors.append(ListError(number, column, cells.get(column, ""), error))

    who, values = cells.get(WHO, ""), dict[str, Any]()
    if not who:
        refuse(WHO, CandidateUnknown(value=""))
    elif who in first_seen:
        refuse(WHO, CandidateRepeated(first=first_seen[who]))
    first_seen.setdefault(who, number)
    for column, name in _NUMBERS.items():
        text = cells.get(column, "") or "0"
        if not (text.isascii() and text.isdigit() and int(text[:6]) <= BOUNDS[name]):
            refuse(column, AccommodationOutOfRange(value=text, most=BOUNDS[name]))
        else:
            values[name] = int(text)
    for column, name in _FLAGS.items():
        text = cells.get(column, "")
        if text not in _YES | _NO:
            refuse(column, YesOrNo(value=text))
        values[name] = text in _YES
    given = Accommodations(**values)
    try:
        if not errors:
            given.check()
    except BreaksIncomplete as error:
        refuse("休息次数", error)
    except ExamError as error:
        refuse(WHO, error)
    try:
        reason = check_reason(cells.get(REASON, ""))
    except ExamError as error:
        refuse(REASON, error)
    if errors:
        found.errors += errors
    else:
        found.rows.append(ListedAccommodation(number, who, given, reason))


_YES, _NO = frozenset({"是", "√", "1", "y", "Y", "yes"}), frozenset({"", "否", "×", "0", "n", "N", "no"})


def short_words(given: Accommodations, limit_minutes: int) -> list[str]:
    """Return what printed sheets say of somebody's accommodations, in Chinese."""
    said: Iterable[tuple[bool, str]] = (
        (bool(extra := given.extra_of(limit_minutes)), f"加时{extra}分"),
        (given.breaks > 0, f"休息{given.breaks}×{given.break_minutes}分"),
        (given.print_size > 0, "大字"),
        (given.contrast, "高对比"),
        (given.plain_order, "原卷序"),
    )
    return [words for applies, words in said if applies]
