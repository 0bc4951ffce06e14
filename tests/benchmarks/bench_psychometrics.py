"""Time 2PL calibration: ``python -m tests.benchmarks.bench_psychometrics``.

Prints CPU seconds of the whole call (parameters, analytic standard errors, check of the grid) and the
iterations. For one thread set ``OPENBLAS_NUM_THREADS=1``.
"""

from __future__ import annotations

import os
import platform
import time

import numpy as np

from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.models import probability_2pl

CASES = {"a  2PL  1,000 x  40": (1_000, 40, 71), "b  2PL 20,000 x 100": (20_000, 100, 72)}
REPEATS = 5


def main() -> None:
    """Run the cases and print a line each."""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(f"{os.cpu_count()} cores, {platform.machine()}, {versions}")
    print("case                 CPU s (best)  median  iterations  gradient  RMSE(a)  RMSE(b)")
    for name, (n_persons, n_items, seed) in CASES.items():
        rng = np.random.default_rng(seed)
        a, b = np.exp(rng.normal(0.2, 0.3, n_items)), rng.normal(0, 1, n_items)
        theta = rng.normal(0, 1, n_persons)
        responses = (rng.random((n_persons, n_items)) < probability_2pl(theta, a, b)).astype(np.int8)
        seconds = []
        for _ in range(REPEATS):
            start = time.process_time()
            result = calibrate(responses)
            seconds.append(time.process_time() - start)
        error_a, error_b = (np.sqrt(np.mean((x - y) ** 2)) for x, y in ((result.a, a), (result.b, b)))
        print(
            f"{name}  {min(seconds):12.3f}  {np.median(seconds):6.3f}  {result.iterations:10d}"
            f"  {result.gradient_norm:8.1e}  {error_a:7.4f}  {error_b:7.4f}"
        )


if __name__ == "__main__":
    main()
