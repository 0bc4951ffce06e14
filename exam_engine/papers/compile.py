"""Blueprint and bank items → pool and specification of the kernel. No I/O.

Rules are named by stable keys (``row:3``, ``section:single_choice``); pages turn them back into the author's
words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from exam_engine.assembly import (
    Among,
    Between,
    Count,
    CurveTarget,
    Distinct,
    Enemies,
    Exclude,
    Include,
    InformationTarget,
    Is,
    MeanTarget,
    Overlap,
    Parallel,
    PerValue,
    Pool,
    Specification,
    Sum,
)
from exam_engine.assembly.specification import Rule, Target, Where
from exam_engine.papers.blueprint import BlueprintSpec, Row
from exam_engine.papers.rules import SITE_ZONE, NoItems, NotCalibrated, NotTried, RuleRefused

LENGTH, TOTAL, PER_POINT, EQUAL = "length", "total_marks", "per_point", "equal"
ENEMIES, INCLUDE, EXCLUDE, NO_SHARING = "enemies", "include", "exclude", "no_sharing"
SECTION, ROW, INFORMATION, MEAN = "section:", "row:", "information:", "mean_difficulty"
CURVE, MEAN_P, MIN_POINTS, ROW_POINTS = "curve:", "mean_p", "min_points", "row_points:"
EARLIER, UNUSED_SINCE, UNUSED_PAPERS, MOST_USED = "earlier:", "unused_since", "unused_papers", "most_used"
OVERLAP = "overlap"
MEAN_SCALE = 1.0
"""One level of difficulty: the unit in which the mean's deviation is told."""
P_SCALE = 1.0
"""The whole range of a proportion: a deviation of 1 % is 0.01 of mean p."""


@dataclass(frozen=True)
class BankItem:
    """What assembly needs to know of an active item; no text, no key."""

    item_id: UUID
    version_id: UUID
    type: str
    number: int = 0
    """What people call the item."""
    reference: str = ""
    """Its number in the place it came from."""
    category: str = ""
    point: str = ""
    nodes: tuple[str, ...] = ()
    """Codes of its nodes from the top: ``("A", "A-B", "A-B-C")``."""
    importance: str = ""
    difficulty: int = 3
    a: float | None = None
    b: float | None = None
    c: float = 0.0
    p: float | None = None
    """Proportion correct at the latest sitting that told it."""
    used: int = 0
    """In how many sealed papers it stands."""
    last_used_at: datetime | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """How a blueprint may name it: number, ``ref:`` and its number elsewhere, or id."""
        return item_names(self.item_id, self.number, self.reference)

    @property
    def is_calibrated(self) -> bool:
        return self.a is not None and self.b is not None and self.a > 0


@dataclass(frozen=True)
class EarlierPaper:
    """A sealed paper by its number, and the items that stand in it."""

    label: str
    items: frozenset[UUID]
    sealed_at: datetime | None = None


def item_names(item_id: UUID, number: int, reference: str | None) -> tuple[str, ...]:
    """Return the names under which a blueprint finds an item."""
    return (str(number), str(item_id), *((f"ref:{reference}",) if reference else ()))


_FACTS = ("number", "reference", "category", "point", "importance", "difficulty", "a", "b", "c", "p", "used")


def facts_of(item: BankItem) -> dict[str, Any]:
    """Return what rules count of an item, to be sealed with a paper."""
    last = item.last_used_at.isoformat() if item.last_used_at else None
    return {name: getattr(item, name) for name in _FACTS} | {"nodes": list(item.nodes), "last_used_at": last}


def item_from(item_id: UUID, version_id: UUID, kind: str, facts: Mapping[str, Any]) -> BankItem:
    """Return the item as it was when its facts were sealed."""
    known = {name: facts[name] for name in _FACTS}
    last = datetime.fromisoformat(facts["last_used_at"]) if facts["last_used_at"] else None
    return BankItem(item_id, version_id, kind, nodes=tuple(facts["nodes"]), last_used_at=last, **known)


def usable(spec: BlueprintSpec, items: Sequence[BankItem]) -> list[BankItem]:
    """Return the items that a form of this blueprint may hold.

    Raises NoItems; NotCalibrated when information or a curve is asked of a bank without parameters; NotTried when
    a mean proportion is asked of a bank without any.
    """
    kinds = {section.type for section in spec.sections}
    found = [item for item in items if item.type in kinds]
    if not found:
        raise NoItems
    if spec.needs_parameters:
        found = [item for item in found if item.is_calibrated]
        if not found:
            raise NotCalibrated
    if spec.mean_p is not None:
        found = [item for item in found if item.p is not None]
        if not found:
            raise NotTried
    return found


def pool_of(spec: BlueprintSpec, items: Sequence[BankItem]) -> Pool:
    """Return the kernel's pool of usable items."""
    columns = {f"node{depth + 1}": [_at(item.nodes, depth) for item in items] for depth in range(3)}
    calibrated = all(item.is_calibrated for item in items)
    tried = {"p": [item.p or 0.0 for item in items]} if all(item.p is not None for item in items) else {}
    return Pool(
        ids=[str(item.item_id) for item in items],
        numeric={
            "marks": [float(spec.marks_of(item.type)) for item in items],
            "difficulty": [item.difficulty for item in items],
            **tried,
        },
        categorical={
            "type": [item.type for item in items],
            "category": [item.category for item in items],
            "importance": [item.importance for item in items],
            "point": [item.point for item in items],
            "difficulty_level": [str(item.difficulty) for item in items],
            **columns,
        },
        a=[item.a or 1.0 for item in items] if calibrated else None,
        b=[item.b or 0.0 for item in items] if calibrated else None,
        c=[item.c for item in items] if calibrated else None,
    )


def specification_of(
    spec: BlueprintSpec,
    items: Sequence[BankItem],
    *,
    inactive: Collection[str] = (),
    enemies: Collection[Collection[UUID]] = (),
    earlier: Sequence[EarlierPaper] = (),
) -> Specification:
    """Return the kernel's specification.

    ``inactive`` names items of the bank that no form may hold now; ``enemies`` are the bank's own groups,
    which hold beside the blueprint's; ``earlier`` are the sealed papers of the occupation and level, newest first.

    Raises RuleRefused for an item that is not among the usable ones.
    """
    total = float(spec.total_marks)
    rules: list[Rule] = [
        Count(name=LENGTH, minimum=spec.length, maximum=spec.length, structural=True),
        Sum(name=TOTAL, attribute="marks", minimum=total, maximum=total, structural=True),
    ]
    rules += [
        Count(
            name=SECTION + section.type,
            where=(Is("type", section.type),),
            minimum=section.count,
            maximum=section.count,
            structural=True,
        )
        for section in spec.sections
    ]
    for number, row in enumerate(spec.rows, start=1):
        low, high = spec.bounds_of(row)
        asks = row.minimum is not None or row.maximum is not None or row.share is not None
        if asks and (low or any(matches(row, item) for item in items)):
            rules.append(
                Count(
                    name=f"{ROW}{number}",
                    where=where_of(row),
                    minimum=low,
                    maximum=high,
                    weight=row.weight,
                )
            )
        if row.points is not None:
            rules.append(
                Distinct(
                    name=f"{ROW_POINTS}{number}",
                    attribute="point",
                    where=where_of(row),
                    minimum=row.points,
                    weight=row.weight,
                )
            )
    if spec.min_points is not None:
        rules.append(Distinct(name=MIN_POINTS, attribute="point", minimum=spec.min_points))
    if spec.max_per_point is not None:
        rules.append(PerValue(name=PER_POINT, attribute="point", maximum=spec.max_per_point))
    if spec.max_common is not None:
        rules.append(Overlap(name=OVERLAP, maximum=spec.max_common))
    if spec.equal:
        rules.append(Parallel(name=EQUAL, by=tuple(spec.equal)))
    rules += _rules_over_items(spec, items, inactive, enemies)
    rules += _rules_of_use(spec, items, earlier)
    return Specification(
        rules, _targets(spec), max_use=spec.max_use if spec.share_items else 1, sharing_name=NO_SHARING
    )


def where_of(row: Row) -> Where:
    """Return the kernel's filter of a row."""
    where: list[Is | Between] = []
    if row.node is not None:
        where.append(Is(f"node{row.node.count('-') + 1}", row.node))
    if row.category is not None:
        where.append(Is("category", row.category))
    if row.importance is not None:
        where.append(Is("importance", row.importance))
    if row.type is not None:
        where.append(Is("type", row.type))
    if row.difficulty is not None:
        where.append(Between("difficulty", *row.difficulty))
    return tuple(where)


def matches(row: Row, item: BankItem) -> bool:
    """Whether an item counts for a row."""
    return (
        (row.node is None or row.node in item.nodes)
        and (row.category is None or row.category == item.category)
        and (row.importance is None or row.importance == item.importance)
        and (row.type is None or row.type == item.type)
        and (row.difficulty is None or row.difficulty[0] <= item.difficulty <= row.difficulty[1])
    )


def supply_of(spec: BlueprintSpec, items: Sequence[BankItem]) -> Mapping[str, int]:
    """Return how many usable items there are for each section and row, by key; one per point is counted so.

    Returns
    -------
    mapping of key to count
        ``section:<type>`` and ``row:<number>``: the most that one form could hold.
    """
    supply = {
        SECTION + section.type: _most(spec, [item for item in items if item.type == section.type])
        for section in spec.sections
    }
    for number, row in enumerate(spec.rows, start=1):
        supply[f"{ROW}{number}"] = _most(spec, [item for item in items if matches(row, item)])
    return supply


def _most(spec: BlueprintSpec, items: Sequence[BankItem]) -> int:
    if spec.max_per_point is None:
        return len(items)
    counts: dict[str, int] = {}
    free = 0
    for item in items:
        if item.point:
            counts[item.point] = min(counts.get(item.point, 0) + 1, spec.max_per_point)
        else:
            free += 1
    return sum(counts.values()) + free


def _targets(spec: BlueprintSpec) -> list[Target]:
    targets: list[Target] = [
        InformationTarget(
            name=f"{INFORMATION}{point.theta:g}",
            theta=point.theta,
            goal=point.goal,
            tolerance=point.tolerance,
        )
        for point in spec.information
    ]
    targets += [
        CurveTarget(
            name=f"{CURVE}{point.theta:g}",
            theta=point.theta,
            goal=point.goal,
            marks="marks",
            tolerance=point.tolerance,
        )
        for point in spec.curve
    ]
    if spec.mean_difficulty is not None:
        mean = spec.mean_difficulty
        targets.append(
            MeanTarget(
                name=MEAN,
                attribute="difficulty",
                goal=mean.goal,
                length=spec.length,
                tolerance=mean.tolerance,
                scale=MEAN_SCALE,
            )
        )
    if spec.mean_p is not None:
        targets.append(
            MeanTarget(
                name=MEAN_P,
                attribute="p",
                goal=spec.mean_p.goal,
                length=spec.length,
                tolerance=spec.mean_p.tolerance,
                scale=P_SCALE,
            )
        )
    return targets


def _rules_of_use(
    spec: BlueprintSpec, items: Sequence[BankItem], earlier: Sequence[EarlierPaper]
) -> list[Rule]:
    """What earlier papers forbid: items used lately or too often, and too much in common with one of them."""
    rested: dict[str, list[BankItem]] = {}
    if (since := spec.unused_since) is not None:
        rested[UNUSED_SINCE] = [i for i in items if _day(i.last_used_at) >= since]
    if spec.unused_papers is not None:
        lately = {item_id for paper in earlier[: spec.unused_papers] for item_id in paper.items}
        rested[UNUSED_PAPERS] = [i for i in items if i.item_id in lately]
    if spec.most_used is not None:
        rested[MOST_USED] = [i for i in items if i.used > spec.most_used]
    rules: list[Rule] = [
        Exclude(name=name, ids=tuple(str(i.item_id) for i in found))
        for name, found in rested.items()
        if found
    ]
    if spec.earlier is not None:
        for paper in earlier[: spec.earlier.papers]:
            common = tuple(str(item.item_id) for item in items if item.item_id in paper.items)
            if len(common) > spec.earlier.maximum:
                rules.append(
                    Count(name=EARLIER + paper.label, where=(Among(*common),), maximum=spec.earlier.maximum)
                )
    return rules


def _day(at: datetime | None) -> date:
    return date.min if at is None else at.astimezone(SITE_ZONE).date()


def _rules_over_items(
    spec: BlueprintSpec,
    items: Sequence[BankItem],
    inactive: Collection[str],
    enemies: Collection[Collection[UUID]],
) -> list[Rule]:
    by_name = {name: str(item.item_id) for item in items for name in item.names}

    def ids(rule: str, names: Sequence[str], *, needed: bool = False) -> tuple[str, ...]:
        """Ids of the items named; one that is not active cannot appear and is passed over unless needed."""
        for name in names:
            if name not in by_name and (needed or name not in inactive):
                raise RuleRefused(rule=rule, item=name)
        return tuple(dict.fromkeys(by_name[name] for name in names if name in by_name))

    rules: list[Rule] = []
    groups = [ids(ENEMIES, names) for names in spec.enemies]
    groups += [tuple(sorted(by_name[str(i)] for i in group if str(i) in by_name)) for group in enemies]
    groups = list(dict.fromkeys(group for group in groups if len(group) > 1))
    if groups:
        rules.append(Enemies(name=ENEMIES, groups=tuple(groups)))
    if spec.include:
        rules.append(Include(name=INCLUDE, ids=ids(INCLUDE, spec.include, needed=True)))
    if excluded := ids(EXCLUDE, spec.exclude):
        rules.append(Exclude(name=EXCLUDE, ids=excluded))
    return rules


def _at(nodes: tuple[str, ...], depth: int) -> str:
    return nodes[depth] if depth < len(nodes) else ""
