"""What an ability estimate is: value, standard error, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.models import FloatArray


class Outcome(IntEnum):
    """How the estimate of a person came about."""

    ESTIMATED = 0
    NOTHING_ANSWERED = 1
    """No response: the prior's values where there is a prior, else NaN."""
    BELOW_SCALE = 2
    """The likelihood has no maximum but rises towards minus infinity (all wrong): ``-inf``, standard error ``inf``."""
    ABOVE_SCALE = 3
    """The likelihood has no maximum but rises towards infinity (all right): ``inf``, standard error ``inf``."""
    NOT_CONVERGED = 4
    """The search ended before the tolerance was met."""


@dataclass(frozen=True)
class Scores:
    """Ability estimates with their standard errors.

    Attributes
    ----------
    theta, se : ndarray, shape (n_persons,)
        In logits.
    outcome : ndarray of int, shape (n_persons,)
        An `Outcome` each: the reason of every NaN and infinity.
    """

    theta: FloatArray
    se: FloatArray
    outcome: NDArray[np.int8]
