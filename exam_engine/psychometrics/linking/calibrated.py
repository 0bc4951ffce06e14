"""The anchors of a calibration with the covariance that a link needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.result import Calibration
from exam_engine.psychometrics.linking.parameters import free_parameters


@dataclass(frozen=True)
class Anchors:
    """Common items as one calibration found them.

    Attributes
    ----------
    items : Items
    covariance : ndarray, shape (n_parameters, n_parameters)
        Of `parameters.free_parameters`; zero rows for parameters that were fixed.
    """

    items: Items
    covariance: FloatArray


def anchors_of(calibration: Calibration, positions: ArrayLike) -> Anchors:
    """Return some items of a calibration with the sampling covariance of their parameters.

    Parameters
    ----------
    calibration : Calibration
        With standard errors.
    positions : array-like
        Where the anchors stand in the calibration, in the order in which they are to be linked; or a mask.

    Returns
    -------
    Anchors

    Notes
    -----
    The logits of asymptotes become asymptotes by the delta method, and the log variance of a 1PL calibration its common
    slope. Covariances between items are kept.

    Raises
    ------
    ValueError
        If the calibration has no standard errors, or there are no positions.

    Examples
    --------
    >>> from exam_engine.psychometrics.irt.calibrate import calibrate
    >>> rng = np.random.default_rng(1)
    >>> right = rng.random((300, 5)) < 1 / (1 + np.exp(-rng.normal(size=(300, 1))))
    >>> found = calibrate(right.astype(int), model="2pl")
    >>> anchors = anchors_of(found, [0, 3])
    >>> bool(np.isclose(np.sqrt(anchors.covariance[2, 2]), found.se_a[3]))
    True
    """
    covariance = calibration.covariance
    if not covariance.size or not np.isfinite(covariance).all():
        raise ValueError("the calibration has no standard errors: link without them, or calibrate with them")
    chosen = np.arange(len(calibration.items))[np.asarray(positions)].reshape(-1)
    items = calibration.items.take(chosen)
    starts = np.cumsum([0] + [free_parameters(items.take([at])).size for at in range(len(items))])
    jacobian = np.zeros((int(starts[-1]), len(calibration.names)))
    place = {int(position): at for at, position in enumerate(chosen)}
    for column, (item, name) in enumerate(calibration.names):
        if item in place:
            at = place[item]
            offset, rate = _offset(items, at, name)
            jacobian[starts[at] + offset, column] = rate
        elif name == "log_variance" and calibration.model is Model.ONE_PL:
            jacobian[starts[:-1], column] = items.a / 2.0
    return Anchors(items, np.asarray(jacobian @ covariance @ jacobian.T))


def _offset(items: Items, at: int, name: str) -> tuple[int, float]:
    """Return where a parameter of an item stands among its free ones, and how fast it moves with the calibrated one."""
    if name == "logit_c":
        return 2, float(items.lower[at] * (1.0 - items.lower[at]))
    if name == "logit_u":
        return 3, float(items.upper[at] * (1.0 - items.upper[at]))
    nominal = items.models[at] is Model.NOMINAL
    score = int(name[1:] or "1")
    if name.startswith("a"):
        return (score - 1 if nominal else 0), 1.0
    return (int(items.highest[at]) + score - 1 if nominal else score), 1.0
