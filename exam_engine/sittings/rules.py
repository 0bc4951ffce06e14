"""States of plans, sittings and registrations; times, numbers and the candidate's entry code. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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


class PaperNotSealed(Conflict):
    """A paper that is not sealed cannot be used."""

    code = "paper_not_sealed"
    message = "The paper “{label}” is not sealed. Only sealed papers can be used in a sitting."


class PaperOfAnotherWay(Conflict):
    """A paper is sealed for another way of giving papers than that of the sitting."""

    code = "paper_of_another_way"
    message = (
        "Paper {label} is sealed for: {sealed}. This sitting gives: {way}. "
        "Choose another paper, or change first how papers reach the candidates."
    )


def way_of(collection: Mapping[str, Any] | None) -> Way:
    """Return how a sealed paper is given: what is sealed with it says so."""
    return Way((collection or {}).get("way", Way.FIXED))


def check_way(label: str, collection: Mapping[str, Any] | None, way: Way) -> None:
    """Raise PaperOfAnotherWay unless a paper is sealed for a way of giving papers."""
    sealed = way_of(collection)
    if sealed is not way:
        raise PaperOfAnotherWay(label=label, sealed=sealed.value, way=way.value)


class PaperDoesNotFit(Invalid):
    """A paper is of another occupation or level."""

    code = "paper_does_not_fit"
    message = "The paper “{label}” is not for the occupation and level of this plan."


class PaperIsCollection(Invalid):
    """A paper that holds the forms of many candidates is given to nobody as a whole."""

    code = "paper_is_collection"
    message = "Paper {label} holds the forms of many candidates; nobody is given all of it."


class WayWrong(Conflict):
    """The act belongs to another way in which papers reach candidates."""

    code = "sitting_way_wrong"
    message = (
        "Choose first how papers reach the candidates of this sitting; only a theory sitting has papers."
    )


class BlueprintDoesNotFit(Invalid):
    """A blueprint is of another occupation or level."""

    code = "blueprint_does_not_fit"
    message = "The blueprint “{name}” is not for the occupation and level of this plan."


class DrawnAlready(Conflict):
    """Forms stand, or are being drawn."""

    code = "forms_drawn_already"
    message = "Forms of this sitting are drawn or being drawn. Drop them, or cancel the job, before you draw others."


class FormsNotReady(Conflict):
    """There are no individual forms yet."""

    code = "forms_not_ready"
    message = "There are no individual forms yet. Have them drawn, approved and sealed first."


class FormsUsedUp(Conflict):
    """More candidates than forms."""

    code = "forms_used_up"
    message = (
        "{candidates} candidates need a form of their own; {forms} were drawn, reserves included. "
        "Drop the forms and draw more."
    )


class FormsMissing(Conflict):
    """Some candidates have no form."""

    code = "forms_missing"
    message = "{count} candidates have no form of their own yet. Deal the sealed forms out first."


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
