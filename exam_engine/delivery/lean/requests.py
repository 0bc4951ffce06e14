"""What candidates ask for, and what they are answered. A request without an answer goes the ordinary road."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from exam_engine.delivery.rules import AttemptState
from exam_engine.delivery.service.stepping import Standing
from exam_engine.sittings.rules import Terms
from itembank.base.errors import ExamError


@dataclass(slots=True, kw_only=True)
class Request:
    """One request, its place in the queue and its result."""

    deliver: Callable[[list[Any]], None]
    waiter: object = None
    """For the one who delivers."""
    refusal: type[ExamError] | None = None
    """Why it cannot be answered at the moment; an outcome may be unknown then."""
    answer: Any = None
    weight: ClassVar[int] = 1
    writes: ClassVar[bool] = True

    @property
    def key(self) -> object:
        """Who asks: two that write and have the same key are not done in one transaction."""
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class Enter(Request):
    """Log in; answered with a session token (str)."""

    ticket_number: str
    code_hash: str
    """Of the entry code that was typed; see ``sittings.service.entry_code_hash``."""

    @property
    def key(self) -> object:
        return self.ticket_number


@dataclass(slots=True, kw_only=True)
class _Inside(Request):
    """What somebody asks who has logged in."""

    session_digest: str

    @property
    def key(self) -> object:
        return self.session_digest


@dataclass(slots=True, kw_only=True)
class Wait(_Inside):
    """Look into the waiting room; answered with ``WaitingPlace``."""

    writes: ClassVar[bool] = False


@dataclass(slots=True, kw_only=True)
class Start(_Inside):
    """Begin the attempt; answered with its id (UUID)."""

    sitting_id: UUID


@dataclass(slots=True, kw_only=True)
class _OfAttempt(_Inside):
    attempt_id: UUID

    @property
    def key(self) -> object:
        return self.attempt_id


@dataclass(slots=True, kw_only=True)
class Read(_OfAttempt):
    """Fetch the paper; answered with ``Sheet``."""

    writes: ClassVar[bool] = False


@dataclass(slots=True, kw_only=True)
class Open(_OfAttempt):
    """Open the attempt on this device; answered with ``Opened``."""


@dataclass(slots=True, kw_only=True)
class Given(Request):
    """What a valid token's attempt was given of its paper; answered with (epoch, places), 0 for no such attempt."""

    attempt_id: UUID
    writes: ClassVar[bool] = False

    @property
    def key(self) -> object:
        return self.attempt_id


@dataclass(slots=True, kw_only=True)
class Advance(_OfAttempt):
    """Leave a step for the next one; answered with ``Opened``."""

    number: int
    """Of the step to be left."""
    epoch: int


@dataclass(slots=True, kw_only=True)
class HandIn(_OfAttempt):
    """Hand in; answered with ``HandedIn``."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Who:
    """A candidate and the place of one sitting, as pages show them."""

    name: str
    ticket_number: str
    seat_number: int
    plan_name: str


@dataclass(frozen=True, slots=True)
class WaitingPlace:
    """The only sitting of a candidate, not handed in yet."""

    who: Who
    room_name: str
    has_photo: bool
    sitting_id: UUID
    paper_id: UUID
    terms: Terms
    stage: str
    """A ``service.Stage``: early, ready or working."""
    starts_in_seconds: float
    attempt_id: UUID | None
    accommodations: Mapping[str, Any] | None = None
    """``sittings.accommodations.Accommodations`` as JSON; None for nearly everybody."""
    form: Sequence[int] | None = None
    """What of the paper the candidate is given, as places on it; None for the whole. Also below."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the examination page shows besides the paper."""

    attempt_id: UUID
    paper_id: UUID
    seed: int
    epoch: int
    due_at: Any
    who: Who
    chosen: Mapping[UUID, Sequence[str]] = field(default_factory=dict)
    """Answered items with their original option labels."""
    accommodations: Mapping[str, Any] | None = None
    """As of the waiting place."""
    form: Sequence[int] | None = None
    """Where there are steps, what the present one gives."""
    standing: Standing | None = None
    resting: bool = False
    """In a break of the candidate's own."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An attempt opened on a device."""

    token: str
    state: AttemptState
    remaining: float
    answers: Sequence[tuple[UUID, int, int, list[str], bool]]
    """(item, epoch, revision, response, flagged)."""
    form: Sequence[int] | None = None
    """What may be answered now."""
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A hand-in."""

    receipt: str
    already: bool
