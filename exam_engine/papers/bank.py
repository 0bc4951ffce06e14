"""The bank as assembly sees it: active items with their place in the outline and their parameters."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from exam_engine.assembly import Pool, Specification
from exam_engine.papers import store
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem, EarlierPaper, pool_of, specification_of, usable
from itembank.items import service as items
from itembank.taxonomy.models import OutlineNode


@dataclass(frozen=True)
class Node:
    """A node of the outline with its full code, such as ``A-B``."""

    path: str
    name: str
    depth: int
    weight: Decimal


@dataclass(frozen=True)
class Bank:
    """Active items of one occupation and level."""

    items: tuple[BankItem, ...]
    inactive: frozenset[str]
    """Names of items that are not active."""
    enemies: tuple[frozenset[UUID], ...]
    """Groups of which a form holds at most one."""
    nodes: tuple[Node, ...]
    """In the order of the outline, each before its children."""
    scale_id: UUID | None
    earlier: tuple[EarlierPaper, ...] = ()
    """Sealed papers of the occupation and level, newest first."""

    @property
    def categories(self) -> list[str]:
        """Categories that occur, in order of their first item."""
        return list(dict.fromkeys(item.category for item in self.items if item.category))


def read_bank(session: Session, occupation_id: UUID, level: int) -> Bank:
    """Return the active items of an occupation and level within the session's scope."""
    nodes = store.nodes(session, occupation_id, level)
    above: dict[UUID, tuple[str, ...]] = {}
    listed: dict[UUID, Node] = {}
    children: dict[UUID | None, list[UUID]] = {}
    for node, codes in _codes(nodes):
        above[node.id] = codes
        listed[node.id] = Node(codes[-1], node.name, node.depth, node.weight)
        children.setdefault(node.parent_id, []).append(node.id)
    scale_id, parameters = _parameters(session, occupation_id, level)
    proportions = store.proportions(session, occupation_id, level)
    found = items.active_items(session, occupation_id, level)
    bank_items = [_bank_item(item, above, parameters, proportions) for item in found]
    return Bank(
        tuple(bank_items),
        frozenset(store.inactive_names(session, occupation_id, level)),
        tuple(items.enemies(session, [item.id for item in found]).values()),
        tuple(_in_order(listed, children)),
        scale_id,
        tuple(EarlierPaper(*paper) for paper in store.sealed_contents(session, occupation_id, level)),
    )


@dataclass(frozen=True)
class Problem:
    """A blueprint on a bank as the kernel takes it."""

    items: tuple[BankItem, ...]
    """Those of the pool, in its order."""
    pool: Pool
    specification: Specification


def problem_of(spec: BlueprintSpec, bank: Bank) -> Problem:
    """Return what the kernel is to solve for a blueprint; raises what usable and specification_of raise."""
    found = usable(spec, bank.items)
    specification = specification_of(
        spec, found, inactive=bank.inactive, enemies=bank.enemies, earlier=bank.earlier
    )
    return Problem(tuple(found), pool_of(spec, found), specification)


def read_items(
    session: Session, occupation_id: UUID, level: int, item_ids: Collection[UUID]
) -> tuple[BankItem, ...]:
    """Return items in whatever state they are, with the outline and parameters of the bank at present."""
    above = {node.id: codes for node, codes in _codes(store.nodes(session, occupation_id, level))}
    _, parameters = _parameters(session, occupation_id, level)
    proportions = store.proportions(session, occupation_id, level)
    found = items.items_in_any_state(session, item_ids)
    return tuple(_bank_item(item, above, parameters, proportions) for item in found)


def _codes(nodes: Sequence[OutlineNode]) -> Iterator[tuple[OutlineNode, tuple[str, ...]]]:
    """Yield each node with the codes above it and its own, from the top."""
    above: dict[UUID, tuple[str, ...]] = {}
    for node in nodes:
        upper = above.get(node.parent_id, ()) if node.parent_id else ()
        above[node.id] = (*upper, f"{upper[-1]}-{node.code}" if upper else node.code)
        yield node, above[node.id]


def _bank_item(
    item: items.ActiveItem,
    above: Mapping[UUID, tuple[str, ...]],
    parameters: Mapping[UUID, tuple[float, float, float]],
    proportions: Mapping[UUID, float],
) -> BankItem:
    a, b, c = parameters.get(item.id, (None, None, 0.0))
    return BankItem(
        item_id=item.id,
        version_id=item.current_version_id,
        type=item.type.value,
        number=item.number,
        reference=item.reference or "",
        category=item.category or "",
        point=str(item.point_id) if item.point_id else "",
        nodes=above.get(item.node_id, ()) if item.node_id else (),
        importance=str(item.importance),
        difficulty=item.difficulty,
        a=a,
        b=b,
        c=c,
        p=proportions.get(item.id),
        used=item.used,
        last_used_at=item.last_used_at,
    )


def _in_order(listed: Mapping[UUID, Node], children: Mapping[UUID | None, Sequence[UUID]]) -> list[Node]:
    found: list[Node] = []

    def walk(parent: UUID | None) -> None:
        for node_id in children.get(parent, ()):
            found.append(listed[node_id])
            walk(node_id)

    walk(None)
    return found


def _parameters(
    session: Session, occupation_id: UUID, level: int
) -> tuple[UUID | None, Mapping[UUID, tuple[float, float, float]]]:
    """Return the scale that knows most of the bank, and its item parameters; nothing for a bank not calibrated.

    The scale of one sitting is often newer than that of a pretest, but knows only the items of its papers.
    """
    scale_id = store.fullest_scale(session, occupation_id, level)
    if scale_id is None:
        return None, {}
    # A Rasch scale may leave its common discrimination out.
    rows = store.parameters(session, scale_id)
    return scale_id, {item_id: (1.0 if a is None else a, b, c) for item_id, a, b, c in rows}


def thinned(bank: Bank, most: int, *, needed: Collection[str] = ()) -> Bank:
    """Return the bank with ``most`` items, drawn with a fixed seed, and those ``needed``; a small one as it is."""
    if len(bank.items) <= most:
        return bank
    drawn = np.random.default_rng(0).permutation(len(bank.items))[:most]
    kept = set(drawn.tolist()) | {
        k for k, item in enumerate(bank.items) if any(name in needed for name in item.names)
    }
    dropped = {name for k, item in enumerate(bank.items) if k not in kept for name in item.names}
    return replace(
        bank,
        items=tuple(item for k, item in enumerate(bank.items) if k in kept),
        inactive=bank.inactive | dropped,
    )


def item_parameters(
    session: Session, occupation_id: UUID, level: int
) -> Mapping[UUID, tuple[float, float, float]]:
    """Return discrimination, difficulty and asymptote of all items of the bank's scale, active or not."""
    return _parameters(session, occupation_id, level)[1]
