"""From a response matrix to everything a report and the bank keep of it. No I/O."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.estimation import Estimation, priors_in_words
from exam_engine.calibration.findings import (
    CONSTANT_ITEMS,
    COVARIANCE_FIELDS,
    MISSING_BY_DESIGN,
    PARAMETER_FIELDS,
    SLOPE_FIELDS,
    SMALL_SAMPLE,
    STEP_FIELDS,
    GroupOutcome,
    ItemOutcome,
    Outcome,
)
from exam_engine.calibration.response_matrix import PIECE, ResponseMatrix
from exam_engine.calibration.rules import (
    MINIMUM_ITEMS,
    Method,
    ScoreNobodyGot,
    SettingsRefused,
    TooFewItems,
    UnlinkedBlocks,
    check_sample,
)
from exam_engine.psychometrics.ctt import TestStatistics, analyse
from exam_engine.psychometrics.irt.calibrate import TOLERANCE, Calibration, UnlinkedItems, calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model

__all__ = ["ItemOutcome", "Outcome", "Report", "describe_items"]

Report = Callable[[int, int, str], None]
"""Progress: done, total, stage."""

STEPS = 100


@dataclass(frozen=True)
class _Data:
    """The part of a matrix that a calibration takes: persons and items that tell something."""

    names: tuple[str, ...]
    items: NDArray[np.intp]
    scores: NDArray[np.int8]
    group: NDArray[np.intp] | None
    fixed: Items | None
    is_fixed: NDArray[np.bool_]
    models: tuple[Model, ...]


def describe_items(
    matrix: ResponseMatrix,
    method: Method,
    *,
    highest: int = 1,
    estimation: Estimation | None = None,
    report: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Compute classical statistics and, if the method asks, calibrate the items.

    Items that everybody answered alike are reported without parameters, unless theirs are given; persons who saw
    nothing, or nothing but such items, are left out of the estimation. Scores up to ``highest`` are taken; models of
    items scored 0 or 1 take these only. The groups of the matrix each have a mean and a variance of ability.

    Raises
    ------
    NoResponses, SampleTooSmall, TooFewItems, ScoreNobodyGot, UnlinkedBlocks
        If the data do not carry the method.
    SettingsRefused
        If the choices do not go together, or not with the data.
    CalibrationCancelled
        If `should_stop` said so.
    """
    chosen = estimation or Estimation()
    advice = check_sample(matrix.n_persons, method)
    seen_any = matrix.sees_something
    responses = _rows(matrix.responses, seen_any)
    if report:
        report(0, STEPS, "classical")
    classical = analyse(responses, highest=highest)
    warnings = []
    data = None
    if method.model is not None:
        group = None if matrix.group is None else matrix.group[seen_any]
        data = _usable(matrix.items, responses, group, classical, method.model, chosen)
        if len(data.names) < MINIMUM_ITEMS[method.model]:
            raise TooFewItems(n_items=len(data.names), minimum=MINIMUM_ITEMS[method.model])
        advice = check_sample(len(data.scores), method)
    if advice is not None and not advice.enough:
        warnings.append(SMALL_SAMPLE)
    if classical.items.is_constant.any():
        warnings.append(CONSTANT_ITEMS)
    if responses.min() < 0:
        warnings.append(MISSING_BY_DESIGN)
    if data is None:
        return _assemble(matrix, method, classical, None, None, warnings)
    _check_scores(data)
    result = _calibrate(data, chosen, report, should_stop)
    warnings.extend(warning.value for warning in result.warnings)
    outcome = _assemble(matrix, method, classical, data, result, warnings)
    return replace(
        outcome,
        priors=priors_in_words(chosen.priors, frozenset(data.models)),
        groups=_groups(matrix, data, result),
    )


def _rows(responses: NDArray[np.int8], chosen: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return some rows; the matrix itself where they are all, so that a mapped one stays on its disk."""
    return responses if chosen.all() else responses[chosen]


def _usable(
    names: Sequence[str],
    responses: NDArray[np.int8],
    group: NDArray[np.intp] | None,
    classical: TestStatistics,
    model: Model,
    chosen: Estimation,
) -> _Data:
    """Leave out items that tell nothing, and persons who saw nothing else."""
    held = np.zeros(len(names), dtype=np.bool_)
    fixed = None
    if chosen.fixed is not None:
        place = chosen.fixed.position()
        held = np.array([name in place for name in names])
        if not held.any():
            raise SettingsRefused("none of the fixed items is in the response file")
        fixed = chosen.fixed.items.take([place[name] for name in names if name in place])
    usable = ~classical.items.is_constant | held
    unknown = sorted({name for name, _ in chosen.item_models} - set(names))
    if unknown:
        raise SettingsRefused(f"no such item in the response file: {', '.join(unknown)}")
    own = dict(chosen.item_models)
    kept = responses if usable.all() else responses[:, usable]
    sees = np.asarray(np.ones(len(kept), np.bool_) if usable.all() else (kept >= 0).any(axis=1))
    taken = [(name, is_held) for name, is_held, use in zip(names, held, usable, strict=True) if use]
    return _Data(
        names=tuple(name for name, _ in taken),
        items=np.flatnonzero(usable),
        scores=_rows(kept, sees),
        group=None if group is None else group[sees],
        fixed=fixed,
        is_fixed=held[usable],
        models=tuple(own.get(name, model) for name, _ in taken),
    )


def _check_scores(data: _Data) -> None:
    """Refuse the first item with a score that nobody got below one that somebody got."""
    top = data.scores.max(axis=0)
    got = np.zeros((int(top.max(initial=0)) + 1, len(data.names)), dtype=np.bool_)
    step = max(1, PIECE // len(data.names))
    for start in range(0, len(data.scores), step):
        piece = data.scores[start : start + step]
        for score, row in enumerate(got):
            row |= (piece == score).any(axis=0)
        if got.all():
            break
    lacking = ~got & (np.arange(len(got))[:, None] < top) & ~data.is_fixed
    if lacking.any():
        at = int(np.flatnonzero(lacking.any(axis=0))[0])
        raise ScoreNobodyGot(item=data.names[at], score=int(np.flatnonzero(lacking[:, at])[0]))


def _calibrate(
    data: _Data, chosen: Estimation, report: Report | None, should_stop: Callable[[], bool] | None
) -> Calibration:
    group = None
    if data.group is not None:
        _, group = np.unique(data.group, return_inverse=True)
    try:
        return calibrate(
            data.scores,
            model=data.models,
            groups=group,
            fixed=data.fixed,
            is_fixed=None if data.fixed is None else data.is_fixed,
            priors=chosen.priors,
            equivalent_persons=chosen.equivalent_persons,
            density=chosen.density,
            errors=chosen.errors,
            nodes=chosen.nodes,
            progress=_progress(report) if report else None,
            should_stop=should_stop,
        )
    except UnlinkedItems as unlinked:
        raise UnlinkedBlocks([[data.names[at] for at in part] for part in unlinked.parts]) from None
    except ValueError as error:
        raise SettingsRefused(str(error)) from error


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
    data: _Data | None,
    result: Calibration | None,
    warnings: list[str],
) -> Outcome:
    position = np.full(len(matrix.items), -1)
    if data is not None:
        position[data.items] = np.arange(data.items.size)
    parameters = [] if data is None or result is None else _parameters(data, result)
    statistics = classical.items
    items = tuple(
        ItemOutcome(
            item=name,
            n_responses=int(statistics.n_responses[index]),
            p_value=_known(statistics.p_value[index]),
            point_biserial=_known(statistics.point_biserial[index]),
            corrected_point_biserial=_known(statistics.corrected_point_biserial[index]),
            is_constant=bool(statistics.is_constant[index]),
            **(parameters[at] if at >= 0 else {}),
        )
        for index, (name, at) in enumerate(zip(matrix.items, position.tolist(), strict=True))
    )
    outcome = Outcome(
        method=method,
        n_persons=classical.n_persons,
        n_items=classical.n_items,
        mean=_known(classical.mean),
        standard_deviation=_known(classical.standard_deviation),
        alpha=_known(classical.alpha),
        standard_error=_known(classical.standard_error),
        items=items,
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
        log_prior=result.log_prior,
        n_free=result.n_free,
        aic=result.aic,
        bic=result.bic,
        error_method=result.error_method.value,
    )


def _parameters(data: _Data, result: Calibration) -> list[dict[str, Any]]:
    """Return what the calibration says of each of its items."""
    covariances = _covariances(result)
    found = []
    for at in range(len(data.names)):
        known: dict[str, Any] = {key: _known(getattr(result, key)[at]) for key in PARAMETER_FIELDS}
        known |= {key: _known(values[at]) for key, values in covariances.items()}
        known["model"] = result.items.models[at].value
        known["is_fixed"] = bool(data.is_fixed[at])
        nominal = result.items.models[at] is Model.NOMINAL
        if result.highest[at] > 1 or nominal:
            own = slice(int(result.highest[at]))
            keys = (*SLOPE_FIELDS, "intercepts", "se_intercepts") if nominal else STEP_FIELDS
            known |= {key: tuple(_known(value) for value in getattr(result, key)[at, own]) for key in keys}
        found.append(known)
    return found


def _groups(matrix: ResponseMatrix, data: _Data, result: Calibration) -> tuple[GroupOutcome, ...]:
    """Return the ability of each group; nothing where there is but one."""
    if data.group is None:
        return ()
    present, counts = np.unique(data.group, return_counts=True)
    return tuple(
        GroupOutcome(
            matrix.group_names[number],
            int(count),
            *(_known(getattr(result, key)[at]) for key in ("means", "variances", "se_means", "se_variances")),
        )
        for at, (number, count) in enumerate(zip(present.tolist(), counts.tolist(), strict=True))
    )


def _covariances(result: Calibration) -> dict[str, FloatArray]:
    """Return the covariances of slope, intercept and lower asymptote of each item; 0 where one is not estimated."""
    place = {name: row for row, name in enumerate(result.names)}
    common = place.get((-1, "log_variance")) if result.model is Model.ONE_PL else None
    found = {key: np.zeros(result.a.size) for key in COVARIANCE_FIELDS}
    for item in range(result.a.size):
        c = result.c[item]
        # By the delta method: the common slope is the root of the variance, c the logistic of its logit.
        rows = {
            "a": (place.get((item, "a")), 1.0) if common is None else (common, result.a[item] / 2.0),
            "d": (place.get((item, "d")), 1.0),
            "c": (place.get((item, "logit_c")), c * (1.0 - c)),
        }
        for key, values in found.items():
            (one, rate), (other, other_rate) = rows[key[-2]], rows[key[-1]]
            if one is not None and other is not None:
                values[item] = rate * other_rate * result.covariance[one, other]
    return found


def _known(value: float) -> float | None:
    """Return the number, or None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None
