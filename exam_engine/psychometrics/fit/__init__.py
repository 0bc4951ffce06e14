"""Fit of items, persons, pairs of items and the whole test to an item response model."""

from exam_engine.psychometrics.fit.caution import Caution
from exam_engine.psychometrics.fit.curves import (
    CurveDistance,
    EmpiricalCurves,
    GroupFit,
    curve_distance,
    empirical_curves,
    item_fit_by_plausible_values,
)
from exam_engine.psychometrics.fit.items import (
    ItemMeanSquares,
    item_mean_squares,
    item_mean_squares_over_posterior,
)
from exam_engine.psychometrics.fit.local_dependence import (
    LocalDependence,
    PairTables,
    pair_tables,
    q3_limit,
    residual_correlations,
)
from exam_engine.psychometrics.fit.m2 import Margin, TestFit, m2_fit
from exam_engine.psychometrics.fit.persons import Estimator, PersonFit, person_fit
from exam_engine.psychometrics.fit.residuals import MeanSquares
from exam_engine.psychometrics.fit.s_x2 import ScoreGroupFit, item_fit_by_score

__all__ = [
    "Caution",
    "CurveDistance",
    "EmpiricalCurves",
    "Estimator",
    "GroupFit",
    "ItemMeanSquares",
    "LocalDependence",
    "Margin",
    "MeanSquares",
    "PairTables",
    "PersonFit",
    "ScoreGroupFit",
    "TestFit",
    "curve_distance",
    "empirical_curves",
    "item_fit_by_plausible_values",
    "item_fit_by_score",
    "item_mean_squares",
    "item_mean_squares_over_posterior",
    "m2_fit",
    "pair_tables",
    "person_fit",
    "q3_limit",
    "residual_correlations",
]
