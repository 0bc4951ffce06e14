"""The sitting report: scores, reliability, passes at the cut, items and their options. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports import flags
from exam_engine.calibration.reports.book import NOT_REACHED, OPEN, AnswerBook
from exam_engine.calibration.reports.occasions import compare_occasions
from exam_engine.calibration.reports.options import Options, groups_for
from exam_engine.calibration.reports.precision import INCOMPLETE, precision_of
from exam_engine.calibration.reports.rules import (
    FEW_PERSONS_BELOW,
    SOME_PERSONS_BELOW,
    Caution,
    NothingToReport,
)
from exam_engine.calibration.reports.scoring import Scored, score_book
from exam_engine.psychometrics.ctt.items import ItemAnalysis, analyse_items
from exam_engine.psychometrics.ctt.moments import wilson_interval
from exam_engine.psychometrics.ctt.options import option_curves
from exam_engine.psychometrics.irt.models import FloatArray

Progress = Callable[[int, int, str], None]

BIN = 5
"""Width of the bars of the score distribution, in points of 100."""

MOST_POINTS = 100
"""Points an item may have in the kernels; with more, items count right or wrong."""

OF_ITEM = {
    "p": "p_value",
    "p_low": "p_lower",
    "p_high": "p_upper",
    "d": "discrimination",
    "r": "corrected_point_biserial",
    "r_whole": "point_biserial",
    "biserial": "corrected_biserial",
}
"""Figures of an item by their names in the kernel."""


def compute(book: AnswerBook, settings: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Return the figures of a sitting report.

    ``settings``: ``cut``, the pass mark out of 100.

    Raises NothingToReport without persons.
    """
    if not book.n_persons:
        raise NothingToReport
    progress(0, 100, "scoring")
    scored = score_book(book)
    points, cautions = _countable(scored)
    cut = float(settings["cut"])
    progress(20, 100, "classical")
    statistics = analyse_items(points, highest=max(int(points.max()), 1))
    forms = []
    for number, form in enumerate(book.forms):
        progress(30 + 20 * number // len(book.forms), 100, "reliability")
        forms.append(_form(book, scored, points, number, cut) | {"label": form.label})
    progress(50, 100, "options")
    items = _items(book, points, statistics, progress)
    passed = int((scored.score >= cut).sum())
    occasions = compare_occasions(book, scored, cut=cut)
    return {
        "persons": book.n_persons,
        "left_out": dict(book.left_out),
        "cut": cut,
        "scores": describe(scored.score),
        "histogram": histogram(scored.score),
        "frequencies": _frequencies(scored.score),
        "passed": passed,
        "pass_rate": passed / book.n_persons,
        "pass_interval": wilson(passed, book.n_persons),
        "forms": forms,
        "items": items,
        "cautions": [*_cautions(book, items), *cautions],
    } | ({"occasions": occasions} if occasions else {})


def summary_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of reports shows in the clear: counts and coefficients, no keys."""
    alphas = [form["alpha"] for form in results["forms"] if form["alpha"] is not None]
    return {
        "persons": results["persons"],
        "items": len(results["items"]),
        "mean": results["scores"]["mean"],
        "pass_rate": results["pass_rate"],
        "alpha": alphas[0] if len(alphas) == 1 else None,
        "flagged": sum(1 for item in results["items"] if item["signs"]),
        "serious": sum(1 for item in results["items"] if is_serious(item)),
    }


def is_serious(item: Mapping[str, Any]) -> bool:
    """Tell whether an item asks for a decision before release."""
    return any(sign["sign"] in flags.SERIOUS for sign in item["signs"])


def describe(score: FloatArray) -> dict[str, float | None]:
    """Return the usual figures of a distribution."""
    mean, deviation = float(score.mean()), float(score.std(ddof=1)) if score.size > 1 else float("nan")
    z = (score - mean) / (score.std() or float("nan"))
    q1, median, q3 = (float(value) for value in np.percentile(score, [25, 50, 75]))
    return {
        "mean": mean,
        "sd": known(deviation),
        "lowest": float(score.min()),
        "q1": q1,
        "median": median,
        "q3": q3,
        "highest": float(score.max()),
        "skewness": known(float((z**3).mean())) if score.size > 2 else None,
        "kurtosis": known(float((z**4).mean() - 3.0)) if score.size > 3 else None,
    }


def histogram(score: FloatArray) -> list[dict[str, int]]:
    """Return counts in bars of `BIN` points; the last bar holds 100 too."""
    at = np.minimum((score // BIN).astype(int), 100 // BIN - 1)
    counts = np.bincount(at, minlength=100 // BIN)
    return [{"from": BIN * bar, "count": int(count)} for bar, count in enumerate(counts)]


def _frequencies(score: FloatArray) -> list[list[float]]:
    values, counts = np.unique(score, return_counts=True)
    return [[float(value), int(count)] for value, count in zip(values, counts, strict=True)]


def wilson(successes: int, n: int) -> list[float]:
    """Return the 95 % interval of a proportion."""
    low, high = wilson_interval(successes / n, n)
    return [float(low), float(high)]


def known(value: float) -> float | None:
    """Return a figure, or None for what cannot be computed."""
    return float(value) if np.isfinite(value) else None


def _countable(scored: Scored) -> tuple[NDArray[np.int32], list[str]]:
    """Return points that the kernels take."""
    if scored.worth.max(initial=0) <= MOST_POINTS:
        return scored.points, []
    right = np.where(scored.points < 0, -1, scored.points >= scored.worth)
    return right.astype(np.int32), [Caution.MARKS_NOT_WEIGHTED.value]


def _form(
    book: AnswerBook, scored: Scored, points: NDArray[np.int32], number: int, cut: float
) -> dict[str, Any]:
    """Return what is known of one form: its scores, how sure they are, and how sure its passes are."""
    rows = book.form_of == number
    columns = list(book.forms[number].columns)
    score = scored.score[rows]
    complete = book.is_complete(number)
    total = int(scored.worth[columns].sum() if complete else np.median(scored.possible[rows]))
    mine = points[np.ix_(rows, columns)]
    weighted = int(points.max()) == int(scored.points.max())
    passed = int((score >= cut).sum())
    figures: dict[str, Any] = {
        "persons": int(rows.sum()),
        "items": len(columns) if complete else int(np.median((mine >= 0).sum(axis=1))),
        "marks": float(total * scored.unit),
        "mean": known(float(score.mean())) if score.size else None,
        "sd": known(float(score.std(ddof=1))) if score.size > 1 else None,
        "passed": passed,
        "pass_rate": passed / score.size if score.size else None,
    }
    possible = total if weighted else len(columns)
    precision = precision_of(mine, possible=possible, cut=cut) if complete else INCOMPLETE
    sem = precision["sem"]
    near = int((np.abs(score - cut) <= sem).sum()) if sem is not None else None
    return figures | precision | {"near_cut": near}


def _items(
    book: AnswerBook,
    points: NDArray[np.int32],
    statistics: ItemAnalysis,
    progress: Progress,
) -> list[dict[str, Any]]:
    found = []
    seen = points >= 0
    gained = np.where(seen, points, 0).sum(axis=1)
    worth = np.maximum(points.max(axis=0), 1)
    possible = seen @ worth
    for column in range(len(book.items)):
        if column % 10 == 0:
            progress(50 + 45 * column // len(book.items), 100, "options")
        rows = np.flatnonzero(seen[:, column])
        rest = np.maximum(possible[rows] - worth[column], 1)
        criterion = (gained[rows] - points[rows, column]) / rest
        share = points[rows, column] / worth[column]
        found.append(_item(book, column, book.answers[rows, column], share, criterion, statistics))
    return found


def _item(
    book: AnswerBook,
    column: int,
    codes: NDArray[np.int16],
    share: FloatArray,
    criterion: FloatArray,
    statistics: ItemAnalysis,
) -> dict[str, Any]:
    item, n = book.items[column], int(codes.size)
    left_open = int((codes == OPEN).sum()) if item.options else 0
    not_reached = int((codes == NOT_REACHED).sum())
    figures: dict[str, Any] = {
        "item_id": item.item_id,
        "name": item.name,
        "type": item.type,
        "marks": float(item.worth),
        "forms": [form.label for form in book.forms if column in form.columns],
        "n": n,
        "left_open": left_open,
        "not_reached": not_reached,
        "constant": bool(statistics.is_constant[column]),
        "alpha_without": known(statistics.alpha_without[column]) if len(book.forms) == 1 else None,
        **{name: known(getattr(statistics, field)[column]) for name, field in OF_ITEM.items()},
    }
    options = Options.of(item, codes, criterion) if item.options and n else Options()
    signs = flags.signs_of(
        flags.Figures(
            n=n,
            p=figures["p"],
            discrimination=figures["r"],
            is_constant=figures["constant"],
            left_open=left_open / max(n, 1),
            not_reached=not_reached / max(n, 1),
            labels=item.options,
            key=[at for at, label in enumerate(item.options) if label in item.key],
            high=[row["high"] for row in options.rows],
            r=[row["point_biserial"] for row in options.rows],
            option_flags=options.flags,
        )
    )
    return figures | {
        "options": list(options.rows),
        "option_groups": list(options.groups),
        "curve": _curve(share, criterion) if n else [],
        "signs": signs,
    }


def _curve(share: FloatArray, criterion: FloatArray) -> list[list[float]]:
    """Return mean score on the rest of the test, mean share of the marks and persons, weak to strong."""
    number = groups_for(criterion.size)
    if number < 2:
        return []
    curves = option_curves(share[:, None], criterion, n_groups=number)
    return [
        [float(rest), float(part), int(n)]
        for rest, part, n in zip(curves.mean_criterion, curves.share[:, 0], curves.n_persons, strict=True)
    ]


def _cautions(book: AnswerBook, items: list[dict[str, Any]]) -> list[str]:
    found = []
    if book.n_persons < FEW_PERSONS_BELOW:
        found.append(Caution.FEW_PERSONS)
    elif book.n_persons < SOME_PERSONS_BELOW:
        found.append(Caution.SOME_PERSONS)
    if len(book.forms) > 1:
        found.append(Caution.SEVERAL_FORMS)
        sizes = np.bincount(book.form_of, minlength=len(book.forms))
        if sizes.min() < FEW_PERSONS_BELOW <= book.n_persons:
            found.append(Caution.SMALL_FORM)
    if not book.has_options:
        found.append(Caution.NO_OPTIONS)
    if any(book.left_out.values()):
        found.append(Caution.LEFT_OUT)
    if any(item["constant"] for item in items):
        found.append(Caution.ITEMS_WITHOUT_VARIATION)
    return [caution.value for caution in found]
