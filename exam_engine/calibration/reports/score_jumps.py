"""Score jumps: gains since an earlier sitting against errors of measurement and against other candidates. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from exam_engine.calibration.reports.scoring import Scored, score_book
from exam_engine.calibration.reports.study import Study, known, tally, told_rates
from exam_engine.psychometrics.corrections import adjusted_p_values
from exam_engine.psychometrics.forensics.errors.rates import Trial, error_rates, trial_of
from exam_engine.psychometrics.forensics.jumps import (
    MINIMUM_GROUPS,
    Gains,
    GroupGains,
    gains,
    group_gains,
)
from exam_engine.psychometrics.forensics.jumps import MINIMUM_PERSONS as MINIMUM_FOR_LINE
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = 10
"""Candidates with an earlier score below which gains are not judged: what gain is usual would be a guess."""


def analyse_jumps(study: Study) -> dict[str, Any]:
    """Return the section on score jumps, or why there is none."""
    earlier = study.book.earlier
    if earlier is None:
        return {"absent": "nobody", "persons": 0, "without": study.n_persons}
    before = score_book(earlier.book)
    has = earlier.row_of >= 0
    first = np.where(has, before.score[earlier.row_of], np.nan)
    se_first = np.where(has, score_errors(before)[earlier.row_of], 1.0)
    second, se_second = study.scored.score, score_errors(study.scored)
    has &= np.isfinite(first) & np.isfinite(second)
    facts = {"persons": int(has.sum()), "without": int((~has).sum())}
    if has.sum() < MINIMUM_PERSONS:
        return {"absent": "few_persons"} | facts
    rows = np.flatnonzero(has)
    x, y, errors = first[rows], second[rows], np.hypot(se_first[rows], se_second[rows])
    try:
        found = gains(x, y, se_first=se_first[rows], se_second=se_second[rows], level=study.level)
    except ValueError:  # all scores alike, or on one line
        return {"absent": "alike"} | facts
    with_line = rows.size >= MINIMUM_FOR_LINE
    p_error = adjusted_p_values(found.gain_p_value)
    by_error = p_error <= study.level
    flagged = {"gain_z": tally(found.gain_p_value, by_error)}
    if with_line:
        flagged["gain"] = tally(found.p_value, found.is_flagged)
    groups = _groups(study, rows, x, y) if with_line else None
    if groups is not None:
        flagged["group_gain"] = tally(groups.p_value, groups.is_flagged)
    is_flagged = by_error | found.is_flagged if with_line else by_error
    single = np.fmin(found.gain_p_value, found.p_value) if with_line else found.gain_p_value
    return facts | {
        "usual_gain": float(np.median(y - x)),
        "slope": found.line.slope,
        "residual_sd": found.line.residual_sd,
        "has_line": with_line,
        "rates": told_rates(_rates(study, found, x, errors, groups, study.rooms[rows]), flagged),
        "rows": [
            {
                "person": int(person),
                "first": float(x[at]),
                "se_first": float(se_first[person]),
                "se_second": float(se_second[person]),
                "gain": float(found.gain[at]),
                "z": float(found.gain_z[at]),
                "p_error": known(p_error[at]),
                "p_single": known(single[at]),
                "expected": known(found.expected[at]) if with_line else None,
                "p_line": known(found.adjusted_p_value[at]) if with_line else None,
                "flagged": bool(is_flagged[at]),
            }
            for at, person in enumerate(rows)
        ],
        "rooms": [
            {
                "name": str(name),
                "persons": int(groups.n_persons[at]),
                "mean": float(groups.mean_residual[at]),
                "p": known(groups.adjusted_p_value[at]),
                "flagged": bool(groups.is_flagged[at]),
            }
            for at, name in enumerate(groups.groups)
        ]
        if groups is not None
        else [],
    }


def score_errors(scored: Scored) -> FloatArray:
    """Return the standard error of measurement of each person's score out of 100, shape (n_persons,).

    Notes
    -----
    The compound binomial error: ``sqrt(Σ w² x (n - x) / (n - 1))`` over the groups of items of equal marks ``w``, with
    ``n`` items and ``x`` right (Lord, 1957, Educational and Psychological Measurement 17, 510–521; Feldt, 1984,
    ibid. 44, 883–891). A group answered wholly right or wrong counts half an item from that end, for no score is
    free of error; of a single item the variance is a quarter.
    """
    counts = scored.points >= 0
    variance = np.zeros(len(counts))
    for worth in np.unique(scored.worth[scored.worth > 0]):
        inside = scored.worth == worth
        n = counts[:, inside].sum(axis=1).astype(np.float64)
        x = np.where(counts, scored.points, 0)[:, inside].sum(axis=1) / worth
        x = np.clip(x, 0.5, np.maximum(n - 0.5, 0.5))
        spread = np.where(n > 1, x * (n - x) / np.maximum(n - 1.0, 1.0), 0.25 * n)
        variance += worth**2 * spread
    return np.asarray(100.0 * np.sqrt(variance) / np.maximum(scored.possible, 1), dtype=np.float64)


def _groups(study: Study, rows: Any, first: FloatArray, second: FloatArray) -> GroupGains | None:
    """Return the gains of rooms where there are enough of them."""
    rooms = study.rooms[rows]
    if not study.has_rooms or np.unique(rooms).size <= MINIMUM_GROUPS:
        return None
    return group_gains(first, second, rooms, level=study.level)


def _rates(
    study: Study, found: Gains, first: FloatArray, errors: FloatArray, groups: GroupGains | None, rooms: Any
) -> tuple[Any, ...]:
    """Return how often honest gains are flagged: second scores drawn from the line, and from the errors alone."""
    line, usual = found.line, float(np.median(found.gain))

    def trial(rng: np.random.Generator) -> Mapping[str, Trial]:
        drawn = line.intercept + line.slope * first + rng.normal(0.0, line.residual_sd, first.size)
        moved = first + usual + rng.normal(0.0, 1.0, first.size) * errors
        alone = gains(first, moved, se_first=errors / np.sqrt(2.0), se_second=errors / np.sqrt(2.0))
        result = {
            "gain_z": trial_of(alone.gain_p_value),
            "gain": trial_of(gains(first, drawn).p_value),
        }
        if groups is not None:
            result["group_gain"] = trial_of(group_gains(first, drawn, rooms).p_value)
        return result

    return error_rates(
        trial,
        rng=study.rng(6),
        progress=study.telling(92, 98, "simulating honest gains"),
        replications=max(study.rooms_simulated, 2),
        level=study.level,
    )
