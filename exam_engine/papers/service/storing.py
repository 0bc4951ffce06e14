"""Forms → draft papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from exam_engine.papers import store
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem
from exam_engine.papers.models import Assembly, Paper, PaperEntry
from exam_engine.papers.rules import PaperStatus, label_prefix, next_labels
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
    blueprint = find_blueprint(session, assembly.blueprint_id)
    store.lock_institution(session, blueprint.institution_id)
    institution = people.find_institution(session, blueprint.institution_id)
    prefix = label_prefix(at, institution.credit_code)
    labels = next_labels(prefix, store.labels(session, prefix), len(forms))
    order: dict[str, int] = {section.type: number for number, section in enumerate(spec.sections)}
    for number, (form, label) in enumerate(zip(forms, labels, strict=True), start=1):
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
        ordered = sorted(form, key=lambda item: (order[item.type], outline_place(item)))
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


def outline_place(item: BankItem) -> tuple[str, str, str]:
    """Within a section items follow the outline, as printed papers do."""
    return (item.nodes[-1] if item.nodes else "~", item.category, str(item.item_id))
