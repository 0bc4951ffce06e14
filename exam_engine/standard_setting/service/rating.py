"""A judge's own work: agree, read what is rated, rate, answer the final questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Judge, Rating, Round, Workshop, WorkshopItem
from exam_engine.standard_setting.refusals import (
    NotAgreed,
    NotYourTask,
    PositionUnknown,
    QuestionsNotOpen,
    RoundNotOpen,
)
from exam_engine.standard_setting.rules import (
    Answers,
    Method,
    WorkshopStatus,
    check_answers,
    is_complete,
    read_rating,
)
from exam_engine.standard_setting.service.panel import note
from itembank.base.errors import NotFound
from itembank.items import service as items
from itembank.items.rules import Option
from itembank.people import service as people
from itembank.people.rules import Actor


@dataclass(frozen=True)
class Task:
    """A workshop as one of its judges has it."""

    workshop: Workshop
    judge: Judge
    rounds: Sequence[Round]
    count: int
    """How many items or candidates there are."""
    rated: int
    """How many of them the judge has rated in the newest round."""

    @property
    def present(self) -> Round | None:
        """The open round."""
        return self.rounds[-1] if self.rounds and self.rounds[-1].closed_at is None else None

    @property
    def closed(self) -> list[Round]:
        """The closed rounds, oldest first."""
        return [each for each in self.rounds if each.closed_at is not None]

    @property
    def is_complete(self) -> bool:
        """Whether the judge has rated everything in the newest round."""
        return is_complete(self.workshop.method, self.rated, self.count)

    @property
    def waits(self) -> bool:
        """Whether something waits for this judge."""
        if self.judge.excluded_at is not None:
            return False
        if self.workshop.status is WorkshopStatus.QUESTIONS:
            return self.judge.answers is None
        return self.present is not None and not self.is_complete


@dataclass(frozen=True)
class RatedItem:
    """An item as a judge reads it while a round is open."""

    position: int
    marks: Decimal
    stem: str
    options: tuple[Option, ...]
    key: tuple[str, ...] | None
    """None unless the leader shows keys."""
    is_own: bool
    """Whether this judge wrote it."""
    p_value: float | None
    """None in the first round, or where the leader shows none or the bank knows none."""
    value: int | None
    former: int | None
    """The judge's own rating in the round before."""
    group_mean: float | None
    """The panel's mean in the round before."""


@dataclass(frozen=True)
class RatedCandidate:
    """A candidate as a judge puts them into a class: without score."""

    position: int
    ticket_number: str
    name: str
    value: int | None
    former: int | None


@dataclass(frozen=True)
class Saved:
    """How far a judge is after saving."""

    rated: int
    count: int
    withdrawn: int


def list_tasks(session: Session, *, actor: Actor) -> list[Task]:
    """Return the workshops in which the actor judges, newest first."""
    return [_task(session, workshop, judge) for judge, workshop in store.tasks(session, _user(actor))]


def find_task(session: Session, *, actor: Actor, workshop_id: UUID) -> Task:
    """Return the actor's part in a workshop; raises NotFound for those who do not judge, and before it begins."""
    workshop = store.workshop(session, workshop_id)
    judge = store.judge_of(session, workshop_id, _user(actor))
    if workshop is None or judge is None or workshop.status is WorkshopStatus.DRAFT:
        raise NotFound
    return _task(session, workshop, judge)


def agree(session: Session, *, actor: Actor, workshop_id: UUID, now: datetime) -> Task:
    """Keep that the judge has read the description and will keep the items to themselves."""
    task = find_task(session, actor=actor, workshop_id=workshop_id)
    _check_takes_part(task.judge)
    if task.judge.agreed_at is None:
        task.judge.agreed_at = now
        note(session, actor, task.workshop, action="standard.judge_agreed")
    return task


def read_items(session: Session, *, actor: Actor, workshop_id: UUID) -> tuple[Task, list[RatedItem]]:
    """Return the items with the judge's own ratings.

    Raises
    ------
    RoundNotOpen, NotAgreed, NotYourTask
        If there is nothing to read at present.
    """
    task = _rating_task(session, actor, workshop_id)
    if not task.workshop.method.shows_items:
        raise NotFound
    present = task.present
    assert present is not None
    rows = store.items(session, workshop_id)
    contents = _contents(session, task.workshop, rows)
    wrote = store.authors(session, rows)
    own = store.ratings_of(session, present.id, task.judge.id)
    former, means = _round_before(session, task)
    shows_p = task.workshop.with_statistics and bool(task.closed)
    read = []
    for row in rows:
        stem, options, key = contents[row.item_id]
        read.append(
            RatedItem(
                position=row.position,
                marks=row.marks,
                stem=stem,
                options=options,
                key=key,
                is_own=task.judge.user_id in wrote[row.position],
                p_value=row.p_value if shows_p else None,
                value=own[row.position].value if row.position in own else None,
                former=former.get(row.position),
                group_mean=means.get(row.position),
            )
        )
    return task, read


def read_bookmark(session: Session, task: Task) -> tuple[int | None, int | None]:
    """Return the judge's bookmark in the open round and in the one before."""
    assert task.present is not None
    own = store.ratings_of(session, task.present.id, task.judge.id)
    return own[0].value if 0 in own else None, _round_before(session, task)[0].get(0)


def read_candidates(
    session: Session, *, actor: Actor, workshop_id: UUID
) -> tuple[Task, list[RatedCandidate]]:
    """Return the candidates with the judge's own classes; raises what `read_items` raises."""
    task = _rating_task(session, actor, workshop_id)
    if not task.workshop.method.judges_candidates:
        raise NotFound
    assert task.present is not None
    rows = store.candidates(session, workshop_id)
    known = store.registrations(session, [row.registration_id for row in rows])
    persons = people.read_persons(session, [each.person_id for each in known.values()])
    own = store.ratings_of(session, task.present.id, task.judge.id)
    former, _ = _round_before(session, task)
    return task, [
        RatedCandidate(
            position=row.position,
            ticket_number=known[row.registration_id].ticket_number or "—",
            name=persons[known[row.registration_id].person_id].name,
            value=own[row.position].value if row.position in own else None,
            former=former.get(row.position),
        )
        for row in rows
    ]


def save_ratings(
    session: Session, *, actor: Actor, workshop_id: UUID, values: Mapping[int, str], now: datetime
) -> Saved:
    """Keep ratings as typed, by position; an empty one withdraws what was there. All or nothing.

    Raises
    ------
    RatingInvalid, PositionUnknown
        Naming the first that cannot be kept.
    RoundNotOpen, NotAgreed, NotYourTask
    """
    # Several judges save at once; the leader's closing waits for all of them, and they for it.
    if store.workshop(session, workshop_id, share=True) is None:
        raise NotFound
    store.judge_of(session, workshop_id, _user(actor), lock=True)
    task = _rating_task(session, actor, workshop_id)
    assert task.present is not None
    read = {position: _read(task, position, text) for position, text in values.items()}
    own = store.ratings_of(session, task.present.id, task.judge.id)
    withdrawn = [own[position].id for position, value in read.items() if value is None and position in own]
    if withdrawn:
        store.withdraw(session, withdrawn)
    for position, value in read.items():
        if value is None:
            continue
        row = own.get(position) or Rating(
            institution_id=task.workshop.institution_id,
            round_id=task.present.id,
            judge_id=task.judge.id,
            position=position,
        )
        if row.value != value:
            row.value, row.saved_at = value, now
            session.add(row)
    session.flush()
    return Saved(len(store.ratings_of(session, task.present.id, task.judge.id)), task.count, len(withdrawn))


def keep_former(session: Session, *, actor: Actor, workshop_id: UUID, now: datetime) -> Saved:
    """Take over the judge's own ratings of the round before wherever this round has none yet."""
    task = _rating_task(session, actor, workshop_id)
    assert task.present is not None
    former, _ = _round_before(session, task)
    own = store.ratings_of(session, task.present.id, task.judge.id)
    missing = {position: str(value) for position, value in former.items() if position not in own}
    return save_ratings(session, actor=actor, workshop_id=workshop_id, values=missing, now=now)


def save_answers(
    session: Session, *, actor: Actor, workshop_id: UUID, answers: Answers, now: datetime
) -> Judge:
    """Keep the judge's answers to the final questions; they can be changed until the workshop closes.

    Raises
    ------
    BoundsInvalid, QuestionsNotOpen, NotYourTask
    """
    if store.workshop(session, workshop_id, share=True) is None:
        raise NotFound
    task = find_task(session, actor=actor, workshop_id=workshop_id)
    _check_takes_part(task.judge)
    if task.workshop.status is not WorkshopStatus.QUESTIONS:
        raise QuestionsNotOpen
    check_answers(answers)
    task.judge.answers, task.judge.answered_at = asdict(answers), now
    note(session, actor, task.workshop, action="standard.questions_answered")
    return task.judge


def _user(actor: Actor) -> UUID:
    assert actor.id is not None
    return actor.id


def _task(session: Session, workshop: Workshop, judge: Judge) -> Task:
    rounds = store.rounds(session, workshop.id)
    rated = len(store.ratings_of(session, rounds[-1].id, judge.id)) if rounds else 0
    return Task(workshop, judge, rounds, store.count_rated(session, workshop), rated)


def _check_takes_part(judge: Judge) -> None:
    if judge.excluded_at is not None:
        raise NotYourTask


def _rating_task(session: Session, actor: Actor, workshop_id: UUID) -> Task:
    task = find_task(session, actor=actor, workshop_id=workshop_id)
    _check_takes_part(task.judge)
    if task.present is None:
        raise RoundNotOpen
    if task.judge.agreed_at is None:
        raise NotAgreed
    return task


def _read(task: Task, position: int, text: str) -> int | None:
    bookmark = task.workshop.method is Method.BOOKMARK
    if (position != 0) if bookmark else not 1 <= position <= task.count:
        raise PositionUnknown(position=position, count=task.count)
    return read_rating(text, method=task.workshop.method, position=position, pages=task.count)


def _round_before(session: Session, task: Task) -> tuple[dict[int, int], dict[int, float]]:
    """Return the judge's own ratings of the last closed round, and the mean of those who take part, by position."""
    if not task.closed:
        return {}, {}
    taking_part = {judge.id for judge in store.judges(session, task.workshop.id) if judge.excluded_at is None}
    own: dict[int, int] = {}
    all_of: dict[int, list[int]] = {}
    for rating in store.ratings(session, task.closed[-1].id):
        if rating.judge_id == task.judge.id:
            own[rating.position] = rating.value
        if rating.judge_id in taking_part:
            all_of.setdefault(rating.position, []).append(rating.value)
    return own, {position: sum(values) / len(values) for position, values in all_of.items()}


Content = tuple[str, tuple[Option, ...], tuple[str, ...] | None]


def _contents(session: Session, workshop: Workshop, rows: Sequence[WorkshopItem]) -> dict[UUID, Content]:
    """Return stem, options and, where the leader shows it, the key of every item."""
    if workshop.paper_id is not None:
        view = papers.candidate_view(session, workshop.paper_id)
        keys = papers.answer_key(session, workshop.paper_id) if workshop.with_key else {}
        return {
            entry.item_id: (
                entry.stem,
                entry.options,
                keys[entry.item_id].key if entry.item_id in keys else None,
            )
            for section in view.sections
            for entry in section.entries
        }
    contents = items.read_contents(session, [row.version_id for row in rows])
    return {
        row.item_id: (
            contents[row.version_id].stem,
            contents[row.version_id].options,
            contents[row.version_id].key if workshop.with_key else None,
        )
        for row in rows
    }
