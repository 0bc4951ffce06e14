"""Items of known parameters, models mixed: probabilities, information, expected scores. Pure arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from exam_engine.psychometrics.irt.models import FloatArray, Model


@dataclass(frozen=True)
class Items:
    """Item parameters in slope–intercept form, one row an item.

    With ``z_k = slope_k theta + intercept_k`` for the scores ``k = 1 … m`` of an item:

    ================================  ==============================================================
    Rasch, 1PL, 2PL, 3PL, 4PL         ``P(1) = lower + (upper - lower) / (1 + exp(-z_1))``
    partial credit, generalised too   ``P(k) = exp z_k / (1 + Σ_h exp z_h)``, ``slope_k = k a``
    nominal                           the same with free slopes
    graded                            ``P(score ≥ k) = 1 / (1 + exp(-z_k))``, ``slope_k = a``
    ================================  ==============================================================

    (Birnbaum, 1968; Barton & Lord, 1981; Masters, 1982; Muraki, 1992; Bock, 1972; Samejima, 1969.) Slopes are
    per logit, without the 1.7 constant. Build one with `dichotomous`, `partial_credit`, `graded` or `nominal`
    and join them with `concatenate`.

    Attributes
    ----------
    models : tuple of Model
        Model of each item.
    highest : ndarray of int, shape (n_items,)
        Highest score of each item.
    slopes, intercepts : ndarray, shape (n_items, highest score of all)
        NaN beyond an item's highest score.
    lower, upper : ndarray, shape (n_items,)
        Asymptotes: 0 and 1 but for 3PL and 4PL.

    Raises
    ------
    ValueError
        If the arrays do not fit together, a parameter is not finite, asymptotes are not
        ``0 <= lower < upper <= 1``, or graded thresholds do not rise.

    Examples
    --------
    >>> items = Items.concatenate([Items.dichotomous([1.0], [0.0], c=0.2), Items.graded([1.0], [[-1.0, 1.0]])])
    >>> items.probability(0.0).round(3)
    array([[[0.4  , 0.6  , 0.   ],
            [0.269, 0.462, 0.269]]])
    """

    models: tuple[Model, ...]
    highest: NDArray[np.intp]
    slopes: FloatArray
    intercepts: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __post_init__(self) -> None:
        size = len(self.models)
        if size == 0:
            raise ValueError("there must be at least one item")
        if np.any(self.highest < 1):
            raise ValueError("every item needs at least one step")
        width = int(self.highest.max())
        expected: dict[str, tuple[int, ...]] = {"highest": (size,), "lower": (size,), "upper": (size,)}
        expected |= {"slopes": (size, width), "intercepts": (size, width)}
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}")
        given = np.arange(width) < self.highest[:, None]
        for name in ("slopes", "intercepts"):
            values = getattr(self, name)
            if not (np.isfinite(values[given]).all() and np.isnan(values[~given]).all()):
                raise ValueError(f"{name} must be finite up to the highest score of an item and NaN beyond")
        if not np.all((self.lower >= 0) & (self.lower < self.upper) & (self.upper <= 1)):
            raise ValueError("asymptotes must be 0 <= lower < upper <= 1")
        single = (self.lower > 0) | (self.upper < 1)
        if np.any(single & (self.highest > 1)):
            raise ValueError("only items scored 0 or 1 have asymptotes")
        falling = np.diff(self.intercepts[self.is_graded], axis=1)
        if np.any(falling >= 0):
            raise ValueError("graded thresholds must rise with the score")

    @classmethod
    def dichotomous(cls, a: ArrayLike, b: ArrayLike, *, c: ArrayLike = 0.0, u: ArrayLike = 1.0) -> Items:
        """Return items scored 0 or 1.

        Parameters
        ----------
        a, b : array-like, shape (n_items,)
            Discrimination per logit, not 0; difficulty in logits.
        c, u : array-like, shape (n_items,) or a number
            Lower and upper asymptote.
        """
        slope, difficulty = _vector(a, "a"), _vector(b, "b")
        if slope.shape != difficulty.shape:
            raise ValueError("a and b must be vectors of one length")
        size = slope.size
        lower = np.broadcast_to(np.asarray(c, dtype=np.float64), (size,)).copy()
        upper = np.broadcast_to(np.asarray(u, dtype=np.float64), (size,)).copy()
        models = tuple(
            Model.FOUR_PL if high < 1 else Model.THREE_PL if low > 0 else Model.TWO_PL
            for low, high in zip(lower, upper, strict=True)
        )
        intercept = -slope * difficulty
        return cls(models, np.ones(size, np.intp), slope[:, None], intercept[:, None], lower, upper)

    @classmethod
    def partial_credit(cls, a: ArrayLike, steps: ArrayLike) -> Items:
        """Return items of the generalised partial credit model; with every ``a`` 1 the partial credit model.

        Parameters
        ----------
        a : array-like, shape (n_items,)
            Discrimination per logit.
        steps : array-like, shape (n_items, n_steps)
            Where score k becomes likelier than score k − 1, in logits; NaN after an item's last step.
        """
        slope, table, highest = _rows(a, steps)
        with np.errstate(invalid="ignore"):
            intercepts = -slope[:, None] * np.cumsum(table, axis=1)
        slopes = np.where(np.isnan(table), np.nan, slope[:, None] * np.arange(1, table.shape[1] + 1))
        return cls._plain((Model.GPCM,) * slope.size, highest, slopes, intercepts)

    @classmethod
    def graded(cls, a: ArrayLike, thresholds: ArrayLike) -> Items:
        """Return items of the graded response model.

        Parameters
        ----------
        a : array-like, shape (n_items,)
            Discrimination per logit, positive.
        thresholds : array-like, shape (n_items, n_thresholds)
            Where score k or more becomes likelier than not, in logits, rising; NaN after an item's last.
        """
        slope, table, highest = _rows(a, thresholds)
        slopes = np.where(np.isnan(table), np.nan, slope[:, None])
        return cls._plain((Model.GRADED,) * slope.size, highest, slopes, -slope[:, None] * table)

    @classmethod
    def nominal(cls, slopes: ArrayLike, intercepts: ArrayLike) -> Items:
        """Return items of the nominal response model, category 0 with slope and intercept 0.

        Parameters
        ----------
        slopes, intercepts : array-like, shape (n_items, n_categories − 1)
            Of the categories 1 … m; NaN after an item's last.
        """
        table = np.atleast_2d(np.asarray(slopes, dtype=np.float64))
        highest = (~np.isnan(table)).sum(axis=1)
        d = np.atleast_2d(np.asarray(intercepts, dtype=np.float64))
        return cls._plain((Model.NOMINAL,) * len(table), highest, table, d)

    @classmethod
    def _plain(
        cls,
        models: tuple[Model, ...],
        highest: NDArray[np.intp],
        slopes: FloatArray,
        intercepts: FloatArray,
    ) -> Items:
        return cls(models, highest, slopes, intercepts, np.zeros(len(models)), np.ones(len(models)))

    @classmethod
    def concatenate(cls, parts: Sequence[Items]) -> Items:
        """Return the items of several sets, one after the other."""
        if not parts:
            raise ValueError("there must be at least one item")
        width = max(part.slopes.shape[1] for part in parts)

        def wide(table: FloatArray) -> FloatArray:
            return np.pad(table, ((0, 0), (0, width - table.shape[1])), constant_values=np.nan)

        return cls(
            sum((part.models for part in parts), ()),
            np.concatenate([part.highest for part in parts]),
            np.concatenate([wide(part.slopes) for part in parts]),
            np.concatenate([wide(part.intercepts) for part in parts]),
            np.concatenate([part.lower for part in parts]),
            np.concatenate([part.upper for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.models)

    def take(self, index: ArrayLike) -> Items:
        """Return some of the items: positions, or a mask."""
        chosen = np.arange(len(self))[np.asarray(index)].reshape(-1)
        if not chosen.size:
            raise ValueError("there must be at least one item")
        highest = self.highest[chosen]
        width = int(highest.max())
        return Items(
            tuple(self.models[at] for at in chosen),
            highest,
            self.slopes[chosen, :width],
            self.intercepts[chosen, :width],
            self.lower[chosen],
            self.upper[chosen],
        )

    def rescaled(self, scale: float, shift: float) -> Items:
        """Return the same items for abilities on the scale ``scale · theta + shift``.

        >>> Items.dichotomous([2.0], [1.0]).rescaled(2.0, 0.5).b
        array([2.5])
        """
        if not (np.isfinite(shift) and 0 < scale < np.inf):
            raise ValueError("scale must be positive and shift finite")
        slopes = self.slopes / scale
        return Items(
            self.models, self.highest, slopes, self.intercepts - slopes * shift, self.lower, self.upper
        )

    @property
    def is_graded(self) -> NDArray[np.bool_]:
        """Which items follow the graded response model."""
        return np.array([model is Model.GRADED for model in self.models])

    @property
    def is_nominal(self) -> NDArray[np.bool_]:
        """Which items have categories without an order of their own."""
        return np.array([model is Model.NOMINAL for model in self.models])

    @property
    def a(self) -> FloatArray:
        """Discrimination per logit, shape (n_items,); NaN for nominal items."""
        return np.where(self.is_nominal, np.nan, self.slopes[:, 0])

    @property
    def b(self) -> FloatArray:
        """Difficulty in logits, the mean of an item's steps or thresholds; NaN for nominal items."""
        return np.asarray(np.nansum(self.steps, axis=1) / np.where(self.is_nominal, np.nan, self.highest))

    @property
    def steps(self) -> FloatArray:
        """Step difficulties or thresholds in logits, shape (n_items, highest of all), NaN-padded."""
        previous = np.pad(self.intercepts[:, :-1], ((0, 0), (1, 0)))
        jump = np.where(self.is_graded[:, None], self.intercepts, self.intercepts - previous)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(-jump / self.a[:, None], dtype=np.float64)

    def probability(self, theta: ArrayLike) -> FloatArray:
        """Return the probability of each score, shape (n_points, n_items, highest of all + 1).

        Rows sum to 1; scores that an item does not have get 0.
        """
        return self.curves(theta)[0]

    def slope_of_probability(self, theta: ArrayLike) -> FloatArray:
        """Return the derivative of `probability` by ability, shape (n_points, n_items, highest of all + 1)."""
        return self.curves(theta)[1]

    def expected_score(self, theta: ArrayLike) -> FloatArray:
        """Return the expected score of each item, shape (n_points, n_items)."""
        chance = self.probability(theta)
        return np.asarray(chance @ np.arange(chance.shape[2]), dtype=np.float64)

    def information(self, theta: ArrayLike) -> FloatArray:
        """Return the Fisher information of each item, shape (n_points, n_items), per squared logit.

        ``I = Σ_k P'(k)² / P(k)``.
        """
        chance, slope = self.curves(theta)
        return np.asarray((slope**2 / np.maximum(chance, 1e-300)).sum(axis=2), dtype=np.float64)

    def curves(self, theta: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return `probability` and `slope_of_probability` together, for half the price of both."""
        points = _vector(theta, "theta")
        beyond = np.isnan(self.slopes)
        slopes, intercepts = np.where(beyond, 0.0, self.slopes), np.where(beyond, -np.inf, self.intercepts)
        logits = slopes * points[:, None, None] + intercepts
        shape = (points.size, len(self), self.slopes.shape[1] + 1)
        chance, slope = np.empty(shape), np.empty(shape)
        graded = self.is_graded
        if not graded.all():
            chance[:, ~graded], slope[:, ~graded] = _divided(logits[:, ~graded], slopes[~graded])
        if graded.any():
            chance[:, graded], slope[:, graded] = _cumulative(logits[:, graded], slopes[graded])
        span = self.upper - self.lower
        if np.any(span < 1):
            floor = np.stack([1.0 - self.upper, self.lower], axis=1)
            bounded = span < 1
            chance[:, bounded, :2] = floor[bounded] + span[bounded, None] * chance[:, bounded, :2]
            slope[:, bounded] *= span[bounded, None]
        return chance, slope


def _divided(logits: FloatArray, slopes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return probabilities that divide ``exp z`` by their total, and their slopes."""
    if logits.shape[2] == 1:
        right = expit(logits[..., 0])
        chance = np.stack([expit(-logits[..., 0]), right], axis=2)
        rise = slopes[:, 0] * right * chance[..., 0]
        return chance, np.stack([-rise, rise], axis=2)
    largest = np.maximum(logits.max(axis=2, keepdims=True), 0.0)
    weight = np.concatenate([np.exp(-largest), np.exp(logits - largest)], axis=2)
    chance = weight / weight.sum(axis=2, keepdims=True)
    rates = np.pad(slopes, ((0, 0), (1, 0)))
    return chance, chance * (rates - (chance * rates).sum(axis=2, keepdims=True))


def _cumulative(logits: FloatArray, slopes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return probabilities that are differences of cumulative ones, and their slopes.

    Each difference is a product of logistic terms, so that it keeps its digits far in the tails.
    """
    above, below = expit(logits), expit(-logits)
    higher = np.pad(above, ((0, 0), (0, 0), (1, 0)), constant_values=1.0)
    lower = np.pad(above, ((0, 0), (0, 0), (0, 1)))
    under = np.pad(below, ((0, 0), (0, 0), (1, 0)))
    over = np.pad(below, ((0, 0), (0, 0), (0, 1)), constant_values=1.0)
    with np.errstate(invalid="ignore"):
        gap = -np.expm1(np.diff(logits, axis=2))
    inner = higher[..., 1:-1] * over[..., 1:-1] * np.nan_to_num(gap, nan=0.0)
    chance = np.concatenate([over[..., :1], inner, higher[..., -1:]], axis=2)
    rates = np.pad(slopes, ((0, 0), (1, 1)))
    rise_low = rates[:, :-1] * higher * under
    rise_high = rates[:, 1:] * lower * over
    return chance, rise_low - rise_high


def _vector(values: ArrayLike, name: str) -> FloatArray:
    vector = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if vector.ndim != 1:
        raise ValueError(f"{name} must be a vector")
    return vector


def _rows(a: ArrayLike, steps: ArrayLike) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    slope = _vector(a, "a")
    table = np.asarray(steps, dtype=np.float64)
    if table.ndim != 2 or len(table) != slope.size or not table.shape[1]:
        raise ValueError("steps must hold one row an item, and at least one step")
    highest = (~np.isnan(table)).sum(axis=1)
    return slope, table[:, : max(1, int(highest.max(initial=0)))], highest
