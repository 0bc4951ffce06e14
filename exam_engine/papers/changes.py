"""What changed from one version of a blueprint to another. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from exam_engine.papers.blueprint import BlueprintSpec

NAMED = {"sections": "type", "rows": "name", "information": "theta", "curve": "theta"}
"""Tables, and the field by which their lines are told apart."""


@dataclass(frozen=True)
class Difference:
    """One line of a comparison: a field of the head (``table`` empty), or of a line of a table.

    ``added`` and ``removed`` stand for a whole line with its fields in ``after`` or ``before``; ``moved`` says that
    rows that are in both stand in another order.
    """

    kind: Literal["added", "removed", "changed", "moved"]
    table: str
    name: str
    field: str
    before: Any
    after: Any


def differences(before: BlueprintSpec, after: BlueprintSpec) -> list[Difference]:
    """Return what differs, in the order of the fields, lines by their name."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    found: list[Difference] = []
    for field in old:
        if field in NAMED:
            found += _lines(field, old[field], new[field])
        elif old[field] != new[field]:
            found.append(Difference("changed", "", "", field, old[field], new[field]))
    return found


def _lines(
    table: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> list[Difference]:
    key = NAMED[table]
    before, after = ({str(line[key]): line for line in lines} for lines in (old, new))
    found = [
        Difference("removed", table, name, "", before[name], None) for name in before if name not in after
    ]
    for name, line in after.items():
        if name not in before:
            found.append(Difference("added", table, name, "", None, line))
            continue
        found += [
            Difference("changed", table, name, field, before[name].get(field), value)
            for field, value in line.items()
            if before[name].get(field) != value
        ]
    common = [[name for name in lines if name in before and name in after] for lines in (before, after)]
    if table == "rows" and common[0] != common[1]:
        found.append(Difference("moved", table, "", "", common[0], common[1]))
    return found
