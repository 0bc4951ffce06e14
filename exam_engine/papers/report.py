"""The kernel's answer as JSON to be stored and shown: rule by rule, required and actual. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from exam_engine.assembly import (
    Assembled,
    Infeasible,
    Pool,
    Run,
    Specification,
    Undecided,
    Verification,
)
from exam_engine.papers.comparison import Forms, compare


def report_of(
    answer: Assembled | Infeasible | Undecided, pool: Pool, specification: Specification, *, left_out: int
) -> dict[str, Any]:
    """Return what is known about an answer.

    Parameters
    ----------
    answer : Assembled, Infeasible or Undecided
    pool : Pool
    specification : Specification
        The one that was assembled.
    left_out : int
        Active items of the right types that could not be used, such as those without parameters.
    """
    report: dict[str, Any] = {"run": run_as_json(answer.run), "pool": pool.size, "left_out": left_out}
    if isinstance(answer, Assembled):
        report |= forms_report(pool, specification, answer.forms, answer.verification)
        report |= {"deviation": answer.deviation, "bound": answer.bound, "gap": answer.gap}
    elif isinstance(answer, Infeasible):
        report |= {
            "shortages": [
                {"key": s.rule, "needs": _json(s.needs), "has": _json(s.has)} for s in answer.shortages
            ],
            "clash": list(answer.clash),
            "irreducible": answer.irreducible,
            "changes": [
                {
                    "key": c.rule,
                    "side": c.side,
                    "before": _json(c.before),
                    "after": _json(c.after),
                    "items": list(c.items),
                }
                for c in answer.changes
            ],
            "confirmed": answer.confirmed,
            "forms_possible": answer.forms_possible,
            "whole_numbers": answer.whole_numbers,
        }
    else:
        report["bound"] = _json(answer.bound)
    return report


def forms_report(
    pool: Pool,
    specification: Specification,
    forms: Forms,
    verification: Verification,
    numbers: Sequence[int] = (),
) -> dict[str, Any]:
    """Return rules, targets, contents and differences of forms; ``numbers`` are those of the forms that are left."""
    return {
        "numbers": list(numbers) or list(range(1, len(forms) + 1)),
        "rules": _rules(verification),
        "targets": _targets(verification, specification),
        "deviation": verification.worst_deviation,
        **compare(pool, forms, _abilities(specification)),
    }


def run_as_json(run: Run) -> dict[str, Any]:
    """Return how an answer came about."""
    return {
        "seed": run.seed,
        "solver": run.solver,
        "solver_version": run.solver_version,
        "work": run.work,
        "work_limit": run.work_limit,
        "seconds": round(run.seconds, 3),
        "ended_by": run.ended_by,
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
                "broken": [],
                "ok": True,
                "soft": check.is_soft,
            },
        )
        row["actual"].append(_json(check.actual))
        if not check.ok and not check.is_soft:
            row["broken"].append({"form": check.form, "detail": check.detail})
            row["ok"] = False
    return list(rows.values())


def _targets(verification: Verification, specification: Specification) -> list[dict[str, Any]]:
    """One row a target and ability; a target of one ability tells which, so that it can be drawn."""
    known = {target.name: target for target in specification.targets}
    rows: dict[str, dict[str, Any]] = {}
    for check in verification.targets:
        target = known.get(check.target)
        row = rows.setdefault(
            check.target,
            {
                "key": check.target,
                "kind": type(target).__name__.removesuffix("Target").lower() if target else "",
                "theta": getattr(target, "theta", None),
                "goal": check.goal,
                "actual": [],
                "deviation": [],
                "ok": True,
            },
        )
        row["actual"].append(check.actual)
        row["deviation"].append(check.deviation)
        row["ok"] = row["ok"] and check.ok
    return list(rows.values())


def _abilities(specification: Specification) -> list[float]:
    found: set[float] = set()
    for target in specification.targets:
        theta = getattr(target, "theta", ())
        found |= set(theta) if isinstance(theta, tuple) else {theta}
    return sorted(found)


def _json(value: float | None) -> float | int | None:
    """Infinity is no number in JSON: no limit is null."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(value)
