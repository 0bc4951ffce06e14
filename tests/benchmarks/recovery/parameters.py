"""Bias, RMSE and coverage of calibrated parameters, model by model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats
from scipy.special import expit

from exam_engine.psychometrics.irt.calibrate import Calibration, Warn, calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.irt.priors import GUESSING, SLIPPING
from exam_engine.psychometrics.simulation.abilities import Persons, draw_groups, draw_normal
from exam_engine.psychometrics.simulation.parameters import SINGLE, draw_items
from exam_engine.psychometrics.simulation.responses import simulate
from tests.benchmarks.recovery.tables import Figure, table

RAREST = 0.02
"""Every score of an item is had by at least this share of the persons: rarer ones tell little in any sample."""

N_CATEGORIES = 4
REACH = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Case:
    """A calibration to repeat."""

    name: str
    model: Model
    n_persons: int
    n_items: int
    groups: bool = False
    fixed: bool = False

    @property
    def is_redrawn(self) -> bool:
        """Whether the items are new in every replication.

        A prior is part of the model of items with asymptotes: its intervals are right on average over the items it
        describes, not at each of them. So these are drawn from it.
        """
        return self.model in (Model.THREE_PL, Model.FOUR_PL)


CASES = (
    Case("Rasch", Model.RASCH, 500, 30),
    Case("1PL", Model.ONE_PL, 500, 30),
    Case("2PL", Model.TWO_PL, 1_000, 30),
    Case("3PL", Model.THREE_PL, 2_000, 40),
    Case("4PL", Model.FOUR_PL, 10_000, 40),
    Case("PCM", Model.PCM, 500, 15),
    Case("GPCM", Model.GPCM, 1_000, 15),
    Case("graded", Model.GRADED, 1_000, 15),
    Case("nominal", Model.NOMINAL, 1_500, 15),
    Case("2PL, two groups", Model.TWO_PL, 1_500, 30, groups=True),
    Case("2PL, half the items fixed", Model.TWO_PL, 1_000, 30, fixed=True),
)
MEANS, VARIANCES = (0.0, 0.5), (1.0, 1.44)
"""Of the two groups, and of the population that is met with fixed items the second."""


@dataclass
class Kind:
    """Errors of the parameters of one kind, replication by replication."""

    errors: list[np.ndarray] = field(default_factory=list)
    ses: list[np.ndarray] = field(default_factory=list)

    def add(self, estimate: np.ndarray, se: np.ndarray, truth: np.ndarray) -> None:
        """Keep a replication; parameters without a standard error, such as those at a bound, count for no interval."""
        self.errors.append(np.asarray(estimate - truth, dtype=np.float64).reshape(-1))
        self.ses.append(np.where(np.asarray(se) > 0, se, np.nan).reshape(-1))

    def row(self, *, same_items: bool) -> list[str]:
        """Return the cells of the table."""
        error, se = np.array(self.errors), np.array(self.ses)
        n = len(error)
        bias_of = error.mean(axis=0)
        noise = error.var(axis=0, ddof=1) / n
        systematic = np.sqrt(max(0.0, float(np.mean(bias_of**2 - noise))))
        with np.errstate(invalid="ignore"):
            inside = np.where(np.isnan(se), np.nan, np.abs(error) <= REACH * se)
        covered = [float(np.nanmean(row)) if np.isfinite(row).any() else np.nan for row in inside]
        return [
            f"{error.shape[1]}",
            Figure.of(error.mean(axis=1)).text(),
            f"{systematic:.3f}" if same_items else "–",
            Figure.root_of((error**2).mean(axis=1)).text(),
            f"{np.median(np.abs(error)):.3f}",
            Figure.of(covered).per_cent(),
        ]


def truth_of(case: Case, rng: np.random.Generator) -> Items:
    """Return items whose every score is had by enough persons."""
    drawn = draw_items(20 * case.n_items, model=case.model, rng=rng, n_categories=N_CATEGORIES)
    if case.is_redrawn:
        c = expit(rng.normal(GUESSING.mean, GUESSING.sd, len(drawn)))
        u = expit(rng.normal(SLIPPING.mean, SLIPPING.sd, len(drawn)))
        drawn = replace(drawn, lower=c, upper=u if case.model is Model.FOUR_PL else drawn.upper)
    nodes = np.linspace(-6, 6, 121)
    weight = np.exp(-(nodes**2) / 2)
    share = np.tensordot(weight / weight.sum(), drawn.probability(nodes), axes=1)
    return drawn.take(np.flatnonzero(share.min(axis=1) >= RAREST)[: case.n_items])


def persons_of(case: Case, rng: np.random.Generator) -> Persons:
    """Return the persons of a replication."""
    if case.groups:
        half = case.n_persons // 2
        return draw_groups([half, case.n_persons - half], MEANS, VARIANCES, rng=rng)
    if case.fixed:
        return draw_normal(case.n_persons, rng=rng, mean=MEANS[1], variance=VARIANCES[1])
    return draw_normal(case.n_persons, rng=rng)


def fit(case: Case, truth: Items, persons: Persons, rng: np.random.Generator) -> Calibration:
    """Simulate and calibrate once."""
    test = simulate(truth, persons, rng=rng)
    if case.groups:
        return calibrate(test.responses, model=case.model, groups=persons.group)
    if case.fixed:
        known = np.arange(len(truth)) < len(truth) // 2
        return calibrate(test.responses, model=case.model, fixed=truth.take(known), is_fixed=known)
    return calibrate(test.responses, model=case.model)


def compared(
    case: Case, found: Calibration, truth: Items
) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield kind, estimates, standard errors and true values."""
    free = np.arange(len(truth)) >= (len(truth) // 2 if case.fixed else 0)
    if case.model is Model.ONE_PL:
        yield "common a", found.a[:1], found.se_a[:1], truth.a[:1]
    elif case.model is Model.NOMINAL:
        yield "slopes", found.slopes, found.se_slopes, truth.slopes
    elif case.model not in (Model.RASCH, Model.PCM):
        yield "a", found.a[free], found.se_a[free], truth.a[free]
    if case.model in SINGLE:
        yield "b", found.b[free], found.se_b[free], truth.b[free]
    elif case.model is not Model.NOMINAL:
        yield (
            "thresholds" if case.model is Model.GRADED else "steps",
            found.steps,
            found.se_steps,
            truth.steps,
        )
    if case.model not in (Model.RASCH, Model.PCM):
        given = truth.intercepts[free]
        yield "intercepts", found.intercepts[free], found.se_intercepts[free], given
    if case.model in (Model.THREE_PL, Model.FOUR_PL):
        yield "c *", found.c, found.se_c, truth.lower
    if case.model is Model.FOUR_PL:
        yield "u *", found.u, found.se_u, truth.upper
    if case.model in (Model.RASCH, Model.PCM):
        yield "variance", found.variances, found.se_variances, np.ones(1)
    if case.groups:
        yield "mean", found.means[1:], found.se_means[1:], np.array(MEANS[1:])
        yield "variance", found.variances[1:], found.se_variances[1:], np.array(VARIANCES[1:])
    if case.fixed:
        yield "mean", found.means, found.se_means, np.array(MEANS[1:])
        yield "variance", found.variances, found.se_variances, np.array(VARIANCES[1:])


def study(case: Case, *, replications: int, seed: int) -> list[list[str]]:
    """Return the rows of a case."""
    truth = truth_of(case, np.random.default_rng([seed, CASES.index(case)]))
    kinds, failed, steep, start = dict[str, Kind](), 0, 0, time.process_time()
    for replication in range(replications):
        rng = np.random.default_rng([seed, CASES.index(case), replication, 1])
        truth = truth_of(case, rng) if case.is_redrawn else truth
        found = fit(case, truth, persons_of(case, rng), rng)
        if not found.converged:
            failed += 1
            continue
        steep += Warn.STEEP_SLOPE in found.warnings
        for kind, estimate, se, value in compared(case, found, truth):
            kinds.setdefault(kind, Kind()).add(estimate, se, value)
    seconds = time.process_time() - start
    size = f"{case.n_persons:,} × {len(truth)}"
    notes = [f"{failed} of {replications}", f"{steep}", f"{seconds:.0f}"]
    rows = []
    for at, (kind, values) in enumerate(kinds.items()):
        first = [case.name, size] if at == 0 else ["", ""]
        rows.append(
            [*first, kind, *values.row(same_items=not case.is_redrawn), *(notes if at == 0 else ["", "", ""])]
        )
    return rows


HEAD = (
    "model",
    "persons × items",
    "kind",
    "n",
    "bias",
    "systematic",
    "RMSE",
    "median error",
    "95 % intervals hold, %",
    "not converged",
    "warned of a steep slope",
    "CPU s",
)


def report(names: list[str], *, replications: int, seed: int) -> str:
    """Return the table of some cases, all when none is named."""
    chosen = [case for case in CASES if not names or case.model.value in names]
    rows = [row for case in chosen for row in study(case, replications=replications, seed=seed)]
    return table(HEAD, rows)
