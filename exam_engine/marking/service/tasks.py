"""Practical tasks: rubrics that enter as drafts and become active when they add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.marking import store
from exam_engine.marking.models import PracticalTask, TaskLine
from exam_engine.marking.rules import RubricLine, RubricUnusable, TaskStatus, check_rubric, plain
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import Component
from itembank.base import audit
from itembank.base.errors import Conflict, NotFound
from itembank.people.rules import Actor


class RubricFrozen(Conflict):
    """Somebody has begun to score with these tasks."""

    code = "rubric_frozen"
    message = "Examiners have begun to score, so the tasks of this sitting can no longer be changed."


class NoActiveTasks(Conflict):
    """There is nothing to score by."""

    code = "no_active_tasks"
    message = "This sitting has no active task yet. Activate a task whose rubric adds up first."


@dataclass(frozen=True)
class TaskView:
    """A task with its lines, and what is wrong with its rubric, if anything."""

    task: PracticalTask
    lines: tuple[TaskLine, ...]
    finding: RubricUnusable | None

    def key(self, line: TaskLine) -> str:
        """Return the name of a line within its sitting."""
        return line_key(self.task, line)


def line_key(task: PracticalTask, line: TaskLine) -> str:
    """Return the name of a line within its sitting."""
    return f"{task.position}.{line.code}"


def find_practical_sitting(session: Session, sitting_id: UUID) -> Sitting:
    """Return a sitting scored by examiners; raises NotFound."""
    sitting = store.sitting(session, sitting_id)
    if sitting is None or sitting.component is Component.THEORY:
        raise NotFound
    return sitting


def define_task(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    title: str,
    total: Decimal,
    lines: Sequence[RubricLine],
    instructions: str = "",
    now: datetime,
) -> TaskView:
    """Add a task as a draft, whatever its rubric adds up to; the finding says what is wrong with it."""
    sitting = find_practical_sitting(session, sitting_id)
    if store.has_sheets(session, sitting_id):
        raise RubricFrozen
    position = max((task.position for task in store.tasks(session, sitting_id)), default=0) + 1
    task = PracticalTask(
        institution_id=sitting.institution_id,
        sitting_id=sitting_id,
        position=position,
        title=title,
        instructions=instructions,
        total=total,
        status=TaskStatus.DRAFT,
        created_by=str(actor),
        created_at=now,
    )
    session.add(task)
    session.flush()
    rows = tuple(
        TaskLine(
            institution_id=sitting.institution_id,
            task_id=task.id,
            position=number,
            code=line.code,
            text=line.text,
            points=line.points,
        )
        for number, line in enumerate(lines, 1)
    )
    session.add_all(rows)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="practical_task.created",
        subject=("practical_task", task.id),
        institution_id=sitting.institution_id,
        detail={"sitting": str(sitting_id), "lines": len(rows), "total": plain(total)},
    )
    return TaskView(task, rows, _finding(task, rows))


def activate_task(session: Session, *, actor: Actor, task_id: UUID) -> PracticalTask:
    """Open a task for scoring; raises RubricUnusable while its rubric does not add up."""
    task = _changeable(session, task_id)
    finding = _finding(task, store.lines(session, [task_id]))
    if finding is not None:
        raise finding
    task.status = TaskStatus.ACTIVE
    audit.record(
        session,
        actor=actor,
        action="practical_task.activated",
        subject=("practical_task", task.id),
        institution_id=task.institution_id,
    )
    return task


def discard_task(session: Session, *, actor: Actor, task_id: UUID) -> UUID:
    """Remove a task that nobody has scored with; return its sitting."""
    task = _changeable(session, task_id)
    for line in store.lines(session, [task_id]):
        session.delete(line)
    session.flush()
    session.delete(task)
    audit.record(
        session,
        actor=actor,
        action="practical_task.discarded",
        subject=("practical_task", task.id),
        institution_id=task.institution_id,
        detail={"sitting": str(task.sitting_id)},
    )
    return task.sitting_id


def _changeable(session: Session, task_id: UUID) -> PracticalTask:
    task = store.task(session, task_id)
    if task is None:
        raise NotFound
    if store.has_sheets(session, task.sitting_id):
        raise RubricFrozen
    return task


def _finding(task: PracticalTask, lines: Sequence[TaskLine]) -> RubricUnusable | None:
    rubric = [RubricLine(line.code, line.points, line.text) for line in lines]
    try:
        check_rubric(task.title, rubric, total=task.total)
    except RubricUnusable as finding:
        return finding
    return None


def read_tasks(session: Session, sitting_id: UUID, *, active_only: bool = False) -> list[TaskView]:
    """Return the tasks of a sitting with their lines."""
    tasks = store.tasks(session, sitting_id)
    lines = store.lines(session, [task.id for task in tasks])
    views = []
    for task in tasks:
        own = tuple(line for line in lines if line.task_id == task.id)
        if task.status is TaskStatus.ACTIVE or not active_only:
            views.append(TaskView(task, own, _finding(task, own)))
    return views


def rubric_of(session: Session, sitting_id: UUID) -> list[RubricLine]:
    """Return the lines of all active tasks under their names within the sitting; raises NoActiveTasks."""
    views = read_tasks(session, sitting_id, active_only=True)
    if not views:
        raise NoActiveTasks
    return [RubricLine(view.key(line), line.points, line.text) for view in views for line in view.lines]
