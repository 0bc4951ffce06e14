"""Pre-knowledge in a sitting: scores and times on marked items against what the other items let expect. No I/O."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.answer_times import seconds_of_book, usable_times
from exam_engine.calibration.reports.study import (
    MINIMUM_PERSONS,
    ROUGH_BELOW,
    Study,
    known,
    tally,
    told_rates,
)
from exam_engine.psychometrics.forensics.errors.rates import ErrorRate
from exam_engine.psychometrics.forensics.errors.scores import preknowledge_errors
from exam_engine.psychometrics.forensics.errors.times import time_errors
from exam_engine.psychometrics.forensics.fast_answers import FastAnswers, fast_and_correct
from exam_engine.psychometrics.forensics.preknowledge import (
    MINIMUM_COMPROMISED,
    MINIMUM_SECURE,
    Preknowledge,
    preknowledge,
)
from exam_engine.psychometrics.forensics.response_time import TimeModel, calibrate_times


def analyse_foreknowledge(study: Study, marked: Collection[str]) -> dict[str, Any]:
    """Return the section on pre-knowledge of the items with the ids ``marked``, or why there is none."""
    if not marked:
        return {"absent": "not_asked"}
    chosen = np.array([item.item_id in marked for item in study.book.items])
    model = study.model
    if model is None or study.n_persons < MINIMUM_PERSONS:
        return {"absent": "few_persons"}
    is_marked = chosen[model.columns]
    scores = study.marks[:, model.columns]
    seen = scores >= 0
    tested = (seen[:, is_marked].sum(axis=1) >= MINIMUM_COMPROMISED) & (
        seen[:, ~is_marked].sum(axis=1) >= MINIMUM_SECURE
    )
    facts = {
        "persons": int(tested.sum()),
        "marked": np.flatnonzero(chosen).tolist(),
        "idle": [int(column) for column in np.flatnonzero(chosen) if column not in model.columns],
        "secure": int((~is_marked).sum()),
    }
    if tested.sum() < MINIMUM_PERSONS:
        return {"absent": "few_items"} | facts
    result = preknowledge(model.items, scores, is_marked, variance=model.variance, level=study.level)
    rates = preknowledge_errors(
        model.items,
        seen,
        is_marked,
        rng=study.rng(4),
        progress=study.telling(84, 88, "simulating honest sittings"),
        variance=model.variance,
        level=study.level,
        replications=study.replications(model.columns.size),
    )
    flagged = {"predictive": tally(result.predictive_p_value, result.is_flagged)}
    quick = _fast(study, chosen)
    if quick is not None:
        rates, flagged = rates + quick.rates, flagged | {"fast_and_correct": quick.tally}
    return facts | {
        "is_rough": bool(study.n_persons < ROUGH_BELOW),
        "rates": told_rates(rates, flagged),
        "rows": _rows(result, quick),
    }


class _Fast:
    """Fast and correct answers to marked items, by person of the book."""

    def __init__(self, found: FastAnswers, rows: NDArray[np.intp], rates: tuple[ErrorRate, ...]) -> None:
        self.found, self.rates = found, rates
        self.at = {int(person): at for at, person in enumerate(rows)}
        self.tally = tally(found.p_value, found.is_flagged)


def _fast(study: Study, chosen: NDArray[np.bool_]) -> _Fast | None:
    """Return who answered marked items right unusually fast; None where times do not carry it."""
    seconds = seconds_of_book(study)
    if seconds is None:
        return None
    rows, columns = usable_times(seconds)
    known_items = chosen[columns]
    if rows.size < MINIMUM_PERSONS or not known_items.any() or (~known_items).sum() < MINIMUM_SECURE:
        return None
    table = seconds[np.ix_(rows, columns)]
    right = study.marks[np.ix_(rows, columns)] == 1
    timed = ~np.isnan(table)
    enough = (timed[:, ~known_items].sum(axis=1) >= MINIMUM_SECURE) & (timed & right)[:, known_items].any(
        axis=1
    )
    if enough.sum() < MINIMUM_PERSONS:
        return None
    model: TimeModel = calibrate_times(table)
    found = fast_and_correct(table, right, model, known_items, level=study.level)
    rates = time_errors(
        model,
        table,
        rng=study.rng(5),
        progress=study.telling(88, 91, "simulating honest times"),
        is_correct=right,
        compromised=known_items,
        level=study.level,
        replications=study.replications(columns.size),
    )
    return _Fast(found, rows, tuple(rate for rate in rates if rate.index == "fast_and_correct"))


def _rows(result: Preknowledge, quick: _Fast | None) -> list[dict[str, Any]]:
    found = []
    for person in np.flatnonzero(result.is_tested):
        row: dict[str, Any] = {
            "person": int(person),
            "n_marked": int(result.n_compromised[person]),
            "score": float(result.score[person]),
            "expected": float(result.expected[person]),
            "theta_marked": float(result.theta_compromised[person]),
            "theta_secure": float(result.theta_secure[person]),
            "p": known(result.adjusted_p_value[person]),
            "p_single": known(result.predictive_p_value[person]),
            "n_fast": None,
            "p_fast": None,
            "flagged": bool(result.is_flagged[person]),
        }
        at = quick.at.get(int(person)) if quick is not None else None
        if quick is not None and at is not None:
            row["n_fast"] = int(quick.found.n_fast[at])
            row["p_fast"] = known(quick.found.adjusted_p_value[at])
            row["p_single"] = known(np.fmin(result.predictive_p_value[person], quick.found.p_value[at]))
            row["flagged"] = row["flagged"] or bool(quick.found.is_flagged[at])
        found.append(row)
    return found
