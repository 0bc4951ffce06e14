"""What `exam-engine assemble` answers: report.json for programs, a short text for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exam_engine.assembly import Assembled, Change, Infeasible, Run, Specification, Undecided, Verification
from scripts.commands.output import decimals


def report_of(answer: Assembled | Infeasible | Undecided, specification: Specification) -> dict[str, Any]:
    """Return everything that is known about an answer."""
    report: dict[str, Any] = {"status": type(answer).__name__.lower(), "run": run_report(answer.run)}
    if isinstance(answer, Assembled):
        return report | {
            "deviation": answer.deviation,
            "bound": answer.bound,
            "gap": answer.gap,
            "ended_by": answer.run.ended_by or None,
            "levels": [
                {"priority": one.priority, "deviation": one.deviation, "bound": one.bound, "gap": one.gap}
                for one in answer.levels
            ],
            "rules": _rules(answer.verification, specification),
            "targets": _targets(answer.verification),
            "items": [list(form) for form in answer.forms],
        }
    if isinstance(answer, Undecided):
        return report | {"bound": answer.bound, "ended_by": answer.run.ended_by}
    return report | {
        "clash": list(answer.clash),
        "irreducible": answer.irreducible,
        "shortages": [{"rule": s.rule, "needs": s.needs, "has": s.has} for s in answer.shortages],
        "changes": [
            {"rule": c.rule, "side": c.side, "before": c.before, "after": c.after, "items": list(c.items)}
            for c in answer.changes
        ],
        "confirmed": answer.confirmed,
        "forms_possible": answer.forms_possible,
        "whole_numbers": answer.whole_numbers,
    }


def run_report(run: Run) -> dict[str, Any]:
    """Return how an answer came about."""
    return {
        "seed": run.seed,
        "solver": run.solver,
        "solver_version": run.solver_version,
        "work": run.work,
        "work_limit": run.work_limit,
        "seconds": round(run.seconds, 3),
    }


def _rules(verification: Verification, specification: Specification) -> list[dict[str, Any]]:
    """One entry a rule; a bound that is not there becomes null."""
    kinds = {rule.name: type(rule).__name__ for rule in specification.rules}
    found: dict[str, dict[str, Any]] = {}
    for check in verification.rules:
        entry = found.setdefault(
            check.rule, {"rule": check.rule, "kind": kinds.get(check.rule, "MaxUse"), "forms": []}
        )
        entry["forms"].append(
            {
                "form": check.form or None,
                **({"other": check.other} if check.other else {}),
                "value": check.actual,
                "minimum": check.minimum,
                "maximum": check.maximum,
                "ok": check.ok,
                **({"weight": check.weight, "off": check.off} if check.is_soft else {}),
            }
        )
    return list(found.values())


def _targets(verification: Verification) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for check in verification.targets:
        entry = found.setdefault(check.target, {"target": check.target, "goal": check.goal, "forms": []})
        entry["forms"].append(
            {"form": check.form, "value": check.actual, "deviation": check.deviation, "ok": check.ok}
        )
    return list(found.values())


def text_of(answer: Assembled | Infeasible | Undecided, pool_size: int, forms: int) -> str:
    """Return an answer in a few lines."""
    run = answer.run
    how = f"seed {run.seed}, {run.solver} {run.solver_version}, work {run.work}, {run.seconds:.2f} s"
    if isinstance(answer, Undecided):
        return f"ended by the {run.ended_by}: forms neither found nor excluded ({how})"
    if isinstance(answer, Assembled):
        lines = [
            f"{forms} forms of {_lengths(answer.forms)} items from {pool_size} ({how})",
            f"{sum(not c.is_soft for c in answer.verification.rules)} checks of rules recomputed: all hold",
        ]
        if run.ended_by:
            lines.append(
                f"ended by the {run.ended_by}: with more of it the forms may be nearer to their targets"
            )
        soft = [check for check in answer.verification.rules if check.is_soft]
        if soft:
            lines.append(
                f"{sum(not check.ok for check in soft)} of {len(soft)} checks of soft rules do not hold"
            )
        for level in answer.levels:
            which = f", priority {level.priority}" if len(answer.levels) > 1 else ""
            lines.append(
                f"worst deviation from a target{which} {level.deviation:.4%}, proven least {level.bound:.4%}, "
                f"gap {level.gap:.4%}"
            )
        return "\n".join(lines)
    perhaps = "" if answer.irreducible else " (some of them may be spared)"
    lines = [f"no such forms exist ({how})", f"these rules cannot hold together{perhaps}:"]
    lines += [f"  {name}" for name in answer.clash]
    lines += [
        f"  {s.rule}: needs {_plain(s.needs)} over all forms, the pool has {_plain(s.has)}"
        for s in answer.shortages
    ]
    if answer.changes:
        sure = "smallest change:" if answer.confirmed else "smallest change found (not confirmed by forms):"
        lines += [sure, *(f"  {_change(change)}" for change in answer.changes)]
        if not {change.rule for change in answer.changes} <= set(answer.clash):
            lines.append("  (others than the rules above clash, too, or would have to give way more)")
    if answer.forms_possible:
        lines.append(f"or ask for at most {answer.forms_possible} forms")
    return "\n".join(lines)


def _lengths(forms: Sequence[Sequence[str]]) -> str:
    lengths = sorted({len(form) for form in forms})
    return str(lengths[0]) if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"


def _change(change: Change) -> str:
    if change.side == "drop":
        return f"{change.rule}: leave it out"
    if change.side == "spare":
        return f"{change.rule}: no longer for {'; '.join(change.items)}"
    return f"{change.rule}: {change.side} {_plain(change.before)} → {_plain(change.after)}"


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else decimals(value)
