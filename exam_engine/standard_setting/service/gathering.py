"""Gather rows into what the kernels compute from, and the closing result from what they return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from exam_engine.marking import service as marking
from exam_engine.papers import service as papers
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.standard_setting import computing, store
from exam_engine.standard_setting.figures import Cut, Impact, PanelData, Questions, Summary
from exam_engine.standard_setting.models import Judge, Round, Workshop
from exam_engine.standard_setting.refusals import NothingComputable
from exam_engine.standard_setting.result import FORMAT
from exam_engine.standard_setting.rules import REGULATION_PASS_MARK, Answers, is_complete
from itembank.statistics import service as statistics


@dataclass(frozen=True)
class Frozen:
    """What a workshop rates, as it was frozen when the workshop was made."""

    marks: FloatArray
    a: FloatArray
    b: FloatArray
    c: FloatArray
    locations: FloatArray
    p_values: FloatArray
    numbers: tuple[int, ...]
    """Item numbers by position; empty where candidates are judged."""
    candidate_scores: FloatArray

    @property
    def count(self) -> int:
        """Number of items or candidates."""
        return len(self.marks) or len(self.candidate_scores)


def read_frozen(session: Session, workshop: Workshop) -> Frozen:
    """Return what a workshop rates, by position."""
    rows = store.items(session, workshop.id)
    numbers = store.item_numbers(session, [row.item_id for row in rows])

    def column(name: str) -> FloatArray:
        values = [getattr(row, name) for row in rows]
        return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)

    scores = [float(row.score) for row in store.candidates(session, workshop.id)]
    return Frozen(
        marks=column("marks"),
        a=column("a"),
        b=column("b"),
        c=np.nan_to_num(column("c")),
        locations=column("location"),
        p_values=column("p_value"),
        numbers=tuple(numbers.get(row.item_id, 0) for row in rows),
        candidate_scores=np.array(scores, dtype=np.float64),
    )


def panel_of(session: Session, workshop: Workshop, held: Round, frozen: Frozen) -> PanelData:
    """Return the ratings of a round as they stand, with the judges who take part."""
    ratings: dict[UUID, dict[int, int]] = {}
    for rating in store.ratings(session, held.id):
        ratings.setdefault(rating.judge_id, {})[rating.position] = rating.value
    taking_part = [judge.id for judge in store.judges(session, workshop.id) if judge.excluded_at is None]
    return PanelData(
        method=workshop.method,
        ratings=ratings,
        taking_part=tuple(taking_part),
        marks=frozen.marks,
        a=frozen.a,
        b=frozen.b,
        c=frozen.c,
        locations=frozen.locations,
        p_values=frozen.p_values,
        candidate_scores=frozen.candidate_scores,
        response_probability=workshop.response_probability,
    )


def scores_of(session: Session, workshop: Workshop) -> FloatArray | None:
    """Return the scores, out of 100, of the sitting that gives the impact data; None without one."""
    if workshop.sitting_id is None:
        return None
    _, scores = marking.latest_scores(session, workshop.sitting_id)
    values = np.array([float(score) for score in scores.values()], dtype=np.float64)
    return values if values.size else None


def summary_of(session: Session, workshop: Workshop, held: Round) -> Summary:
    """Return the figures of a round, open or closed."""
    return computing.summarise(panel_of(session, workshop, held, read_frozen(session, workshop)))


def impact_of(session: Session, workshop: Workshop, cuts: Mapping[str, float]) -> Impact | None:
    """Return the pass rates at named cuts and over the whole range; None without scores."""
    scores = scores_of(session, workshop)
    return None if scores is None else computing.impact(scores, cuts)


def questions_of(session: Session, workshop: Workshop, judges: Sequence[Judge]) -> Questions | None:
    """Return what the answers to the final questions give; None where nobody has answered or there are no scores."""
    answers = [Answers(**judge.answers) for judge in judges if judge.excluded_at is None and judge.answers]
    scores = scores_of(session, workshop)
    return computing.questions(answers, scores) if answers and scores is not None else None


def gather_result(session: Session, workshop: Workshop, *, now: datetime) -> dict[str, Any]:
    """Return the closing result with its inputs; raises NothingComputable."""
    judges = store.judges(session, workshop.id)
    names = store.user_names(session, [workshop.leader_id, *(judge.user_id for judge in judges)])
    codes = codes_of(judges)
    frozen = read_frozen(session, workshop)
    rounds = store.rounds(session, workshop.id)
    panels = [panel_of(session, workshop, held, frozen) for held in rounds]
    summaries = [computing.summarise(panel) for panel in panels]
    last = summaries[-1]
    if last.cut is None:
        raise NothingComputable
    everybody = [
        judge.id
        for judge in judges
        if is_complete(workshop.method, len(panels[-1].ratings.get(judge.id, {})), frozen.count)
    ]
    with_excluded = None
    if set(everybody) != set(panels[-1].taking_part):
        with_excluded = computing.summarise(computing.with_judges(panels[-1], everybody)).cut
    questions = questions_of(session, workshop, judges)
    impact = impact_of(session, workshop, _named_cuts(last.cut, questions))
    return {
        "format": FORMAT,
        "workshop": _workshop(workshop, names, now),
        "basis": _basis(session, workshop, frozen),
        "judges": [
            {
                "code": codes[judge.id],
                "name": names.get(judge.user_id, "—"),
                "excluded": judge.excluded_at is not None,
                "reason": judge.exclusion_reason,
                "readmitted": judge.readmission_reason,
                "answers": judge.answers,
            }
            for judge in judges
        ],
        "figures": {
            "cut": asdict(last.cut),
            "with_excluded": asdict(with_excluded) if with_excluded else None,
            "questions": asdict(questions) if questions else None,
            "impact": asdict(impact) if impact else None,
            "rounds": [
                _round(held, panel, summary, codes)
                for held, panel, summary in zip(rounds, panels, summaries, strict=True)
            ],
        },
    }


def codes_of(judges: Sequence[Judge]) -> dict[UUID, str]:
    """Return J1, J2, … in the order of invitation."""
    return {judge.id: f"J{number}" for number, judge in enumerate(judges, 1)}


def _named_cuts(cut: Cut, questions: Questions | None) -> dict[str, float]:
    named = {"cut": cut.score, "regulation": float(REGULATION_PASS_MARK)}
    if cut.se is not None:
        named |= {"cut - 1 SE": cut.score - cut.se, "cut + 1 SE": cut.score + cut.se}
    if questions is not None and questions.cut is not None:
        named["hofstee"] = questions.cut
    return named


def _workshop(workshop: Workshop, names: Mapping[UUID, str], now: datetime) -> dict[str, Any]:
    try:
        code = version("exam-engine")
    except PackageNotFoundError:  # run from the sources
        code = "sources"
    return {
        "id": str(workshop.id),
        "name": workshop.name,
        "method": workshop.method.value,
        "description": workshop.description,
        "leader": names.get(workshop.leader_id, "—"),
        "planned_rounds": workshop.rounds,
        "with_key": workshop.with_key,
        "with_statistics": workshop.with_statistics,
        "with_impact": workshop.with_impact,
        "opened_at": workshop.created_at.isoformat(),
        "closed_at": now.isoformat(),
        "code_version": code,
    }


def _basis(session: Session, workshop: Workshop, frozen: Frozen) -> dict[str, Any]:
    paper = papers.find_paper(session, workshop.paper_id) if workshop.paper_id else None
    scale = statistics.find_scale(session, workshop.scale_id) if workshop.scale_id else None
    sitting = store.sitting(session, workshop.sitting_id) if workshop.sitting_id else None
    return {
        "paper": paper.label if paper else None,
        "paper_digest": paper.digest if paper else None,
        "items": [
            {
                "position": position,
                "number": number,
                "marks": _plain(frozen.marks[position - 1]),
                "p_value": _plain(frozen.p_values[position - 1]),
                "a": _plain(frozen.a[position - 1]),
                "b": _plain(frozen.b[position - 1]),
                "c": _plain(frozen.c[position - 1]) if np.isfinite(frozen.b[position - 1]) else None,
                "location": _plain(frozen.locations[position - 1]),
            }
            for position, number in enumerate(frozen.numbers, 1)
        ],
        "total_marks": float(frozen.marks.sum()) if frozen.marks.size else None,
        "scale": scale.name if scale else None,
        "response_probability": workshop.response_probability,
        "sitting": sitting[1].name if sitting else None,
        "sitting_plan_number": sitting[1].number if sitting else None,
        "candidate_scores": [float(score) for score in frozen.candidate_scores],
    }


def _round(held: Round, panel: PanelData, summary: Summary, codes: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "number": held.number,
        "opened_at": held.opened_at.isoformat(),
        "closed_at": held.closed_at.isoformat() if held.closed_at else None,
        "digest": held.digest,
        "cut": asdict(summary.cut) if summary.cut else None,
        "reliability": summary.reliability,
        "difficulty_correlation": summary.difficulty_correlation,
        "warnings": list(summary.warnings),
        "judges": {codes[judge]: asdict(figures) for judge, figures in summary.judges.items()},
        "positions": [asdict(each) for each in summary.positions],
        "ratings": {
            codes[judge]: {str(position): value for position, value in sorted(given.items())}
            for judge, given in panel.ratings.items()
        },
    }


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
