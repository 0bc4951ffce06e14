"""What a calibration says of a test, its items and groups; and the same as plain data. No I/O."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from exam_engine.calibration.rules import Method

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
    cov_ac: float | None = None
    cov_dc: float | None = None
    steps: tuple[float | None, ...] | None = None
    """Step difficulties or thresholds of an item with several scores above 0; then ``b`` is their mean."""
    se_steps: tuple[float | None, ...] | None = None
    intercepts: tuple[float | None, ...] | None = None
    se_intercepts: tuple[float | None, ...] | None = None
    model: str | None = None
    """Model of the item; None without parameters."""
    c: float | None = None
    u: float | None = None
    se_c: float | None = None
    se_u: float | None = None
    slopes: tuple[float | None, ...] | None = None
    """Slopes of the scores above 0 of a nominal item, which has neither ``a`` nor ``b``."""
    se_slopes: tuple[float | None, ...] | None = None
    is_fixed: bool = False
    """Its parameters were given, not estimated."""


PARAMETER_FIELDS = ("a", "b", "d", "se_a", "se_b", "se_d", "c", "u", "se_c", "se_u")
STEP_FIELDS = ("steps", "se_steps", "intercepts", "se_intercepts")
"""What only items with several scores above 0 have."""
SLOPE_FIELDS = ("slopes", "se_slopes")
"""What only nominal items have."""
TUPLE_FIELDS = (*STEP_FIELDS, *SLOPE_FIELDS)
ASYMPTOTE_FIELDS = ("c", "se_c", "cov_ac", "cov_dc")
"""What only 3PL and 4PL items have on a scale."""
COVARIANCE_FIELDS = ("cov_ad", "cov_ac", "cov_dc")
BEYOND_SCALES = frozenset({*TUPLE_FIELDS, "model", "u", "se_u", "is_fixed"})
"""What a scale of the bank has no place for: it holds items of the Rasch model, 1PL, 2PL and 3PL, scored 0 or 1."""


@dataclass(frozen=True)
class GroupOutcome:
    """Ability in one group of persons, in logits; standard errors 0 where the value sets the scale."""

    group: str
    n_persons: int
    mean: float | None
    variance: float | None
    se_mean: float | None
    se_variance: float | None


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
    log_prior: float | None = None
    n_free: int | None = None
    aic: float | None = None
    bic: float | None = None
    error_method: str | None = None
    """Where the standard errors come from: observed, cross_product, sandwich, none."""
    priors: tuple[str, ...] = ()
    """Priors that took part, in words such as ``logit c ~ normal(-1.4, 0.5)``."""
    groups: tuple[GroupOutcome, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Outcome:
        """Read back what `as_json` gave."""
        items = tuple(
            ItemOutcome(**item | {key: tuple(item[key]) for key in TUPLE_FIELDS if item.get(key) is not None})
            for item in data["items"]
        )
        plain = {
            **data,
            "method": Method(data["method"]),
            "items": items,
            "warnings": tuple(data["warnings"]),
            "priors": tuple(data.get("priors", ())),
            "groups": tuple(GroupOutcome(**group) for group in data.get("groups", ())),
        }
        return cls(**plain)
