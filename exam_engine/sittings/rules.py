"""States of plans, sittings and registrations; times and terms. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from exam_engine.sittings.sections import SectionsNotForWay, SectionTerms, check_sections, sections_from_json
from itembank.base.errors import Conflict, Forbidden, Invalid

SITE_ZONE = ZoneInfo("Asia/Shanghai")


def at_the_site(moment: datetime) -> str:
    """Return a time as refusals show it: the site's day and minute."""
    return moment.astimezone(SITE_ZONE).strftime("%Y-%m-%d %H:%M")


class Component(StrEnum):
    """The parts of an evaluation; each has its own sittings and its own pass mark."""

    THEORY = "theory"
    PRACTICAL = "practical"
    REVIEW = "review"


class PlanStatus(StrEnum):
    """Where a plan stands. Registration is open until its candidates are arranged."""

    REGISTERING = "registering"
    ARRANGED = "arranged"
    CLOSED = "closed"


class SittingStatus(StrEnum):
    """A sitting is prepared, published with frozen rules, and closed after the examination."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"


class RegistrationStatus(StrEnum):
    """Where the qualification review of a registration stands."""

    CLAIMED = "claimed"
    APPROVED = "approved"
    REJECTED = "rejected"


class Way(StrEnum):
    """How papers reach candidates."""

    FIXED = "fixed"
    """Sealed papers, dealt out by seat."""
    INDIVIDUAL = "individual"
    """千人千卷: everybody has a form of their own, drawn before the examination from one blueprint."""
    MULTISTAGE = "multistage"
    ADAPTIVE = "adaptive"

    @property
    def needs_collection(self) -> bool:
        """Tell whether the sealed paper holds more than one candidate receives."""
        return self is not Way.FIXED

    @property
    def grows(self) -> bool:
        """Tell whether what a candidate receives depends on the answers, and so grows step by step."""
        return self in (Way.MULTISTAGE, Way.ADAPTIVE)


class Duty(StrEnum):
    """What somebody does in a room."""

    INVIGILATOR = "invigilator"
    EXAMINER = "examiner"
    TECHNICIAN = "technician"
    SUPERVISOR = "supervisor"
    """质量督导员: watches over the examination and stands in nobody's place."""


DEFAULT_PASS_MARK = Decimal(60)
"""Each component out of 100, passed at 60 (published implementation plans)."""

DEFAULT_LATE_MINUTES = 30
"""Entry closes this long after the start (published candidate notices)."""

DEFAULT_EARLIEST_SUBMIT_MINUTES = 30
"""Nobody hands in earlier than this after the start (published candidate notices)."""

DEFAULT_LOGIN_MINUTES = 30
"""Candidates can log in this long before the start."""

DEFAULT_LIMIT_MINUTES: Mapping[Component, int] = {
    Component.THEORY: 90,
    Component.PRACTICAL: 120,
    Component.REVIEW: 30,
}
"""Theory at least 90 minutes, comprehensive review at least 30 (published implementation plans)."""


class PlanWithoutComponent(Invalid):
    """A plan examines nothing."""

    code = "plan_without_component"
    message = "Choose at least one component: theory, practical or comprehensive review."


class TimesWrong(Invalid):
    """The times of a sitting contradict each other."""

    code = "sitting_times_wrong"
    message = "Log-in must open before the start, and the start must lie before the common end."


class LimitTooLong(Invalid):
    """The time limit is longer than start to common end."""

    code = "sitting_limit_too_long"
    message = "A limit of {limit} minutes does not fit between start and common end ({window} minutes)."


class RuleOutOfRange(Invalid):
    """A number of a sitting's rules lies outside its bounds."""

    code = "sitting_rule_out_of_range"
    message = "{field}: {value} is not a value from {least} to {most}."


class ComponentNotPlanned(Invalid):
    """The plan does not have this component."""

    code = "component_not_planned"
    message = "The plan does not include this component."


class SittingFrozen(Conflict):
    """Published rules do not change."""

    code = "sitting_frozen"
    message = "This sitting is published: its times, rules and papers no longer change."


class SittingNotDraft(Conflict):
    """Only a draft can be published."""

    code = "sitting_not_draft"
    message = "This sitting has already been published."


class SittingWithoutPaper(Conflict):
    """A theory sitting needs a sealed paper."""

    code = "sitting_without_paper"
    message = "Choose at least one sealed paper first: a theory sitting cannot go on without one."


class SittingWithoutSeats(Conflict):
    """Nobody has a seat."""

    code = "sitting_without_seats"
    message = "Nobody has a seat in this sitting yet. Arrange the candidates first."


class SittingInPast(Conflict):
    """The sitting's time has gone by."""

    code = "sitting_in_past"
    message = "The common end of this sitting lies in the past. Change its times first."


class SeatsMissing(Conflict):
    """The chosen rooms are too small."""

    code = "seats_missing"
    message = "{candidates} candidates need a seat; the chosen rooms hold {seats}. Choose more rooms."


class NobodyToArrange(Conflict):
    """There is no approved candidate."""

    code = "nobody_to_arrange"
    message = "No registration of this plan has been approved, so there is nobody to arrange."


class ReviewUnfinished(Conflict):
    """Registrations still wait for their qualification review."""

    code = "review_unfinished"
    message = "{count} registrations still wait for the qualification review. Decide them first."


class RoomNameTaken(Conflict):
    """Two rooms of one name would be mixed up."""

    code = "room_name_taken"
    message = "There is already a room called “{name}”."


class RegistrationClosed(Conflict):
    """The plan no longer takes registrations."""

    code = "registration_closed"
    message = "This plan is closed and takes no more registrations."


class ReasonNeeded(Invalid):
    """The act needs a recorded reason."""

    code = "reason_needed"
    message = "Write down the reason: it is kept with the change."


class TicketIssued(Conflict):
    """A candidate with a ticket is not rejected any more."""

    code = "ticket_issued"
    message = "{name} already has an admission ticket. Record what happened in the sitting instead."


class NothingChanged(Invalid):
    """The values sent are those already kept."""

    code = "nothing_changed"
    message = "None of the values differs from what is already kept."


class TicketMissing(Conflict):
    """Entry codes belong to admission tickets."""

    code = "ticket_missing"
    message = "There is no admission ticket yet. Arrange the candidates first."


class EntryRefused(Forbidden):
    """Ticket number or entry code is wrong; which of them is not said."""

    code = "entry_refused"
    message = "The ticket number or the entry code is not right."


class EntryNotOpen(Conflict):
    """No sitting of the candidate is open for log-in now."""

    code = "entry_not_open"
    message = "You can log in from {opens} on."


class EntryOver(Conflict):
    """All sittings of the candidate are over."""

    code = "entry_over"
    message = "Your examination is over. You can no longer log in."


class EnteredTooLate(Conflict):
    """Entry is closed after the late limit."""

    code = "entered_too_late"
    message = "Entry closed {minutes} minutes after the start. Report to the invigilator."


class NotStartedYet(Conflict):
    """The sitting has not begun."""

    code = "sitting_not_started"
    message = "The examination begins at {starts}."


class SubmittedTooEarly(Conflict):
    """Handing in is not allowed yet."""

    code = "submitted_too_early"
    message = "You can hand in from {minutes} minutes after the start on."


@dataclass(frozen=True)
class Terms:
    """The rules of one sitting as they are frozen at publication."""

    opens_at: datetime
    starts_at: datetime
    ends_at: datetime
    limit_minutes: int
    late_minutes: int = DEFAULT_LATE_MINUTES
    earliest_submit_minutes: int = DEFAULT_EARLIEST_SUBMIT_MINUTES
    pass_mark: Decimal = DEFAULT_PASS_MARK
    way: Way = Way.FIXED
    sections: tuple[SectionTerms, ...] = ()
    """What holds for each section of all papers; empty when nothing is laid down."""

    def check(self) -> None:
        """Raise TimesWrong, LimitTooLong, RuleOutOfRange or what ``check_sections`` does when they contradict."""
        if not self.opens_at <= self.starts_at < self.ends_at:
            raise TimesWrong
        window = int((self.ends_at - self.starts_at) / timedelta(minutes=1))
        if self.limit_minutes < 1:
            raise RuleOutOfRange(field="limit_minutes", value=self.limit_minutes, least=1, most=window)
        if self.limit_minutes > window:
            raise LimitTooLong(limit=self.limit_minutes, window=window)
        for field, value, most in (
            ("late_minutes", self.late_minutes, window),
            ("earliest_submit_minutes", self.earliest_submit_minutes, self.limit_minutes),
            ("pass_mark", self.pass_mark, 100),
        ):
            if not 0 <= value <= most:
                raise RuleOutOfRange(field=field, value=value, least=0, most=most)
        if self.sections and self.way.grows:
            raise SectionsNotForWay
        check_sections(self.sections, limit_minutes=self.limit_minutes)

    @property
    def has_steps(self) -> bool:
        """Whether attempts go through steps."""
        return bool(self.sections) or self.way.grows

    def due_at(self, started_at: datetime, extra: timedelta = timedelta(0)) -> datetime:
        """Return when an attempt begun at ``started_at`` ends.

        After its limit, never after the common end; extra time comes on top, beyond the common end.
        """
        return min(started_at + timedelta(minutes=self.limit_minutes), self.ends_at) + extra

    def check_start(self, now: datetime) -> None:
        """Raise NotStartedYet, EnteredTooLate or EntryOver unless an attempt may begin at ``now``."""
        if now < self.starts_at:
            raise NotStartedYet(starts=at_the_site(self.starts_at))
        if now >= self.ends_at:
            raise EntryOver
        if now > self.starts_at + timedelta(minutes=self.late_minutes):
            raise EnteredTooLate(minutes=self.late_minutes)

    def check_submit(self, now: datetime) -> None:
        """Raise SubmittedTooEarly before the earliest hand-in; the end of time is always late enough."""
        if now < self.starts_at + timedelta(minutes=self.earliest_submit_minutes):
            raise SubmittedTooEarly(minutes=self.earliest_submit_minutes)

    def as_json(self) -> dict[str, Any]:
        """Return the terms as JSON facts."""
        return {
            "opens_at": self.opens_at.isoformat(),
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "limit_minutes": self.limit_minutes,
            "late_minutes": self.late_minutes,
            "earliest_submit_minutes": self.earliest_submit_minutes,
            "pass_mark": str(self.pass_mark),
            "way": self.way.value,
            "sections": [section.as_json() for section in self.sections],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Terms:
        """Return the terms that ``as_json`` wrote."""
        return cls(
            datetime.fromisoformat(stored["opens_at"]),
            datetime.fromisoformat(stored["starts_at"]),
            datetime.fromisoformat(stored["ends_at"]),
            stored["limit_minutes"],
            stored["late_minutes"],
            stored["earliest_submit_minutes"],
            Decimal(stored["pass_mark"]),
            Way(stored.get("way", Way.FIXED)),
            sections_from_json(stored.get("sections")),
        )
