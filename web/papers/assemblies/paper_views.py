"""What the pages of a paper show, worked out from services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import EQUAL
from exam_engine.papers.growing import grows
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import OPEN, PaperEventKind, PaperKind, PaperStatus, last_edit
from itembank.items import service as items
from itembank.people import service as people
from itembank.people.rules import Action
from web.deps import Context
from web.papers import labels
from web.papers.assemblies import views
from web.papers.assemblies.words import CHECKS, EVENTS

STEM = 80
"""Characters of a stem shown in a list."""


def people_of(ctx: Context, paper: Paper) -> dict[str, str]:
    """Return the names of those who made, approved and sealed a paper."""
    ids = {"created": paper.created_by, "approved": paper.approved_by, "sealed": paper.sealed_by}
    return {part: people.find_user(ctx.session, user).name if user else "" for part, user in ids.items()}


def paper_values(ctx: Context, paper: Paper) -> dict[str, Any]:
    """Return what a paper's page shows beside its record."""
    # Who may neither assemble nor seal sees that a paper exists, not what is in it.
    reviews = ctx.may(Action.PAPER_SEAL) or ctx.may(Action.PAPER_ASSEMBLE)
    is_open = paper.status in OPEN
    history = papers.paper_history(ctx.session, paper.id)
    spec = papers.spec_of(papers.find_blueprint(ctx.session, paper.blueprint_id))
    entries = papers.entry_views(ctx.session, paper.id) if is_open and reviews else []
    kinds = [event.kind for event in history]
    drafted = papers.collection_report(ctx.session, paper) if is_open and reviews else None
    return {
        "spec": spec,
        "content": papers.preview_draft(ctx.session, paper.id) if is_open and reviews else None,
        "entries": entries,
        "changed": [entry for entry in entries if entry.state == "changed"],
        "withdrawn": [entry for entry in entries if entry.state == "withdrawn"],
        "show_keys": ctx.may(Action.KEY_READ),
        "is_open": is_open,
        "may_edit": is_open and paper.kind is PaperKind.FORM and ctx.may(Action.PAPER_ASSEMBLE),
        "may_decide": ctx.may(Action.PAPER_SEAL) and papers.may_decide(ctx.session, ctx.actor, paper),
        "can_undo": last_edit(kinds) is not None,
        "edited": any(kind in (PaperEventKind.SWAPPED, PaperEventKind.RESOLVED) for kind in kinds),
        "refusal": next((e for e in reversed(history) if e.kind is PaperEventKind.REFUSED), None)
        if paper.status is PaperStatus.RETURNED
        else None,
        "history": history_rows(ctx, paper, spec),
        "summary": (papers.find_assembly(ctx.session, paper.assembly_id).outcome or {}).get("collection", {}),
        "verdict": verdict_of(ctx, paper, spec) if is_open else None,
        "checks": CHECKS,
        "grows": grows(paper.collection),
        "draft_rules": _rules(ctx, drafted, _spec_of(ctx, paper)) if drafted else [],
    }


def verdict_of(ctx: Context, paper: Paper, spec: BlueprintSpec) -> dict[str, Any] | None:
    """Return the rules and targets of one form as last recomputed; None when its assembly has none."""
    outcome = papers.find_assembly(ctx.session, paper.assembly_id).outcome or {}
    numbers = outcome.get("numbers") or []
    if "rules" not in outcome or paper.form not in numbers:
        return None
    place = numbers.index(paper.form)
    rules = [_of_form(rule, place) for rule in views.rule_rows(ctx, outcome, spec)]
    targets = [
        {**t, "actual": t["actual"][place], "deviation": t["deviation"][place]}
        for t in views.target_rows(ctx, outcome, spec)
    ]
    return {
        "rules": rules,
        "targets": targets,
        "broken": [rule["name"] for rule in rules if not rule["ok"]],
        "deviation": max((t["deviation"] for t in targets), default=0.0),
        "apart": _apart(outcome.get("pairs") or {}, place),
        "checked_at": outcome.get("checked_at"),
    }


def _apart(pairs: Mapping[str, Any], place: int) -> dict[str, float] | None:
    """Return how far a form is from the one that differs most from it; None where it is alone."""
    if len(pairs.get("common") or []) < 2:
        return None
    return {
        name: max(value for other, value in enumerate(table[place]) if other != place)
        for name, table in pairs.items()
    }


def _of_form(rule: Mapping[str, Any], place: int) -> dict[str, Any]:
    values = rule["actual"]
    broken = rule.get("broken") or []
    mine = [b for b in broken if b["form"] in (0, place + 1) or rule["key"] == EQUAL]
    return {
        **rule,
        "actual": values[place] if len(values) > place else values[0],
        "ok": not mine,
        "detail": ", ".join(dict.fromkeys(b["detail"] for b in mine if b["detail"])),
    }


def seal_values(ctx: Context, paper: Paper, verdict: papers.SealVerdict) -> dict[str, Any]:
    """Return what re-verification found, in words."""
    spec = _spec_of(ctx, paper)
    return {
        "sealed": verdict,
        "sealed_rules": _rules(ctx, verdict.report, spec),
        "sealed_targets": [
            {**t, "actual": t["actual"][0], "deviation": t["deviation"][0]}
            for t in views.target_rows(ctx, verdict.report, spec)
        ],
        "sealed_broken": [labels.rule_label(key, spec, ctx._) for key in verdict.broken],
    }


def _spec_of(ctx: Context, paper: Paper) -> BlueprintSpec:
    """Return the rules of a paper: those sealed with a collection from which tests grow, or its blueprint's."""
    if paper.collection and grows(paper.collection):
        return BlueprintSpec.model_validate(paper.collection["spec"])
    return papers.spec_of(papers.find_blueprint(ctx.session, paper.blueprint_id))


def _rules(ctx: Context, report: Mapping[str, Any], spec: BlueprintSpec) -> list[dict[str, Any]]:
    rows = views.rule_rows(ctx, report, spec)
    return [{**rule, "actual": _of_all(rule["actual"]), "detail": ""} for rule in rows]


def _of_all(values: Sequence[float]) -> str:
    """Return a value, or where forms differ that of each: 12 / 13 / 12."""
    return " / ".join(f"{value:g}" for value in (values[:1] if len(set(values)) == 1 else values))


def history_rows(ctx: Context, paper: Paper, spec: BlueprintSpec) -> list[dict[str, Any]]:
    """Return the events of a paper in words, the latest first."""
    events = papers.paper_history(ctx.session, paper.id)
    swapped = {UUID(swap[side]) for event in events for swap in event.swaps for side in ("old", "new")}
    numbers = {str(k): n for k, n in papers.item_numbers(ctx.session, list(swapped)).items()}
    names = {
        user: people.find_user(ctx.session, user).name for user in {event.by for event in events} if user
    }
    return [
        {
            "number": event.number,
            "words": ctx._(EVENTS[event.kind][0]),
            "tone": EVENTS[event.kind][1],
            "by": names.get(event.by, "") if event.by else "",
            "at": event.at,
            "reason": event.reason,
            "undoes": event.facts.get("undoes"),
            "swaps": [
                (swap["position"], numbers.get(swap["old"], "?"), numbers.get(swap["new"], "?"))
                for swap in event.swaps
            ],
            "broken": [labels.rule_label(key, spec, ctx._) for key in event.facts.get("broken", [])],
        }
        for event in reversed(events)
    ]


def substitute_values(ctx: Context, view: papers.SwapView) -> dict[str, Any]:
    """Return the items that may come for one, with what is known of them, and what the others would break."""
    shown = [one.name for one in (*view.found.keeping, *view.found.breaking)]
    gone = str(view.gone.item_id) if view.gone else ""
    known = view.at_hand.items
    versions = [known[name].version_id for name in (*shown, *([gone] if gone else []))]
    contents = items.read_contents(ctx.session, versions)
    texts = {name: contents[known[name].version_id] for name in (*shown, gone) if name}
    return {
        "view": view,
        "known": known,
        "stems": {name: _short(text.stem) for name, text in texts.items()},
        "texts": texts,
        "gone": gone,
        "keeping": view.found.keeping,
        "breaking": [
            (one, [labels.rule_label(key, view.at_hand.spec, ctx._) for key in one.breaks])
            for one in view.found.breaking
        ],
        "has_targets": bool(view.at_hand.specification.targets),
        "calibrated": view.at_hand.pool.a is not None,
        "discriminations": len({item.a for item in known.values()}) > 1,
    }


def outline_names(ctx: Context, paper: Paper) -> dict[str, str]:
    """Return the names of the outline's nodes by their codes."""
    bank = papers.supply(ctx.session, occupation_id=paper.occupation_id, level=paper.level, spec=None)
    return {node.path: node.name for node in bank.nodes}


def positions(texts: Sequence[str]) -> list[int]:
    """Return the positions that were ticked."""
    return [int(text) for text in texts if text.isdecimal() and len(text) < 5]


def _short(stem: str) -> str:
    line = " ".join(stem.split())
    # A formula is shown whole or not at all.
    return line if len(line) <= STEM or "$" in line else line[:STEM] + "…"
