"""How the score of a growing test came about, worked out again from what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.growing.collection import panel_of
from exam_engine.delivery.growing.trace import Scoring, Trace
from exam_engine.marking import store
from exam_engine.marking.models import AttemptMark, MarkingRun
from exam_engine.marking.service.mark import trace_of, two_places
from exam_engine.papers import service as papers
from exam_engine.papers.content import SealedPaper
from exam_engine.papers.growing import ADAPTIVE, START
from exam_engine.papers.models import Paper
from itembank.base.errors import NotFound

CLOSE = 1e-9
"""Abilities that differ by less are the same: sums are rounded otherwise on another machine."""


@dataclass(frozen=True)
class Fork:
    """Where a two-stage test parted: after how many items, how many of them right, into which module."""

    after: int
    right: int
    module: str


@dataclass(frozen=True)
class Retraced:
    """A score as it was kept, and as it comes out now.

    Attributes
    ----------
    agrees : bool
        Whether ability, standard error and score come out as they were kept.
    followed : int
        Items, from the first on, that the answers call for by this code: as a rule all of them.
    keeps_rules : bool
        Whether the test kept the rules of its blueprint, one that ended early those of numbers in proportion; with the
        items that were not reached.
    fork : Fork or None
        Of a two-stage test.
    """

    mark: AttemptMark
    run: MarkingRun
    item_ids: tuple[UUID, ...]
    trace: Trace
    agrees: bool
    followed: int
    keeps_rules: bool
    fork: Fork | None


@dataclass(frozen=True)
class Exposure:
    """How the items of an adaptive collection were used in a sitting.

    Attributes
    ----------
    candidates : int
        Who began.
    highest : float
        Part of them that was given the most used item.
    used, items : int
        Items that somebody was given, and all of the collection.
    cap : float or None
        What was asked for, for sittings of ``cohort`` candidates.
    """

    label: str
    candidates: int
    highest: float
    used: int
    items: int
    cap: float | None
    cohort: int


def exposures(session: Session, sitting_id: UUID) -> list[Exposure]:
    """Return how items were used, for each adaptive collection of a sitting."""
    given: dict[UUID, list[Sequence[int]]] = {}
    for paper_id, form in store.forms(session, sitting_id):
        given.setdefault(paper_id, []).append(form or ())
    found = [_exposure(papers.find_paper(session, key), forms) for key, forms in sorted(given.items())]
    return [one for one in found if one is not None]


def _exposure(paper: Paper, forms: Sequence[Sequence[int]]) -> Exposure | None:
    facts = paper.collection or {}
    if facts.get("way") != ADAPTIVE:
        return None
    counts = Counter(place for form in forms for place in form)
    settings = facts["settings"]
    return Exposure(
        paper.label,
        len(forms),
        max(counts.values(), default=0) / len(forms),
        len(counts),
        len(facts["parameters"][0]),
        settings["cap"],
        settings["cohort"],
    )


def find_attempt_mark(session: Session, mark_id: UUID) -> tuple[AttemptMark, MarkingRun]:
    """Return what an attempt earned in a run, and the run; raises NotFound."""
    found = store.attempt_mark(session, mark_id)
    if found is None:
        raise NotFound
    return found


def retrace(session: Session, mark_id: UUID) -> Retraced:
    """Work the score of an attempt at a growing test out again, from the seal and the answers that were marked.

    Raises NotFound, also where marks are added up, and what ``papers.open_sealed`` raises.
    """
    mark, run = find_attempt_mark(session, mark_id)
    if mark.theta is None:
        raise NotFound
    attempt = delivery.responses_of(session, mark.attempt_id)
    marked = {row.item_id: row.response for row in store.item_marks(session, mark_id) if row.response}
    paper = papers.open_sealed(session, attempt.paper_id)
    scoring = Scoring(paper)
    taken = trace_of(scoring, replace(attempt, responses=marked))
    return Retraced(
        mark,
        run,
        tuple(paper.entries[place].item_id for place in taken.places),
        taken,
        _agrees(mark, taken),
        min(scoring.followed(attempt.seed, taken), taken.reached),
        scoring.keeps_rules(taken),
        _fork(paper, taken),
    )


def _fork(paper: SealedPaper, taken: Trace) -> Fork | None:
    if (paper.collection or {})["way"] == ADAPTIVE:
        return None
    panel = panel_of(paper)
    after = len(panel.modules[START])
    module = next(name for name in panel.taken(taken.places) if name != START)
    return Fork(after, sum(taken.right[:after]), module)


def _agrees(mark: AttemptMark, taken: Trace) -> bool:
    return (
        abs((mark.theta or 0.0) - taken.ability.theta) < CLOSE
        and abs((mark.theta_se or 0.0) - taken.ability.se) < CLOSE
        and (mark.score, mark.score_se) == (two_places(taken.mark.percent), two_places(taken.mark.se))
    )
