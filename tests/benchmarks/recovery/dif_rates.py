"""False positives of differential functioning: the items are the same for both groups."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from exam_engine.psychometrics.dif.design import Design
from exam_engine.psychometrics.dif.estimates import Estimates
from exam_engine.psychometrics.dif.logistic import Question, logistic
from exam_engine.psychometrics.dif.lord import lord
from exam_engine.psychometrics.dif.mantel_haenszel import mantel_haenszel
from exam_engine.psychometrics.dif.outcome import Size
from exam_engine.psychometrics.dif.polytomous import liu_agresti, mantel
from exam_engine.psychometrics.dif.sibtest import sibtest
from exam_engine.psychometrics.irt.calibrate import Calibration, calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.linking.link import Linker, Method
from exam_engine.psychometrics.simulation.abilities import draw_groups
from exam_engine.psychometrics.simulation.responses import draw_responses, simulate
from tests.benchmarks.recovery.parameters import Case, truth_of
from tests.benchmarks.recovery.rates import Setting

PER_GROUP = 500
IMPACT = -0.5
"""Mean of the focal group where the groups differ in ability."""

PURIFIED_GROUP, N_HARDER, HARDER = 700, 6, 0.8
"""Persons a group, items that are harder for the focal group, and by how many logits, where purification is tried."""


def binary(model: Model, mean: float, rng: np.random.Generator) -> Mapping[str, np.ndarray]:
    """Compare two groups on thirty items scored 0 or 1."""
    truth = truth_of(Case("", model, PER_GROUP, 30), rng)
    persons = draw_groups([PER_GROUP, PER_GROUP], [0.0, mean], [1.0, 1.0], rng=rng)
    x = simulate(truth, persons, rng=rng).responses
    groups = np.where(persons.group == 0, "a", "b")
    haenszel = mantel_haenszel(x, groups)
    tests = {
        "Mantel–Haenszel": haenszel.p_value,
        "Mantel–Haenszel, without continuity correction": mantel_haenszel(
            x, groups, continuity=False
        ).p_value,
        "Mantel–Haenszel, class B or C": np.array([size not in (None, Size.A) for size in haenszel.sizes]),
        "Mantel–Haenszel, class C": np.array([size is Size.C for size in haenszel.sizes]),
        "logistic, uniform": logistic(x, groups, question=Question.UNIFORM).p_value,
        "logistic, both": logistic(x, groups, question=Question.BOTH).p_value,
        "SIBTEST": sibtest(x, groups).p_value,
    }
    if model is Model.TWO_PL and mean == 0.0:
        one, two = (estimates(calibrate(x[persons.group == each], model=model)) for each in (0, 1))
        tests["Lord, 2PL calibrated in each group"] = lord(one, two).p_value
    return tests


def polytomous(mean: float, rng: np.random.Generator) -> Mapping[str, np.ndarray]:
    """Compare two groups on fifteen items of four scores."""
    truth = truth_of(Case("", Model.GPCM, PER_GROUP, 15), rng)
    persons = draw_groups([PER_GROUP, PER_GROUP], [0.0, mean], [1.0, 1.0], rng=rng)
    x = simulate(truth, persons, rng=rng).responses
    groups = np.where(persons.group == 0, "a", "b")
    return {
        "Mantel": mantel(x, groups).p_value,
        "Liu–Agresti": liu_agresti(x, groups).p_value,
        "logistic, uniform": logistic(x, groups, question=Question.UNIFORM).p_value,
        "SIBTEST": sibtest(x, groups).p_value,
    }


def purified(mean: float, rng: np.random.Generator) -> Mapping[str, np.ndarray]:
    """Compare two groups where six of thirty items are harder for one; p-values of the other items only."""
    a, b = rng.lognormal(0.0, 0.2, 30), rng.standard_normal(30)
    harder = b + np.where(np.arange(30) < N_HARDER, HARDER, 0.0)
    x = np.concatenate(
        [
            draw_responses(Items.dichotomous(a, own), rng.normal(centre, 1.0, PURIFIED_GROUP), rng=rng)
            for centre, own in ((0.0, b), (mean, harder))
        ]
    )
    groups = np.repeat(["a", "b"], PURIFIED_GROUP)
    plan = Design(purify=True)
    apart = [calibrate(x[groups == name], model=Model.TWO_PL) for name in ("a", "b")]
    linker = Linker(Method.STOCKING_LORD)

    def line(chosen: np.ndarray) -> tuple[float, float]:
        fit = linker.fit(apart[1].items.take(chosen), apart[0].items.take(chosen))
        return fit.scale, fit.shift

    by_lord = lord(*map(estimates, apart), link=line, purify=True)
    tests = {
        "Mantel–Haenszel, not purified": mantel_haenszel(x, groups).p_value,
        "Mantel–Haenszel": mantel_haenszel(x, groups, design=plan).p_value,
        "logistic, uniform": logistic(x, groups, design=plan, question=Question.UNIFORM).p_value,
        "logistic, both": logistic(x, groups, design=plan, question=Question.BOTH).p_value,
        "SIBTEST": sibtest(x, groups, design=plan).p_value,
        "Lord, Stocking–Lord link": by_lord.p_value,
    }
    return {name: p[N_HARDER:] for name, p in tests.items()}


def estimates(found: Calibration) -> Estimates:
    """Return slope and difficulty of 2PL items with their covariance, by the delta method."""
    n = len(found.items)
    rows = np.arange(2 * n).reshape(n, 2)
    own = found.covariance[rows[:, :, None], rows[:, None, :]]
    # b = −d / a
    change = np.zeros((n, 2, 2))
    change[:, 0, 0] = 1.0
    change[:, 1, 0], change[:, 1, 1] = -found.b / found.a, -1.0 / found.a
    covariance = change @ own @ change.transpose(0, 2, 1)
    values = np.stack([found.a, found.b], axis=1)
    return Estimates.of(("a", "b"), values, covariance, n_persons=PER_GROUP)


SIZE = f"{PER_GROUP} + {PER_GROUP}"
SETTINGS = [
    Setting(f"Rasch, {SIZE} × 30, alike", partial(binary, Model.RASCH, 0.0)),
    Setting(f"Rasch, {SIZE} × 30, impact −0.5", partial(binary, Model.RASCH, IMPACT)),
    Setting(f"2PL, {SIZE} × 30, alike", partial(binary, Model.TWO_PL, 0.0)),
    Setting(f"2PL, {SIZE} × 30, impact −0.5", partial(binary, Model.TWO_PL, IMPACT)),
    Setting(f"GPCM, {SIZE} × 15, alike", partial(polytomous, 0.0)),
    Setting(f"GPCM, {SIZE} × 15, impact −0.5", partial(polytomous, IMPACT)),
    Setting("2PL, 700 + 700 × 30, six items differ, purified, alike", partial(purified, 0.0)),
    Setting("2PL, 700 + 700 × 30, six items differ, purified, impact −0.8", partial(purified, -0.8)),
]
