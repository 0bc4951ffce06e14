"""Response times of a sitting: how long items take, who worked unlike everybody else, who guessed rapidly. No I/O.

What a time is, and which are unknown, stands in `reports.visits`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.study import (
    MINIMUM_PERSONS,
    ROUGH_BELOW,
    Study,
    known,
    tally,
    told_rates,
)
from exam_engine.psychometrics.corrections import adjusted_p_values
from exam_engine.psychometrics.forensics.errors.times import effort_errors, time_errors
from exam_engine.psychometrics.forensics.rapid_guessing import (
    LOW_EFFORT,
    Effort,
    effort,
    normative_thresholds,
)
from exam_engine.psychometrics.forensics.response_time import (
    MINIMUM_ITEMS,
    Speeds,
    TimeModel,
    calibrate_times,
    speeds,
)
from exam_engine.psychometrics.irt.models import FloatArray


def seconds_of_book(study: Study) -> FloatArray | None:
    """Return the seconds, NaN where there are none, shape (n_persons, n_items); None without a history of saves."""
    history = study.book.history
    if history is None:
        return None
    return np.where(history.milliseconds > 0, history.milliseconds / 1000.0, np.nan)


def usable_times(seconds: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the persons with enough times and the items with enough of those, as rows and columns."""
    seen = ~np.isnan(seconds)
    rows = np.flatnonzero(seen.sum(axis=1) >= MINIMUM_ITEMS)
    columns = np.flatnonzero(seen[rows].sum(axis=0) >= MINIMUM_PERSONS)
    rows = rows[(seen[np.ix_(rows, columns)].sum(axis=1) >= MINIMUM_ITEMS)] if columns.size else rows[:0]
    return rows, columns


def analyse_times(study: Study) -> dict[str, Any]:
    """Return the section on response times, or why there is none."""
    seconds = seconds_of_book(study)
    if seconds is None:
        return {"absent": "no_history"}
    rows, columns = usable_times(seconds)
    if rows.size < MINIMUM_PERSONS or columns.size < MINIMUM_ITEMS:
        return {"absent": "few_times", "persons": int(rows.size), "items": int(columns.size)}
    table = seconds[np.ix_(rows, columns)]
    model = calibrate_times(table)
    persons = speeds(table, model)
    p_value = adjusted_p_values(persons.fit_p_value)
    is_unusual = p_value <= study.level
    thresholds = normative_thresholds(table)
    working = effort(table, thresholds.seconds)
    replications = study.replications(columns.size)
    stage = "simulating honest times"
    rates = time_errors(
        model,
        table,
        rng=study.rng(1),
        progress=study.telling(61, 67, stage),
        level=study.level,
        replications=replications,
    ) + effort_errors(
        model,
        table,
        thresholds.seconds,
        rng=study.rng(2),
        progress=study.telling(67, 69, stage),
        replications=replications,
    )
    flagged = {
        "person_fit": tally(persons.fit_p_value, is_unusual),
        "effort": tally(working.effort, working.is_flagged),
    }
    return {
        "persons": int(rows.size),
        "is_rough": bool(rows.size < ROUGH_BELOW),
        "converged": bool(model.converged),
        "limit": LOW_EFFORT,
        "unknown": _share_unknown(study, seconds),
        "speed_sd": float(np.sqrt(model.speed_variance)),
        "rates": told_rates(rates, flagged),
        "rows": _rows(study, rows, table, persons, p_value, is_unusual, working),
        "items": _items(columns, table, model, thresholds.seconds, working),
    }


def _share_unknown(study: Study, seconds: FloatArray) -> float:
    """Return the share of the answers given whose time is not known."""
    answered = study.book.answers > 0
    return float((answered & np.isnan(seconds)).sum() / max(int(answered.sum()), 1))


def _rows(
    study: Study,
    rows: NDArray[np.intp],
    table: FloatArray,
    persons: Speeds,
    p_value: FloatArray,
    is_unusual: NDArray[np.bool_],
    working: Effort,
) -> list[dict[str, Any]]:
    right = study.marks[rows] == 1
    return [
        {
            "person": int(person),
            "n_times": int(persons.n_times[at]),
            "minutes": float(np.nansum(table[at]) / 60.0),
            "pace": float(np.exp(-persons.speed_ml[at])),
            "p": known(p_value[at]),
            "p_single": known(persons.fit_p_value[at]),
            "n_rapid": int(working.is_rapid[at].sum()),
            "effort": known(working.effort[at]),
            "n_right": int(right[at].sum()),
            "is_unusual": bool(is_unusual[at]),
            "is_rapid": bool(working.is_flagged[at]),
            "flagged": bool(is_unusual[at] or working.is_flagged[at]),
        }
        for at, person in enumerate(rows)
    ]


def _items(
    columns: NDArray[np.intp], table: FloatArray, model: TimeModel, thresholds: FloatArray, working: Effort
) -> list[dict[str, Any]]:
    return [
        {
            "item": int(column),
            "n_times": int(model.n_responses[at]),
            "median": float(np.nanmedian(table[:, at])),
            "usual": float(np.exp(model.intensity[at])),
            "low": float(np.exp(model.intensity[at] - 1.96 * model.se_intensity[at])),
            "high": float(np.exp(model.intensity[at] + 1.96 * model.se_intensity[at])),
            "spread": float(1.0 / model.discrimination[at]),
            "threshold": float(thresholds[at]),
            "rapid": float(1.0 - working.fidelity[at]),
        }
        for at, column in enumerate(columns)
    ]
