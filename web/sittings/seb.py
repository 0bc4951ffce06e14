"""The Safe Exam Browser of one sitting: whether it is used, its keys and passwords, its configuration file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.delivery.seb import configuration
from exam_engine.delivery.seb import service as seb
from exam_engine.delivery.seb.keys import seen_address
from exam_engine.delivery.seb.rules import MOST_KEYS, SebUse, keys_as_text
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import Component, SittingStatus
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.i18n import N_
from web.sittings.common import FormDep, sitting_of
from web.sittings.forms import SebForm

router = APIRouter(prefix="/plans/{plan_id}/sittings/{sitting_id}/seb")
USES: dict[SebUse, str] = {
    SebUse.OFF: N_("Not used: any browser"),
    SebUse.ALLOWED: N_("Allowed: any browser, and the console shows who works in it"),
    SebUse.REQUIRED: N_("Required: the examination opens in the Safe Exam Browser only"),
}
_FIELDS = {"seb_reason_missing": "reason"}


@router.get("")
def show_seb(plan_id: UUID, sitting_id: UUID, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Use, keys, passwords and files."""
    return _page(ctx, plan_id, sitting_id, Form())


def _page(ctx: Context, plan_id: UUID, sitting_id: UUID, form: Form[Any], status: int = 200) -> Response:
    sitting = sitting_of(ctx, plan_id, sitting_id)
    if sitting.component is not Component.THEORY:
        raise NotFound
    setting = seb.setting_of(ctx.session, sitting_id)
    base = seen_address(ctx.settings.public_url, "")
    return ctx.page(
        "sittings/seb.html",
        plan=sittings.find_plan(ctx.session, plan_id),
        sitting=sitting,
        setting=setting,
        use=setting.use if setting else SebUse.OFF,
        uses=USES,
        key_lines=keys_as_text(setting.keys) if setting else "",
        most_keys=MOST_KEYS,
        config_key=setting.config_key(base) if setting else "",
        start_address=base + configuration.START_PATH,
        base_missing=not ctx.settings.base_url,
        is_draft=sitting.status is SittingStatus.DRAFT,
        is_open=sitting.status is not SittingStatus.CLOSED,
        form=form,
        status=status,
    )


@router.post("")
def change_seb(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Switch the use on or off, and set the Browser Exam Keys."""
    sitting_of(ctx, plan_id, sitting_id)
    form = parse_form(SebForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, 422)
    try:
        with ctx.session.begin_nested():
            seb.change_setting(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                use=form.model.use,
                key_lines=form.model.keys,
                reason=form.model.reason,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add(_FIELDS.get(error.code, "keys" if error.code.startswith("seb_key") else ""), error)
        return _page(ctx, plan_id, sitting_id, form, 422)
    notice = ctx._("The use of the Safe Exam Browser was kept.")
    return ctx.redirect(f"/plans/{plan_id}/sittings/{sitting_id}/seb", notice=notice)


@router.get("/file")
def fetch_file(
    plan_id: UUID, sitting_id: UUID, kind: str = "", ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """The configuration file: opened by the start password, or without one (``kind`` packed, or plain)."""
    sitting = sitting_of(ctx, plan_id, sitting_id)
    base = ctx.settings.public_url
    name = f"{sittings.find_plan(ctx.session, plan_id).number}-{sitting.starts_at:%Y%m%d}"
    if kind == "plain":
        content = configuration.as_plist(seb.used_setting(ctx.session, sitting_id).settings(base))
        return ctx.download(content, f"{name}-plain.seb", "application/seb")
    content = seb.file_of(ctx.session, sitting_id, base=base, protected=kind != "packed")
    return ctx.download(content, f"{name}.seb", "application/seb")
