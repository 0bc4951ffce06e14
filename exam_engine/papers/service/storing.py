"""Forms → draft papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from exam_engine.papers import store
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem
from exam_engine.papers.drawing import INDIVIDUAL, forms_digest
from exam_engine.papers.models import Assembly, Paper, PaperEntry, PaperForm
from exam_engine.papers.rules import PaperKind, PaperStatus, label_prefix, next_labels
from exam_engine.papers.service.blueprints import find_blueprint
from itembank.people import service as people


def store_papers(
    session: Session,
    assembly: Assembly,
    spec: BlueprintSpec,
    forms: Sequence[Sequence[BankItem]],
    at: datetime,
) -> None:
    """Store one draft paper for each form, numbered after those of the institution."""
    for number, (form, label) in enumerate(
        zip(forms, _labels(session, assembly, at, len(forms)), strict=True), 1
    ):
        _store_paper(session, assembly, spec, form, at, number=number, label=label)


def store_collection(
    session: Session,
    assembly: Assembly,
    spec: BlueprintSpec,
    forms: Sequence[Sequence[BankItem]],
    at: datetime,
) -> Paper:
    """Store all items of individual forms as one draft paper, and each form as places on it."""
    items = list({item.item_id: item for form in forms for item in form}.values())
    [label] = _labels(session, assembly, at, 1)
    paper, ordered = _store_paper(session, assembly, spec, items, at, number=1, label=label)
    place = {item.item_id: number for number, item in enumerate(ordered)}
    places = [sorted(place[item.item_id] for item in form) for form in forms]
    paper.kind = PaperKind.COLLECTION
    paper.collection = {"way": INDIVIDUAL, "forms": len(forms), "forms_digest": forms_digest(places)}
    session.add_all(
        PaperForm(institution_id=paper.institution_id, paper_id=paper.id, number=number, places=own)
        for number, own in enumerate(places, start=1)
    )
    session.flush()
    return paper


def _labels(session: Session, assembly: Assembly, at: datetime, count: int) -> Sequence[str]:
    store.lock_institution(session, assembly.institution_id)
    institution = people.find_institution(session, assembly.institution_id)
    prefix = label_prefix(at, institution.credit_code)
    return next_labels(prefix, store.labels(session, prefix), count)


def _store_paper(
    session: Session,
    assembly: Assembly,
    spec: BlueprintSpec,
    items: Sequence[BankItem],
    at: datetime,
    *,
    number: int,
    label: str,
) -> tuple[Paper, Sequence[BankItem]]:
    """Store a draft paper; return it with its items in order."""
    blueprint = find_blueprint(session, assembly.blueprint_id)
    paper = Paper(
        institution_id=blueprint.institution_id,
        blueprint_id=blueprint.id,
        assembly_id=assembly.id,
        occupation_id=blueprint.occupation_id,
        level=blueprint.level,
        form=number,
        label=label,
        total_marks=spec.total_marks,
        minutes=spec.minutes,
        created_by=assembly.requested_by,
        created_at=at,
        status=PaperStatus.DRAFT,
    )
    session.add(paper)
    session.flush()
    order: dict[str, int] = {section.type: place for place, section in enumerate(spec.sections)}
    ordered = sorted(items, key=lambda item: (order[item.type], outline_place(item)))
    session.add_all(
        PaperEntry(
            institution_id=blueprint.institution_id,
            paper_id=paper.id,
            position=position,
            item_id=item.item_id,
            version_id=item.version_id,
            type=item.type,
            marks=spec.marks_of(item.type),
        )
        for position, item in enumerate(ordered, start=1)
    )
    return paper, ordered


def outline_place(item: BankItem) -> tuple[str, str, str]:
    """Within a section items follow the outline, as printed papers do."""
    return (item.nodes[-1] if item.nodes else "~", item.category, str(item.item_id))
