"""False positives of the indices of fit, with calibrated parameters as in use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from scipy import stats

from exam_engine.psychometrics.fit.items import item_mean_squares, item_mean_squares_over_posterior
from exam_engine.psychometrics.fit.local_dependence import pair_tables, residual_correlations
from exam_engine.psychometrics.fit.m2 import Margin, m2_fit
from exam_engine.psychometrics.fit.persons import person_fit
from exam_engine.psychometrics.fit.s_x2 import item_fit_by_score
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.simulation.responses import draw_responses
from tests.benchmarks.recovery.parameters import Case, truth_of
from tests.benchmarks.recovery.rates import Setting

CASES = (
    Case("Rasch", Model.RASCH, 500, 30),
    Case("2PL", Model.TWO_PL, 1_000, 30),
    Case("3PL", Model.THREE_PL, 2_000, 30),
    Case("GPCM, 4 scores", Model.GPCM, 1_000, 15),
    Case("graded, 4 scores", Model.GRADED, 1_000, 15),
)
LARGE = 10.0
"""Standardised LD-X² that is called large (Chen & Thissen, 1997)."""


def trial(case: Case, rng: np.random.Generator) -> Mapping[str, np.ndarray]:
    """Simulate, calibrate, and test what is true."""
    truth = truth_of(case, rng)
    x = draw_responses(truth, rng.standard_normal(case.n_persons), rng=rng)
    found = calibrate(x, model=case.model)
    items, variance = found.items, found.latent_variance
    persons = person_fit(x, items)
    squares = item_mean_squares(x, items, persons.theta).mean_squares
    over = item_mean_squares_over_posterior(x, items, variance=variance).mean_squares
    dependence = residual_correlations(x, items, variance=variance)
    pairs = np.triu_indices(len(items), 1)
    binary = int(items.highest.max()) == 1
    tests = {
        "S-X²": item_fit_by_score(x, items, variance=variance).p,
        "M2" if binary else "M2*": np.array([m2_fit(x, items, variance=variance).p]),
        "infit of items at WLEs, two-sided": two_sided(squares.z_infit),
        "outfit of items at WLEs, two-sided": two_sided(squares.z_outfit),
        "infit of items over the posterior, two-sided": two_sided(over.z_infit),
        "outfit of items over the posterior, two-sided": two_sided(over.z_outfit),
        "lz of persons, lower tail": stats.norm.cdf(persons.lz),
        "lz* of persons, lower tail": stats.norm.cdf(persons.lz_star),
        "Q3* above 0.2": dependence.adjusted[pairs] > dependence.limit,
        "LD-X² above 10": pair_tables(x, items, variance=variance).standardised[pairs] > LARGE,
    }
    if not binary:
        tests["C2"] = np.array([m2_fit(x, items, margin=Margin.CATEGORIES, variance=variance).p])
    return tests


def two_sided(z: np.ndarray) -> np.ndarray:
    """Return the p-values of standard normal statistics."""
    return np.asarray(2.0 * stats.norm.sf(np.abs(z)))


SETTINGS = [
    Setting(f"{case.name}, {case.n_persons:,} × {case.n_items}", partial(trial, case)) for case in CASES
]
