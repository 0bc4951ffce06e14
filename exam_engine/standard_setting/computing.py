"""Call the kernels with the ratings of a panel. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.standard_setting.figures import (
    Cut,
    Impact,
    JudgeFigures,
    PanelData,
    PositionFigures,
    Questions,
    Summary,
)
from exam_engine.standard_setting.rules import Answers, is_complete


def summarise(panel: PanelData) -> Summary:
    """Interim."""
    judges = {}
    cuts = []
    for judge, given in panel.ratings.items():
        complete = is_complete(panel.method, len(given), panel.count)
        cut = None
        if complete and panel.method.judges_items:
            values = np.array([given[p] for p in range(1, panel.count + 1)], dtype=float)
            cut = float((values * panel.marks).sum() / panel.marks.sum() * 100 / panel.method.highest)
        judges[judge] = JudgeFigures(len(given), cut, None, False)
        if cut is not None and judge in panel.taking_part:
            cuts.append(cut)
    made = None
    if len(cuts) >= 2:
        mean, sd = float(np.mean(cuts)), float(np.std(cuts, ddof=1))
        made = Cut(
            mean,
            mean * float(panel.marks.sum()) / 100,
            None,
            sd / len(cuts) ** 0.5,
            float(np.median(cuts)),
            sd,
            len(cuts),
        )
    return Summary(made, "" if made else "too_few", judges, _positions(panel), None, None, ())


def with_judges(panel: PanelData, judges: Sequence[UUID]) -> PanelData:
    """Return the same ratings with other judges taking part."""
    return PanelData(**{**vars(panel), "taking_part": tuple(judges)})


def impact(scores: FloatArray, cuts: Mapping[str, float]) -> Impact:
    """Interim."""

    def rate(cut: float) -> float:
        return float((scores >= round(cut, 6)).mean())

    return Impact(
        len(scores),
        {name: (cut, rate(cut)) for name, cut in cuts.items()},
        tuple((float(cut), rate(cut)) for cut in range(0, 101, 5)),
    )


def questions(answers: Sequence[Answers], scores: FloatArray) -> Questions:
    """Interim."""
    means = [float(np.mean([vars(each)[name] for each in answers])) for name in vars(answers[0])]
    return Questions(len(answers), means[0], means[1], means[2], means[3], None, None if scores.size else 0)


def _positions(panel: PanelData) -> tuple[PositionFigures, ...]:
    found: dict[int, list[int]] = {}
    for judge in panel.taking_part:
        for position, value in panel.ratings.get(judge, {}).items():
            found.setdefault(position, []).append(value)
    return tuple(
        PositionFigures(
            position,
            len(values),
            float(np.mean(values)),
            float(np.median(values)),
            min(values),
            max(values),
            float(np.std(values, ddof=1)) if len(values) > 1 else None,
        )
        for position, values in sorted(found.items())
    )
