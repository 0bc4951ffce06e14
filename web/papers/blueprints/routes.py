"""Routes of blueprints: the list, the editor, files, and the request for forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintFile, BlueprintSpec, read_toml, write_toml
from exam_engine.papers.copying import Strangers, strangers_of, without_items
from exam_engine.papers.models import Blueprint
from exam_engine.papers.supply import Stock
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS, Level, read_level
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import N_
from web.papers import labels
from web.papers.assemblies.views import status_of
from web.papers.blueprints import goals, proposal, tools, views
from web.papers.blueprints.editor import PLANNED, Editor, editor_of, empty_editor, read_editor, whole
from web.papers.forms import TYPES, AssembleForm

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]
PROPOSED = N_("The smallest change is filled in; look at it and save: {changes}.")
BY_HAND = N_("To be changed by hand: {changes}.")


@router.get("/blueprints")
def list_blueprints(source: UUID | None = None, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """Current blueprints and the latest assemblies; ``source`` is the blueprint to be copied."""
    return _blueprints_page(ctx, Form(), source=source)


def _blueprints_page(
    ctx: Context, form: Form[Any], status: int = 200, *, source: UUID | None = None
) -> Response:
    occupations = taxonomy.list_occupations(ctx.session)
    found = papers.list_blueprints(ctx.session)
    copied = papers.find_blueprint(ctx.session, source) if source else None
    if copied is not None:
        form.values |= {"source": str(copied.id), "occupation": str(copied.occupation_id)}
        form.values |= {"level": str(copied.level)}
    return ctx.page(
        "papers/blueprints.html",
        blueprints=[(b, papers.spec_of(b)) for b in found],
        assemblies=[(a, status_of(ctx, a)) for a in papers.list_assemblies(ctx.session)[:20]],
        names={b.id: b for b in found},
        sources=[*found, *([copied] if copied is not None and copied not in found else [])],
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
    source: str = "",
    ctx: Context = requires(Action.BLUEPRINT_WRITE),
) -> Response:
    """An editor for an occupation and level, empty or as another blueprint; without one, the list to choose from."""
    if occupation is None:
        return ctx.redirect("/blueprints")
    if not source:
        return _editor_page(ctx, empty_editor(), occupation, level)
    copied = papers.find_blueprint(ctx.session, _id(source))
    bank = papers.supply(ctx.session, occupation_id=occupation, level=level, spec=None)
    same = (copied.occupation_id, copied.level) == (occupation, level.value)
    spec = papers.spec_of(copied)
    paths = {node.path for node in bank.nodes}
    strangers = strangers_of(spec, nodes=paths, categories=bank.categories, same_bank=same)
    name = ctx._("{name} (copy)", name=copied.name[:70]) if same else copied.name
    editor = editor_of(name, spec if same else without_items(spec))
    return _editor_page(ctx, editor, occupation, level, strangers=strangers)


@router.get("/blueprints/{blueprint_id}")
def show_blueprint(
    blueprint_id: UUID,
    assembly: UUID | None = None,
    planned: str = "",
    ctx: Context = requires(Action.PAPER_READ),
) -> Response:
    """The editor of a blueprint for ``planned`` forms; with an ``assembly``, its smallest change filled in."""
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    spec = papers.spec_of(blueprint)
    editor = editor_of(blueprint.name, spec)
    if whole(planned) is not None:
        editor.head["planned"] = str(whole(planned))
    if assembly is not None and ctx.may(Action.BLUEPRINT_WRITE):
        tried = papers.find_assembly(ctx.session, assembly)
        editor.head["planned"] = str(tried.forms)
        changes = (tried.outcome or {}).get("changes", [])
        left = proposal.fill_in(editor, spec, changes)
        made = [change for change in changes if change not in left]
        said = ctx._(PROPOSED, changes=_changes_text(ctx, spec, made)) if made else ""
        if left:
            said = f"{said} {ctx._(BY_HAND, changes=_changes_text(ctx, spec, left))}".strip()
        return _editor_page(
            ctx, editor, blueprint.occupation_id, Level(blueprint.level), blueprint, unsaved=True, said=said
        )
    return _editor_page(ctx, editor, blueprint.occupation_id, Level(blueprint.level), blueprint)


def _changes_text(ctx: Context, spec: BlueprintSpec, changes: Sequence[proposal.Change]) -> str:
    return "；".join(labels.change_text(change, spec, ctx._) for change in changes)


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
    """Save the editor, or use one of its tools; without JavaScript every button comes here."""
    editor = read_editor(data)
    occupation_id, level = views.place_of(data)
    blueprint_id = data.text("blueprint_id")
    former = papers.find_blueprint(ctx.session, _id(blueprint_id)) if blueprint_id else None
    if data.text("do") == "save":
        return _save(ctx, editor, occupation_id, level, former)
    try:
        said = _use_tool(ctx, editor, data.text("do"), occupation_id, level)
    except ExamError as error:
        return _editor_page(
            ctx, editor, occupation_id, level, former, unsaved=True, refused=error, status=422
        )
    return _editor_page(ctx, editor, occupation_id, level, former, unsaved=True, said=said)


def _use_tool(ctx: Context, editor: Editor, do: str, occupation_id: UUID, level: Level) -> str:
    """Change the editor as a button asks, and return what there is to say about it."""
    action, _, rest = do.partition("-")
    at = whole(rest)
    if action == "add":
        editor.add_row()
    elif action == "remove" and at is not None:
        del editor.rows[at : at + 1]
    elif action in ("up", "down") and at is not None:
        tools.move(editor, at, -1 if action == "up" else 1)
    elif action == "copy" and at is not None:
        tools.duplicate(editor, at)
    elif action == "goals":
        return goals.take(ctx, editor, rest, occupation_id, level)
    elif action in ("fill", "node", "spread", "sort", "paste"):
        nodes = papers.supply(ctx.session, occupation_id=occupation_id, level=level, spec=None).nodes
        if action == "fill":
            tools.fill(editor, nodes, at or 1)
        elif action == "node":
            for node in (node for node in nodes if node.path == rest):
                tools.add_node(editor, nodes, node)
        elif action == "spread":
            tools.spread(editor, nodes, rest, ctx._)
        elif action == "sort":
            tools.sort(editor, nodes)
        else:
            added = tools.paste(editor, editor.head["paste"], nodes, ctx._)
            editor.head["paste"] = ""
            return ctx._("{count} rows were added.", count=added)
    return ""


@router.post("/blueprints/supply")
def count_supply(data: FormDep, ctx: Context = requires(Action.BLUEPRINT_WRITE)) -> Response:
    """Live counts for the editor: what the bank supplies for each section and row, and what asks for more."""
    occupation_id, level = views.place_of(data)
    bank = papers.supply(ctx.session, occupation_id=occupation_id, level=level, spec=None)
    found = views.supply_view(read_editor(data), bank, Stock(bank.items), ctx._)
    return JSONResponse(found.as_json())


def _save(
    ctx: Context, editor: Editor, occupation_id: UUID, level: Level, former: Blueprint | None
) -> Response:
    def refused(**what: Any) -> Response:
        return _editor_page(ctx, editor, occupation_id, level, former, unsaved=True, status=422, **what)

    problems = editor.problems()
    if problems:
        return refused(problems=problems)
    try:
        saved = papers.save_blueprint(
            ctx.session,
            actor=ctx.actor,
            institution_id=former.institution_id if former else views.institution_of(ctx),
            occupation_id=occupation_id,
            level=level,
            name=editor.name,
            spec=editor.spec(),
            now=ctx.now,
            series_id=former.series_id if former else None,
        )
    except ExamError as error:
        return refused(problems={str(error.facts.get("field", "")): error})
    planned = whole(editor.head["planned"])
    after = "" if planned is None or str(planned) == PLANNED else f"?planned={planned}"
    return ctx.redirect(
        f"/blueprints/{saved.id}{after}", notice=ctx._("“{name}” was saved.", name=saved.name)
    )


def _editor_page(
    ctx: Context,
    editor: Editor,
    occupation_id: UUID,
    level: Level,
    blueprint: Blueprint | None = None,
    *,
    unsaved: bool = False,
    problems: dict[str, ExamError] | None = None,
    refused: ExamError | None = None,
    said: str = "",
    strangers: Strangers | None = None,
    assemble: Form[AssembleForm] | None = None,
    status: int = 200,
) -> Response:
    bank = papers.supply(ctx.session, occupation_id=occupation_id, level=level, spec=None)
    stock = Stock(bank.items)
    wrong = views.error_texts({"": refused} if refused else problems or {}, ctx._)
    return ctx.page(
        "papers/editor.html",
        editor=editor,
        blueprint=blueprint,
        versions=papers.blueprint_versions(ctx.session, blueprint.series_id) if blueprint else [],
        occupation=taxonomy.find_occupation(ctx.session, occupation_id),
        level=level,
        bank=bank,
        outline=views.outline_rows(bank, stock),
        supply=views.supply_view(editor, bank, stock, ctx._),
        papers=views.sealed_papers(ctx, occupation_id, level),
        types=labels.ITEM_TYPES,
        kinds=TYPES,
        equal_by=labels.EQUAL_BY,
        unsaved=unsaved or blueprint is None,
        edited=unsaved,
        wrong=wrong,
        said=said,
        strangers=strangers,
        assemble=assemble or Form(),
        planned=views.limits_of(editor).forms,
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
