"""Compare solvers on the programmes of assembly, each in a process of its own.

    python -m venv solvers && solvers/bin/pip install highspy ortools pulp pyscipopt scipy
    python -m tests.benchmarks.bench_solvers --python solvers/bin/python

Without ``--python`` only what this environment holds is run; a solver that is absent is named. CPU seconds of solving,
without reading the problem; one thread; every solution is checked against the rows after rounding. ``--peer`` adds
FlexATA (``pip install FlexATA``) on 2,000 × 6 × 100, see ``solvers/flexata.py``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.benchmarks.solvers.problems import Problem, average_form, content, most_information, near_targets

LINEAR = ("scipy", "scipy-ipm", "highspy", "highspy-ipm", "glop", "cbc", "scip")
INTEGER = ("scipy", "highspy", "cbc", "scip", "cp-sat")
PROCESS = Path(__file__).parent / "solvers" / "process.py"
FLEXATA = Path(__file__).parent / "solvers" / "flexata.py"
BROKEN = 1e-5

Make = Callable[[int], Problem]

PROBLEMS: tuple[tuple[Make, tuple[str, ...]], ...] = (
    (lambda seed: average_form(500, 2, 80, seed), LINEAR),
    (lambda seed: average_form(2_000, 6, 100, seed), LINEAR),
    (lambda seed: average_form(10_000, 50, 100, seed), LINEAR),
    (lambda seed: average_form(50_000, 50, 160, seed), ("scipy", "scipy-ipm", "highspy-ipm")),
    (lambda seed: content(2_000, 100, seed), INTEGER),
    (lambda seed: near_targets(500, 80, seed), INTEGER),
    (lambda seed: most_information(1_000, 40, seed), INTEGER),
)


def solve(problem: Problem, folder: Path, solver: str, python: str, seconds: float) -> str:
    """Run one solver and say how it went."""
    x_file = folder / "x.npy"
    x_file.unlink(missing_ok=True)
    command = [python, str(PROCESS), str(folder), solver, str(problem.gap), str(seconds)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=4 * seconds + 60)
    except subprocess.TimeoutExpired:
        return "killed: did not end at its limit"
    if run.returncode or not run.stdout.strip():
        return f"failed: {(run.stderr.strip().splitlines() or ['no output'])[-1]}"
    found = json.loads(run.stdout.strip().splitlines()[-1])
    if found["status"] == "absent":
        return f"skipped: {found['why']}"
    text = f"{found['cpu']:8.2f} s  {found['status']}"
    if found["x"]:
        x = np.load(x_file)
        broken = problem.violation(x)
        text += f", objective {problem.cost @ x:.5g}"
        text += f", breaks a row by {broken:.2g}" if broken > BROKEN else ""
    return f"{text}  [{found['version']}]"


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the solvers")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit of one call")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--solvers", nargs="*", help="only these")
    parser.add_argument("--problems", type=int, nargs="*", help="only these, counted from 0")
    parser.add_argument("--peer", action="store_true", help="FlexATA, too")
    given = parser.parse_args()
    for k, (make, solvers) in enumerate(PROBLEMS):
        if given.problems is not None and k not in given.problems:
            continue
        for seed in given.seeds:
            problem = make(seed)
            rows, columns = problem.matrix.shape
            print(
                f"\n{problem.name}, seed {seed}: {rows} rows, {columns} columns, {problem.matrix.nnz} values"
            )
            with tempfile.TemporaryDirectory() as name:
                folder = problem.write(Path(name))
                for solver in solvers:
                    if not given.solvers or solver in given.solvers:
                        said = solve(problem, folder, solver, given.python, given.seconds)
                        print(f"  {solver:12} {said}", flush=True)
    if given.peer:
        from tests.benchmarks.solvers.flexata import compare

        compare(given.python)


if __name__ == "__main__":
    main()
