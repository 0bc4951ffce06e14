"""Routes of a blueprint's versions: what changed between two, and an old one as the newest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.papers import service as papers
from exam_engine.papers.changes import NAMED, Difference, differences
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.deps import Context, requires
from web.i18n import N_, Translate
from web.papers import labels

router = APIRouter()

KINDS = {
    "added": (N_("Added"), "good"),
    "removed": (N_("Removed"), "bad"),
    "changed": (N_("Changed"), "info"),
    "moved": (N_("Order changed"), "neutral"),
}


@router.get("/blueprints/{blueprint_id}/changes")
def compare(
    blueprint_id: UUID, to: UUID | None = None, ctx: Context = requires(Action.PAPER_READ)
) -> Response:
    """What changed from one blueprint to another, row by row; without another, to its newest version."""
    before = papers.find_blueprint(ctx.session, blueprint_id)
    versions = papers.blueprint_versions(ctx.session, before.series_id)
    after = papers.find_blueprint(ctx.session, to) if to else versions[0]
    if before.series_id == after.series_id and before.number > after.number:
        before, after = after, before
    found = differences(papers.spec_of(before), papers.spec_of(after))
    occupations = {o.id: o.name for o in taxonomy.list_occupations(ctx.session)}
    return ctx.page(
        "papers/blueprint_changes.html",
        before=before,
        after=after,
        others=[b for b in papers.list_blueprints(ctx.session) if b.series_id != before.series_id],
        versions=versions,
        lines=[_line(difference, ctx._) for difference in found],
        kinds=KINDS,
        places={b.id: f"{occupations[b.occupation_id]} · {Level(b.level).label}" for b in (before, after)},
    )


@router.post("/blueprints/{blueprint_id}/restore")
def restore(blueprint_id: UUID, ctx: Context = requires(Action.BLUEPRINT_WRITE)) -> Response:
    """Make an old version the newest one."""
    old = papers.find_blueprint(ctx.session, blueprint_id)
    saved = papers.restore_blueprint(ctx.session, actor=ctx.actor, blueprint_id=blueprint_id, now=ctx.now)
    said = ctx._("Version {old} is the newest one again, as version {new}.", old=old.number, new=saved.number)
    return ctx.redirect(f"/blueprints/{saved.id}", notice=said)


def _line(found: Difference, _: Translate) -> dict[str, str]:
    """One difference in words: where, which field, before and after."""
    place = labels.field_label(found.table, _) if found.table else labels.field_label("blueprint", _)
    name = _(labels.ITEM_TYPES[found.name]) if found.table == "sections" else found.name
    if found.table in ("information", "curve"):
        name = f"θ = {float(name):g}"
    return {
        "kind": found.kind,
        "place": f"{place}：{name}" if name else place,
        "field": labels.field_label(found.field, _) if found.field else "",
        "before": words_of(_told(found.before, found.table), found.field, _),
        "after": words_of(_told(found.after, found.table), found.field, _),
    }


def _told(value: Any, table: str) -> Any:
    """A whole line without the field by which it is called."""
    if isinstance(value, Mapping) and table in NAMED:
        return {k: v for k, v in value.items() if k != NAMED[table]}
    return value


def words_of(value: Any, field: str, _: Translate) -> str:
    """Return a value of a blueprint in words; a whole line as its fields."""
    if value is None or value == [] or value == "":
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        parts = [
            (k, v)
            for k, v in value.items()
            if v not in (None, "", []) and not (k == "tolerance" and v == "0")
        ]
        return "，".join(f"{labels.field_label(k, _)} {words_of(v, k, _)}" for k, v in parts)
    if isinstance(value, list):
        if field == "difficulty":
            return "–".join(str(v) for v in dict.fromkeys(value))
        within = "；" if isinstance(value[0], Mapping) else "、"
        return within.join(words_of(v, field, _) for v in value)
    if field in ("type", "equal"):
        words = labels.ITEM_TYPES | labels.EQUAL_BY
        return _(words[str(value)]) if str(value) in words else str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
