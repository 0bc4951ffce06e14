"""What leaders, readers and judges see of a workshop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.sittings.models import Plan, Sitting
from exam_engine.standard_setting import computing, store
from exam_engine.standard_setting.figures import Impact, JudgeFigures, Questions, Summary
from exam_engine.standard_setting.models import Judge, Round, Workshop
from exam_engine.standard_setting.rules import REGULATION_PASS_MARK, is_complete
from exam_engine.standard_setting.service.gathering import (
    Frozen,
    codes_of,
    impact_of,
    panel_of,
    questions_of,
    read_frozen,
)
from exam_engine.standard_setting.service.panel import find_workshop
from exam_engine.standard_setting.service.rating import Task, find_task
from exam_engine.standard_setting.service.rounds import took_part
from itembank.base.errors import NotFound
from itembank.people.rules import Actor
from itembank.statistics import service as statistics


@dataclass(frozen=True)
class WorkshopRow:
    """A workshop as a list shows it."""

    workshop: Workshop
    leader: str
    judges: int
    rounds: int


@dataclass(frozen=True)
class JudgeView:
    """A member of the panel as the leader sees them."""

    judge: Judge
    code: str
    name: str
    rated: int
    """In the newest round."""
    is_complete: bool
    wrote: int
    """How many of the items they wrote."""


@dataclass(frozen=True)
class WorkshopView:
    """A workshop with everything that its page names."""

    workshop: Workshop
    leader: str
    recorder: str
    paper_label: str
    scale_name: str
    sitting: tuple[Sitting, Plan] | None
    same_paper: bool
    """Whether candidates of that sitting had the paper that is rated."""
    frozen: Frozen
    judges: tuple[JudgeView, ...]
    rounds: tuple[Round, ...]

    @property
    def taking_part(self) -> list[JudgeView]:
        """Judges who are not excluded."""
        return [each for each in self.judges if each.judge.excluded_at is None]

    @property
    def latest_closed(self) -> Round | None:
        """The newest round that is closed."""
        return next((each for each in reversed(self.rounds) if each.closed_at), None)


@dataclass(frozen=True)
class RoundView:
    """The figures of one round, and what they mean for candidates."""

    held: Round
    summary: Summary
    impact: Impact | None


@dataclass(frozen=True)
class Feedback:
    """What a judge sees after a round: own against group. Nobody else's ratings carry a name."""

    task: Task
    held: Round
    summary: Summary
    own: dict[int, int]
    own_figures: JudgeFigures | None
    cuts: tuple[float, ...]
    """The cuts of all who take part, ascending, without names."""
    impact: Impact | None
    frozen: Frozen


def list_workshops(session: Session, *, offset: int, limit: int) -> tuple[list[WorkshopRow], int]:
    """Return workshops, newest first, and how many there are."""
    rows = store.workshops(session, offset=offset, limit=limit)
    names = store.user_names(session, [row.leader_id for row in rows])
    listed = [
        WorkshopRow(
            row,
            names.get(row.leader_id, "—"),
            len(store.judges(session, row.id)),
            len(store.rounds(session, row.id)),
        )
        for row in rows
    ]
    return listed, store.count_workshops(session)


def marked_sittings(session: Session) -> Sequence[tuple[Sitting, Plan]]:
    """Return the marked theory sittings with their plans, latest first."""
    return store.marked_sittings(session)


def workshops_to_record(session: Session, *, actor: Actor) -> int:
    """Return how many closed results wait for this person as the second one."""
    return sum(actor.id not in took_part(session, row) for row in store.closed_workshops(session))


def read_workshop(session: Session, workshop_id: UUID) -> WorkshopView:
    """Return a workshop with its panel and rounds; raises NotFound."""
    workshop = find_workshop(session, workshop_id)
    judges, rounds = store.judges(session, workshop_id), store.rounds(session, workshop_id)
    people = [workshop.leader_id, workshop.recorded_by, *(judge.user_id for judge in judges)]
    names = store.user_names(session, people)
    frozen = read_frozen(session, workshop)
    rated: dict[UUID, int] = {}
    for rating in store.ratings(session, rounds[-1].id) if rounds else ():
        rated[rating.judge_id] = rated.get(rating.judge_id, 0) + 1
    wrote = store.authors(session, store.items(session, workshop_id))
    codes = codes_of(judges)
    return WorkshopView(
        workshop=workshop,
        leader=names.get(workshop.leader_id, "—"),
        recorder=names.get(workshop.recorded_by, "") if workshop.recorded_by else "",
        paper_label=papers.find_paper(session, workshop.paper_id).label if workshop.paper_id else "",
        scale_name=statistics.find_scale(session, workshop.scale_id).name if workshop.scale_id else "",
        sitting=store.sitting(session, workshop.sitting_id) if workshop.sitting_id else None,
        same_paper=_same_paper(session, workshop),
        frozen=frozen,
        judges=tuple(
            JudgeView(
                judge,
                codes[judge.id],
                names.get(judge.user_id, "—"),
                rated.get(judge.id, 0),
                is_complete(workshop.method, rated.get(judge.id, 0), frozen.count),
                sum(judge.user_id in authors for authors in wrote.values()),
            )
            for judge in judges
        ),
        rounds=tuple(rounds),
    )


def read_rounds(session: Session, view: WorkshopView, *, newest_only: bool = False) -> list[RoundView]:
    """Return the figures of every round, the open one included: for the leader's eyes."""
    found = []
    for held in view.rounds[-1:] if newest_only else view.rounds:
        summary = computing.summarise(panel_of(session, view.workshop, held, view.frozen))
        cuts = {"regulation": float(REGULATION_PASS_MARK)}
        if summary.cut is not None:
            cuts["cut"] = summary.cut.score
        impact = impact_of(session, view.workshop, cuts) if held.closed_at else None
        found.append(RoundView(held, summary, impact))
    return found


def read_questions(session: Session, view: WorkshopView) -> Questions | None:
    """Return what the answers given so far to the final questions lead to."""
    return questions_of(session, view.workshop, [each.judge for each in view.judges])


def read_feedback(session: Session, *, actor: Actor, workshop_id: UUID, number: int) -> Feedback:
    """Return a closed round to one of its judges; raises NotFound while it is open, and for the excluded."""
    task = find_task(session, actor=actor, workshop_id=workshop_id)
    held = next((each for each in task.closed if each.number == number), None)
    if held is None or task.judge.excluded_at is not None or task.judge.agreed_at is None:
        raise NotFound
    workshop = task.workshop
    frozen = read_frozen(session, workshop)
    panel = panel_of(session, workshop, held, frozen)
    summary = computing.summarise(panel)
    cuts = {"regulation": float(REGULATION_PASS_MARK)}
    own = summary.judges.get(task.judge.id)
    if summary.cut is not None:
        cuts["cut"] = summary.cut.score
    if own is not None and own.cut is not None:
        cuts["own"] = own.cut
    return Feedback(
        task=task,
        held=held,
        summary=summary,
        own=dict(panel.ratings.get(task.judge.id, {})),
        own_figures=own,
        cuts=tuple(sorted(each.cut for each in summary.judges.values() if each.cut is not None)),
        impact=impact_of(session, workshop, cuts) if workshop.with_impact else None,
        frozen=frozen,
    )


def _same_paper(session: Session, workshop: Workshop) -> bool:
    if workshop.sitting_id is None or workshop.method.judges_candidates:
        return True
    return workshop.paper_id in store.papers_of(session, workshop.sitting_id)
