"""Make forms as informative as can be at five abilities at once, and print what part of the proven bound each reaches.

Run as ``python -m tests.benchmarks.bench_objectives [pool] [forms] [length] [seed ...]``; without arguments it runs
2,000 × 6 × 100 with seed 1. Pools and rules are those of `bench_assembly`; the smallest information at −2, −1, 0, 1
and 2 is to be as large as can be (maximin). One thread: ``OPENBLAS_NUM_THREADS=1``.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np

from exam_engine.assembly import Assembled, Maximin, assemble
from tests.benchmarks.bench_assembly import THETA, make_pool, make_specification


def run(size: int, forms: int, length: int, seed: int) -> Assembled:
    """Assemble once and print a line; an AssertionError when no forms were found."""
    rng = np.random.default_rng(seed)
    pool = make_pool(size, rng)
    rules = make_specification(pool, length, rng)
    specification = replace(rules, targets=(Maximin(name="maximin", theta=THETA),))
    cpu = time.process_time()
    answer = assemble(pool, specification, forms=forms, seed=seed)
    cpu = time.process_time() - cpu
    assert isinstance(answer, Assembled), answer
    assert answer.verification.ok
    places = [[pool.positions[name] for name in form] for form in answer.forms]
    least = [float(pool.information(THETA)[:, form].sum(axis=1).min()) for form in places]
    bound = answer.verification.targets[0].goal
    assert bound is not None
    shares = " ".join(f"{value / bound:.2%}" for value in least)
    print(
        f"{size} × {forms} × {length} seed {seed}: {len(specification.rules)} rules, CPU {cpu:.1f} s, "
        f"bound {bound:.3f}, least information of the forms {shares}, work {answer.run.work}",
        flush=True,
    )
    return answer


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    size, forms, length = (given + [2000, 6, 100][len(given) :])[:3]
    for seed in given[3:] or [1]:
        run(size, forms, length, seed)
