"""An outline as a tree, with recomputed totals and warnings, and its points by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base.errors import Invalid, NotFound
from itembank.taxonomy import store
from itembank.taxonomy.models import AssessmentPoint, Outline
from itembank.taxonomy.rules import (
    Counts,
    Function,
    Importance,
    OutlineWarning,
    Point,
    Scope,
    check_outline,
    split_point_code,
)
from itembank.taxonomy.service.outlines import find_outline, weight_table


class PointUnknown(Invalid):
    """No point of the outline carries this code."""

    code = "point_unknown"
    message = "The outline has no assessment point with the code {value}."


class PointAmbiguous(Invalid):
    """Several points carry this code; the scopes must be named too."""

    code = "point_ambiguous"
    message = "Several assessment points have the code {value}; write it with its scopes, such as {example}."


@dataclass
class NodeView:
    """A 鉴定范围 with what is below it and its recomputed totals."""

    id: UUID
    parent_id: UUID | None
    depth: int
    code: str
    """Full code with the parts of the scopes above: ``A-B``."""
    name: str
    weight: Decimal
    stated: Counts | None
    counted: Counts = field(default_factory=Counts)
    nodes: list[NodeView] = field(default_factory=list)
    points: list[PointView] = field(default_factory=list)


@dataclass(frozen=True)
class PointView:
    """An assessment point with its place in the outline."""

    id: UUID
    node_id: UUID
    outline_id: UUID
    code: str
    """Full code: ``A-B-C-001``."""
    short_code: str
    name: str
    importance: str
    path: tuple[str, ...]
    """Names of the scopes above it, from the first depth down."""


@dataclass(frozen=True)
class OutlineTree:
    """An outline with recomputed totals, the weight table beside it, and what does not add up."""

    outline: Outline
    roots: tuple[NodeView, ...]
    nodes: dict[UUID, NodeView]
    points: tuple[PointView, ...]
    functions: tuple[Function, ...]
    scopes: tuple[Scope, ...]
    warnings: tuple[OutlineWarning, ...]

    def subtree(self, node_id: UUID) -> frozenset[UUID]:
        """Return the ids of a node and of all below it."""
        found, waiting = set(), [self.nodes[node_id]]
        while waiting:
            node = waiting.pop()
            found.add(node.id)
            waiting += node.nodes
        return frozenset(found)

    def find_point(self, code: str) -> PointView:
        """Return the point that ``A-B-C-001``, ``1.2.3.001`` or an unambiguous ``001`` names.

        Raises PointUnknown or PointAmbiguous.
        """
        wanted = split_point_code(code)
        found = [
            point
            for point in self.points
            if wanted and split_point_code(point.code)[-len(wanted) :] == wanted
        ]
        if not found:
            raise PointUnknown(value=code.strip()[:40])
        if len(found) > 1:
            raise PointAmbiguous(value=code.strip()[:40], example=found[0].code)
        return found[0]


def outline_tree(session: Session, outline_id: UUID) -> OutlineTree:
    """Return an outline as a tree; raises NotFound."""
    outline = find_outline(session, outline_id)
    nodes: dict[UUID, NodeView] = {}
    roots: list[NodeView] = []
    for row in store.nodes(session, outline_id):  # by depth: parents come first
        parent = nodes.get(row.parent_id) if row.parent_id else None
        view = NodeView(
            row.id,
            row.parent_id,
            row.depth,
            f"{parent.code}-{row.code}" if parent else row.code,
            row.name,
            row.weight,
            None if row.stated_x is None else Counts(row.stated_x, row.stated_y or 0, row.stated_z or 0),
        )
        nodes[row.id] = view
        (parent.nodes if parent else roots).append(view)
    points = []
    for point in store.points(session, outline_id):
        node = nodes[point.node_id]
        seen = PointView(
            point.id,
            point.node_id,
            outline.id,
            f"{node.code}-{point.code}",
            point.code,
            point.name,
            point.importance.value,
            _path(nodes, node),
        )
        node.points.append(seen)
        points.append(seen)
    scopes = tuple(_scope_of(root) for root in roots)
    functions = weight_table(session, outline)
    return OutlineTree(
        outline,
        tuple(roots),
        nodes,
        tuple(points),
        functions,
        scopes,
        tuple(check_outline(scopes, functions)),
    )


def _path(nodes: dict[UUID, NodeView], node: NodeView | None) -> tuple[str, ...]:
    names: list[str] = []
    while node is not None:
        names.insert(0, node.name)
        node = nodes.get(node.parent_id) if node.parent_id else None
    return tuple(names)


def _scope_of(node: NodeView) -> Scope:
    scope = Scope(
        node.code.rpartition("-")[2],
        node.name,
        node.weight,
        node.stated,
        tuple(_scope_of(part) for part in node.nodes),
        tuple(Point(point.short_code, point.name, Importance(point.importance)) for point in node.points),
    )
    node.counted = scope.counted()
    return scope


def find_subtree(session: Session, node_id: UUID) -> frozenset[UUID]:
    """Return the ids of a 鉴定范围 and of all below it; raises NotFound."""
    node = store.node(session, node_id)
    if node is None:
        raise NotFound
    return outline_tree(session, node.outline_id).subtree(node_id)


def point_views(session: Session, point_ids: Sequence[UUID]) -> dict[UUID, PointView]:
    """Return points with their codes and places, by id; ids out of scope are left out."""
    rows = store.points_by_id(session, list(dict.fromkeys(point_ids)))
    views: dict[UUID, PointView] = {}
    for outline_id in {row.outline_id for row in rows}:
        wanted = {row.id for row in rows if row.outline_id == outline_id}
        views |= {p.id: p for p in outline_tree(session, outline_id).points if p.id in wanted}
    return views


def find_point(session: Session, point_id: UUID) -> AssessmentPoint:
    """Return a point; raises NotFound."""
    found = store.point(session, point_id)
    if found is None:
        raise NotFound
    return found
