"""The steps of an attempt: which there are, when one begins and ends, and who may go on. No I/O.

A *step* is what a candidate works on at one time: one or more sections, a rest break, a module of a multistage test,
one item of an adaptive test. Steps are taken in order and never again. A step is begun either because the candidate
goes on, or because the time of the one before is over; it begins at the earlier of the two, so that it does not matter
how late somebody notices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from exam_engine.sittings.sections import SectionTerms
from itembank.base.errors import Conflict


class LastStep(Conflict):
    """No step follows the present one."""

    code = "last_step"
    message = "This is the last part of your examination. Hand your paper in when you are ready."


class StepsFollow(Conflict):
    """An attempt is handed in in its last step."""

    code = "steps_follow"
    message = "Your paper has further parts. End this part and go on; you hand in after the last one."


class StepUnknown(Conflict):
    """The step that the page wants to leave has not begun."""

    code = "step_unknown"
    message = "This page is not up to date. Load it again; your answers are kept."


class StepKind(StrEnum):
    """What a step is."""

    SECTION = "section"
    """One or more sections of a paper."""
    BREAK = "break"
    MODULE = "module"
    ITEM = "item"


@dataclass(frozen=True)
class Step:
    """What is given next."""

    kind: StepKind
    places: tuple[int, ...] = ()
    """Places (from 0) on the sealed paper; none in a break."""
    minutes: float | None = None
    """Own time; None when it lasts as long as the whole."""
    last: bool = False
    """None follows, whatever is answered."""
    why: tuple[tuple[str, object], ...] = ()
    """What it was chosen by, where answers decide: for the audit trail."""


@dataclass(frozen=True)
class SoFar:
    """What an attempt has been given until now."""

    seed: int
    form: tuple[int, ...] | None
    """The attempt's form: all places it is to be given, or, where that grows, was given; None for the whole paper."""
    begun: tuple[tuple[StepKind, tuple[int, ...]], ...] = ()
    """Kind and places of each step, in order."""
    answers: Mapping[UUID, Sequence[str]] = field(default_factory=dict)
    """Responses by item, if the course needs them."""


class Course(Protocol):
    """How the attempts on one sealed paper go on, under the terms of one sitting; it never changes."""

    needs_answers: bool
    """Whether ``next`` looks at answers."""

    def count(self, form: Sequence[int] | None) -> int | None:
        """Return how many steps besides breaks there are for a form; None when that is not known before the end."""
        ...

    def next(self, sofar: SoFar) -> Step | None:
        """Return the step that follows what was begun, None when none does; the same for the same facts."""
        ...

    def foresee(self, count: int) -> None:
        """Work the first step out for so many new attempts, where that takes thought."""
        ...

    def seed(self, drawn: int) -> int:
        """Return the seed of a new attempt: one whose first step is worked out already, else ``drawn``."""
        ...


@dataclass(frozen=True)
class Begun:
    """A step with its times."""

    number: int
    step: Step
    begun_at: datetime
    due_at: datetime


def begin(
    step: Step, *, number: int, at: datetime, ends_at: datetime, limit_minutes: int, extra_minutes: int = 0
) -> Begun:
    """Return ``step`` begun at ``at``; it never lasts longer than the whole.

    Parameters
    ----------
    limit_minutes, extra_minutes : int
        Of the whole; who was given extra time has in each step with a time of its own, breaks excepted, as much more as
        in the whole.
    """
    if step.minutes is None:
        return Begun(number, step, at, ends_at)
    stretch = 1.0 if step.kind is StepKind.BREAK else 1.0 + extra_minutes / limit_minutes
    return Begun(number, step, at, min(at + timedelta(minutes=step.minutes * stretch), ends_at))


def goes_on(*, last: bool, due_at: datetime, ends_at: datetime | None) -> bool:
    """Tell whether another step follows when the time of the present one is over."""
    return not last and ends_at is not None and due_at < ends_at


def left_at(*, now: datetime, due_at: datetime) -> datetime:
    """Return when a step that is left at ``now`` ended."""
    return min(now, due_at)


def grown(form: Sequence[int] | None, places: Sequence[int]) -> list[int] | None:
    """Return a form with the places of a new step."""
    if form is None:
        return None
    known = set(form)
    return [*form, *(place for place in places if place not in known)]


def facts_of(step: Step, *, number: int, epoch: int, due_at: datetime) -> dict[str, object]:
    """Return what the audit trail keeps of a step that began."""
    return {
        "step": number,
        "kind": step.kind.value,
        "places": list(step.places) if step.kind in (StepKind.MODULE, StepKind.ITEM) else len(step.places),
        "epoch": epoch,
        "due_at": due_at.isoformat(),
        **dict(step.why),
    }


def is_repeated(*, number: int, epoch: int, step: int, present_epoch: int) -> bool:
    """Tell whether the page that wants to leave step ``number`` is that of the present step, but has not heard of it.

    Every step that is begun raises the epoch by one. If it was raised oftener, another device has taken over.
    """
    return number < step and present_epoch - epoch == step - number


class Sections:
    """The course of a paper with sections: those between which nothing is laid down are one step.

    Parameters
    ----------
    terms : sequence of SectionTerms
        What holds for each section.
    sizes : sequence of int
        How many items each section of the sealed paper has.
    """

    needs_answers = False

    def __init__(self, terms: Sequence[SectionTerms], sizes: Sequence[int]) -> None:
        if len(terms) != len(sizes):
            raise ValueError(f"{len(terms)} rules for {len(sizes)} sections")
        self._terms, self._places = list(terms), list[tuple[int, ...]]()
        first = 0
        for size in sizes:
            self._places.append(tuple(range(first, first + size)))
            first += size

    def count(self, form: Sequence[int] | None) -> int | None:
        """Return how many steps a form has besides breaks."""
        return sum(step.kind is not StepKind.BREAK for step in self.course(form))

    def course(self, form: Sequence[int] | None) -> list[Step]:
        """Return all steps of a form; sections of which it has nothing vanish, and the breaks after them."""
        wanted = None if form is None else set(form)
        steps: list[Step] = []
        previous: SectionTerms | None = None
        for section, places in zip(self._terms, self._places, strict=True):
            given = tuple(place for place in places if wanted is None or place in wanted)
            if not given:
                continue
            if previous is not None and previous.break_after_minutes:
                steps.append(Step(StepKind.BREAK, minutes=previous.break_after_minutes))
            if previous is not None and _together(previous, section):
                before = steps.pop()
                given = before.places + given
            steps.append(Step(StepKind.SECTION, given, section.minutes))
            previous = section
        if steps:
            steps[-1] = Step(steps[-1].kind, steps[-1].places, steps[-1].minutes, last=True)
        return steps

    def foresee(self, count: int) -> None:
        """Nothing takes thought."""

    def seed(self, drawn: int) -> int:
        """Return ``drawn``."""
        return drawn

    def next(self, sofar: SoFar) -> Step | None:
        """Return the step after those begun."""
        steps = self.course(sofar.form)
        return steps[len(sofar.begun)] if len(sofar.begun) < len(steps) else None


def _together(first: SectionTerms, second: SectionTerms) -> bool:
    """Tell whether a candidate goes to and fro between two neighbouring sections."""
    return (
        not first.break_after_minutes
        and not first.forward_only
        and first.minutes is None
        and second.minutes is None
    )
