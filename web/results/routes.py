"""The results of a plan: gathered, filtered, exported, released."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.marking.rules import plain
from exam_engine.recognition import service as recognition
from exam_engine.recognition.rules import Verdict, decide
from exam_engine.results import service as results
from exam_engine.results.rules import ResultState
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import Component
from itembank.base.errors import ExamError, NotFound
from itembank.people import service as people
from itembank.people.rules import Action
from web.charts import bar_chart
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, FormData, PageNumber, form_data, parse_form
from web.i18n import N_
from web.labels import COMPONENTS
from web.results.forms import StateForm
from web.sheets import inert

router = APIRouter(prefix="/results")
FormDep = Annotated[FormData, Depends(form_data)]

PAGE = 100
PLANS = 25

STATES = {
    ResultState.SCORED: N_("Scored"),
    ResultState.ABSENT: N_("Absent"),
    ResultState.CHEATING: N_("Cheating"),
    ResultState.MISSING: N_("Missing"),
}
VERDICTS = {
    Verdict.PASSED: N_("Passed"),
    Verdict.FAILED: N_("Failed"),
    Verdict.INCOMPLETE: N_("Incomplete"),
}


@router.get("")
def list_plans(page: PageNumber = 1, ctx: Context = requires(Action.RESULT_READ)) -> Response:
    """Plans in reach, and how far their results are."""
    page = max(page, 1)
    plans, found = results.list_plans(ctx.session, offset=(page - 1) * PLANS, limit=PLANS)
    tables = [results.read_table(ctx.session, plan.id) for plan in plans]
    marks = {table.plan.id: recognition.mark_of_plan(ctx.session, table.plan) for table in tables}
    pages = max(1, -(-found // PLANS))
    return ctx.page(
        "results/plans.html", tables=tables, marks=marks, found=found, page_number=page, pages=pages
    )


def _rows(ctx: Context, table: results.ResultTable) -> list[dict[str, Any]]:
    persons = people.read_persons(ctx.session, [row.registration.person_id for row in table.rows])
    return [
        {
            "registration": row.registration,
            "name": persons[row.registration.person_id].name,
            "results": row.results,
            "verdict": decide(results.outcomes_of(table, row)),
        }
        for row in table.rows
    ]


def _filtered(rows: list[dict[str, Any]], show: str, text: str) -> list[dict[str, Any]]:
    if show in set(Verdict):
        rows = [row for row in rows if row["verdict"] == show]
    elif show in set(ResultState):
        rows = [row for row in rows if any(each.state == show for each in row["results"].values())]
    if text:
        rows = [
            row for row in rows if text in row["name"] or text in (row["registration"].ticket_number or "")
        ]
    return rows


@router.get("/{plan_id}")
def show_plan(
    plan_id: UUID,
    show: str = "",
    q: str = "",
    page: PageNumber = 1,
    ctx: Context = requires(Action.RESULT_READ),
) -> Response:
    """The results of one plan, filtered."""
    return _plan_page(ctx, plan_id, Form(), show=show, text=q.strip(), page=page)


def _plan_page(
    ctx: Context,
    plan_id: UUID,
    form: Form[StateForm],
    *,
    show: str = "",
    text: str = "",
    page: int = 1,
    status: int = 200,
) -> Response:
    table = results.read_table(ctx.session, plan_id)
    everybody = _rows(ctx, table)
    rows = _filtered(everybody, show, text)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    return ctx.page(
        "results/plan.html",
        block="rows",
        table=table,
        mark=recognition.mark_of_plan(ctx.session, table.plan),
        rows=rows[(page - 1) * PAGE : page * PAGE],
        found=len(rows),
        page_number=page,
        pages=pages,
        late=results.undecided_files(ctx.session, plan_id),
        grown=[each for each in sittings.list_sittings(ctx.session, plan_id) if each.way.grows],
        counts={verdict: sum(row["verdict"] is verdict for row in everybody) for verdict in Verdict},
        charts=[(component, _chart(ctx, table, component)) for component in table.components],
        show=show,
        q=text,
        form=form,
        components=COMPONENTS,
        states=STATES,
        verdicts=VERDICTS,
        status=status,
    )


def _chart(ctx: Context, table: results.ResultTable, component: Component) -> Any:
    scores = [
        result.score
        for row in table.rows
        if (result := row.results.get(component)) is not None and result.score is not None
    ]
    if not scores:
        return None
    bands = [0] * 10
    for score in scores:
        bands[min(int(score) // 10, 9)] += 1
    labels = [f"{start}–{start + 9}" if start < 90 else "90–100" for start in range(0, 100, 10)]
    title = ctx._("Score distribution: {component}", component=ctx._(COMPONENTS[component]))
    return bar_chart(labels, bands, title=title, x_label=ctx._("Score"), y_label=ctx._("Candidates"))


@router.get("/{plan_id}/results.csv")
def export_plan(plan_id: UUID, ctx: Context = requires(Action.RESULT_READ)) -> Response:
    """The results of one plan as CSV that spreadsheet programs open in Chinese."""
    table = results.read_table(ctx.session, plan_id)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    head = [ctx._("Ticket number"), ctx._("Full name")]
    for component in table.components:
        name = ctx._(COMPONENTS[component])
        head += [
            name,
            ctx._("{component}: state", component=name),
            ctx._("{component}: pass mark", component=name),
        ]
    writer.writerow([*head, ctx._("Verdict"), ctx._("Released")])
    for row in _rows(ctx, table):
        line = [row["registration"].ticket_number or "", inert(row["name"])]
        for component in table.components:
            result = row["results"].get(component)
            state = result.state if result else ResultState.MISSING
            score = plain(result.score) if result and result.score is not None else ""
            line += [score, ctx._(STATES[state]), plain(result.pass_mark) if result else ""]
        released = all(
            component in row["results"] and row["results"][component].released_at
            for component in table.components
        )
        verdict = VERDICTS[row["verdict"]]
        writer.writerow([*line, ctx._(verdict), ctx._("Yes") if released else ctx._("No")])
    content = "\ufeff" + buffer.getvalue()
    return ctx.download(content.encode(), f"{table.plan.number}.csv", "text/csv; charset=utf-8")


@router.post("/{plan_id}/collect")
def collect_results(plan_id: UUID, ctx: Context = requires(Action.RESULT_RELEASE)) -> Response:
    """Bring unreleased results up to date with marks and incidents."""
    table = results.collect_results(ctx.session, actor=ctx.actor, plan_id=plan_id, now=ctx.now)
    notice = ctx._(
        "Results of {count} candidates gathered; {missing} still missing.",
        count=len(table.rows),
        missing=table.missing,
    )
    return ctx.redirect(f"/results/{plan_id}", notice=notice)


@router.post("/{plan_id}/release")
def release_results(plan_id: UUID, ctx: Context = requires(Action.RESULT_RELEASE)) -> Response:
    """Fix and release all results of the plan."""
    try:
        with ctx.session.begin_nested():
            count = results.release_results(ctx.session, actor=ctx.actor, plan_id=plan_id, now=ctx.now)
    except NotFound:
        raise
    except ExamError as error:
        form: Form[StateForm] = Form()
        form.add("", error)
        return _plan_page(ctx, plan_id, form, status=status_of(error))
    return ctx.redirect(f"/results/{plan_id}", notice=ctx._("{count} results were released.", count=count))


@router.post("/{plan_id}/records/{result_id}")
def record_state(
    plan_id: UUID, result_id: UUID, data: FormDep, ctx: Context = requires(Action.RESULT_RELEASE)
) -> Response:
    """Record an absence or cheating with its reason, or take it back."""
    form = parse_form(StateForm, data)
    if form.model is None:
        return _plan_page(ctx, plan_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            results.record_state(
                ctx.session,
                actor=ctx.actor,
                result_id=result_id,
                state=form.model.state,
                reason=form.model.reason,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error)
        return _plan_page(ctx, plan_id, form, status=status_of(error))
    return ctx.redirect(f"/results/{plan_id}", notice=ctx._("The state was recorded."))
