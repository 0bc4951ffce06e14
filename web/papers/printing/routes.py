"""Routes of printed papers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from exam_engine.papers import service as papers
from exam_engine.papers.drawing import INDIVIDUAL
from exam_engine.papers.growing import grows
from exam_engine.papers.printing import service as printing
from exam_engine.papers.printing.rules import PRINTABLE, Document, Format, Variant
from exam_engine.papers.rules import PaperStatus
from itembank.base.errors import ExamError, NotFound
from itembank.base.fonts import find_fonts
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import N_
from web.labels import PAPER_STATUSES
from web.papers import labels

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]

DOCUMENTS = {
    Document.PAPER: N_("Paper"),
    Document.ANSWERS: N_("Answer sheet"),
    Document.KEY: N_("Key and marking"),
}
EVERYTHING = "all"
"""Chosen in place of a document: each of them, in one file."""
FORMATS = {Format.PDF: N_("PDF, ready to print"), Format.WORD: N_("Word, to be edited")}


class PrintForm(BaseModel):
    """What is to be printed."""

    document: Document | Literal["all"]
    variant: Variant
    format: Format


@router.get("/papers/{paper_id}/print")
def choose_document(paper_id: UUID, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """What can be printed of a paper; the page shows nothing of its content."""
    return _page(ctx, paper_id, Form())


@router.post("/papers/{paper_id}/print")
def print_document(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_PRINT)) -> Response:
    """Download a document of a paper; the audit record says who took which."""
    return _download(ctx, paper_id, data, review_copy=False)


@router.post("/papers/{paper_id}/print/review")
def print_review_copy(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Download a watermarked document of a draft, for its review."""
    return _download(ctx, paper_id, data, review_copy=True)


def _download(ctx: Context, paper_id: UUID, data: FormData, *, review_copy: bool) -> Response:
    form = parse_form(PrintForm, data)
    if form.model is None:
        return _page(ctx, paper_id, form, 422)
    chosen = form.model.document
    try:
        with ctx.session.begin_nested():
            files = [
                printing.print_paper(
                    ctx.session,
                    actor=ctx.actor,
                    paper_id=paper_id,
                    document=document,
                    variant=form.model.variant,
                    format=form.model.format,
                    fonts=find_fonts(tuple(ctx.settings.font_folders)),
                    now=ctx.now,
                    review_copy=review_copy,
                )
                for document in (list(Document) if chosen == EVERYTHING else [Document(chosen)])
            ]
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error.message, **labels.error_facts(error.facts, ctx._))
        return _page(ctx, paper_id, form, status_of(error))
    if chosen == EVERYTHING:
        name = f"{papers.find_paper(ctx.session, paper_id).label}_{form.model.variant}卷_{form.model.format.name}.zip"
        return ctx.download(_packed(files), name, "application/zip")
    return ctx.download(files[0].content, files[0].name, files[0].media_type)


def _packed(files: Sequence[printing.PrintedFile]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(file.name, file.content)
    return stream.getvalue()


def _page(ctx: Context, paper_id: UUID, form: Form[PrintForm], status: int = 200) -> Response:
    paper = papers.find_paper(ctx.session, paper_id)
    is_draft, collection = paper.status is PaperStatus.DRAFT, paper.collection or {}
    review_copy = is_draft and not ctx.may(Action.PAPER_PRINT)
    return ctx.page(
        "papers/printing/print.html",
        paper=paper,
        form=form,
        occupation=taxonomy.find_occupation(ctx.session, paper.occupation_id),
        level=Level(paper.level).label,
        state=PAPER_STATUSES[paper.status],
        documents=DOCUMENTS,
        formats=FORMATS,
        variants=list(Variant),
        action=f"/papers/{paper_id}/print/review" if review_copy else f"/papers/{paper_id}/print",
        is_draft=is_draft,
        grows=grows(paper.collection),
        individual=collection["forms"] if collection.get("way") == INDIVIDUAL else 0,
        may_print=paper.status in PRINTABLE
        and not grows(paper.collection)
        and (is_draft or ctx.may(Action.PAPER_PRINT)),
        status=status,
    )
