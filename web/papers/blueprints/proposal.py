"""The smallest change that an assembly proposed, filled in where the editor has a field for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import (
    CURVE,
    EARLIER,
    EQUAL,
    INFORMATION,
    MEAN,
    MEAN_P,
    MIN_POINTS,
    MOST_USED,
    NO_SHARING,
    OVERLAP,
    PER_POINT,
    ROW,
    ROW_POINTS,
    UNUSED_PAPERS,
    UNUSED_SINCE,
)
from web.papers.blueprints.editor import Editor, text_of

DROP, SPARE = "drop", "spare"
HEAD = {
    PER_POINT: "max_per_point",
    MIN_POINTS: "min_points",
    OVERLAP: "max_common",
    UNUSED_SINCE: "unused_since",
    UNUSED_PAPERS: "unused_papers",
    MOST_USED: "most_used",
}
"""Rules that are one field of the head."""
TOLERANCES = {MEAN: "mean_tolerance", MEAN_P: "mean_p_tolerance"}

Change = Mapping[str, Any]


def fill_in(editor: Editor, spec: BlueprintSpec, changes: Sequence[Change]) -> list[Change]:
    """Make the changes in the editor of ``spec``; returns those that must be made by hand."""
    left = [change for change in changes if not _made(editor, spec, change)]
    amounts = ("minimum", "maximum", "share", "points")
    editor.rows = [row for row in editor.rows if any(row[part] for part in amounts)]
    return left


def _made(editor: Editor, spec: BlueprintSpec, change: Change) -> bool:
    key, side = change["key"], change["side"]
    value = "" if side == DROP else f"{change['after']:.12g}"
    if key == EQUAL:
        editor.equal = [one for one in editor.equal if side == SPARE and one not in change["items"]]
    elif side == SPARE:
        return False
    elif key in HEAD:
        editor.head[HEAD[key]] = value
    elif key in TOLERANCES and value:
        editor.head[TOLERANCES[key]] = value
    elif key.startswith(EARLIER):
        most = "" if side == DROP else max(value, editor.head["earlier_maximum"], key=float)
        editor.head["earlier_maximum"] = most
        editor.head["earlier_papers"] = editor.head["earlier_papers"] if most else ""
    elif key == NO_SHARING and value:
        editor.share_items, editor.head["max_use"] = True, value
    elif key.startswith((INFORMATION, CURVE)):
        return _widened(editor, key, value)
    else:
        return _row_changed(editor, spec, key, side, value)
    return True


def _widened(editor: Editor, key: str, value: str) -> bool:
    kind = "curve" if key.startswith(CURVE) else "information"
    theta = key.removeprefix(CURVE).removeprefix(INFORMATION)
    for target in editor.targets:
        if target["theta"] == theta and target[kind]:
            target[kind + "_tolerance"] = value
            return bool(value)
    return False


def _row_changed(editor: Editor, spec: BlueprintSpec, key: str, side: str, value: str) -> bool:
    for prefix in (ROW_POINTS, ROW):
        number = key.removeprefix(prefix)
        if key.startswith(prefix) and number.isdecimal() and int(number) <= len(editor.rows):
            row = editor.rows[int(number) - 1]
            if prefix == ROW_POINTS:
                row["points"] = value
            else:
                low, high = spec.bounds_of(spec.rows[int(number) - 1])
                row |= dict.fromkeys(("minimum", "maximum", "share", "tolerance"), "")
                if side != DROP:
                    row |= {"minimum": text_of(low or None), "maximum": text_of(high), side: value}
            return True
    return False
