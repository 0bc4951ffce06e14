"""Fields of the blueprint editor as a browser sends them."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from itembank.taxonomy.models import Occupation


def form(occupation: Occupation, **changes: str) -> dict[str, Any]:
    """Return the editor's fields: 5 single × 12, 5 true/false × 8, at most one a point."""
    return {
        "occupation_id": str(occupation.id),
        "level": "3",
        "blueprint_id": "",
        "name": "三级理论",
        "total_marks": "100",
        "minutes": "90",
        "max_per_point": "1",
        "single_choice-count": "5",
        "single_choice-marks": "12",
        "true_false-count": "5",
        "true_false-marks": "8",
        "equal": "type",
        "do": "save",
        **changes,
    }


def row(number: int, **fields: str) -> dict[str, str]:
    """Return the fields of one row."""
    return {"row": str(number), **{f"row-{number}-{name}": value for name, value in fields.items()}}


def rows(*lines: dict[str, str]) -> dict[str, Any]:
    """Return the fields of several rows."""
    fields: dict[str, Any] = {}
    for number, line in enumerate(lines):
        fields |= row(number, **line)
    return fields | {"row": [str(n) for n in range(len(lines))]}


def saved(client: TestClient, occupation: Occupation, **changes: Any) -> str:
    """Save a blueprint and return its address."""
    answer = client.post("/blueprints", data=form(occupation, **changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])
