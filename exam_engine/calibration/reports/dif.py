"""The report on differential functioning: does an item favour a group among equally able candidates? No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.book import AnswerBook
from exam_engine.calibration.reports.occasions import compare_occasions
from exam_engine.calibration.reports.rules import Attribute, Caution, TooFewGroups
from exam_engine.calibration.reports.scoring import score_book
from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.design import Design
from exam_engine.psychometrics.dif.logistic import Logistic, Question, logistic
from exam_engine.psychometrics.dif.mantel_haenszel import MantelHaenszel, mantel_haenszel
from exam_engine.psychometrics.dif.outcome import MINIMUM_COMPARED, Dif, Size
from exam_engine.psychometrics.dif.standardization import Standardization, standardization

Progress = Callable[[int, int, str], None]

LEVEL = 0.05
"""Adjusted p-value up to which an item of size C asks for a decision: among a hundred items a few are C by chance."""

MOST_FOCAL = 12
"""Groups compared with the reference group; the largest."""


def compute(book: AnswerBook, settings: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Return the comparison of each group with the largest.

    ``settings``: ``attribute``, the name under which the book keeps the groups.

    Raises TooFewGroups unless two groups have the persons that a comparison needs.
    """
    progress(0, 100, "scoring")
    groups = np.array(book.attributes[str(settings["attribute"])])
    sizes = sorted(
        ((int((groups == label).sum()), str(label)) for label in np.unique(groups) if label),
        key=lambda pair: (-pair[0], pair[1]),
    )
    large = [label for size, label in sizes if size >= MINIMUM_COMPARED]
    if len(large) < 2:
        found = "、".join(f"{label} ({size})" for size, label in sizes) or "—"
        raise TooFewGroups(minimum=MINIMUM_COMPARED, groups=found)
    responses = responses_of(book)
    comparisons = []
    for number, focal in enumerate(large[1 : MOST_FOCAL + 1]):
        progress(10 + 85 * number // min(len(large) - 1, MOST_FOCAL), 100, "comparing groups")
        comparisons.append(_compare(book, responses, groups, large[0], focal))
    by_sitting = settings["attribute"] == Attribute.SITTING.value
    occasions = None if by_sitting else compare_occasions(book, score_book(book))
    return {
        "persons": book.n_persons,
        "attribute": settings["attribute"],
        "groups": [{"label": label, "persons": size, "compared": label in large} for size, label in sizes],
        "comparisons": comparisons,
        "cautions": [Caution.LEFT_OUT.value] if any(book.left_out.values()) else [],
        "items": [
            {"item_id": item.item_id, "name": item.name, "p": _share(responses[:, column])}
            for column, item in enumerate(book.items)
        ],
    } | ({"occasions": occasions} if occasions else {})


def summary_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of reports shows."""
    rows = [row for one in results["comparisons"] for row in one["items"]]
    return {
        "persons": results["persons"],
        "items": len(results["items"]),
        "flagged": sum(1 for row in rows if row["size"] in (Size.B, Size.C)),
        "serious": sum(1 for row in rows if row["size"] == Size.C and _is_certain(row["p_adjusted"])),
    }


def _is_certain(p_adjusted: float | None) -> bool:
    return p_adjusted is not None and p_adjusted <= LEVEL


def responses_of(book: AnswerBook) -> NDArray[np.int32]:
    """Return right and wrong where answers are known, the scores where only they are; -1 not presented."""
    scored = score_book(book)
    binary = np.array([bool(item.options) or item.highest == 1 for item in book.items])
    right = np.where(scored.points < 0, -1, scored.points >= scored.worth)
    return np.where(binary, right, np.maximum(book.answers, -1)).astype(np.int32)


def _share(column: NDArray[np.int32]) -> float | None:
    seen = column[column >= 0]
    return float(seen.mean() / max(int(seen.max()), 1)) if seen.size else None


def _compare(
    book: AnswerBook, responses: NDArray[np.int32], groups: NDArray[np.str_], reference: str, focal: str
) -> dict[str, Any]:
    design = Design(reference=reference, focal=focal, purify=True, adjustment=Correction.BENJAMINI_HOCHBERG)
    haenszel = mantel_haenszel(responses, groups, design=design)
    weighted = standardization(responses, groups, design=design)
    uniform = _logistic(responses, groups, design, Question.UNIFORM)
    crossing = _logistic(responses, groups, design, Question.NON_UNIFORM)
    warnings = [
        warning.value
        for warning in dict.fromkeys([*haenszel.warnings, *(uniform.warnings if uniform else ())])
    ]
    return {
        "reference": reference,
        "focal": focal,
        "n_reference": int((groups == reference).sum()),
        "n_focal": int((groups == focal).sum()),
        "rounds": haenszel.rounds,
        "warnings": warnings,
        "has_regression": uniform is not None,
        "items": [
            {"name": item.name, "item_id": item.item_id} | _row(column, haenszel, weighted, uniform, crossing)
            for column, item in enumerate(book.items)
        ],
    }


def _logistic(
    responses: NDArray[np.int32], groups: NDArray[np.str_], design: Design, question: Question
) -> Logistic | None:
    """Return the regressions, or None where persons saw different items: their scores are not one scale."""
    if (responses < 0).any():
        return None
    return logistic(responses, groups, design=design, question=question)


def _row(
    at: int,
    haenszel: MantelHaenszel,
    weighted: Standardization,
    uniform: Logistic | None,
    crossing: Logistic | None,
) -> dict[str, Any]:
    reason, size, favours = haenszel.reasons[at], haenszel.sizes[at], haenszel.favours[at]
    by_share = weighted.sizes[at]
    return {
        "n_reference": int(haenszel.compared[at, 0]),
        "n_focal": int(haenszel.compared[at, 1]),
        "statistic": _known(haenszel.statistic[at]),
        "p_value": _known(haenszel.p_value[at]),
        "p_adjusted": _known(haenszel.p_adjusted[at]),
        "effect": _known(haenszel.effect[at]),
        "error": _known(haenszel.effect_error[at]),
        "size": size.value if size else None,
        "favours": favours.value if favours else None,
        "reason": reason.value if reason else None,
        "in_score": bool(haenszel.anchor[at]),
        "difference": _known(weighted.effect[at]),
        "difference_size": by_share.value if by_share else None,
        "p_uniform": _of(uniform, "p_adjusted", at),
        "p_crossing": _of(crossing, "p_adjusted", at),
        "r2_change": _of(uniform, "r2_change", at),
    }


def _of(found: Dif | None, name: str, at: int) -> float | None:
    return None if found is None else _known(getattr(found, name)[at])


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
