"""The smallest change of an assembly is filled into the editor of its blueprint."""

from __future__ import annotations

from typing import Any

import pytest

from exam_engine.papers.blueprint import read_blueprint
from web.papers.blueprints.editor import editor_of
from web.papers.blueprints.proposal import fill_in

SPEC = read_blueprint(
    {
        "total_marks": 100,
        "max_per_point": 1,
        "equal": ["type", "category"],
        "earlier": {"maximum": 2, "papers": 3},
        "sections": [{"type": "single_choice", "count": 50, "marks": 2}],
        "rows": [
            {"name": "a", "category": "x", "share": 10, "tolerance": 1},
            {"name": "b", "category": "y", "minimum": 3, "maximum": 4, "points": 2},
        ],
        "information": [{"theta": 0, "goal": 9, "tolerance": 0.5}],
    }
)


@pytest.mark.parametrize(
    ("key", "side", "after", "seen"),
    [
        ("row:1", "minimum", 3.0, {"rows": {"minimum": "3", "maximum": "6", "share": "", "tolerance": ""}}),
        ("row:1", "drop", 0.0, {"names": ["b"]}),
        ("row:2", "drop", 0.0, {"names": ["a", "b"]}),
        ("per_point", "maximum", 2.0, {"head": {"max_per_point": "2"}}),
        ("earlier:LSP26_000001", "maximum", 12.0, {"head": {"earlier_maximum": "12", "earlier_papers": "3"}}),
        ("information:0", "tolerance", 0.625, {"targets": {"information_tolerance": "0.625"}}),
        ("no_sharing", "maximum", 2.0, {"head": {"max_use": "2"}}),
        ("equal", "spare", 1.0, {"equal": ["type"]}),
    ],
)
def test_a_change_stands_where_its_author_would_type_it(
    key: str, side: str, after: float, seen: dict[str, Any]
) -> None:
    editor = editor_of("n", SPEC)
    change = {"key": key, "side": side, "before": 0.0, "after": after, "items": ["category"]}

    assert fill_in(editor, SPEC, [change]) == []

    found = {
        "rows": editor.rows[0],
        "head": editor.head,
        "targets": editor.targets[0],
        "names": [row["name"] for row in editor.rows],
        "equal": editor.equal,
    }
    for part, wanted in seen.items():
        if isinstance(wanted, dict):
            assert wanted.items() <= found[part].items()
        else:
            assert found[part] == wanted
    assert editor.spec() == read_blueprint(editor.as_data())


def test_what_the_editor_has_no_field_for_is_left_to_its_author() -> None:
    change = {"key": "enemies", "side": "spare", "before": 4.0, "after": 3.0, "items": ["x – y"]}

    assert fill_in(editor_of("n", SPEC), SPEC, [change]) == [change]
