"""A blueprint on another bank: what of it means nothing there. No I/O."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from exam_engine.papers.blueprint import BlueprintSpec


@dataclass(frozen=True)
class Strangers:
    """What a bank does not know: rows by name, and items that were named."""

    rows: tuple[str, ...]
    items: tuple[str, ...]


def strangers_of(
    spec: BlueprintSpec, *, nodes: Collection[str], categories: Collection[str], same_bank: bool
) -> Strangers:
    """Return the rows whose node or category is not in the bank, and the items named if it is another bank."""
    rows = tuple(
        row.name
        for row in spec.rows
        if (row.node is not None and row.node not in nodes)
        or (row.category is not None and row.category not in categories)
    )
    named = (*spec.include, *spec.exclude, *(name for group in spec.enemies for name in group))
    return Strangers(rows, () if same_bank else tuple(dict.fromkeys(named)))


def without_items(spec: BlueprintSpec) -> BlueprintSpec:
    """Return the blueprint without the items it names, for a bank that has others under these numbers."""
    return spec.model_copy(update={"include": (), "exclude": (), "enemies": ()})
