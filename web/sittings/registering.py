"""Importing registration lists and photographs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.jobs import service as jobs
from exam_engine.sittings import service as sittings
from exam_engine.sittings.columns import COLUMNS
from exam_engine.sittings.service import IMPORTED_AT_ONCE, Preview
from itembank.base.errors import ExamError
from itembank.base.fonts import FontMissing, FontSet, find_fonts
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form
from web.i18n import N_
from web.sittings.common import FormDep
from web.sittings.labels import FINDINGS

router = APIRouter(prefix="/plans/{plan_id}/registrations")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 200
"""Rows and breaches shown on the preview; the figures count all."""


@router.get("/import")
def show_import(plan_id: UUID, ctx: Context = requires(Action.REGISTRATION_WRITE)) -> Response:
    """Where a list is uploaded."""
    return _page(ctx, plan_id, Form())


def _page(
    ctx: Context,
    plan_id: UUID,
    form: Form[Any],
    *,
    preview: Preview | None = None,
    photos: Any = None,
    status: int = 200,
) -> Response:
    view = sittings.view_plan(ctx.session, plan_id)
    return ctx.page(
        "sittings/import.html",
        view=view,
        plan=view.plan,
        columns=COLUMNS,
        conditions=sittings.plan_conditions(ctx.session, view.plan),
        preview=preview,
        photos=photos,
        findings=FINDINGS,
        shown=SHOWN,
        form=form,
        status=status,
    )


def fonts_of(ctx: Context) -> FontSet | None:
    """Return the certificate fonts, None when there are none: the import goes on without that check."""
    try:
        return find_fonts(tuple(ctx.settings.font_folders))
    except FontMissing:
        return None


@router.post("/import")
def preview_list(
    plan_id: UUID, data: FormDep, ctx: Context = requires(Action.REGISTRATION_WRITE)
) -> Response:
    """Check a list and show what it holds; nothing is registered yet."""
    sittings.find_plan(ctx.session, plan_id)
    form: Form[Any] = Form()
    upload = data.read("list")
    if upload is None:
        form.add("list", N_("Choose a file."))
        return _page(ctx, plan_id, form, status=422)
    try:
        preview = sittings.preview_list(
            ctx.session,
            actor=ctx.actor,
            plan_id=plan_id,
            filename=upload[0],
            content=upload[1],
            now=ctx.now,
            fonts=fonts_of(ctx),
        )
    except ExamError as error:
        form.add("list", error)
        return _page(ctx, plan_id, form, status=422)
    return _page(ctx, plan_id, form, preview=preview, status=422 if preview.errors else 200)


@router.post("/import/{upload_id}")
def confirm_list(
    plan_id: UUID, upload_id: UUID, ctx: Context = requires(Action.REGISTRATION_WRITE)
) -> Response:
    """Register everybody of a previewed list; a long one as a job with progress."""
    upload = sittings.find_upload(ctx.session, plan_id, upload_id)
    back = f"/plans/{plan_id}/registrations"
    if upload.rows > IMPORTED_AT_ONCE:
        job = jobs.submit(
            ctx.session,
            actor=ctx.actor,
            kind="sittings.import",
            payload={"plan_id": str(plan_id), "upload_id": str(upload_id), "url": back},
            institution_id=upload.institution_id,
            now=ctx.now,
            total=upload.rows,
        )
        return ctx.redirect(f"/jobs/{job.id}")
    try:
        with ctx.session.begin_nested():
            made = sittings.confirm_list(
                ctx.session, actor=ctx.actor, plan_id=plan_id, upload_id=upload_id, now=ctx.now
            )
    except ExamError as error:
        form: Form[Any] = Form()
        form.add("", error)
        return _page(ctx, plan_id, form, status=422)
    return ctx.redirect(back, notice=ctx._("{count} candidates were registered.", count=len(made)))


@router.get("/template.xlsx")
def download_template(plan_id: UUID, ctx: Context = requires(Action.REGISTRATION_WRITE)) -> Response:
    """The list's template, with this plan's occupation and level filled in."""
    facts = sittings.plan_facts(ctx.session, plan_id, now=ctx.now)
    return ctx.download(sittings.template(facts), "报名表模板.xlsx", XLSX)


@router.post("/photos")
def upload_photos(
    plan_id: UUID, data: FormDep, ctx: Context = requires(Action.REGISTRATION_WRITE)
) -> Response:
    """Keep the photographs of a zip archive."""
    sittings.find_plan(ctx.session, plan_id)
    form: Form[Any] = Form()
    upload = data.read("archive")
    if upload is None:
        form.add("archive", N_("Choose a file."))
        return _page(ctx, plan_id, form, status=422)
    try:
        report = sittings.keep_photos(
            ctx.session, actor=ctx.actor, plan_id=plan_id, filename=upload[0], content=upload[1], now=ctx.now
        )
    except ExamError as error:
        form.add("archive", error)
        return _page(ctx, plan_id, form, status=422)
    return _page(ctx, plan_id, form, photos=report)
