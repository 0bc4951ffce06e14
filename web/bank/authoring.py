"""Writing an item: type, stem, options, key, place; with a preview, and without need of scripts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from itembank.base.errors import ExamError
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import (
    LABELS,
    LEAST_OPTIONS,
    MOST_OPTIONS,
    OWN_SOURCE,
    Change,
    ContentInvalid,
    ItemContent,
    ItemDraft,
    ItemType,
    Option,
    content_problems,
    next_status,
    tidy,
)
from itembank.people.rules import Action
from itembank.review import service as review
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS
from web.bank import labels
from web.bank.forms import ItemForm, read_uuid
from web.bank.selection import tree_in_use
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form

router = APIRouter(prefix="/bank")
FormDep = Annotated[FormData, Depends(form_data)]

FIRST_OPTIONS = 4


def _blank(ctx: Context) -> dict[str, Any]:
    """A new item; its bank is the one the address names, else the first that has an outline."""
    bank = ctx.request.query_params.get("bank", "")
    occupation, _, level = bank.partition(":")
    if not (read_uuid(occupation) and level in "54321"):
        banks = items.list_banks(ctx.session)
        occupation, _, level = banks[0].key.partition(":") if banks else ("", "", "5")
    kind = ctx.request.query_params.get("type", "")
    known = kind in {member.value for member in ItemType}
    return {
        "type": kind if known else ItemType.SINGLE_CHOICE.value,
        "occupation_id": occupation,
        "level": level,
        "point_id": ctx.request.query_params.get("point", ""),
        "option": [""] * FIRST_OPTIONS,
        "key": [],
        "difficulty": "3",
        "source": OWN_SOURCE,
    }


def _values_of(ctx: Context, item: Item) -> dict[str, Any]:
    content = items.read_content(ctx.session, item.current_version_id)
    judged = content.type is ItemType.TRUE_FALSE
    return {
        "type": content.type.value,
        "occupation_id": str(item.occupation_id),
        "level": str(item.level),
        "stem": content.stem,
        "option": [""] * FIRST_OPTIONS if judged else [option.text for option in content.options],
        "key": list(content.key),
        "explanation": content.explanation,
        "point_id": str(item.point_id or ""),
        "importance": item.importance.value if item.importance else "",
        "difficulty": str(item.difficulty),
        "source": item.source,
        "reference": item.reference or "",
        "category": item.category or "",
        "seen": str(item.current_version_id),
    }


def _options_of(values: dict[str, Any]) -> list[str]:
    options = [text for text in values.get("option") or [] if isinstance(text, str)]
    return (options + [""] * LEAST_OPTIONS)[: max(LEAST_OPTIONS, min(len(options), MOST_OPTIONS))]


def _content_of(form: ItemForm) -> ItemContent:
    """Options that are empty at the end were never filled in; one in the middle is a mistake to be named."""
    texts = list(form.option)
    while len(texts) > LEAST_OPTIONS and not texts[-1].strip():
        texts.pop()
    options = tuple(Option(LABELS[n] if n < MOST_OPTIONS else "?", text) for n, text in enumerate(texts))
    return tidy(ItemContent(form.type, form.stem, options, tuple(form.key), form.explanation))


def _draft_of(form: ItemForm) -> ItemDraft:
    return ItemDraft(
        _content_of(form),
        form.occupation_id,
        form.level,
        form.point_id,
        form.difficulty,
        form.importance.value if form.importance else None,
        form.source,
        form.reference,
        form.category,
    )


def _page(
    ctx: Context, form: Form[ItemForm], *, item: Item | None = None, preview: bool = False, status: int = 200
) -> Response:
    values = form.values
    level = str(values.get("level", ""))
    tree = tree_in_use(
        ctx, read_uuid(str(values.get("occupation_id", ""))), int(level) if level in set("12345") else None
    )
    return ctx.page(
        "bank/write.html",
        form=form,
        item=item,
        options=list(zip(LABELS, _options_of(values), strict=False)),
        chosen_key=values.get("key") or [],
        kind=values.get("type", ItemType.SINGLE_CHOICE.value),
        occupations=taxonomy.list_occupations(ctx.session),
        levels=LEVEL_LABELS,
        tree=tree,
        preview=preview,
        labels=labels,
        most=MOST_OPTIONS,
        least=LEAST_OPTIONS,
        sources=items.sources_in_use(ctx.session),
        status=status,
    )


@router.get("/items/new")
def new_item(ctx: Context = requires(Action.ITEM_WRITE)) -> Response:
    """An empty form."""
    return _page(ctx, Form(_blank(ctx)))


@router.post("/items/new")
def create_item(data: FormDep, ctx: Context = requires(Action.ITEM_WRITE)) -> Response:
    """Save a new item, or redraw the form with one option more, another type or a preview."""
    return _save(ctx, data, None)


@router.get("/items/{item_id}/edit")
def edit_item(item_id: UUID, ctx: Context = requires(Action.ITEM_WRITE)) -> Response:
    """The form with an item in it."""
    item = items.find_item(ctx.session, item_id)
    # Retired items are not changed; say so before somebody types.
    next_status(item.number, item.status, Change.EDIT, classified=True)
    return _page(ctx, Form(_values_of(ctx, item)), item=item)


@router.post("/items/{item_id}/edit")
def save_item(item_id: UUID, data: FormDep, ctx: Context = requires(Action.ITEM_WRITE)) -> Response:
    """Save the changed item as a new version."""
    return _save(ctx, data, items.find_item(ctx.session, item_id))


def _redraw(values: dict[str, Any], do: str) -> bool:
    """Change the form as a button asked; returns whether one did."""
    options = _options_of(values)
    verb, _, what = do.partition(":")
    if verb == "add":
        values["option"] = [*options, ""][:MOST_OPTIONS]
    elif verb == "remove" and what in LABELS and len(options) > LEAST_OPTIONS:
        place = LABELS.index(what)
        # Keys move with their options.
        values["key"] = [
            LABELS[LABELS.index(label) - 1] if LABELS.index(label) > place else label
            for label in values.get("key") or []
            if label in LABELS and label != what
        ]
        values["option"] = [text for n, text in enumerate(options) if n != place]
    elif verb == "type" and what in {member.value for member in ItemType}:
        if ItemType.TRUE_FALSE.value in (what, values.get("type")) and what != values.get("type"):
            values["key"] = []
        elif what == ItemType.SINGLE_CHOICE.value:
            values["key"] = (values.get("key") or [])[:1]
        values["type"] = what
        values["option"] = (options + [""] * FIRST_OPTIONS)[: max(FIRST_OPTIONS, len(options))]
    else:
        return verb in ("bank", "preview")
    return True


def _save(ctx: Context, data: FormData, item: Item | None) -> Response:
    form = parse_form(ItemForm, data)
    do = data.text("do")
    if _redraw(form.values, do):
        return _page(ctx, Form(form.values), item=item, preview=do == "preview")
    if form.model is None:
        return _page(ctx, form, item=item, status=422)
    for problem in reversed(content_problems(_content_of(form.model))):
        form.add(problem.field, problem)
    if form.errors:
        return _page(ctx, form, item=item, status=422)
    try:
        with ctx.session.begin_nested():
            saved = _store(ctx, form.model, item)
            if do == "submit" and saved.status.value == "draft":
                review.submit_for_review(
                    ctx.session, actor=ctx.actor, item_ids=[saved.id], now=ctx.now
                ).check_all_done()
    except ExamError as error:
        places = {
            "item_unclassified": "point_id",
            "item_outside_outline": "point_id",
            "not_found": "point_id",
        }
        form.add(error.field if isinstance(error, ContentInvalid) else places.get(error.code, ""), error)
        if error.code == "item_edited_meanwhile" and item is not None:
            form.values["seen"] = str(item.current_version_id)  # told once; saving again is then deliberate
        return _page(ctx, form, item=item, status=422)
    if do == "again":
        address = f"/bank/items/new?bank={saved.occupation_id}:{saved.level}&type={saved.type.value}"
        return ctx.redirect(f"{address}&point={saved.point_id or ''}", notice=_notice(ctx, saved))
    return ctx.redirect(f"/bank/items/{saved.id}", notice=_notice(ctx, saved))


def _notice(ctx: Context, saved: Item) -> str:
    return ctx._("Item {number} was saved.", number=saved.number)


def _store(ctx: Context, sent: ItemForm, item: Item | None) -> Item:
    taxonomy.find_occupation(ctx.session, sent.occupation_id)
    draft = _draft_of(sent)
    if item is None:
        return items.create_item(ctx.session, actor=ctx.actor, draft=draft, now=ctx.now)
    return items.edit_item(
        ctx.session, actor=ctx.actor, item_id=item.id, draft=draft, now=ctx.now, seen=sent.seen
    )


@router.post("/items/preview")
def preview_item(data: FormDep, ctx: Context = requires(Action.ITEM_WRITE)) -> Response:
    """What the candidate will see, for the script that keeps the preview fresh."""
    values = parse_form(ItemForm, data).values
    return ctx.page(
        "bank/_preview.html",
        stem=str(values.get("stem", "")),
        kind=values.get("type", ItemType.SINGLE_CHOICE.value),
        options=list(zip(LABELS, _options_of(values), strict=False)),
        chosen_key=values.get("key") or [],
        explanation=str(values.get("explanation", "")),
    )
