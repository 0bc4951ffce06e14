"""What an assembly found, in sentences for readers who are no statisticians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exam_engine.papers.rules import PaperCheck, PaperEventKind
from web.i18n import N_, Translate

STAGE_STEPS = (
    ("bound", N_("Work out what is possible")),
    ("build", N_("Build the forms")),
    ("improve", N_("Bring them closer")),
    ("polish", N_("Polish")),
    ("verify", N_("Check every rule")),
)
"""Stages of the kernel in their order, as steps."""

EVENTS = {
    PaperEventKind.SWAPPED: (N_("Item swapped"), "info"),
    PaperEventKind.RESOLVED: (N_("Open places filled anew"), "info"),
    PaperEventKind.UPDATED: (N_("Current versions taken"), "info"),
    PaperEventKind.UNDONE: (N_("Edit undone"), "neutral"),
    PaperEventKind.APPROVED: (N_("Paper approved"), "good"),
    PaperEventKind.REFUSED: (N_("Sent back"), "bad"),
    PaperEventKind.RESUBMITTED: (N_("Submitted again"), "warn"),
    PaperEventKind.SEALED: (N_("Sealed"), "good"),
    PaperEventKind.DISCARDED: (N_("Discarded"), "neutral"),
}
"""What happened to a paper → words and tone."""

CHECKS = {
    PaperCheck.RULES: N_("Every rule of the blueprint holds, as recomputed below."),
    PaperCheck.TARGETS: N_("The deviations from the targets are acceptable."),
    PaperCheck.DIFFERENCES: N_("The forms differ so little that candidates have the same chance."),
    PaperCheck.CONTENT: N_("I have read every item: none gives away another, and all keys are right."),
}
"""The checklist of the second person."""

Finding = tuple[str, str]
"""Tone (good, warn, bad, info) and sentence."""

ALL_HOLD = N_("All {count} rules hold in every form.")
BROKEN = N_("{count} rules do not hold: {rules}.")
CLOSE = N_("No form is further than {percent} from any of its targets.")
MISSED = N_("{count} targets are missed by more than their tolerance; the worst by {percent}.")
BOUND = N_("No selection from this bank could come closer than {percent}: that is proven.")
NO_GAIN = N_("At most {percent} could still be gained by other items: not worth another run.")
GAIN = N_("Up to {percent} might be gained by another run with another seed.")
SCORE = N_(
    "Candidates of equal ability can expect marks that differ by at most {marks} between any two forms."
)
AIM_AT_SCORE = N_(
    "Expected marks come closer when the blueprint sets them as goals, too: its editor can fill them in."
)
PRECISION = N_("At the abilities of the targets any two forms measure equally precisely to within {percent}.")
UNCALIBRATED = N_(
    "The bank is not calibrated; the mean difficulty of the forms differs by at most {spread} levels."
)
LIMITED = N_("The search ended at its limit before it was done: another run may come closer.")
NOTHING_SHARED = N_("No two forms share an item.")
SHARED = N_("Two forms share up to {count} items.")

CLOSE_ENOUGH, WORTH_A_RUN, SCORE_APART, PRECISION_APART = 0.01, 0.005, 1.0, 5.0
"""Up to these a finding counts as good: parts of a target, parts of it, marks, percent."""


def findings(outcome: Mapping[str, Any], rules: Sequence[Mapping[str, Any]], _: Translate) -> list[Finding]:
    """Return the outcome in sentences: rules, targets, what else is possible, differences, shared items."""
    broken = [rule["name"] for rule in rules if not rule["ok"]]
    if broken:
        found = [("bad", _(BROKEN, count=len(broken), rules="、".join(broken[:5])))]
    else:
        found = [("good", _(ALL_HOLD, count=len(rules)))]
    if outcome["targets"]:
        found += _closeness(outcome, _)
    return found + _differences(outcome, _)


def _closeness(outcome: Mapping[str, Any], _: Translate) -> list[Finding]:
    deviation, bound = outcome["deviation"], outcome.get("bound") or 0.0
    missed = [target for target in outcome["targets"] if not target["ok"]]
    if missed:
        worst = max(max(target["deviation"]) for target in missed)
        found = [("bad", _(MISSED, count=len(missed), percent=_percent(worst)))]
    else:
        found = [("good" if deviation <= CLOSE_ENOUGH else "warn", _(CLOSE, percent=_percent(deviation)))]
    if bound > WORTH_A_RUN / 10:
        found.append(("info", _(BOUND, percent=_percent(bound))))
    if (outcome.get("run") or {}).get("ended_by"):
        found.append(("warn", _(LIMITED)))
    gain = max(0.0, deviation - bound)
    found.append(("info", _(NO_GAIN if gain <= WORTH_A_RUN else GAIN, percent=_percent(gain))))
    return found


def _differences(outcome: Mapping[str, Any], _: Translate) -> list[Finding]:
    pairs = outcome.get("pairs") or {}
    common = pairs.get("common") or []
    if len(common) < 2:
        return []
    found: list[Finding] = []
    if "score" in pairs:
        score = max(max(row) for row in pairs["score"])
        found.append(("good" if score <= SCORE_APART else "warn", _(SCORE, marks=f"{score:.2f}")))
        if score > SCORE_APART and not any(t.get("kind") == "curve" for t in outcome["targets"]):
            found.append(("info", _(AIM_AT_SCORE)))
        apart = max(max(row) for row in pairs["information"])
        tone = "good" if apart <= PRECISION_APART else "warn"
        found.append((tone, _(PRECISION, percent=_percent(apart / 100))))
    else:
        spread = max(outcome["mean_difficulty"]) - min(outcome["mean_difficulty"])
        found.append(("info", _(UNCALIBRATED, spread=f"{spread:.2f}")))
    shared = max(count for f, row in enumerate(common) for g, count in enumerate(row) if f != g)
    found.append(("info", _(SHARED, count=shared)) if shared else ("good", _(NOTHING_SHARED)))
    return found


def _percent(value: float) -> str:
    return f"{value * 100:.2f} %"
