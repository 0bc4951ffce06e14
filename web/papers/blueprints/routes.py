"""Routes of blueprints: the list, the editor, files, and the request for forms."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintFile, read_toml, write_toml
from exam_engine.papers.models import Blueprint
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS, Level, read_level
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form
from web.papers import labels
from web.papers.assemblies.views import status_of
from web.papers.blueprints import views
from web.papers.forms import AssembleForm, Editor, editor_of, empty_editor, read_editor, whole

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]


@router.get("/blueprints")
def list_blueprints(ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """Current blueprints and the latest assemblies."""
    return _blueprints_page(ctx, Form())


def _blueprints_page(ctx: Context, form: Form[Any], status: int = 200) -> Response:
    occupations = taxonomy.list_occupations(ctx.session)
    return ctx.page(
        "papers/blueprints.html",
        blueprints=[(b, papers.spec_of(b)) for b in papers.list_blueprints(ctx.session)],
        assemblies=[(a, status_of(ctx, a)) for a in papers.list_assemblies(ctx.session)[:20]],
        names={b.id: b for b in papers.list_blueprints(ctx.session)},
        occupations={o.id: o for o in occupations},
        levels=LEVEL_LABELS,
        statuses=labels.ASSEMBLY_STATUSES,
        form=form,
        status=status,
    )


@router.post("/blueprints/file")
def import_blueprint(data: FormDep, ctx: Context = requires(Action.BLUEPRINT_WRITE)) -> Response:
    """Add a blueprint from a TOML file."""
    form: Form[Any] = Form()
    try:
        file = read_toml((data.read("file") or ("", b""))[1].decode("utf-8-sig", errors="replace"))
        occupation = taxonomy.occupation_by_code(ctx.session, file.occupation)
        saved = papers.save_blueprint(
            ctx.session,
            actor=ctx.actor,
            institution_id=views.institution_of(ctx),
            occupation_id=occupation.id,
            level=read_level(file.level),
            name=file.name,
            spec=file.spec,
            now=ctx.now,
        )
    except ExamError as error:
        form.add("", error.message, **labels.error_facts(error.facts, ctx._))
        return _blueprints_page(ctx, form, 422)
    return ctx.redirect(f"/blueprints/{saved.id}", notice=ctx._("“{name}” was saved.", name=saved.name))


@router.get("/blueprints/new")
def new_blueprint(
    occupation: UUID | None = None,
    level: Level = Level.THREE,
    ctx: Context = requires(Action.BLUEPRINT_WRITE),
) -> Response:
    """An empty editor for an occupation and level; without one, the list where it is chosen."""
    if occupation is None:
        return ctx.redirect("/blueprints")
    return _editor_page(ctx, empty_editor(), occupation, level)


@router.get("/blueprints/{blueprint_id}")
def show_blueprint(blueprint_id: UUID, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """The editor of a blueprint, with what the bank supplies."""
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    editor = editor_of(blueprint.name, papers.spec_of(blueprint))
    return _editor_page(ctx, editor, blueprint.occupation_id, Level(blueprint.level), blueprint)


@router.get("/blueprints/{blueprint_id}/file")
def download_blueprint(blueprint_id: UUID, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """The blueprint as a TOML file."""
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    occupation = taxonomy.find_occupation(ctx.session, blueprint.occupation_id)
    code = taxonomy.occupation_code(occupation)
    file = BlueprintFile(blueprint.name, code, str(blueprint.level), papers.spec_of(blueprint))
    return ctx.download(write_toml(file).encode(), f"{blueprint.name}.toml", "application/toml")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


@router.post("/blueprints")
def edit_blueprint(data: FormDep, ctx: Context = requires(Action.BLUEPRINT_WRITE)) -> Response:
    """Save the editor, or add, remove or fill rows; without JavaScript every button comes here."""
    editor = read_editor(data)
    occupation_id, level = views.place_of(data)
    blueprint_id = data.text("blueprint_id")
    former = papers.find_blueprint(ctx.session, _id(blueprint_id)) if blueprint_id else None
    action, _, number = data.text("do").partition("-")
    if action == "add":
        editor.add_row()
    elif action == "remove" and (at := whole(number)) is not None:
        del editor.rows[at : at + 1]
    elif action == "fill":
        bank = papers.supply(ctx.session, occupation_id=occupation_id, level=level, spec=None)
        editor.fill_from(bank.nodes, whole(number) or 1)
    elif action == "save":
        return _save(ctx, editor, occupation_id, level, former)
    return _editor_page(ctx, editor, occupation_id, level, former, unsaved=True)


@router.post("/blueprints/supply")
def count_supply(data: FormDep, ctx: Context = requires(Action.BLUEPRINT_WRITE)) -> Response:
    """Live counts for the editor: what the bank supplies for each section and row."""
    occupation_id, level = views.place_of(data)
    editor = read_editor(data)
    found = views.supply_counts(ctx, editor, occupation_id, level)
    return JSONResponse(found)


def _save(
    ctx: Context, editor: Editor, occupation_id: UUID, level: Level, former: Blueprint | None
) -> Response:
    try:
        spec = editor.spec()
        saved = papers.save_blueprint(
            ctx.session,
            actor=ctx.actor,
            institution_id=former.institution_id if former else views.institution_of(ctx),
            occupation_id=occupation_id,
            level=level,
            name=editor.name,
            spec=spec,
            now=ctx.now,
            series_id=former.series_id if former else None,
        )
    except ExamError as error:
        return _editor_page(ctx, editor, occupation_id, level, former, unsaved=True, error=error, status=422)
    return ctx.redirect(f"/blueprints/{saved.id}", notice=ctx._("“{name}” was saved.", name=saved.name))


def _editor_page(
    ctx: Context,
    editor: Editor,
    occupation_id: UUID,
    level: Level,
    blueprint: Blueprint | None = None,
    *,
    unsaved: bool = False,
    error: ExamError | None = None,
    assemble: Form[AssembleForm] | None = None,
    status: int = 200,
) -> Response:
    bank = papers.supply(ctx.session, occupation_id=occupation_id, level=level, spec=None)
    return ctx.page(
        "papers/editor.html",
        editor=editor,
        blueprint=blueprint,
        versions=papers.blueprint_versions(ctx.session, blueprint.series_id) if blueprint else [],
        occupation=taxonomy.find_occupation(ctx.session, occupation_id),
        level=level,
        bank=bank,
        outline=views.outline_rows(bank),
        supply=views.supply_counts(ctx, editor, occupation_id, level, bank),
        types=labels.ITEM_TYPES,
        equal_by=labels.EQUAL_BY,
        unsaved=unsaved or blueprint is None,
        error=ctx._(error.message, **labels.error_facts(error.facts, ctx._)) if error else "",
        assemble=assemble or Form(),
        status=status,
    )


@router.post("/blueprints/{blueprint_id}/assemble")
def assemble(blueprint_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Ask for forms; the job's page shows how far they are."""
    form = parse_form(AssembleForm, data)
    if form.model is None:
        blueprint = papers.find_blueprint(ctx.session, blueprint_id)
        editor = editor_of(blueprint.name, papers.spec_of(blueprint))
        level = Level(blueprint.level)
        return _editor_page(ctx, editor, blueprint.occupation_id, level, blueprint, assemble=form, status=422)
    assembly = papers.request_assembly(
        ctx.session,
        actor=ctx.actor,
        blueprint_id=blueprint_id,
        forms=form.model.forms,
        seed=form.model.seed,
        now=ctx.now,
    )
    return ctx.redirect(f"/papers/assemblies/{assembly.id}")
