"""From responses to a link: bias, and errors that are as large as they say."""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.linking.link import Linker, Method, link

REPLICATIONS = 12
SCALE, SHIFT = 1.25, 0.5


def test_links_of_calibrated_forms_recover_the_groups() -> None:
    """The new group has mean 0.5 and deviation 1.25 on the old scale: that is the line to be found."""
    rng = np.random.default_rng(21)
    truth = Items.dichotomous(rng.uniform(0.8, 1.6, 15), np.linspace(-1.5, 1.8, 15))
    scores: dict[Method, list[tuple[float, float]]] = {Method.MEAN_MEAN: [], Method.STOCKING_LORD: []}
    for _ in range(REPLICATIONS):
        found = []
        for mean, deviation in ((SHIFT, SCALE), (0.0, 1.0)):
            right = truth.probability(rng.normal(mean, deviation, 500))[:, :, 1]
            found.append(calibrate((rng.random(right.shape) < right).astype(int), model="2pl"))
        new, old = (Items.dichotomous(each.a, each.b) for each in found)
        for method, kept in scores.items():
            line = link(
                new,
                old,
                linker=Linker(method),
                covariance_new=found[0].covariance,
                covariance_old=found[1].covariance,
            ).transformation
            kept.append(((line.scale - SCALE) / line.scale_error, (line.shift - SHIFT) / line.shift_error))

    for kept in scores.values():
        z = np.array(kept)
        # 12 replications: the mean of z has an error of 0.29, its root mean square one of 0.2; three of them.
        assert np.all(np.abs(z.mean(axis=0)) < 0.9)
        assert np.all(np.abs(np.sqrt(np.mean(z**2, axis=0)) - 1.0) < 0.6)
