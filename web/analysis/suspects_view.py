"""What a security report shows of single persons and rooms: rows, charts, tables of each section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from exam_engine.calibration.reports.study import LEAST_SHOWN, SHOWN
from web.analysis.exports import Table
from web.analysis.forensics_labels import ABSENT, CAUTIONS, INDICES
from web.charts import Point, scatter_chart

Translate = Callable[..., str]
Results = Mapping[str, Any]
Row = Mapping[str, Any]

MOST_POINTS = 600
"""Points of a chart besides those that are flagged: every so many-th person."""

NAME_WIDTH, NAME_HEIGHT = 0.22, 0.06
"""Share of the chart that a seat beside its point takes; names that would lie on another are left out."""

MOST_ITEMS = 10


@dataclass(frozen=True)
class _Kind:
    """How a section is drawn and ranked."""

    x: Callable[[Row, Row], float]
    y: Callable[[Row, Row], float | None]
    title: str
    x_label: str
    y_label: str
    diagonal: bool = False


def _kinds(_: Translate) -> dict[str, _Kind]:
    return {
        "times": _Kind(
            lambda row, _person: row["pace"],
            lambda _row, person: person["score"],
            _("Working time and score"),
            _("Time taken, in multiples of the usual"),
            _("Score (0–100)"),
        ),
        "changes": _Kind(
            lambda row, _person: row["changed"],
            lambda row, _person: row["wrong_to_right"],
            _("Changed answers"),
            _("Answers changed"),
            _("Changed from wrong to right"),
        ),
        "preknowledge": _Kind(
            lambda row, _person: row["expected"],
            lambda row, _person: row["score"],
            _("Right answers to the marked items"),
            _("Expected from the other items"),
            _("Given"),
            diagonal=True,
        ),
        "jumps": _Kind(
            lambda row, _person: row["first"],
            lambda _row, person: person["score"],
            _("Scores then and now"),
            _("Score in the earlier sitting"),
            _("Score in this sitting"),
            diagonal=True,
        ),
    }


def shown_rows(section: Results) -> list[Row]:
    """Return the flagged rows, most suspicious first, or the few most striking where nobody is flagged."""

    def rank(row: Row) -> tuple[bool, float]:
        return not row["flagged"], 1.0 if row["p_single"] is None else row["p_single"]

    ranked = sorted(section["rows"], key=rank)
    flagged = sum(1 for row in ranked if row["flagged"])
    return ranked[: min(flagged, SHOWN)] if flagged else ranked[:LEAST_SHOWN]


def chart_of(results: Results, name: str, _: Translate) -> Markup | None:
    """Return the chart of a section; None where it has no figures."""
    section, kind = results.get(name), _kinds(_).get(name)
    if kind is None or section is None or not section.get("rows"):
        return None
    people, rows = results["people"], section["rows"]
    step = -(-len(rows) // MOST_POINTS)
    points = []
    for at, row in enumerate(rows):
        person = people[row["person"]]
        y = kind.y(row, person)
        if y is not None and (row["flagged"] or at % step == 0):
            points.append(Point(kind.x(row, person), y, seat_of(person), row["flagged"]))
    if not points:
        return None
    return scatter_chart(
        _apart(points),
        title=kind.title,
        x_label=kind.x_label,
        y_label=kind.y_label,
        diagonal=kind.diagonal,
        legend=(_("not flagged"), _("flagged")),
    )


def _apart(points: Sequence[Point]) -> list[Point]:
    """Return the points with only as many names beside those that stand out as can be read."""
    wide = (max(point.x for point in points) - min(point.x for point in points)) or 1.0
    high = (max(point.y for point in points) - min(point.y for point in points)) or 1.0
    named: list[Point] = []
    found = []
    for point in points:
        is_crowded = any(
            abs(point.x - other.x) < NAME_WIDTH * wide and abs(point.y - other.y) < NAME_HEIGHT * high
            for other in named
        )
        if point.stands_out and not is_crowded:
            named.append(point)
        found.append(replace(point, name="") if point.stands_out and is_crowded else point)
    return found


def seat_of(person: Row) -> str:
    """Return room and seat."""
    return f"{person['room']} {person['seat']}".strip() or "—"


def sections_of(results: Results, _: Translate) -> dict[str, dict[str, Any]]:
    """Return what the page shows of each section: rows with their persons, or why there are none."""
    found: dict[str, dict[str, Any]] = {}
    for name in _kinds(_):
        section = results.get(name)
        if section is None:
            continue
        if "absent" in section:
            found[name] = {"absent": _(ABSENT[name, section["absent"]], **_facts(section))}
            continue
        rows = [{"who": results["people"][row["person"]], **row} for row in shown_rows(section)]
        found[name] = {
            "rows": rows,
            "flagged": sum(1 for row in section["rows"] if row["flagged"]),
            "chart": chart_of(results, name, _),
            "cautions": [_(CAUTIONS[one]) for one in section.get("cautions", ()) if one in CAUTIONS],
        }
    if "rows" in found.get("times", {}):
        found["times"]["items"] = sorted(results["times"]["items"], key=lambda row: -row["rapid"])[
            :MOST_ITEMS
        ]
    return found


def _facts(section: Results) -> dict[str, Any]:
    return {name: value for name, value in section.items() if isinstance(value, int)}


def rate_rows(results: Results, _: Translate) -> list[list[object]]:
    """Return the error rates of all sections as they stand in the workbook."""
    keys = ("n_tests", "n_flagged", "rate", "rate_error", "room_rate", "room_low", "room_high", "n_rooms")
    return [
        ["", results[name]["persons"], _(INDICES[index]), *(one[key] for key in keys)]
        for name in _kinds(_)
        for one in results.get(name, {}).get("rates", ())
        for index in [one["index"]]
    ]


def section_tables(results: Results, _: Translate) -> dict[str, Table]:
    """Return every table of the sections, by the section's name or ``section-part``."""
    found: dict[str, Table] = {}
    for name, title, columns in _person_columns(_):
        section = results.get(name, {})
        if section.get("rows"):
            found[name] = _table(title, columns, _with_people(results, section["rows"]))
    if results.get("times", {}).get("rows") is not None:
        names = [item["name"] for item in results["items"]]
        rows = [{"name": names[row["item"]], **row} for row in results["times"]["items"]]
        found["times-items"] = _table(_("Times of items"), _item_columns(_), rows)
    for name, title in (("changes", _("Changed answers by room")), ("jumps", _("Score jumps by room"))):
        rooms = results.get(name, {}).get("rooms")
        if rooms:
            columns = [(head, key) for head, key in _room_columns(_) if key in rooms[0]]
            found[f"{name}-rooms"] = _table(title, columns, rooms)
    return found


def _table(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> Table:
    return title, [head for head, _key in columns], [[row[key] for _head, key in columns] for row in rows]


def _with_people(results: Results, rows: Sequence[Row]) -> list[Row]:
    return [
        {**{f"who_{key}": value for key, value in results["people"][row["person"]].items()}, **row}
        for row in rows
    ]


def _person_columns(_: Translate) -> list[tuple[str, str, list[tuple[str, str]]]]:
    who = [(_("Room"), "who_room"), (_("Seat"), "who_seat"), (_("Score (0–100)"), "who_score")]
    end = [(_("Flagged"), "flagged")]
    return [
        (
            "times",
            _("Response times"),
            [
                *who,
                (_("Items timed"), "n_times"),
                (_("Minutes"), "minutes"),
                (_("Time, × usual"), "pace"),
                (_("Unusual times, p"), "p"),
                (_("Rapid answers"), "n_rapid"),
                (_("Share worked on"), "effort"),
                *end,
            ],
        ),
        (
            "changes",
            _("Changed answers"),
            [
                *who,
                (_("Items"), "n_items"),
                (_("Changed"), "changed"),
                (_("Wrong → right"), "wrong_to_right"),
                (_("Usual"), "expected"),
                (_("Right → wrong"), "right_to_wrong"),
                (_("Wrong → wrong"), "wrong_to_wrong"),
                (_("Number, p"), "p"),
                (_("Score on changed, p"), "p_erasure"),
                *end,
            ],
        ),
        (
            "preknowledge",
            _("Pre-knowledge"),
            [
                *who,
                (_("Marked items"), "n_marked"),
                (_("Right of them"), "score"),
                (_("Expected"), "expected"),
                (_("θ on marked"), "theta_marked"),
                (_("θ on others"), "theta_secure"),
                (_("Score, p"), "p"),
                (_("Right and fast"), "n_fast"),
                (_("Fast, p"), "p_fast"),
                *end,
            ],
        ),
        (
            "jumps",
            _("Score jumps"),
            [
                *who,
                (_("Earlier score"), "first"),
                (_("SE earlier"), "se_first"),
                (_("SE now"), "se_second"),
                (_("Gain"), "gain"),
                ("z", "z"),
                (_("Errors, p"), "p_error"),
                (_("Expected now"), "expected"),
                (_("Others, p"), "p_line"),
                *end,
            ],
        ),
    ]


def _item_columns(_: Translate) -> list[tuple[str, str]]:
    return [
        (_("Item"), "name"),
        (_("Times known"), "n_times"),
        (_("Median, s"), "median"),
        (_("Usual, s"), "usual"),
        (_("lower"), "low"),
        (_("upper"), "high"),
        (_("Spread (log s)"), "spread"),
        (_("Rapid below, s"), "threshold"),
        (_("Share rapid"), "rapid"),
    ]


def _room_columns(_: Translate) -> list[tuple[str, str]]:
    return [
        (_("Room"), "name"),
        (_("Candidates"), "persons"),
        (_("Changed"), "changed"),
        (_("Wrong → right"), "wrong_to_right"),
        (_("Usual"), "expected"),
        (_("Right → wrong"), "right_to_wrong"),
        (_("Wrong → wrong"), "wrong_to_wrong"),
        (_("Mean gain beyond expectation, SD"), "mean"),
        ("p", "p"),
        (_("Score on changed, p"), "p_erasure"),
        (_("Flagged"), "flagged"),
    ]
