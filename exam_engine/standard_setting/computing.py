"""Call the kernels with the ratings of a panel. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.standard_setting import bookmark as bookmarks
from exam_engine.psychometrics.standard_setting import conversion
from exam_engine.psychometrics.standard_setting.angoff import angoff
from exam_engine.psychometrics.standard_setting.compromise import hofstee
from exam_engine.psychometrics.standard_setting.consistency import difficulty_consistency
from exam_engine.psychometrics.standard_setting.examinees import borderline_group, contrasting_groups
from exam_engine.psychometrics.standard_setting.panel import Summary as How
from exam_engine.psychometrics.standard_setting.panel import Warn, outlying, summarize
from exam_engine.standard_setting.figures import (
    Cut,
    Impact,
    JudgeFigures,
    PanelData,
    PositionFigures,
    Questions,
    Reason,
    Summary,
)
from exam_engine.standard_setting.rules import MINIMUM_JUDGES, Answers, Method, is_complete

CURVE = np.arange(0.0, 101.0, 2.0)
"""Cuts at which the curve of pass rates is drawn."""


def arrange(
    a: FloatArray, b: FloatArray, c: FloatArray, response_probability: float
) -> tuple[list[int], list[float]]:
    """Return the items' indices in the order of the booklet, and the location of each page in logits.

    An item that reaches the probability at no ability has no page.
    """
    pages = bookmarks.booklet(Items.dichotomous(a, b, c=c), response_probability=response_probability)
    return [int(index) for index in pages.item], [float(location) for location in pages.location]


def summarise(panel: PanelData) -> Summary:
    """Return the figures of a round, as far as it is rated."""
    complete = [judge for judge, given in panel.ratings.items() if _is_ready(panel, given)]
    counting = [judge for judge in panel.taking_part if judge in complete]
    if panel.method.judges_items:
        made = _items(panel, complete, counting)
    elif panel.method is Method.BOOKMARK:
        made = _bookmark(panel, complete, counting)
    else:
        made = _candidates(panel, complete, counting)
    figures = {
        judge: JudgeFigures(
            rated=len(given),
            cut=made.judge_cuts.get(judge),
            consistency=made.consistency.get(judge),
            agreement=made.agreement.get(judge),
            is_outlier=judge in made.outliers,
        )
        for judge, given in panel.ratings.items()
    }
    warnings = tuple(warning.value for warning in made.warnings if warning is not Warn.FEW_JUDGES)
    reason = "" if made.cut else made.reason.value
    return Summary(
        made.cut, reason, figures, _positions(panel), made.reliability, made.difficulty_correlation, warnings
    )


def with_judges(panel: PanelData, judges: Sequence[UUID]) -> PanelData:
    """Return the same ratings with other judges taking part."""
    return replace(panel, taking_part=tuple(judges))


def impact(scores: FloatArray, cuts: Mapping[str, float]) -> Impact:
    """Return the pass rates at named cuts and over the range."""
    named = conversion.impact(scores, list(cuts.values()))
    curve = conversion.impact(scores, CURVE)
    return Impact(
        candidates=named.n_persons,
        named={
            name: (cut, float(rate)) for (name, cut), rate in zip(cuts.items(), named.pass_rate, strict=True)
        },
        curve=tuple((float(cut), float(rate)) for cut, rate in zip(curve.cuts, curve.pass_rate, strict=True)),
    )


def questions(answers: Sequence[Answers], scores: FloatArray) -> Questions:
    """Return the panel's compromise between cut score and fail rate (Hofstee)."""
    columns = {
        name: np.array([vars(each)[name] for each in answers], dtype=np.float64) for name in vars(answers[0])
    }
    found = hofstee(
        scores,
        lowest_cut=columns["lowest_cut"],
        highest_cut=columns["highest_cut"],
        lowest_fail_rate=columns["lowest_fail"] / 100,
        highest_fail_rate=columns["highest_fail"] / 100,
    )
    fail = _known(found.fail_rate)
    return Questions(
        judges=len(answers),
        **{name: float(column.mean()) for name, column in columns.items()},
        outcome=found.outcome.value,
        cut=_known(found.cut),
        fail_rate=None if fail is None else 100 * fail,
        se=_known(found.standard_error),
    )


class _Made:
    """What a method made of the ratings; empty until two judges are ready."""

    def __init__(self) -> None:
        self.cut: Cut | None = None
        self.reason = Reason.TOO_FEW
        self.judge_cuts: dict[UUID, float] = {}
        self.consistency: dict[UUID, float] = {}
        self.agreement: dict[UUID, float] = {}
        self.outliers: set[UUID] = set()
        self.reliability: float | None = None
        self.difficulty_correlation: float | None = None
        self.warnings: tuple[Warn, ...] = ()


def _is_ready(panel: PanelData, given: Mapping[int, int]) -> bool:
    return is_complete(panel.method, len(given), panel.count)


def _table(panel: PanelData, judges: Sequence[UUID]) -> FloatArray:
    """Return ratings as shares of an item's marks, judges × items."""
    rows = [[panel.ratings[judge][n] for n in range(1, panel.count + 1)] for judge in judges]
    return np.array(rows, dtype=np.float64) / panel.method.highest


def _items(panel: PanelData, complete: Sequence[UUID], counting: Sequence[UUID]) -> _Made:
    """Angoff, with percentages or with yes and no."""
    made = _Made()
    if not complete:
        return made
    total = float(panel.marks.sum())
    cuts = angoff(_table(panel, complete) * panel.marks, highest=panel.marks).final.judge_cuts
    made.judge_cuts = {judge: 100 * float(cut) / total for judge, cut in zip(complete, cuts, strict=True)}
    if len(counting) < MINIMUM_JUDGES:
        return made
    shares = _table(panel, counting)
    found = angoff(shares * panel.marks, highest=panel.marks)
    last = found.final
    made.cut = _cut(
        100 * last.cut / total,
        [made.judge_cuts[judge] for judge in counting],
        se=100 * last.standard_error / total,
        se_with_items=100 * last.standard_error_of_items / total,
        marks=last.cut,
    )
    made.agreement = _by_judge(counting, last.agreement)
    made.outliers = {judge for judge, apart in zip(counting, last.outlying, strict=True) if apart}
    made.reliability = _known(last.components.average) if last.components else None
    made.warnings = found.warnings
    known = np.isfinite(panel.p_values)
    if known.sum() > 2:
        against = difficulty_consistency(shares[:, known], panel.p_values[known])
        made.consistency = _by_judge(counting, against.correlation)
        # Means that are the same but for rounding have no correlation, only noise.
        if np.ptp(shares[:, known].mean(axis=0)) > 1e-9:
            made.difficulty_correlation = _known(against.panel_correlation)
    return made


def _bookmark(panel: PanelData, complete: Sequence[UUID], counting: Sequence[UUID]) -> _Made:
    """The last page mastered is a judge's cut in logits, the median the panel's; both as expected scores."""
    made = _Made()
    if not complete or panel.response_probability is None:
        return made
    items = Items.dichotomous(panel.a, panel.b, c=panel.c)
    # The booklet as it was frozen: what judges had in their hands does not move with the code.
    pages = bookmarks.Booklet(
        item=np.arange(panel.count),
        score=np.ones(panel.count, dtype=np.intp),
        location=panel.locations,
        gap=np.diff(panel.locations, prepend=np.nan),
        response_probability=panel.response_probability,
        unreached=(),
    )

    def place(judges: Sequence[UUID]) -> bookmarks.Bookmark:
        return bookmarks.bookmark(pages, [panel.ratings[judge][0] for judge in judges], items)

    def score(theta: FloatArray) -> FloatArray:
        weighted = items.expected_score(theta) @ panel.marks
        return np.asarray(100 * weighted / panel.marks.sum(), dtype=np.float64)

    made.judge_cuts = _by_judge(complete, score(place(complete).judge_theta[0]))
    if len(counting) < MINIMUM_JUDGES:
        return made
    found = place(counting)
    own = [made.judge_cuts[judge] for judge in counting]
    cut = float(score(found.theta)[0])
    made.cut = _cut(
        cut,
        own,
        se=summarize(own, summary=How.MEDIAN)[1],
        marks=cut * float(panel.marks.sum()) / 100,
        theta=float(found.theta[0]),
    )
    made.outliers = {judge for judge, apart in zip(counting, found.outlying, strict=True) if apart}
    made.warnings = found.warnings
    return made


def _candidates(panel: PanelData, complete: Sequence[UUID], counting: Sequence[UUID]) -> _Made:
    """Each judge's own cut from their own classes; the panel's from the classes that most judges gave."""
    made = _Made()
    for judge in complete:
        own, _, _ = _group_cut(panel, panel.ratings[judge])
        if own is not None:
            made.judge_cuts[judge] = own
    if len(counting) < MINIMUM_JUDGES:
        return made
    cut, se, made.warnings = _group_cut(panel, _majority([panel.ratings[judge] for judge in counting]))
    cuts = {judge: made.judge_cuts[judge] for judge in counting if judge in made.judge_cuts}
    apart = outlying(np.array(list(cuts.values()), dtype=np.float64))
    made.outliers = {judge for judge, away in zip(cuts, apart, strict=True) if away}
    made.reason = Reason.REVERSED if Warn.REVERSED in made.warnings else Reason.EMPTY_GROUP
    if cut is not None:
        made.cut = replace(_cut(cut, list(cuts.values()), se=se), judges=len(counting))
    return made


def _group_cut(panel: PanelData, classes: Mapping[int, int]) -> tuple[float | None, float, tuple[Warn, ...]]:
    """Return cut, standard error and warnings of one classification; None where a group is empty or reversed."""
    scores = np.array([panel.candidate_scores[position - 1] for position in classes], dtype=np.float64)
    given = np.array(list(classes.values()))
    if panel.method is Method.BORDERLINE:
        if not (given == 1).any():
            return None, np.nan, ()
        border = borderline_group(scores[given == 1])
        return border.cut, border.standard_error, border.warnings
    if given.size == 0 or given.all() or not given.any():
        return None, np.nan, ()
    groups = contrasting_groups(scores, given)
    return _known(groups.cut), groups.standard_error, groups.warnings


def _majority(classifications: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Return the class that more than half of a candidate's judges gave; others are left out."""
    given: dict[int, list[int]] = {}
    for classes in classifications:
        for position, value in classes.items():
            given.setdefault(position, []).append(value)
    found = {}
    for position, values in sorted(given.items()):
        commonest = max(set(values), key=values.count)
        if 2 * values.count(commonest) > len(values):
            found[position] = commonest
    return found


def _cut(
    score: float,
    cuts: Sequence[float],
    *,
    se: float,
    se_with_items: float = np.nan,
    marks: float | None = None,
    theta: float | None = None,
) -> Cut:
    return Cut(
        score=score,
        marks=marks,
        theta=theta,
        se=_known(se),
        se_with_items=_known(se_with_items),
        median=float(np.median(cuts)) if cuts else None,
        sd=float(np.std(cuts, ddof=1)) if len(cuts) > 1 else None,
        judges=len(cuts),
    )


def _by_judge(judges: Sequence[UUID], values: Iterable[float]) -> dict[UUID, float]:
    found = zip(judges, values, strict=True)
    return {judge: known for judge, value in found if (known := _known(value)) is not None}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


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
