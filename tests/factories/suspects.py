"""A history of saves for a sitting that is over, with what a security report is to find in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_engine.delivery.models import Answer, AnswerHistory, Attempt
from exam_engine.sittings.models import Registration, Room, Seat
from itembank.items.models import Item
from itembank.people.models import Institution
from tests.factories.statistics import make_answered_sitting, make_items


@dataclass(frozen=True)
class Suspects:
    """Positions of persons in the order of their attempts, and of items."""

    copiers: Sequence[tuple[int, int]] = ()
    """Source and copier."""
    rapid: Sequence[int] = ()
    """They guess through the second half within two seconds an item."""
    knowing: Sequence[int] = ()
    marked: Sequence[int] = ()
    """Items that those know: right and quick."""
    helped: Sequence[int] = ()
    """Half of their right answers were wrong at first."""


def seat_in_rooms(session: Session, institution: Institution, sitting_id: UUID, *, size: int) -> None:
    """Seat the candidates in the order of their attempts, ``size`` a room, six a row."""
    room: Room | None = None
    for number, attempt in enumerate(attempts_of(session, sitting_id)):
        if number % size == 0:
            room = Room(
                institution_id=institution.id,
                name=f"第 {number // size + 1} 机房",
                capacity=size,
                seats_per_row=6,
            )
            session.add(room)
            session.flush()
        assert room is not None
        session.add(
            Seat(
                institution_id=institution.id,
                sitting_id=sitting_id,
                registration_id=attempt.registration_id,
                room_id=room.id,
                number=number % size + 1,
                paper_id=attempt.paper_id,
            )
        )
    session.flush()


def attempts_of(session: Session, sitting_id: UUID) -> Sequence[Attempt]:
    """Return the attempts in the order in which they began."""
    return session.scalars(select(Attempt).where(Attempt.sitting_id == sitting_id).order_by(Attempt.id)).all()


def sat_before(session: Session, sitting_id: UUID, earlier_id: UUID, positions: Sequence[int]) -> None:
    """Make the persons at ``positions`` of a sitting those of the earlier one, in order."""
    now, before = attempts_of(session, sitting_id), attempts_of(session, earlier_id)
    for position, other in zip(positions, before, strict=False):
        registration = session.get_one(Registration, now[position].registration_id)
        registration.person_id = session.get_one(Registration, other.registration_id).person_id
    session.flush()


def add_history(
    session: Session,
    sitting_id: UUID,
    item_ids: Sequence[UUID],
    *,
    suspects: Suspects | None = None,
    seed: int = 3,
) -> None:
    """Keep saves for every answer: one pass over the items in lognormal times, then revisits that change some.

    Key is B. With suspects wrong answers become A, C or D, and theirs are rewritten as `Suspects` says.
    """
    who, rng = suspects or Suspects(), np.random.default_rng(seed)
    attempts = attempts_of(session, sitting_id)
    rows = session.scalars(
        select(Answer)
        .where(Answer.attempt_id.in_([attempt.id for attempt in attempts]))
        .order_by(Answer.attempt_id, Answer.item_id)
    ).all()
    at = {item: column for column, item in enumerate(item_ids)}
    of_attempt: dict[UUID, dict[int, Answer]] = {attempt.id: {} for attempt in attempts}
    for answer in rows:
        of_attempt[answer.attempt_id][at[answer.item_id]] = answer
        if suspects is not None and answer.response != ["B"]:
            answer.response = [str(rng.choice(["A", "C", "D"], p=[0.2, 0.5, 0.3]))]
    copied = {copier: source for source, copier in who.copiers}
    history: list[dict[str, Any]] = []
    for position, attempt in enumerate(attempts):
        answers = of_attempt[attempt.id]
        if position in copied:
            model = of_attempt[attempts[copied[position]].id]
            for column, answer in answers.items():
                if column in model and rng.random() < 0.95:
                    answer.response = list(model[column].response)
        history += _saves(attempt, answers, position, who, rng)
    session.flush()
    for start in range(0, len(history), 5_000):
        session.execute(insert(AnswerHistory), history[start : start + 5_000])


def _saves(
    attempt: Attempt, answers: dict[int, Answer], position: int, who: Suspects, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the saves of one attempt, after rewriting its answers as the suspect's."""
    speed, clock, revision = rng.normal(0.0, 0.25), attempt.started_at, 0
    found, again = [], []

    def save(answer: Answer, response: list[str], seconds: float) -> None:
        nonlocal clock, revision
        clock, revision = clock + timedelta(seconds=seconds), revision + 1
        answer.revision, answer.saved_at = revision, clock
        found.append(
            {
                "attempt_id": attempt.id,
                "item_id": answer.item_id,
                "epoch": 1,
                "revision": revision,
                "response": response,
                "flagged": False,
                "saved_at": clock,
            }
        )

    for column in sorted(answers):
        answer = answers[column]
        seconds = float(np.exp(rng.normal(3.5 + 0.01 * column, 0.45) - speed))
        if position in who.rapid and column >= len(answers) // 2:
            seconds, answer.response = rng.uniform(0.6, 2.0), [str(rng.choice(list("ABCD")))]
        if position in who.knowing and column in who.marked:
            seconds, answer.response = 0.3 * seconds, ["B"]
        first = answer.response
        is_right = answer.response == ["B"]
        change = 0.5 if position in who.helped and is_right else 0.06
        if rng.random() < change:
            first = [str(rng.choice([one for one in "ABCD" if [one] != answer.response]))]
            again.append(answer)
        save(answer, first, seconds)
    for answer in again:
        save(answer, answer.response, float(rng.uniform(6.0, 25.0)))
    return found


@dataclass(frozen=True)
class Watched:
    """A sitting with suspects in it."""

    sitting_id: UUID
    occupation_id: UUID
    item_ids: list[UUID]
    """Of the sitting, in the order of the paper."""
    references: list[str]
    suspects: Suspects


def make_watched(
    session: Session,
    institution: Institution,
    *,
    now: datetime,
    persons: int = 240,
    n_items: int = 60,
    room_size: int = 30,
    repeaters: int = 60,
) -> Watched:
    """Return a sitting of several rooms with two copiers, rapid guessers, candidates who knew a third of the items and
    candidates who were helped; ``repeaters`` sat sixty days before, with that third on their paper, and the first
    of them gained a lot since."""
    third = n_items // 3
    occupation_id, references = make_items(session, institution=institution, level=4, count=n_items + third)
    found = {item.reference: item.id for item in session.scalars(select(Item))}
    ids = [found[reference] for reference in references]
    rng = np.random.default_rng(8)
    theta, b = rng.normal(0.3, 1.0, persons), rng.uniform(-1.8, 1.6, len(ids))
    again = list(range(persons - repeaters, persons))
    before = theta[again] - 0.2
    before[0], theta[again[0]] = -2.2, 2.4

    def answer(ability: NDArray[np.float64], columns: Sequence[int], days: int) -> UUID:
        chance = 1.0 / (1.0 + np.exp(b[list(columns)] - ability[:, None]))
        return make_answered_sitting(
            session,
            institution=institution,
            occupation_id=occupation_id,
            item_ids=[ids[column] for column in columns],
            marks=(rng.random(chance.shape) < chance).astype(np.int8),
            starts_at=now - timedelta(days=days),
        ).id

    earlier = answer(before, [*range(third), *range(n_items, n_items + third)], 60)
    sitting = answer(theta, range(n_items), 1)
    seat_in_rooms(session, institution, sitting, size=room_size)
    sat_before(session, sitting, earlier, again)
    tenth = persons // 24
    suspects = Suspects(
        copiers=[(2, 3), (room_size + 1, room_size + 2)],
        rapid=[5, room_size + 5],
        knowing=list(range(8, 8 + tenth)),
        marked=list(range(third)),
        helped=list(range(room_size + 8, room_size + 8 + max(tenth // 3, 1))),
    )
    add_history(session, sitting, ids[:n_items], suspects=suspects)
    return Watched(sitting, occupation_id, ids[:n_items], references[:n_items], suspects)
