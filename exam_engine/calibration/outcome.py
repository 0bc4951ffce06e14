"""From a response matrix to everything a report and the bank keep of it. No I/O."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reading import ResponseMatrix
from exam_engine.calibration.rules import MINIMUM_ITEMS, Method, ScoreNobodyGot, TooFewItems, check_sample
from exam_engine.psychometrics.ctt import TestStatistics, analyse
from exam_engine.psychometrics.irt.calibrate import TOLERANCE, Calibration, calibrate
from exam_engine.psychometrics.irt.models import FloatArray

Report = Callable[[int, int, str], None]
"""Progress: done, total, stage."""

STEPS = 100
SMALL_SAMPLE = "small_sample"
CONSTANT_ITEMS = "constant_items"
MISSING_BY_DESIGN = "missing_by_design"


@dataclass(frozen=True)
class ItemOutcome:
    """What is known of one item; None where the method does not give it or it cannot be computed."""

    item: str
    n_responses: int
    p_value: float | None
    point_biserial: float | None
    corrected_point_biserial: float | None
    is_constant: bool
    a: float | None = None
    b: float | None = None
    d: float | None = None
    se_a: float | None = None
    se_b: float | None = None
    se_d: float | None = None
    cov_ad: float | None = None
    steps: tuple[float | None, ...] | None = None
    """Step difficulties of an item with several scores above 0; then ``b`` is their mean."""
    se_steps: tuple[float | None, ...] | None = None
    intercepts: tuple[float | None, ...] | None = None
    se_intercepts: tuple[float | None, ...] | None = None


PARAMETER_FIELDS = ("a", "b", "d", "se_a", "se_b", "se_d")
STEP_FIELDS = ("steps", "se_steps", "intercepts", "se_intercepts")
"""What only items with several scores above 0 have."""


@dataclass(frozen=True)
class Outcome:
    """A finished calibration: the test, the items, how the estimation went, what to beware of."""

    method: Method
    n_persons: int
    n_items: int
    mean: float | None
    standard_deviation: float | None
    alpha: float | None
    standard_error: float | None
    items: tuple[ItemOutcome, ...]
    warnings: tuple[str, ...]
    log_likelihood: float | None = None
    converged: bool | None = None
    iterations: int | None = None
    gradient_norm: float | None = None
    latent_variance: float | None = None
    se_latent_variance: float | None = None
    grid_shift: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Outcome:
        """Read back what `as_json` gave."""
        items = tuple(
            ItemOutcome(**item | {key: tuple(item[key]) for key in STEP_FIELDS if item.get(key) is not None})
            for item in data["items"]
        )
        plain = {
            **data,
            "method": Method(data["method"]),
            "items": items,
            "warnings": tuple(data["warnings"]),
        }
        return cls(**plain)


def describe_items(
    matrix: ResponseMatrix,
    method: Method,
    *,
    highest: int = 1,
    report: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Compute classical statistics and, if the method asks, calibrate the items.

    Items that everybody answered alike are reported without parameters; persons who saw nothing, or nothing but
    such items, are left out of the estimation. Scores up to ``highest`` are taken; the 2PL takes 0 and 1 only.

    Raises
    ------
    NoResponses, SampleTooSmall, TooFewItems, ScoreNobodyGot
        If the data do not carry the method.
    CalibrationCancelled
        If `should_stop` said so.
    """
    advice = check_sample(matrix.n_persons, method)
    responses = matrix.responses[(matrix.responses >= 0).any(axis=1)]
    if report:
        report(0, STEPS, "classical")
    classical = analyse(responses, highest=highest)
    usable = ~classical.items.is_constant
    kept = responses[:, usable]
    kept = kept[(kept >= 0).any(axis=1)]
    warnings = []
    if method.model is not None:
        if usable.sum() < MINIMUM_ITEMS[method.model]:
            raise TooFewItems(n_items=int(usable.sum()), minimum=MINIMUM_ITEMS[method.model])
        advice = check_sample(len(kept), method)
    if advice is not None and not advice.enough:
        warnings.append(SMALL_SAMPLE)
    if classical.items.is_constant.any():
        warnings.append(CONSTANT_ITEMS)
    if (responses < 0).any():
        warnings.append(MISSING_BY_DESIGN)
    if method.model is None:
        return _assemble(matrix, method, classical, None, warnings)
    _check_scores([name for name, use in zip(matrix.items, usable, strict=True) if use], kept)
    result = calibrate(
        kept,
        model=method.model,
        progress=_progress(report) if report else None,
        should_stop=should_stop,
    )
    warnings.extend(warning.value for warning in result.warnings)
    return _assemble(matrix, method, classical, result, warnings)


def _check_scores(names: Sequence[str], scores: NDArray[np.int8]) -> None:
    """Refuse the first item with a score that nobody got below one that somebody got."""
    for name, column in zip(names, scores.T, strict=True):
        empty = np.flatnonzero(np.bincount(column[column >= 0]) == 0)
        if empty.size:
            raise ScoreNobodyGot(item=name, score=int(empty[0]))


def _progress(report: Report) -> Callable[[int, float, float], None]:
    """Show how far the gradient has come down, on a logarithmic scale; never backwards."""
    first, furthest = 0.0, 0

    def show(_: int, __: float, norm: float) -> None:
        nonlocal first, furthest
        first = first or max(norm, 10 * TOLERANCE)
        share = math.log(first / max(norm, TOLERANCE)) / math.log(first / TOLERANCE)
        furthest = max(furthest, min(STEPS - 1, int(STEPS * share)))
        report(furthest, STEPS, "calibrating")

    return show


def _assemble(
    matrix: ResponseMatrix,
    method: Method,
    classical: TestStatistics,
    result: Calibration | None,
    warnings: list[str],
) -> Outcome:
    position = np.full(len(matrix.items), -1)
    if result is not None:
        position[~classical.items.is_constant] = np.arange(result.a.size)
    covariance = _slope_intercept_covariance(result)
    items = []
    statistics = classical.items
    for index, name in enumerate(matrix.items):
        at = int(position[index])
        parameters: dict[str, Any] = {}
        if result is not None and at >= 0:
            parameters = {key: _known(getattr(result, key)[at]) for key in PARAMETER_FIELDS}
            parameters["cov_ad"] = _known(covariance[at])
            if result.highest[at] > 1:
                own = slice(int(result.highest[at]))
                parameters |= {
                    key: tuple(_known(value) for value in getattr(result, key)[at, own])
                    for key in STEP_FIELDS
                }
        items.append(
            ItemOutcome(
                item=name,
                n_responses=int(statistics.n_responses[index]),
                p_value=_known(statistics.p_value[index]),
                point_biserial=_known(statistics.point_biserial[index]),
                corrected_point_biserial=_known(statistics.corrected_point_biserial[index]),
                is_constant=bool(statistics.is_constant[index]),
                **parameters,
            )
        )
    outcome = Outcome(
        method=method,
        n_persons=classical.n_persons,
        n_items=classical.n_items,
        mean=_known(classical.mean),
        standard_deviation=_known(classical.standard_deviation),
        alpha=_known(classical.alpha),
        standard_error=_known(classical.standard_error),
        items=tuple(items),
        warnings=tuple(warnings),
    )
    if result is None:
        return outcome
    return replace(
        outcome,
        log_likelihood=result.log_likelihood,
        converged=result.converged,
        iterations=result.iterations,
        gradient_norm=result.gradient_norm,
        latent_variance=result.latent_variance,
        se_latent_variance=_known(result.se_latent_variance),
        grid_shift=_known(result.grid.shift),
    )


def _slope_intercept_covariance(result: Calibration | None) -> FloatArray:
    """Return the covariance of slope and intercept of each item; 0 where the slope is fixed."""
    if result is None:
        return np.zeros(0)
    found = np.zeros(result.a.size)
    place = {name: row for row, name in enumerate(result.names)}
    for item in range(found.size):
        if (item, "a") in place and (item, "d") in place:
            found[item] = result.covariance[place[item, "a"], place[item, "d"]]
    return found


def _known(value: float) -> float | None:
    """Return the number, or None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None
