"""Calibration beside its peers: ``python -m tests.benchmarks.bench_psychometrics [--peers PYTHON] [--cases abcdef]``.

Every fit runs in a process of its own on one thread. Peers are programs from PyPI in an interpreter of their
own: ``python -m venv peers && peers/bin/pip install mirt girth``, then ``--peers peers/bin/python``. Printed
for each problem and program: CPU seconds of the fit (ours with standard errors and grid check, the peers
without), how many times ours they are, peak memory, and how far the marginal log-likelihood, evaluated for all
alike on 161 nodes from −8 to 8, lies below the best. `tests.benchmarks.psychometrics.cases` tells the problems.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.psychometrics import cases

HERE = Path(__file__).parent / "psychometrics"
NODES = np.linspace(-8.0, 8.0, 161)
PEERS = ("mirt21", "mirt61", "girth")
LONGEST_SECONDS = 600
BLOCK = 4096


def main() -> None:
    """Run the problems and print a line for each program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", default="abcdef")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", type=Path, help="interpreter in which mirt and girth are installed")
    arguments = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}"
    )
    print("case program      CPU s    ratio     MB  errors  converged      below best")
    for case in arguments.cases:
        report(case, arguments.seed, arguments.peers)


def report(case: str, seed: int, peers: Path | None) -> None:
    """Run one problem with all programs and print it."""
    responses, group = cases.draw(case, seed)
    programs = [("ours", Path(sys.executable))]
    if case == "c":
        programs.append(("ours+prior", Path(sys.executable)))
    programs += [(name, peers) for name in PEERS if peers]
    found: dict[str, dict[str, Any]] = {}
    for name, interpreter in programs:
        result = fit(name, interpreter, case, seed)
        if isinstance(result, str):
            print(f"{case:4s} {name:10s} {result}")
        else:
            result["log_likelihood"] = log_likelihood(responses, group, result)
            found[name] = result
    best = max(result["log_likelihood"] for result in found.values())
    for name, result in found.items():
        seconds = float(result["seconds"])
        print(
            f"{case:4s} {name:10s}{seconds:8.3f} {seconds / float(found['ours']['seconds']):8.1f}"
            f" {float(result['megabytes']):6.0f}  {'yes' if result['errors'] else 'no':6s}"
            f"  {'yes' if result['converged'] else 'no':9s} {best - result['log_likelihood']:15.4f}"
        )


def fit(name: str, interpreter: Path, case: str, seed: int) -> dict[str, Any] | str:
    """Run a program on a problem; a text says why it could not."""
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.npz"
        command = [str(interpreter), str(HERE / "runner.py"), name, case, str(seed), str(out)]
        try:
            done = subprocess.run(
                command,
                env=os.environ | one_thread,
                timeout=LONGEST_SECONDS,
                capture_output=True,
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"stopped after {LONGEST_SECONDS} s"
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["failed"])[-1][:100]
        with np.load(out) as data:
            return {key: data[key] for key in data.files}


def log_likelihood(responses: Any, group: Any, found: dict[str, Any]) -> float:
    """Return the marginal log-likelihood on the yardstick's nodes, from probabilities alone."""
    chance = np.log(np.maximum(found["probability"], 1e-300))
    own = np.zeros(len(responses), dtype=int) if group is None else group
    total = 0.0
    for one, (mean, variance) in enumerate(zip(found["means"], found["variances"], strict=True)):
        weights = np.exp(-((NODES - mean) ** 2) / (2 * variance))
        log_weights = np.log(weights / weights.sum())
        rows = np.flatnonzero(own == one)
        for start in range(0, rows.size, BLOCK):
            piece = responses[rows[start : start + BLOCK]]
            cells = np.tile(log_weights, (len(piece), 1))
            for score in range(chance.shape[2]):
                cells += (piece == score).astype(np.float64) @ chance[:, :, score].T
            largest = cells.max(axis=1)
            total += float((largest + np.log(np.exp(cells - largest[:, None]).sum(axis=1))).sum())
    return total


if __name__ == "__main__":
    main()
