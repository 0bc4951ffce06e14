"""The kernel's answer as JSON to be stored and shown: rule by rule, required and actual. No I/O."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from exam_engine.assembly import Assembled, Infeasible, Pool, Run, Undecided, Verification

CURVE_THETA = tuple(round(-3 + 0.25 * k, 2) for k in range(25))
"""Abilities at which information curves are drawn."""


COMPOSITION = ("type", "node1", "node2", "category", "importance", "difficulty_level")
"""Attributes by which the forms' contents are set side by side."""


def report_of(answer: Assembled | Infeasible | Undecided, pool: Pool, *, left_out: int) -> dict[str, Any]:
    """Return what is known about an answer.

    Parameters
    ----------
    answer : Assembled, Infeasible or Undecided
    pool : Pool
    left_out : int
        Active items of the right types that could not be used, such as those without parameters.
    """
    report: dict[str, Any] = {"run": _run(answer.run), "pool": pool.size, "left_out": left_out}
    if isinstance(answer, Assembled):
        report |= {
            "rules": _rules(answer.verification),
            "targets": _targets(answer.verification),
            "deviation": answer.deviation,
            "bound": answer.bound,
            "gap": answer.gap,
            "curves": _curves(pool, answer.forms),
            "composition": _composition(pool, answer.forms),
            "mean_difficulty": [_mean_difficulty(pool, form) for form in answer.forms],
        }
    elif isinstance(answer, Infeasible):
        report |= {
            "shortages": [
                {"key": s.rule, "needs": _json(s.needs), "has": _json(s.has)} for s in answer.shortages
            ],
            "clash": list(answer.clash),
            "irreducible": answer.irreducible,
            "changes": [
                {"key": c.rule, "side": c.side, "before": _json(c.before), "after": _json(c.after)}
                for c in answer.changes
            ],
            "confirmed": answer.confirmed,
            "forms_possible": answer.forms_possible,
            "whole_numbers": answer.whole_numbers,
        }
    else:
        report["bound"] = _json(answer.bound)
    return report


def _run(run: Run) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "solver": run.solver,
        "solver_version": run.solver_version,
        "work": run.work,
        "work_limit": run.work_limit,
        "seconds": round(run.seconds, 3),
    }


def _rules(verification: Verification) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for check in verification.rules:
        row = rows.setdefault(
            check.rule,
            {
                "key": check.rule,
                "minimum": _json(check.minimum),
                "maximum": _json(check.maximum),
                "actual": [],
                "ok": True,
            },
        )
        row["actual"].append(_json(check.actual))
        row["ok"] = row["ok"] and check.ok
    return list(rows.values())


def _targets(verification: Verification) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for check in verification.targets:
        row = rows.setdefault(
            check.target, {"key": check.target, "goal": check.goal, "actual": [], "deviation": [], "ok": True}
        )
        row["actual"].append(check.actual)
        row["deviation"].append(check.deviation)
        row["ok"] = row["ok"] and check.ok
    return list(rows.values())


def _curves(pool: Pool, forms: Sequence[Sequence[str]]) -> dict[str, Any] | None:
    if pool.a is None:
        return None
    information = pool.information(CURVE_THETA)
    totals = [information[:, [pool.positions[name] for name in form]].sum(axis=1) for form in forms]
    return {"theta": list(CURVE_THETA), "forms": [[float(v) for v in np.round(t, 4)] for t in totals]}


def _composition(pool: Pool, forms: Sequence[Sequence[str]]) -> dict[str, list[dict[str, Any]]]:
    """Counts of each value of each attribute, a list of forms; attributes without values are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for attribute in COMPOSITION:
        texts = pool.texts(attribute)
        columns = [Counter(str(texts[pool.positions[name]]) for name in form) for form in forms]
        values = sorted({value for column in columns for value in column})
        if values != [""]:
            found[attribute] = [{"value": v, "counts": [column[v] for column in columns]} for v in values]
    return found


def _mean_difficulty(pool: Pool, form: Sequence[str]) -> float:
    difficulty = pool.numbers("difficulty")
    return round(float(np.mean([difficulty[pool.positions[name]] for name in form])), 4)


def _json(value: float | None) -> float | int | None:
    """Infinity is no number in JSON: no limit is null."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(value)
