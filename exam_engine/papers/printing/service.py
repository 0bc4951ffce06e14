"""Print a paper: who asks for which document, and what is recorded of it. Files are made in memory and kept nowhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers.content import SealedPaper, canonical_bytes, digest_of, in_sections
from exam_engine.papers.drawing import INDIVIDUAL
from exam_engine.papers.growing import grows
from exam_engine.papers.models import Paper
from exam_engine.papers.printing import rules
from exam_engine.papers.printing.layout import Head, print_layout
from exam_engine.papers.printing.pdf import as_pdf
from exam_engine.papers.printing.rules import Document, Format, OnlyDraftPrinted, Variant, check_printable
from exam_engine.papers.printing.word import as_word
from exam_engine.papers.rules import PaperStatus
from exam_engine.papers.service.drawing import find_form, note_dealt
from exam_engine.papers.service.reading import find_paper, open_sealed, preview_draft
from itembank.base import audit
from itembank.base.fonts import FontSet
from itembank.people import service as people
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level


@dataclass(frozen=True)
class PrintedFile:
    """A document as it is handed over. ``digest`` is the SHA-256 of its bytes, hexadecimal."""

    content: bytes
    name: str
    media_type: str
    digest: str


def print_paper(
    session: Session,
    *,
    actor: Actor,
    paper_id: UUID,
    document: Document,
    variant: Variant,
    format: Format,
    fonts: FontSet,
    now: datetime,
    review_copy: bool = False,
    form: int | None = None,
) -> PrintedFile:
    """Return a document of a paper and record who took it; ``review_copy`` takes drafts only.

    ``form`` is the number of one form of a collection; without it all of a paper is printed.

    A draft carries a watermark. Variants depend on the items alone: an approved paper is printed as the sealed one.

    Raises
    ------
    PaperUnknown, FormUnknown, CollectionNotPrinted, PaperNotPrintable, PaperEmpty, OnlyDraftPrinted
    SealBroken, PaperAltered
        If a sealed paper does not open, or is not what was sealed.
    OrderNotFound
        If the search for the variant's order ends at its limit.
    GlyphMissing, SignUndrawable
        If no installed font draws a character.
    """
    paper = find_paper(session, paper_id)
    if grows(paper.collection):
        raise rules.CollectionNotPrinted(label=paper.label)
    if review_copy and paper.status is not PaperStatus.DRAFT:
        raise OnlyDraftPrinted(label=paper.label)
    content = _content(session, paper)
    if form is not None:
        entries = content.given(find_form(session, paper_id, form).places)
        content = replace(content, sections=in_sections(entries))
    layout = print_layout(content, _head(session, paper, content, variant))
    if format is Format.PDF:
        file = as_pdf(layout, document, fonts=fonts, timestamp=now)
    else:
        file = as_word(layout, document, timestamp=now)
    digest = hashlib.sha256(file).hexdigest()
    if (paper.collection or {}).get("way") == INDIVIDUAL and paper.status is PaperStatus.SEALED:
        note_dealt(session, paper.id)
    audit.record(
        session,
        actor=actor,
        action="paper.printed",
        subject=("paper", paper.id),
        institution_id=paper.institution_id,
        detail={
            "label": paper.label,
            "status": paper.status.value,
            "document": document.value,
            "variant": variant.value,
            **({} if form is None else {"form": form}),
            "format": format.value,
            "content": content.digest,
            "sequence": layout.sequence,
            "file": digest,
        },
    )
    variant_name = f"{variant}卷" if form is None else f"{form:05d}号卷"
    name = f"{paper.label}_{variant_name}_{rules.NAMES[document]}.{format.value}"
    return PrintedFile(file, name, rules.MEDIA_TYPES[format], digest)


def _content(session: Session, paper: Paper) -> SealedPaper:
    """Return what is printed, with its digest: what was sealed, or what would be."""
    if paper.status is PaperStatus.SEALED:
        return open_sealed(session, paper.id)
    content = preview_draft(session, paper.id)
    check_printable(paper.label, paper.status, len(content.entries))
    digest = digest_of(canonical_bytes(content))
    return replace(content, digest=digest)


def _head(session: Session, paper: Paper, content: SealedPaper, variant: Variant) -> Head:
    return Head(
        institution=people.find_institution(session, paper.institution_id).name,
        occupation=taxonomy.find_occupation(session, paper.occupation_id).name,
        level=Level(paper.level).label,
        label=paper.label,
        variant=variant,
        minutes=content.minutes,
        total_marks=content.total_marks,
        state=rules.STATES[paper.status],
        digest=content.digest,
        is_draft=paper.status is PaperStatus.DRAFT,
    )
