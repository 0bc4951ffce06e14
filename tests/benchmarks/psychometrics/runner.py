"""Fit one problem with one program and write what it found; run in a process of its own, on one thread.

``python runner.py PROGRAM CASE SEED OUT.npz`` with PROGRAM one of ``ours``, ``mirt21``, ``mirt61`` (the mirt of
PyPI with 21 or 61 nodes), ``girth``. Writes CPU seconds (user and system of the fit alone, the best of three,
or one when it takes longer than five), peak memory, and the probabilities of every score at the yardstick's
nodes. A small fit goes before, so that imports and compilation are not counted.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from cases import MODELS, draw  # type: ignore[import-not-found]

NODES = np.linspace(-8.0, 8.0, 161)


def ours(responses: Any, group: Any, model: str, *, with_prior: bool = False) -> dict[str, Any]:
    sys.path.insert(0, str(Path(__file__).parents[3]))
    from exam_engine.psychometrics.irt.calibrate import NONE, calibrate

    found = calibrate(responses, model=model, groups=group, priors=None if with_prior else NONE)
    return {
        "fit": found,
        "converged": found.converged,
        "errors": bool(np.isfinite(found.se_b).all()),
        "probability": lambda: found.items.probability(NODES),
        "means": found.means,
        "variances": found.variances,
    }


def mirt(responses: Any, group: Any, model: str, *, nodes: int) -> dict[str, Any]:
    import mirt as peer  # type: ignore[import-not-found]

    answers = responses.astype(int)
    if group is not None:
        found = peer.fit_multigroup(answers, group, model=model.upper(), invariance="strict", n_quadpts=nodes)
        curves, latent = found.model.group_models[0], found.latent_distributions
        means = np.array([float(np.ravel(one.mean)[0]) for one in latent])
        variances = np.array([float(np.ravel(one.cov)[0]) for one in latent])
    else:
        found = peer.fit_mirt(answers, model=model.upper(), n_quadpts=nodes, compute_standard_errors=False)
        curves, means, variances = found.model, np.zeros(1), np.ones(1)

    def probability() -> Any:
        chance = np.asarray(curves.probability(NODES[:, None]))
        return np.stack([1 - chance, chance], axis=2) if chance.ndim == 2 else chance

    return {
        "converged": bool(found.converged),
        "errors": False,
        "probability": probability,
        "means": means,
        "variances": variances,
    }


def girth(responses: Any, group: Any, model: str) -> dict[str, Any]:
    import girth as peer  # type: ignore[import-not-found]

    if group is not None or model not in ("2pl", "gpcm") or (responses < 0).any():
        raise SystemExit("not offered")
    if model == "gpcm":
        raise SystemExit("partial credit with one slope an item takes minutes")
    found = peer.twopl_mml(responses.T.astype(int))
    a, b = np.asarray(found["Discrimination"]), np.asarray(found["Difficulty"])

    def probability() -> Any:
        chance = 1 / (1 + np.exp(-a * (NODES[:, None] - b)))
        return np.stack([1 - chance, chance], axis=2)

    return {
        "converged": True,
        "errors": False,
        "probability": probability,
        "means": np.zeros(1),
        "variances": np.ones(1),
    }


PROGRAMS: dict[str, Any] = {
    "ours": ours,
    "ours+prior": lambda *arguments: ours(*arguments, with_prior=True),
    "mirt21": lambda *arguments: mirt(*arguments, nodes=21),
    "mirt61": lambda *arguments: mirt(*arguments, nodes=61),
    "girth": girth,
}


def main() -> None:
    """Fit and write."""
    program, case, seed, out = sys.argv[1:]
    fit = PROGRAMS[program]
    responses, group = draw(case, int(seed))
    few = np.r_[:200, -200:0]
    small = responses[few, :10] if case != "e" else draw("a", 0)[0][:300, :10]
    fit(small, None if group is None else group[few], MODELS[case])
    seconds: list[float] = []
    while len(seconds) < 3 and sum(seconds) < 5:
        start = time.process_time()
        found = fit(responses, group, MODELS[case])
        seconds.append(time.process_time() - start)
    np.savez(
        out,
        seconds=min(seconds),
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        probability=found["probability"](),
        **{name: found[name] for name in ("converged", "errors", "means", "variances")},
    )


if __name__ == "__main__":
    main()
