"""Courses of sealed papers, made once a process: paper and terms of a published sitting never change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.growing.courses import item_by_item, module_by_module
from exam_engine.delivery.steps.rules import Course, Sections
from exam_engine.papers import service as papers
from exam_engine.sittings.rules import Terms, Way
from itembank.base.errors import Conflict

MOST = 500
"""Courses kept; one of sections is a few hundred numbers."""

Loader = Callable[[Session, UUID, Terms], Course]


class WayHasNoSteps(Conflict):
    """Nobody has said how papers of this way go on."""

    code = "way_has_no_steps"
    message = (
        "This examination cannot be given: its way of giving papers is not available. Tell the invigilator."
    )


def _sections(session: Session, paper_id: UUID, terms: Terms) -> Course:
    paper = papers.candidate_view(session, paper_id)
    return Sections(terms.sections, [len(section.entries) for section in paper.sections])


def _items(session: Session, paper_id: UUID, _: Terms) -> Course:
    return item_by_item(papers.open_sealed(session, paper_id))


def _modules(session: Session, paper_id: UUID, _: Terms) -> Course:
    return module_by_module(papers.open_sealed(session, paper_id))


LOADERS: dict[Way, Loader] = {
    Way.FIXED: _sections,
    Way.INDIVIDUAL: _sections,
    Way.MULTISTAGE: _modules,
    Way.ADAPTIVE: _items,
}
"""How the course of a paper is made, by way."""

_courses: dict[tuple[UUID, UUID], Course] = {}
_making = Lock()
"""Whoever comes while a course is made waits for it: that of an adaptive test takes about a second."""


def ready_course(sitting_id: UUID, paper_id: UUID) -> Course | None:
    """Return a course if it is made already; never waits."""
    return _courses.get((sitting_id, paper_id))


def foresee_starts(starting: Mapping[UUID, int]) -> None:
    """Let courses work the first steps out for so many new attempts of each sitting, before anything is locked."""
    for (sitting_id, _), course in list(_courses.items()):
        if sitting_id in starting:
            course.foresee(starting[sitting_id])


def course_of(session: Session, sitting_id: UUID, paper_id: UUID, terms: Terms) -> Course:
    """Return the course of a paper in a published sitting; made when first asked for.

    Raises WayHasNoSteps.
    """
    found = _courses.get((sitting_id, paper_id))
    if found is None:
        load = LOADERS.get(terms.way)
        if load is None:
            raise WayHasNoSteps
        with _making:
            found = _courses.get((sitting_id, paper_id)) or load(session, paper_id, terms)
            while len(_courses) >= MOST:
                _courses.pop(next(iter(_courses)), None)
            _courses[sitting_id, paper_id] = found
    return found
