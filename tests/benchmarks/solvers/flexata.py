"""The same forms asked of FlexATA and of `assemble`.

2,000 items, 6 forms of 100 without shared items: the rules of bench_assembly that FlexATA can say (counts and sums,
enemies as pairs) and the information at five abilities, its largest absolute deviation made small. Sets of items,
covered values, one item a point and characteristic curves are left out for both.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from exam_engine.assembly import (
    Assembled,
    Count,
    Enemies,
    InformationTarget,
    Pool,
    Specification,
    Sum,
    assemble,
    verify,
)
from exam_engine.assembly.select import select
from tests.benchmarks.bench_assembly import THETA, make_pool, make_specification

SIZE, FORMS, LENGTH, SECONDS = 2_000, 6, 100, 240

CHILD = """
import json, os, sys, time
import pandas as pd
from FlexATA.form_builder import FormBuilder
given = json.load(open(sys.argv[1]))
def cpu():
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system
start = cpu()
f = FormBuilder(minimize=True)
f.pool = pd.DataFrame({"id": given["ids"]})
f.item_id_column = "id"
f.create_item_by_form_variables(number_of_items_per_form=given["length"], number_of_forms=given["forms"])
f.create_delta_variables()
f.add_delta_as_objective()
for k, (values, low, high) in enumerate(given["rules"]):
    if low is not None and low == high:
        f.add_content_constraints(values, low, "==", f"r{k}")
        continue
    if low is not None:
        f.add_content_constraints(values, low, ">=", f"r{k}")
    if high is not None:
        f.add_content_constraints(values, high, "<=", f"r{k}")
f.add_enemy_constraints(pd.DataFrame(given["enemies"], columns=["one", "other"]), "one", "other")
f.add_item_usage_constraints(0, 1)
for k, (values, goal) in enumerate(given["information"]):
    f.add_information_objective(values, [goal], f"t{k}")
built = cpu() - start
start = cpu()
f.solve_problem(timeLimit=given["seconds"], gapRel=0.0, gapAbs=given["gap"], msg=False)
solved = cpu() - start
forms = []
for r in range(given["forms"]):
    forms.append([name for i, name in enumerate(given["ids"]) if (f.value(f.items[i][r]) or 0) > 0.5])
print(json.dumps({"status": f.status, "built": built, "solved": solved, "forms": forms}))
"""


def reduced(pool: Pool, rng: np.random.Generator) -> Specification:
    """Return what both can say."""
    full = make_specification(pool, LENGTH, rng)
    rules = [r for r in full.rules if isinstance(r, Count | Sum | Enemies)]
    targets = [replace(t, scale=1.0) for t in full.targets if isinstance(t, InformationTarget)]
    return Specification(rules, targets)


def describe(pool: Pool, specification: Specification, gap: float) -> dict[str, object]:
    """Return the specification as the plain lists that the other package takes."""
    rules, enemies = [], []
    for rule in specification.rules:
        if isinstance(rule, Enemies):
            enemies += [list(group) for group in rule.groups]
        elif isinstance(rule, Count | Sum):
            values = select(pool, rule.where) * (
                1.0 if isinstance(rule, Count) else pool.numbers(rule.attribute)
            )
            low = (
                None
                if np.isinf(rule.minimum) or (isinstance(rule, Count) and rule.minimum == 0)
                else rule.minimum
            )
            high = None if rule.maximum is None or np.isinf(rule.maximum) else rule.maximum
            rules.append([values.tolist(), low, high])
    information = [
        [pool.information([t])[0].tolist(), goal.goal]
        for t, goal in zip(THETA, specification.targets, strict=True)
    ]
    return {
        "ids": list(pool.ids),
        "length": LENGTH,
        "forms": FORMS,
        "rules": rules,
        "enemies": enemies,
        "information": information,
        "seconds": SECONDS,
        "gap": gap,
    }


def compare(python: str, seed: int = 1) -> None:
    """Run both and print."""
    rng = np.random.default_rng(seed)
    pool = make_pool(SIZE, rng)
    specification = reduced(pool, rng)
    print(
        f"\n{SIZE:,} × {FORMS} × {LENGTH}, {len(specification.rules)} rules, information at {len(THETA)} abilities"
    )
    start = time.process_time()
    ours = assemble(pool, specification, forms=FORMS, seed=seed)
    seconds = time.process_time() - start
    assert isinstance(ours, Assembled), ours
    print(
        f"  here      {seconds:8.2f} s, worst deviation {ours.deviation:.3f} (proven least {ours.bound:.3f})"
    )
    # The other one may stop as near to the optimum as we came.
    file = Path("/tmp") / f"flexata_{seed}.json"
    file.write_text(json.dumps(describe(pool, specification, max(ours.gap, 1e-3))))
    run = subprocess.run([python, "-c", CHILD, str(file)], capture_output=True, text=True, check=False)
    file.unlink()
    if run.returncode:
        print(f"  FlexATA   skipped: {(run.stderr.strip().splitlines() or ['no output'])[-1]}")
        return
    found = json.loads(run.stdout.strip().splitlines()[-1])
    text = f"  FlexATA   {found['built']:8.2f} s to state it, {found['solved']:.2f} s to solve: {found['status']}"
    if all(len(form) == LENGTH for form in found["forms"]):
        checked = verify(pool, specification, found["forms"])
        text += f", worst deviation {checked.worst_deviation:.3f}, rules broken {len(checked.broken)}"
    else:
        text += ", no forms"
    print(text)


if __name__ == "__main__":
    compare(sys.argv[1] if len(sys.argv) > 1 else sys.executable)
