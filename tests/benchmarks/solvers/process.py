"""One solver on one problem, in a process of its own: ``python process.py FOLDER SOLVER GAP SECONDS``.

Needs NumPy and the solver, nothing of ours, so that it runs in any environment. Prints a JSON line: status, objective,
CPU seconds of the solving alone, where the solution was saved. One thread.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

Answer = tuple[str, float, "np.ndarray | None"]


def cpu() -> float:
    """Return CPU seconds of this process and its children."""
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system


def scipy_highs(folder: Path, gap: float, seconds: float) -> tuple[Callable[[], Answer], str]:
    import scipy.sparse as sp
    from scipy.optimize import Bounds, LinearConstraint, milp

    p = np.load(folder / "problem.npz")
    matrix = sp.csr_array((p["data"], p["indices"], p["indptr"]), shape=(len(p["lower"]), len(p["cost"])))

    def run() -> Answer:
        found = milp(
            p["cost"],
            integrality=p["integer"].astype(int),
            bounds=Bounds(0, p["most"]),
            constraints=[LinearConstraint(matrix, p["lower"], p["upper"])],
            options={"mip_rel_gap": gap, "time_limit": seconds},
        )
        status = {0: "optimal", 1: "limit", 2: "infeasible"}.get(found.status, "failed")
        return status, float(found.fun or 0.0), found.x

    return run, f"SciPy {importlib.metadata.version('scipy')}"


def scipy_interior(folder: Path, gap: float, seconds: float) -> tuple[Callable[[], Answer], str]:
    import scipy.sparse as sp
    from scipy.optimize import linprog

    p = np.load(folder / "problem.npz")
    matrix = sp.csr_array((p["data"], p["indices"], p["indptr"]), shape=(len(p["lower"]), len(p["cost"])))
    lower, upper = p["lower"], p["upper"]
    equal, high = lower == upper, (lower < upper) & np.isfinite(upper)
    low = (lower < upper) & np.isfinite(lower)

    def run() -> Answer:
        found = linprog(
            p["cost"],
            A_ub=sp.vstack([matrix[high], -matrix[low]]),
            b_ub=np.r_[upper[high], -lower[low]],
            A_eq=matrix[equal],
            b_eq=lower[equal],
            bounds=np.column_stack([np.zeros(len(p["cost"])), p["most"]]),
            method="highs-ipm",
            options={"time_limit": seconds},
        )
        status = {0: "optimal", 1: "limit", 2: "infeasible"}.get(found.status, "failed")
        return status, float(found.fun or 0.0), found.x

    return run, f"SciPy {importlib.metadata.version('scipy')}"


def highspy(
    folder: Path, gap: float, seconds: float, method: str = "choose"
) -> tuple[Callable[[], Answer], str]:
    import highspy as hp

    h = hp.Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("time_limit", seconds),
        ("mip_rel_gap", gap),
        ("solver", method),
    ):
        h.setOptionValue(name, value)
    h.readModel(str(folder / "problem.mps"))

    def run() -> Answer:
        h.run()
        status = str(h.getModelStatus()).split(".")[-1].removeprefix("k").lower()
        info = h.getInfo()
        known = info.primal_solution_status == 2
        x = np.array(h.getSolution().col_value) if known else None
        return status, float(info.objective_function_value), x

    return run, importlib.metadata.version("highspy")


def ortools(folder: Path, gap: float, seconds: float, kind: str) -> tuple[Callable[[], Answer], str]:
    from ortools.linear_solver.python import model_builder

    model = model_builder.Model()
    if not model.import_from_mps_file(str(folder / "problem.mps")):
        raise RuntimeError("the file was not read")
    solver = model_builder.Solver(kind)
    solver.set_time_limit_in_seconds(seconds)
    if kind == "sat":
        solver.set_solver_specific_parameters(f"num_workers:1 relative_gap_limit:{gap}")
    elif kind == "scip":
        solver.set_solver_specific_parameters(f"limits/gap = {gap}")

    def run() -> Answer:
        status = solver.solve(model).name.lower()
        if status not in ("optimal", "feasible"):
            return status, 0.0, None
        x = np.array(solver.values(model.get_variables()))
        return status, float(solver.objective_value), x

    return run, importlib.metadata.version("ortools")


def cbc(folder: Path, gap: float, seconds: float) -> tuple[Callable[[], Answer], str]:
    import pulp

    program = pulp.PULP_CBC_CMD().path
    out = folder / "cbc.txt"
    command = [program, str(folder / "problem.mps"), "sec", str(seconds), "ratio", str(gap)]
    command += ["timeMode", "cpu", "solve", "solution", str(out)]

    def run() -> Answer:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        first = out.read_text().splitlines() if out.exists() else [done.stdout[-200:]]
        values = np.zeros(len(np.load(folder / "problem.npz")["cost"]))
        for line in first[1:]:
            part = line.replace("**", " ").split()
            values[int(part[1][1:])] = float(part[2])
        status = first[0].split(" - ")[0].split()[0].lower() if first else "failed"
        found = first[0].split("value")[-1].strip() if first else ""
        if status == "stopped" and len(first) == 1:
            return status, 0.0, None
        return status, float(found) if found else 0.0, values if len(first) > 1 else None

    return run, f"PuLP {importlib.metadata.version('pulp')}"


def scip(folder: Path, gap: float, seconds: float) -> tuple[Callable[[], Answer], str]:
    from pyscipopt import Model

    model = Model()
    model.hideOutput()
    model.readProblem(str(folder / "problem.mps"))
    model.setParam("limits/gap", gap)
    model.setParam("limits/time", seconds)
    columns = {v.name: v for v in model.getVars()}

    def run() -> Answer:
        model.optimize()
        if not model.getNSols():
            return model.getStatus(), 0.0, None
        x = np.zeros(len(columns))
        for name, column in columns.items():
            x[int(name[1:])] = model.getVal(column)
        return model.getStatus(), float(model.getObjVal()), x

    return run, importlib.metadata.version("pyscipopt")


SOLVERS: dict[str, Callable[[Path, float, float], tuple[Callable[[], Answer], str]]] = {
    "scipy": scipy_highs,
    "scipy-ipm": scipy_interior,
    "highspy": highspy,
    "highspy-ipm": lambda f, g, s: highspy(f, g, s, "ipm"),
    "highspy-pdlp": lambda f, g, s: highspy(f, g, s, "pdlp"),
    "cbc": cbc,
    "scip": scip,
    "cp-sat": lambda f, g, s: ortools(f, g, s, "sat"),
    "glop": lambda f, g, s: ortools(f, g, s, "glop"),
    "pdlp": lambda f, g, s: ortools(f, g, s, "pdlp"),
}


def main() -> None:
    """Solve and print."""
    folder, name, gap, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    try:
        run, version = SOLVERS[name](folder, gap, seconds)
    except ImportError as error:
        print(json.dumps({"status": "absent", "why": str(error)}))
        return
    started = cpu()
    status, objective, x = run()
    used = cpu() - started
    if x is not None:
        np.save(folder / "x.npy", x)
    print(
        json.dumps(
            {"status": status, "objective": objective, "cpu": used, "version": version, "x": x is not None}
        )
    )


if __name__ == "__main__":
    main()
