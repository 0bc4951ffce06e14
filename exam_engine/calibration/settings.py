"""What a calibration of the bank may choose beside the model, as it is kept with the run. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy.special import expit

from exam_engine.calibration.estimation import Estimation
from exam_engine.calibration.rules import Method, PriorRefused
from exam_engine.psychometrics.irt.priors import GUESSING, Normal, Priors

MEANS = (-5.0, 1.0)
"""Means of logit c that are taken: c about 0.01 to 0.73."""

DEVIATIONS = (0.05, 5.0)
"""Standard deviations of logit c that are taken: from all but fixed to all but flat."""

NORMAL_95 = 1.959964


@dataclass(frozen=True)
class RunSettings:
    """Choices of a calibration.

    Attributes
    ----------
    prior_c : Normal, optional
        Of logit c of 3PL items; None for none. Other models have no c.
    """

    prior_c: Normal | None = GUESSING

    @classmethod
    def with_prior(cls, mean: float, sd: float) -> RunSettings:
        """Return settings with a normal prior on logit c.

        Raises PriorRefused where mean or standard deviation is out of its range.
        """
        if not (MEANS[0] <= mean <= MEANS[1] and DEVIATIONS[0] <= sd <= DEVIATIONS[1]):
            raise PriorRefused(
                mean=f"{mean:g}",
                sd=f"{sd:g}",
                low=f"{MEANS[0]:g}",
                high=f"{MEANS[1]:g}",
                least=f"{DEVIATIONS[0]:g}",
                most=f"{DEVIATIONS[1]:g}",
            )
        return cls(Normal(mean, sd))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunSettings:
        """Read back what `as_json` gave."""
        if "prior_c" not in data:
            return cls()
        kept = data["prior_c"]
        return cls(None if kept is None else Normal(kept["mean"], kept["sd"]))

    def as_json(self, method: Method) -> dict[str, Any]:
        """Return what of the settings takes part in a calibration by ``method``, as plain data."""
        if method is not Method.THREE_PL:
            return {}
        prior = self.prior_c
        return {"prior_c": None if prior is None else {"mean": prior.mean, "sd": prior.sd}}

    def estimation(self) -> Estimation:
        """Return the settings as the estimation takes them."""
        return Estimation(priors=Priors(logit_c=self.prior_c))


def usual_range(prior: Normal) -> tuple[float, float]:
    """Return the middle 95 % of c under a prior on its logit.

    >>> [round(c, 2) for c in usual_range(GUESSING)]
    [0.08, 0.4]
    """
    low, high = expit([prior.mean - NORMAL_95 * prior.sd, prior.mean + NORMAL_95 * prior.sd])
    return float(low), float(high)
