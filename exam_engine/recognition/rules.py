"""When a person is recognised, and how results are made public first. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import chinese_calendar

from exam_engine.results.rules import Outcome, ResultState
from itembank.base.errors import Conflict, Invalid, Unavailable

SITE_ZONE = ZoneInfo("Asia/Shanghai")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting(Generic[Value]):
    """A number of the rules with where it comes from; what was made with it keeps its value."""

    value: Value
    jurisdiction: str
    source: str
    effective: date | None
    expires: date | None = None


# 甘人社通〔2021〕138号 五（四）: 公示时间不少于 5 个工作日. A rule of Gansu, the default elsewhere.
NOTICE_WORKING_DAYS = Setting(
    5, "甘肃", "甘人社通〔2021〕138号 五（四）", date(2021, 4, 16), date(2024, 4, 15)
)
"""Least length of a public notice, in Chinese working days."""


class Verdict(StrEnum):
    """What is decided about one registration."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


class ApprovalState(StrEnum):
    """Where a passed registration stands on its way to the certificate."""

    NONE = "none"
    WAITING = "waiting"
    APPROVED = "approved"
    RETURNED = "returned"
    ANNULLED = "annulled"


class NoticeStatus(StrEnum):
    """Whether a public notice is under way."""

    OPEN = "open"
    CLOSED = "closed"


class ObjectionStatus(StrEnum):
    """The way of an objection: filed, investigated, decided."""

    FILED = "filed"
    INVESTIGATING = "investigating"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


OPEN_OBJECTIONS = frozenset({ObjectionStatus.FILED, ObjectionStatus.INVESTIGATING})
"""While one of these stands nothing is issued (甘138 五（四）: investigate and decide first)."""


class CalendarUnknown(Unavailable):
    """The State Council's holidays for that year are not in the calendar yet."""

    code = "calendar_unknown"
    message = (
        "The working days of {year} are not known yet: the calendar holds {first} to {last}. Choose dates "
        "within these years, or update the calendar once the State Council has announced the holidays."
    )


class NoticeTooShort(Invalid):
    """The notice would last fewer working days than the rule demands."""

    code = "notice_too_short"
    message = "The notice lasts {days} working days. The rule ({source}) demands at least {least}."


class NoticeNotReady(Conflict):
    """A plan's results are not complete or not released."""

    code = "notice_not_ready"
    message = "The results cannot be made public yet: {waiting} of {total} results are not released."


class NoticeEmpty(Conflict):
    """Nobody passed, so there is nothing to make public."""

    code = "notice_empty"
    message = "Nobody in this plan has passed, so there is nothing to make public."


class NoticeExists(Conflict):
    """The plan already has a notice."""

    code = "notice_exists"
    message = "The results of this plan are already public, until the end of {until}."


class NoticeRunning(Conflict):
    """The period is not over."""

    code = "notice_running"
    message = "The notice runs until the end of {until}. Nothing can be approved before it is over."


class NoticeMissing(Conflict):
    """The results were never made public."""

    code = "notice_missing"
    message = "The results of this plan have not been made public. Publish the notice first."


class NoticeOver(Conflict):
    """An objection came after the period."""

    code = "notice_over"
    message = "The notice ended on {until}; objections were possible until then. Turn to {authority} instead."


class ObjectionOpen(Conflict):
    """An undecided objection stops what was asked."""

    code = "objection_open"
    message = "{count} objection(s) are not decided yet. Investigate and decide them first."


class ObjectionDecided(Conflict):
    """The objection has been decided and stays as it is."""

    code = "objection_decided"
    message = "This objection has already been decided."


class NotInvestigated(Conflict):
    """An objection is decided only after its investigation was recorded."""

    code = "objection_not_investigated"
    message = "Record the start of the investigation before you decide the objection."


class FindingMissing(Invalid):
    """A decision needs the findings it rests on."""

    code = "objection_finding_missing"
    message = "Write down what the investigation found. A decision without findings cannot be recorded."


class NotPassed(Conflict):
    """Only passed registrations can be approved."""

    code = "recognition_not_passed"
    message = "{name} has not passed all components and cannot be approved."


class WrongApproval(Conflict):
    """The registration does not wait for approval."""

    code = "recognition_not_waiting"
    message = (
        "The recognition of {name} does not wait for approval; it was approved, returned or annulled before."
    )


def decide(outcomes: Sequence[Outcome]) -> Verdict:
    """Return the verdict: each component at or above its sitting's pass mark, with nothing missing.

    A missing result leaves the registration incomplete unless another component already failed it; absence
    and cheating fail it, whatever the other components are.
    """
    if not outcomes:
        return Verdict.INCOMPLETE
    settled = [outcome for outcome in outcomes if outcome.state is not ResultState.MISSING]
    if any(not outcome.is_pass for outcome in settled):
        return Verdict.FAILED
    return Verdict.PASSED if len(settled) == len(outcomes) else Verdict.INCOMPLETE


def is_working_day(day: date) -> bool:
    """Tell whether ``day`` is worked in China, with the State Council's holidays and make-up days.

    Raises
    ------
    CalendarUnknown
        If the calendar holds no announcement for that year. It is never guessed from the weekday.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as unknown:
        first, last = known_years()
        raise CalendarUnknown(year=day.year, first=first, last=last) from unknown


def known_years() -> tuple[int, int]:
    """Return the first and the last year whose holidays the calendar holds."""
    years = [holiday.year for holiday in chinese_calendar.holidays]
    return min(years), max(years)


def last_notice_day(published: date, working_days: int) -> date:
    """Return the last day of a notice: the day of publication does not count (民法典 第二百零一条)."""
    day, counted = published, 0
    while counted < working_days:
        day += timedelta(days=1)
        counted += is_working_day(day)
    return day


def count_working_days(published: date, last: date) -> int:
    """Return how many working days lie after ``published`` up to and including ``last``."""
    days = range(1, (last - published).days + 1)
    return sum(is_working_day(published + timedelta(days=offset)) for offset in days)


def check_notice_length(published: date, last: date, *, least: int = NOTICE_WORKING_DAYS.value) -> None:
    """Raise NoticeTooShort unless the notice lasts at least ``least`` working days."""
    days = count_working_days(published, last)
    if days < least:
        raise NoticeTooShort(days=days, least=least, source=NOTICE_WORKING_DAYS.source)


def site_date(moment: datetime) -> date:
    """Return the calendar day at the site."""
    return moment.astimezone(SITE_ZONE).date()


def notice_ends_at(last: date) -> datetime:
    """Return the first moment after the notice: midnight after its last day, at the site."""
    return datetime.combine(last + timedelta(days=1), time(), SITE_ZONE)


def check_notice_over(last: date | None, *, now: datetime) -> None:
    """Raise NoticeMissing or NoticeRunning unless the notice has been published and is over."""
    if last is None:
        raise NoticeMissing
    if now < notice_ends_at(last):
        raise NoticeRunning(until=last)


def check_objection_in_time(last: date, *, now: datetime, authority: str) -> None:
    """Raise NoticeOver when the period for objections has passed."""
    if now >= notice_ends_at(last):
        raise NoticeOver(until=last, authority=authority)


def check_no_open_objection(statuses: Iterable[ObjectionStatus]) -> None:
    """Raise ObjectionOpen while an objection is filed or under investigation."""
    count = sum(status in OPEN_OBJECTIONS for status in statuses)
    if count:
        raise ObjectionOpen(count=count)


def check_decision(status: ObjectionStatus, *, finding: str) -> None:
    """Raise unless an objection may be decided now, on written findings."""
    if status not in OPEN_OBJECTIONS:
        raise ObjectionDecided
    if status is not ObjectionStatus.INVESTIGATING:
        raise NotInvestigated
    if not finding.strip():
        raise FindingMissing


def check_approvable(name: str, verdict: Verdict, state: ApprovalState) -> None:
    """Raise unless a registration has passed and waits for the centre's approval."""
    if verdict is not Verdict.PASSED:
        raise NotPassed(name=name)
    if state is not ApprovalState.WAITING:
        raise WrongApproval(name=name)


_COMPOUND = (
    "万俟司马上官欧阳夏侯诸葛闻人东方赫连皇甫尉迟公羊澹台公冶宗政濮阳淳于单于太叔申屠公孙仲孙"
    "轩辕令狐钟离宇文长孙慕容鲜于闾丘司徒司空亓官司寇颛孙端木巫马公西漆雕乐正壤驷公良拓跋夹谷"
    "宰父谷梁段干百里东郭南门呼延微生梁丘左丘东门西门南宫第五独孤纳兰完颜叶赫那拉"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND[start : start + 2] for start in range(0, len(_COMPOUND), 2))
"""Surnames of two characters (复姓), kept whole when a name is masked."""
_MIDDLE_DOT = re.compile(r"[·•・‧]")


def mask_name(name: str) -> str:
    """Return a name for public lists: the surname stays, each further character becomes ``*``.

    ``张伟`` → ``张*``, ``欧阳娜娜`` → ``欧阳**``, ``买买提·艾力`` → ``买买提·**``, ``Anna Li`` → ``A*** L*``.
    """
    name = name.strip()
    if (dot := _MIDDLE_DOT.search(name)) is not None and dot.start() > 0:
        return name[: dot.end()] + _stars(name[dot.end() :])
    if name.isascii():
        return (
            " ".join(word[:1] + _stars(word[1:]) for word in name.split()) if len(name) > 1 else _stars(name)
        )
    if len(name) == 1:
        return "*"
    kept = 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else 1
    return name[:kept] + _stars(name[kept:])


def mask_document(number: str) -> str:
    """Return an ID number for public lists: at most three leading and four trailing characters stay."""
    head, tail = (3, 4) if len(number) >= 15 else (1, 2) if len(number) >= 6 else (0, 0)
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]


def _stars(text: str) -> str:
    return "".join(char if char.isspace() else "*" for char in text)
