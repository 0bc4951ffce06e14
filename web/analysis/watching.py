"""The state of the bank, and an item over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from exam_engine.calibration import service as calibration
from exam_engine.calibration.reports.watch import (
    EXPOSED_ABOVE,
    ITEMS_A_POINT,
    MINIMUM_COMMON,
    MINIMUM_PAPERS,
    Concern,
)
from exam_engine.calibration.service import BankState, ItemOverTime
from itembank.items import service as items
from itembank.people.rules import Action
from itembank.statistics.models import ItemParameter, Scale
from itembank.statistics.rules import ItemFlag
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.analysis import exports
from web.analysis.curves import item_figure
from web.analysis.exports import Table
from web.analysis.fit_view import fit_curve
from web.analysis.labels import FLAGS, MODELS
from web.analysis.pictures import send_chart
from web.analysis.report_labels import CONCERNS, sign_texts
from web.analysis.reports import DOWNLOADS
from web.analysis.sitting_figures import option_curves
from web.analysis.sitting_view import without_keys
from web.charts import Interval, interval_chart
from web.deps import Context, requires
from web.forms import PageNumber

router = APIRouter(prefix="/analysis")

PAGE_ROWS = 100
NORMAL_95 = 1.959964
GRAVEST_LARGEST = (Concern.OVERUSED, Concern.DRIFTING, Concern.MISFITTING)


def _bank(ctx: Context, wanted: str) -> tuple[list[items.Bank], items.Bank | None]:
    """Return the banks and the one that an address names; the largest where it names none."""
    banks = items.list_banks(ctx.session)
    chosen = next((bank for bank in banks if bank.key == wanted), None)
    return banks, chosen or max(banks, key=lambda bank: bank.count, default=None)


def _concern(state: BankState, wanted: str) -> Concern | None:
    known = {concern.value: concern for concern in Concern}
    concern = known.get(wanted)
    return concern if concern is not None and state.found[concern] is not None else None


@router.get("/bank")
def show_bank_state(
    bank: str = "", show: str = "", page: PageNumber = 1, ctx: Context = requires(Action.STATISTICS_READ)
) -> Response:
    """What deserves attention in a bank, and the items behind one of the counts."""
    banks, chosen = _bank(ctx, bank)
    if chosen is None:
        return ctx.page("analysis/bank.html", banks=[], chosen=None)
    state = calibration.bank_state(ctx.session, occupation_id=chosen.occupation.id, level=chosen.level.value)
    concern = _concern(state, show)
    rows = _rows(state, concern) if concern else []
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    page = min(page, pages)
    return ctx.page(
        "analysis/bank.html",
        banks=banks,
        chosen=chosen,
        state=state,
        concern=concern,
        concerns=[
            (one.value, ctx._(CONCERNS[one][0]), _meaning(ctx, one), state.found[one]) for one in Concern
        ],
        heads=_heads(ctx, concern) if concern else [],
        rows=rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        page=page,
        pages=pages,
        total=len(rows),
    )


def _meaning(ctx: Context, concern: Concern) -> str:
    return ctx._(
        CONCERNS[concern][1],
        least=ITEMS_A_POINT,
        share=f"{EXPOSED_ABOVE:.0%}",
        papers=MINIMUM_PAPERS,
        common=MINIMUM_COMMON,
    )


def _heads(ctx: Context, concern: Concern) -> list[str]:
    subject = ctx._("Assessment point") if concern is Concern.THIN else ctx._("Item")
    value = CONCERNS[concern][2]
    return [subject, ctx._(value)] if value else [subject]


def _rows(state: BankState, concern: Concern) -> list[tuple[str, str, str]]:
    """Return address, name and figure of everything behind a count, the gravest first."""
    found = list(state.found[concern] or [])
    found.sort(key=lambda one: -abs(one.value) if concern in GRAVEST_LARGEST else one.value)
    rows = []
    for one in found:
        if concern is Concern.THIN:
            point = state.points[one.subject]
            rows.append(
                (f"/bank/items?point={one.subject}", f"{point.code} {point.name}", f"{one.value:.0f}")
            )
        else:
            value = _figure(concern, one.value, one.other)
            rows.append((f"/analysis/items/{one.subject}", state.names[one.subject], value))
    return rows


def _figure(concern: Concern, value: float, other: float | None) -> str:
    if concern is Concern.OVERUSED:
        return f"{value:.0%}"
    if concern is Concern.DRIFTING:
        return f"{value:+.2f} ± {other or 0:.2f}"
    if concern is Concern.NEGATIVE:
        return f"{value:.2f} (n = {other or 0:.0f})"
    if concern is Concern.SUSPECT:
        return f"n = {value:.0f}"
    return f"{value:.3f}" if concern is Concern.MISFITTING else ""


@router.get("/bank/state.csv")
def download_bank_state(
    bank: str = "", show: str = "", ctx: Context = requires(Action.STATISTICS_READ)
) -> Response:
    """The items behind one count as CSV, or all counts."""
    _, chosen = _bank(ctx, bank)
    if chosen is None:
        return ctx.download(exports.to_csv(("", [ctx._("Item")], [])), "bank.csv", DOWNLOADS["csv"])
    state = calibration.bank_state(ctx.session, occupation_id=chosen.occupation.id, level=chosen.level.value)
    concern = _concern(state, show)
    if concern is None:
        counts: list[Sequence[object]] = [
            [ctx._(CONCERNS[one][0]), None if found is None else len(found)]
            for one, found in state.found.items()
        ]
        table: Table = ("", [ctx._("Reason"), ctx._("Number")], counts)
    else:
        table = ("", _heads(ctx, concern), [row[1:] for row in _rows(state, concern)])
    name = f"{chosen.occupation.name}-{chosen.level.value}-{show or 'bank'}.csv"
    return ctx.download(exports.to_csv(table), name, DOWNLOADS["csv"])


@router.get("/items/{item_id}")
def show_item_over_time(item_id: UUID, ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """An item over time: figures in reports, parameters on all scales, curves, use."""
    found = calibration.item_over_time(ctx.session, item_id)
    reports = [
        (one.report, one.number, one.figures, [sign_texts(sign, ctx._) for sign in one.figures["signs"]])
        for one in found.reports
    ]
    if not ctx.may(Action.KEY_READ):
        reports = [
            (report, number, figures, [sign_texts(sign, ctx._) for sign in figures["signs"]])
            for report, number, former, _texts in reports
            for figures in without_keys({"items": [dict(former)]})["items"]
        ]
    latest = _latest(found)
    curves = item_figure(latest[1], ctx._) if latest is not None else None
    newest = reports[0] if reports else None
    return ctx.page(
        "analysis/item_over_time.html",
        found=found,
        item=found.item,
        occupation=taxonomy.find_occupation(ctx.session, found.item.occupation_id),
        level=Level(found.item.level).label,
        reports=reports,
        newest=newest,
        option_chart=option_curves(newest[2], ctx._) if newest and newest[2]["options"] else None,
        curves=curves,
        latest=latest,
        fit=found.fits[0] if found.fits else None,
        fit_chart=fit_curve(found.fits[0].figures, ctx._) if found.fits else None,
        **_charts(ctx, found),
        flags={flag.value: FLAGS[flag] for flag in ItemFlag},
        models=MODELS,
        answered=sum(use.n_attempts for use in found.uses),
        papers=len({use.paper for use in found.uses}),
    )


def _charts(ctx: Context, found: ItemOverTime) -> dict[str, Any]:
    """Return difficulty on all scales and p in all reports, oldest first, with 95 % intervals."""
    scales = [(scale, row) for scale, row in reversed(list(found.scales)) if row.b is not None]
    difficulty: Markup | None = None
    if scales:
        difficulty = interval_chart(
            [
                Interval(
                    scale.name,
                    row.b or 0.0,
                    (row.b or 0.0) - NORMAL_95 * row.se_b if row.se_b else None,
                    (row.b or 0.0) + NORMAL_95 * row.se_b if row.se_b else None,
                )
                for scale, row in scales
            ],
            title=ctx._("Difficulty on all scales"),
            x_label=ctx._("Scales, oldest first"),
            y_label=ctx._("b with 95 % interval (logits)"),
        )
    reports = [one for one in reversed(list(found.reports)) if one.figures["p"] is not None]
    share: Markup | None = None
    if reports:
        share = interval_chart(
            [
                Interval(one.report.name, one.figures["p"], one.figures["p_low"], one.figures["p_high"])
                for one in reports
            ],
            title=ctx._("Share of the marks in all sitting reports"),
            x_label=ctx._("Reports, oldest first"),
            y_label=ctx._("p with 95 % interval"),
        )
    return {"difficulty_chart": difficulty, "share_chart": share}


@router.get("/items/{item_id}/chart/file")
def download_item_chart(
    item_id: UUID, name: str = "", form: str = "svg", ctx: Context = requires(Action.STATISTICS_READ)
) -> Response:
    """A chart of an item over time as SVG or PNG: ``difficulty``, ``share``, ``curve`` or ``information``."""
    found = calibration.item_over_time(ctx.session, item_id)
    charts: dict[str, Markup | None] = {
        key.removesuffix("_chart"): value for key, value in _charts(ctx, found).items()
    }
    latest = _latest(found)
    curves = item_figure(latest[1], ctx._) if latest is not None else None
    if curves is not None:
        charts |= {"curve": curves[0].chart, "information": curves[1]}
    chosen = charts.get(name) if name else next((one for one in charts.values() if one is not None), None)
    return send_chart(ctx, chosen, name=f"{found.name}-{name or 'chart'}", form=form)


def _latest(found: ItemOverTime) -> tuple[Scale, ItemParameter] | None:
    """Return the newest scale on which the item has parameters."""
    return next(
        ((scale, row) for scale, row in found.scales if row.a is not None and row.b is not None), None
    )
