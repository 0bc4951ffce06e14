"""Recompute the rules of papers: of drafts after each edit, of sealed ones at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.assembly.individual.check import check_forms
from exam_engine.papers import store
from exam_engine.papers.at_hand import FormsAtHand
from exam_engine.papers.bank import Bank, read_bank, read_items
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem, EarlierPaper, item_from, pool_of, specification_of, usable
from exam_engine.papers.content import SealedPaper
from exam_engine.papers.drawing import INDIVIDUAL, as_positions, forms_digest, of_one_form
from exam_engine.papers.growing import Findings, examine, grows
from exam_engine.papers.models import Assembly, Blueprint, Paper
from exam_engine.papers.report import forms_report
from exam_engine.papers.rules import (
    AssemblyUnknown,
    NoItems,
    NotCalibrated,
    NotTried,
    PaperAltered,
    PaperKind,
    PaperStatus,
    RulesBroken,
)
from exam_engine.papers.service.blueprints import find_blueprint, spec_of
from exam_engine.papers.service.reading import find_paper, open_sealed
from itembank.base import audit
from itembank.base.crypto import SealBroken
from itembank.people.rules import Actor


def forms_at_hand(session: Session, assembly_id: UUID) -> tuple[FormsAtHand, Sequence[Paper]]:
    """Return the forms of an assembly that were not put aside, over the bank of today, and their papers.

    Items that are not active any more take part with what is known of them, but may not come into a form. Sealed forms
    count as they were sealed.
    """
    papers = _standing(session, assembly_id)
    blueprint = find_blueprint(session, store.blueprint_of(session, assembly_id))
    return _at_hand(session, blueprint, [_held_by(session, paper) for paper in papers]), papers


def recompute(session: Session, assembly: Assembly, *, now: datetime) -> FormsAtHand:
    """Recompute every rule of the forms of an assembly and keep the result in its outcome."""
    at_hand, papers = forms_at_hand(session, assembly.id)
    outcome = dict(assembly.outcome or {})
    if papers:
        outcome |= forms_report(
            at_hand.pool, at_hand.specification, at_hand.forms, at_hand.verification, at_hand.numbers
        )
        outcome["gap"] = max(0.0, outcome["deviation"] - (outcome.get("bound") or 0.0))
    assembly.outcome = outcome | {"checked_at": now.isoformat()}
    return at_hand


def recompute_at_will(session: Session, *, actor: Actor, assembly_id: UUID, now: datetime) -> Assembly:
    """Recompute every rule of an assembly because somebody wants to know; raises AssemblyUnknown."""
    assembly = store.assembly(session, assembly_id)
    if assembly is None:
        raise AssemblyUnknown
    if assembly.kind is PaperKind.COLLECTION:
        ok = _recompute_collection(session, assembly, now=now)
    else:
        ok = recompute(session, assembly, now=now).verification.ok
    audit.record(
        session,
        actor=actor,
        action="paper.recomputed",
        subject=("paper_assembly", assembly.id),
        institution_id=assembly.institution_id,
        detail={"ok": ok},
    )
    return assembly


def broken_in(session: Session, paper: Paper) -> tuple[str, ...]:
    """Return the rules that a draft breaks, recomputed over the bank of today; of a collection, those that any form
    breaks."""
    if paper.kind is PaperKind.COLLECTION:
        return tuple(dict.fromkeys(rule for _, rule in broken_forms(session, paper)))
    at_hand, papers = forms_at_hand(session, paper.assembly_id)
    return at_hand.broken([other.id for other in papers].index(paper.id))


def broken_forms(
    session: Session, paper: Paper, opened: SealedPaper | None = None
) -> tuple[tuple[int, str], ...]:
    """Return (number of the form, rule or target) for all that individual forms, or routes of a panel, do not keep.

    Recomputed over the bank of today; with ``opened`` by what was sealed of the items. Of an adaptive test the form is
    the reference form, which shows that its rules can be kept; number 0 is the collection as a whole.
    """
    if grows(paper.collection):
        return _findings(session, paper, opened).broken
    if (paper.collection or {}).get("way") != INDIVIDUAL:
        return ()
    sealed = _sealed_items(opened) if opened else {}
    ids = [entry.item_id for entry in (opened.entries if opened else store.entries(session, paper.id))]
    at_hand = _at_hand(session, find_blueprint(session, paper.blueprint_id), [_Held(paper, ids, sealed)])
    forms = store.forms(session, paper.id)
    held = as_positions(at_hand.pool, [str(item) for item in ids], [form.places for form in forms])
    found = check_forms(at_hand.pool, of_one_form(at_hand.specification), held).broken
    return tuple((forms[at - 1].number, rule) for at, rule in found)


def _findings(session: Session, paper: Paper, opened: SealedPaper | None) -> Findings:
    """Examine a collection from which tests grow, as it was sealed or over the bank of today."""
    facts = opened.collection if opened else paper.collection
    known = _sealed_items(opened) if opened else {}
    ids = [entry.item_id for entry in (opened.entries if opened else store.entries(session, paper.id))]
    missing = [item_id for item_id in ids if str(item_id) not in known]
    found = read_items(session, paper.occupation_id, paper.level, missing) if missing else ()
    known |= {str(item.item_id): item for item in found}
    assert facts is not None
    return examine(facts, [known[str(item_id)] for item_id in ids])


def collection_report(session: Session, paper: Paper) -> dict[str, Any] | None:
    """Return rules and targets of a draft collection from which tests grow, recomputed over the bank of today."""
    return _report_of(_findings(session, paper, None)) if grows(paper.collection) else None


def _recompute_collection(session: Session, assembly: Assembly, *, now: datetime) -> bool:
    broken = [rule for paper in _standing(session, assembly.id) for _, rule in broken_forms(session, paper)]
    assembly.outcome = (assembly.outcome or {}) | {
        "checked_at": now.isoformat(),
        "broken": dict(Counter(broken)),
    }
    return not broken


def check_rules(session: Session, paper: Paper) -> None:
    """Raise RulesBroken when, recomputed, rules of the blueprint do not hold."""
    broken = broken_in(session, paper)
    if broken:
        raise RulesBroken(label=paper.label, count=len(broken), rules=", ".join(broken[:5]))


@dataclass(frozen=True)
class SealVerdict:
    """What re-verification of a sealed paper found.

    ``report`` holds rules and targets of this paper alone, of a panel those of each route; ``broken`` names those that
    do not hold; ``from_seal`` tells whether the items' attributes were sealed with it or had to be taken from the bank
    of today.
    """

    digest: str
    report: Mapping[str, Any]
    broken: tuple[str, ...]
    from_seal: bool
    entries_agree: bool
    marks_agree: bool
    compared_with: int
    checked: int = 1
    """Forms whose rules were recomputed: of a panel its routes, of an adaptive test its reference form."""

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.broken and self.entries_agree and self.marks_agree


def recheck_sealed(session: Session, *, actor: Actor, paper_id: UUID) -> SealVerdict:
    """Open a sealed paper, recompute its digest and every rule of its blueprint from the sealed content.

    Raises what open_sealed raises; an altered paper is never judged by its rules.
    """
    opened = open_sealed(session, paper_id)
    paper = find_paper(session, paper_id)
    blueprint = find_blueprint(session, paper.blueprint_id)
    spec = spec_of(blueprint)
    if paper.kind is PaperKind.COLLECTION:
        return _recheck_collection(session, actor, paper, opened, spec)
    others = [other for other in _standing(session, paper.assembly_id) if other.id != paper.id]
    sealed = _sealed_items(opened)
    held = [_Held(paper, [e.item_id for e in opened.entries], sealed)]
    held += [_held_by(session, other) for other in others]
    at_hand = _at_hand(session, blueprint, held)
    entries = [(entry.item_id, entry.version_id, entry.marks) for entry in store.entries(session, paper_id)]
    verdict = SealVerdict(
        digest=opened.digest,
        report=_report_of_first(at_hand),
        broken=at_hand.broken(0),
        from_seal=len(sealed) == len(opened.entries),
        entries_agree=entries == [(e.item_id, e.version_id, e.marks) for e in opened.entries],
        marks_agree=_marks_agree(opened, spec),
        compared_with=len(others),
    )
    return _recorded(session, actor, paper, verdict)


def _recheck_collection(
    session: Session, actor: Actor, paper: Paper, opened: SealedPaper, spec: BlueprintSpec
) -> SealVerdict:
    """Recompute every rule of every form, and that the forms are those that were sealed."""
    entries = [(entry.item_id, entry.version_id, entry.marks) for entry in store.entries(session, paper.id)]
    forms = [form.places for form in store.forms(session, paper.id)]
    report: dict[str, Any] = {"rules": [], "targets": []}
    checked = len(forms)
    if grows(opened.collection):
        found = _findings(session, paper, opened)
        report, broken, checked = _report_of(found), found.broken, len(found.forms)
        spec = BlueprintSpec.model_validate((opened.collection or {})["spec"])
    else:
        broken = broken_forms(session, paper, opened)
    verdict = SealVerdict(
        digest=opened.digest,
        report=report,
        broken=tuple(dict.fromkeys(rule for _, rule in broken)),
        from_seal=len(_sealed_items(opened)) == len(opened.entries),
        entries_agree=entries == [(e.item_id, e.version_id, e.marks) for e in opened.entries]
        and opened.collection == paper.collection
        and (opened.collection or {}).get("forms_digest", forms_digest(forms)) == forms_digest(forms),
        marks_agree=_marks_of_types_agree(opened, spec),
        compared_with=0,
        checked=checked,
    )
    return _recorded(session, actor, paper, verdict)


def _report_of(found: Findings) -> dict[str, Any]:
    return forms_report(found.pool, found.specification, found.forms, found.verification)


def _recorded(session: Session, actor: Actor, paper: Paper, verdict: SealVerdict) -> SealVerdict:
    audit.record(
        session,
        actor=actor,
        action="paper.verified",
        subject=("paper", paper.id),
        institution_id=paper.institution_id,
        detail={
            "label": paper.label,
            "digest": verdict.digest,
            "ok": verdict.ok,
            "broken": list(verdict.broken),
        },
    )
    return verdict


def _standing(session: Session, assembly_id: UUID) -> list[Paper]:
    found = store.papers(session, assembly_id=assembly_id)
    return [paper for paper in found if paper.status is not PaperStatus.DISCARDED]


@dataclass(frozen=True)
class _Held:
    """A form's paper, its items, and those whose facts were sealed with it."""

    paper: Paper
    item_ids: Sequence[UUID]
    sealed: Mapping[str, BankItem]


def _held_by(session: Session, paper: Paper) -> _Held:
    """Return what a form holds, from its seal where that is sound; its own re-verification tells if it is not."""
    if paper.status is PaperStatus.SEALED:
        try:
            opened = open_sealed(session, paper.id)
        except (PaperAltered, SealBroken):
            pass
        else:
            return _Held(paper, [entry.item_id for entry in opened.entries], _sealed_items(opened))
    return _Held(paper, [entry.item_id for entry in store.entries(session, paper.id)], {})


def _at_hand(session: Session, blueprint: Blueprint, held: Sequence[_Held]) -> FormsAtHand:
    spec = spec_of(blueprint)
    bank = read_bank(session, blueprint.occupation_id, blueprint.level)
    known = {str(item.item_id): item for item in _usable(spec, bank.items)}
    allowed = frozenset(known)
    for form in reversed(held):
        known |= form.sealed
    missing = {item_id for form in held for item_id in form.item_ids if str(item_id) not in known}
    gone = read_items(session, blueprint.occupation_id, blueprint.level, missing) if missing else ()
    known |= {str(item.item_id): item for item in _usable(spec, gone)}
    items = list(known.values())
    return FormsAtHand(
        spec=spec,
        pool=pool_of(spec, items),
        specification=specification_of(
            spec,
            items,
            inactive=bank.inactive,
            enemies=bank.enemies,
            earlier=_earlier(bank, [form.paper for form in held]),
        ),
        items=known,
        usable=allowed,
        numbers=tuple(form.paper.form for form in held),
        # An item of which too little is known is left out, so that its form is found incomplete.
        forms=tuple(tuple(str(i) for i in form.item_ids if str(i) in known) for form in held),
    )


def _usable(spec: BlueprintSpec, items: Sequence[BankItem]) -> list[BankItem]:
    try:
        return usable(spec, items)
    except (NoItems, NotCalibrated, NotTried):
        return []


def _earlier(bank: Bank, papers: Sequence[Paper]) -> Sequence[EarlierPaper]:
    """Return the papers sealed before the first of these, none of which is earlier than another."""
    own = {paper.label for paper in papers if paper.status is PaperStatus.SEALED}
    places = [place for place, paper in enumerate(bank.earlier) if paper.label in own]
    if places:
        return bank.earlier[max(places) + 1 :]
    # One that counts no longer does not stand among them itself.
    first = min((paper.sealed_at for paper in papers if paper.sealed_at is not None), default=None)
    return [each for each in bank.earlier if first is None or (each.sealed_at and each.sealed_at < first)]


def _sealed_items(opened: SealedPaper) -> dict[str, BankItem]:
    return {
        str(e.item_id): item_from(e.item_id, e.version_id, e.type.value, e.facts)
        for e in opened.entries
        if e.facts is not None
    }


def _report_of_first(at_hand: FormsAtHand) -> dict[str, Any]:
    """Rules and targets of the first form alone, as the others were only there to be compared with."""
    found = forms_report(
        at_hand.pool, at_hand.specification, at_hand.forms, at_hand.verification, at_hand.numbers
    )
    broken = at_hand.broken(0)
    for rule in found["rules"]:
        rule["actual"], rule["ok"] = rule["actual"][:1], rule["key"] not in broken
    for target in found["targets"]:
        target["ok"] = target["key"] not in broken
        target["actual"], target["deviation"] = target["actual"][:1], target["deviation"][:1]
    return {"rules": found["rules"], "targets": found["targets"]}


def _marks_agree(opened: SealedPaper, spec: BlueprintSpec) -> bool:
    total = sum((e.marks for e in opened.entries), Decimal(0))
    return _marks_of_types_agree(opened, spec) and total == spec.total_marks


def _marks_of_types_agree(opened: SealedPaper, spec: BlueprintSpec) -> bool:
    kinds = {section.type for section in spec.sections}
    return all(e.type.value in kinds and e.marks == spec.marks_of(e.type.value) for e in opened.entries)
