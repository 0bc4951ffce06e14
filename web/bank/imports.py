"""Bringing questions in from files: upload, report, and the repair of what was refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field

from itembank.interchange import service as interchange
from itembank.interchange.errors import FileRefused, MappingMissing, MappingUnreadable
from itembank.interchange.findings import Finding
from itembank.interchange.formats import Format
from itembank.interchange.report import (
    MULTIPLE,
    SINGLE,
    TRUE_FALSE,
    DraftQuestion,
    ParsedOption,
    QuestionType,
)
from itembank.interchange.rules import DuplicateQuestion, RepairRefused, RowStatus
from itembank.interchange.xlsx import template
from itembank.items.rules import LABELS
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS
from web.deps import Context, requires
from web.forms import Form, FormData, PageNumber, form_data, parse_form
from web.i18n import N_
from web.navigation import Area, NavItem, Todo

router = APIRouter(prefix="/bank/imports")
FormDep = Annotated[FormData, Depends(form_data)]

PAGE = 50
BATCHES = 20
LEAST_FIELDS = 6
"""Option fields shown in the repair form, at least."""

TYPES: dict[QuestionType, str] = {
    SINGLE: N_("Single choice"),
    MULTIPLE: N_("Multiple choice"),
    TRUE_FALSE: N_("True or false"),
}
FORMATS: dict[str, str] = {
    "auto": N_("By the file's content"),
    "word": N_("Word review sheet (.docx)"),
    "xlsx": N_("XLSX template"),
    "json": N_("JSON of this system"),
    "mapping": N_("Other JSON with a mapping"),
}
STATUSES: dict[RowStatus, str] = {
    RowStatus.IMPORTED: N_("In the bank"),
    RowStatus.REJECTED: N_("Rejected, to repair"),
    RowStatus.REPAIRED: N_("Repaired, in the bank"),
    RowStatus.DISCARDED: N_("Set aside"),
}
TONES: dict[RowStatus, str] = {
    RowStatus.IMPORTED: "good",
    RowStatus.REJECTED: "bad",
    RowStatus.REPAIRED: "good",
    RowStatus.DISCARDED: "neutral",
}


class UploadForm(BaseModel):
    """Where the questions go."""

    occupation_id: UUID
    level: Annotated[int, Field(ge=1, le=5)]
    format: Format = "auto"
    source: Annotated[str, Field(max_length=120)] = ""


class RepairForm(BaseModel):
    """A refused question as somebody repaired it."""

    type: QuestionType
    stem: str
    key: list[str] = Field(default_factory=list)
    truth: str = ""
    explanation: str = ""


def speaker(ctx: Context) -> Callable[[Finding], str]:
    """Return how findings are said in the reader's language."""

    def say(finding: Finding) -> str:
        facts = {name: shown(fact) for name, fact in finding.facts.items()}
        return ctx._(finding.template, **facts)

    def shown(fact: Any) -> Any:
        if isinstance(fact, Finding):
            return say(fact)
        label = next((label for kind, label in TYPES.items() if kind == fact), fact)
        return ctx._(label) if isinstance(label, str) else label

    return say


@router.get("")
def list_imports(page: PageNumber = 1, ctx: Context = requires(Action.ITEM_IMPORT)) -> Response:
    """Earlier imports."""
    page = max(page, 1)
    batches, total = interchange.list_batches(ctx.session, limit=BATCHES, offset=(page - 1) * BATCHES)
    return ctx.page(
        "bank/imports/list.html",
        batches=batches,
        occupations={row.id: row for row in taxonomy.list_occupations(ctx.session)},
        levels=LEVEL_LABELS,
        formats=FORMATS,
        page=page,
        pages=max(1, -(-total // BATCHES)),
        total=total,
    )


@router.get("/new")
def new_import(ctx: Context = requires(Action.ITEM_IMPORT)) -> Response:
    """The upload page."""
    return _upload_page(ctx, Form())


def _upload_page(ctx: Context, form: Form[UploadForm], status: int = 200) -> Response:
    return ctx.page(
        "bank/imports/new.html",
        form=form,
        occupations=taxonomy.list_occupations(ctx.session),
        levels=LEVEL_LABELS,
        formats=FORMATS,
        megabytes=ctx.settings.upload_megabytes,
        status=status,
    )


@router.post("")
def upload(data: FormDep, ctx: Context = requires(Action.ITEM_IMPORT)) -> Response:
    """Import a file and show its report; a refused file leaves nothing behind."""
    form = parse_form(UploadForm, data)
    file, mapping = data.read("file"), data.read("mapping")
    if file is None:
        form.add("file", N_("Choose a file."))
    if form.model is None or file is None:
        return _upload_page(ctx, form, 422)
    try:
        done = interchange.import_file(
            ctx.session,
            actor=ctx.actor,
            data=file[1],
            filename=file[0],
            occupation_id=form.model.occupation_id,
            level=form.model.level,
            now=ctx.now,
            format=form.model.format,
            mapping=mapping[1] if mapping else None,
            source=form.model.source,
        )
    except FileRefused as error:
        field = "mapping" if isinstance(error, (MappingMissing, MappingUnreadable)) else "file"
        facts = {name: ctx._(fact) if isinstance(fact, str) else fact for name, fact in error.facts.items()}
        form.add(field, error.message, **facts)
        return _upload_page(ctx, form, 422)
    return ctx.redirect(f"/bank/imports/{done.batch.id}")


@router.get("/template.xlsx")
def download_template(ctx: Context = requires(Action.ITEM_IMPORT)) -> Response:
    """The empty XLSX template."""
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return ctx.download(template(), "试题导入模板.xlsx", media_type)


@router.get("/{batch_id}")
def show_import(
    batch_id: UUID, show: str = "", page: PageNumber = 1, ctx: Context = requires(Action.ITEM_IMPORT)
) -> Response:
    """The report of an import."""
    batch, counts = interchange.find_batch(ctx.session, batch_id)
    if not show:
        show = RowStatus.REJECTED.value if counts.rejected else "all"
    page = max(page, 1)
    status = next((status for status in RowStatus if status.value == show), None)
    rows, total = interchange.list_rows(
        ctx.session, batch_id, status=status, warned=show == "warned", limit=PAGE, offset=(page - 1) * PAGE
    )
    general, notes = interchange.batch_warnings(ctx.session, batch)
    return ctx.page(
        "bank/imports/report.html",
        batch=batch,
        counts=counts,
        occupation=taxonomy.find_occupation(ctx.session, batch.occupation_id),
        level=LEVEL_LABELS[batch.level],  # type: ignore[index]  # IntEnum keys are their numbers
        format=FORMATS.get(batch.format, batch.format),
        rows=rows,
        show=show,
        general=general,
        notes=notes,
        say=speaker(ctx),
        statuses=STATUSES,
        tones=TONES,
        types=TYPES,
        page=page,
        pages=max(1, -(-total // PAGE)),
        total=total,
    )


@router.get("/{batch_id}/report.json")
def download_report(batch_id: UUID, ctx: Context = requires(Action.ITEM_IMPORT)) -> Response:
    """The report as it stands now."""
    report = interchange.report_json(ctx.session, batch_id)
    content = json.dumps(report, ensure_ascii=False, indent=1).encode()
    return ctx.download(content, f"{report['file']}.report.json", "application/json")


@router.get("/rows/{row_id}")
def show_row(row_id: UUID, ctx: Context = requires(Action.ITEM_IMPORT)) -> Response:
    """One question of a file, with the repair form while it waits."""
    row = interchange.find_row(ctx.session, row_id)
    values: dict[str, Any] = {
        "type": row.draft.type or (SINGLE if row.draft.options else TRUE_FALSE),
        "stem": row.draft.stem,
        "explanation": row.draft.explanation,
    }
    return _row_page(ctx, row, Form(values), [option.text for option in row.draft.options], row.draft.key)


def _row_page(
    ctx: Context,
    row: interchange.RowView,
    form: Form[RepairForm],
    options: Sequence[str],
    key: Sequence[str],
    status: int = 200,
) -> Response:
    batch, counts = interchange.find_batch(ctx.session, row.batch_id)
    count = min(len(LABELS), max(LEAST_FIELDS, len(options) + 1))
    texts = [*options, *[""] * count][:count]
    return ctx.page(
        "bank/imports/row.html",
        batch=batch,
        counts=counts,
        row=row,
        form=form,
        options=list(zip(LABELS, texts, strict=False)),
        key=set(key),
        say=speaker(ctx),
        types=TYPES,
        statuses=STATUSES,
        tones=TONES,
        waits=row.status is RowStatus.REJECTED,
        status=status,
    )


@router.post("/rows/{row_id}")
def repair_row(row_id: UUID, data: FormDep, ctx: Context = requires(Action.ITEM_IMPORT)) -> Response:
    """Import a repaired question, or say what is still wrong and keep the input."""
    row = interchange.find_row(ctx.session, row_id)
    form = parse_form(RepairForm, data)
    texts = [data.text(f"option_{label}").strip() for label in LABELS]
    while texts and not texts[-1]:
        texts.pop()
    keys = data.texts("key")
    if form.model is None:
        return _row_page(ctx, row, form, texts, [*keys, data.text("truth")], 422)
    sent = form.model
    is_statement = sent.type == TRUE_FALSE
    draft = DraftQuestion(
        **{name: getattr(row.draft, name) for name in ("place", "raw", "number", "category", "reference")},
        type=sent.type,
        stem=sent.stem.strip(),
        options=()
        if is_statement
        else tuple(ParsedOption(label, text) for label, text in zip(LABELS, texts, strict=False)),
        key=tuple(key for key in [sent.truth] if key) if is_statement else tuple(sorted(sent.key)),
        explanation=sent.explanation.strip(),
        difficulty=row.draft.difficulty,
        importance=row.draft.importance,
        point_code=row.draft.point_code,
    )
    try:
        with ctx.session.begin_nested():
            item = interchange.repair(ctx.session, actor=ctx.actor, row_id=row_id, draft=draft, now=ctx.now)
    except RepairRefused as error:
        reason = error.facts["reason"]
        shown = speaker(ctx)(reason) if isinstance(reason, Finding) else reason
        form.add("", N_("The question still cannot be imported: {reason}"), reason=shown)
        return _row_page(ctx, row, form, texts, [*keys, sent.truth], 422)
    except DuplicateQuestion as error:
        form.add("", error)
        return _row_page(ctx, row, form, texts, [*keys, sent.truth], 422)
    return _onwards(ctx, row, ctx._("Item {number} is in the bank as a draft.", number=item.number))


@router.post("/rows/{row_id}/discard")
def discard_row(row_id: UUID, ctx: Context = requires(Action.ITEM_IMPORT)) -> Response:
    """Set a refused question aside."""
    row = interchange.find_row(ctx.session, row_id)
    interchange.discard(ctx.session, actor=ctx.actor, row_id=row_id, now=ctx.now)
    return _onwards(ctx, row, ctx._("The question was set aside."))


def _onwards(ctx: Context, row: interchange.RowView, notice: str) -> Response:
    """Go on to the next question that waits, or back to the report when none does."""
    following = interchange.next_waiting(ctx.session, row.batch_id, row.position)
    url = f"/bank/imports/rows/{following}" if following else f"/bank/imports/{row.batch_id}?show=all"
    return ctx.redirect(url, notice=notice)


def _todos(ctx: Any) -> Sequence[Todo]:
    if not ctx.may(Action.ITEM_IMPORT):
        return []
    count = interchange.count_waiting(ctx.session)
    return [Todo(count, ctx._("Questions refused at import"), "/bank/imports")] if count else []


AREA = Area(
    "imports",
    router,
    nav=[NavItem(Action.ITEM_IMPORT, "/bank/imports", N_("Imports"), N_("Item bank"))],
    todos=_todos,
)
