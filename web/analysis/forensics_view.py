"""The page and the files of a security report: pairs, their evidence, the map of the seats, and single persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from exam_engine.calibration.models import StatisticsReport
from web.analysis.exports import Table
from web.analysis.forensics_labels import INDICES as PERSON_INDICES
from web.analysis.report_labels import FORENSIC_CAUTIONS, INDICES
from web.analysis.suspects_view import chart_of, rate_rows, section_tables, sections_of
from web.charts import seat_map
from web.deps import Context

Translate = Callable[..., str]
Results = Mapping[str, Any]

RATE_KEYS = ("n_tests", "n_flagged", "rate", "rate_error", "room_rate", "room_low", "room_high", "n_rooms")
MOST_MAPS = 12
"""Rooms whose map is shown."""


def flagged_rooms(results: Results) -> list[Mapping[str, Any]]:
    """Return the rooms with a flagged pair, in the order of their names."""
    named = {
        pair[side]["room"] for pair in results["pairs"] if pair["flagged"] for side in ("first", "second")
    }
    return [room for room in results["rooms"] if room["name"] in named]


def room_map(results: Results, at: int, _: Translate) -> Markup | None:
    """Return the seats of a room with the flagged pairs joined by lines."""
    rooms = flagged_rooms(results)
    if at >= len(rooms):
        return None
    room = rooms[at]
    pairs = [
        (int(pair["first"]["seat"]), int(pair["second"]["seat"]))
        for pair in results["pairs"]
        if pair["flagged"]
        and pair["first"]["room"] == pair["second"]["room"] == room["name"]
        and pair["first"]["seat"]
        and pair["second"]["seat"]
    ]
    alone = [
        int(pair[side]["seat"])
        for pair in results["pairs"]
        if pair["flagged"] and pair["first"]["room"] != pair["second"]["room"]
        for side in ("first", "second")
        if pair[side]["room"] == room["name"] and pair[side]["seat"]
    ]
    return seat_map(
        room["seats"],
        per_row=room["per_row"],
        pairs=pairs,
        marked=alone,
        title=_("Seats of {room}", room=room["name"]),
        front=_("front"),
    )


def _first(results: Results, _: Translate) -> Markup | None:
    return room_map(results, 0, _)


CHARTS = {"room-0": _first}
SECTIONS = ("times", "changes", "preknowledge", "jumps")
"""Sections about single persons, in the order of the page."""


def find_chart(results: Results, name: str, _: Translate) -> Markup | None:
    """Return the map ``room-2`` of the third room with a flagged pair, or the chart of a section by its name."""
    if name in SECTIONS:
        return chart_of(results, name, _)
    kind, _dash, number = name.partition("-")
    if kind != "room" or not number.isdecimal() or len(number) > 4:
        return None
    return room_map(results, int(number), _)


def main_table(results: Results, _: Translate) -> Table:
    """Return one row a pair."""
    heads = [
        *(_("Form"), _("Room 1"), _("Seat 1"), _("Score 1"), _("Room 2"), _("Seat 2"), _("Score 2")),
        *(_("Neighbours"), _("Answered by both"), _("Alike"), _("Alike and wrong")),
        *(_("Longest run alike and wrong"), _("Flagged")),
        *(f"{INDICES[index]}, p" for index in INDICES),
    ]
    rows = [
        [
            pair["form"],
            *(pair[side][key] for side in ("first", "second") for key in ("room", "seat", "score")),
            *(pair["neighbours"], pair["n_common"], pair["n_identical"], pair["n_identical_wrong"]),
            *(pair["longest_run_wrong"], pair["flagged"]),
            *((pair["indices"].get(index) or {}).get("p") for index in INDICES),
        ]
        for pair in results["pairs"]
    ]
    return _("Pairs"), heads, rows


def tables(ctx: Context, _report: StatisticsReport, results: Results) -> Sequence[Table]:
    """Return the sheets of the workbook."""
    _ = ctx._
    rates: list[list[object]] = [
        [
            *(form["label"], form["persons"], INDICES[one["index"]]),
            *(one[key] for key in RATE_KEYS),
        ]
        for form in results["forms"]
        for one in form["indices"]
    ]
    heads = [
        *(_("Form"), _("Candidates"), _("Index"), _("Tests"), _("Flagged")),
        *(_("False alarm of one test"), "SE", _("Honest rooms with any flag"), _("lower"), _("upper")),
        _("Rooms simulated"),
    ]
    rates += rate_rows(results, _)
    return [main_table(results, _), (_("Error rates"), heads, rates), *section_tables(results, _).values()]


def values(ctx: Context, _report: StatisticsReport, results: Results) -> dict[str, Any]:
    """Return what the template needs besides the figures."""
    sheets = {name: at for at, name in enumerate(section_tables(results, ctx._), start=2)}
    cautions = dict.fromkeys(
        caution
        for form in results["forms"]
        for index in form["indices"]
        for caution in index["cautions"]
        if caution in FORENSIC_CAUTIONS
    )
    rooms = flagged_rooms(results)[:MOST_MAPS]
    return {
        "index_names": INDICES,
        "index_cautions": [ctx._(FORENSIC_CAUTIONS[caution]) for caution in cautions],
        "flagged_pairs": sum(1 for pair in results["pairs"] if pair["flagged"]),
        "maps": [(room["name"], room_map(results, at, ctx._)) for at, room in enumerate(rooms)],
        "is_rough": any(form.get("is_rough") for form in results["forms"]),
        "sections": sections_of(results, ctx._),
        "person_indices": PERSON_INDICES,
        "sheets": sheets,
    }


def more(_ctx: Context, _report: StatisticsReport) -> dict[str, Any]:
    """Return nothing more for the JSON."""
    return {}


def without_keys(results: dict[str, Any]) -> dict[str, Any]:
    """Return the figures without single answers: which are wrong tells the key."""
    return results | {"pairs": [pair | {"loudest": []} for pair in results["pairs"]]}
