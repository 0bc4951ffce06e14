"""What the bank can give to each row of a blueprint, and which rows ask for more. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from exam_engine.papers.blueprint import Row
from exam_engine.papers.compile import BankItem

Places = frozenset[int]


@dataclass(frozen=True)
class Limits:
    """What a form and the forms together leave of the bank.

    ``forms``: how many are planned. ``uses``: in how many of them an item may stand, None without a limit.
    """

    per_point: int | None = None
    forms: int = 1
    uses: int | None = 1


class Stock:
    """The items of a bank by attribute, so that rows are counted quickly."""

    def __init__(self, items: Sequence[BankItem]) -> None:
        self.items = tuple(items)
        found: dict[tuple[str, object], set[int]] = {}
        for place, item in enumerate(items):
            values = [("category", item.category), ("importance", item.importance), ("type", item.type)]
            for key in (*values, ("difficulty", item.difficulty), *(("node", node) for node in item.nodes)):
                found.setdefault(key, set()).add(place)
        self._found: dict[tuple[str, object], Places] = {k: frozenset(v) for k, v in found.items()}

    @cached_property
    def everything(self) -> Places:
        """All items."""
        return frozenset(range(len(self.items)))

    def of(self, attribute: str, value: object) -> Places:
        """Items with a value of ``node``, ``category``, ``importance``, ``type`` or ``difficulty``."""
        return self._found.get((attribute, value), frozenset())

    def matching(self, row: Row) -> Places:
        """Items that count for a row."""
        parts = [
            self.of(attribute, value)
            for attribute in ("node", "category", "importance", "type")
            if (value := getattr(row, attribute)) is not None
        ]
        if row.difficulty is not None:
            low, high = row.difficulty
            parts.append(frozenset().union(*(self.of("difficulty", d) for d in range(low, high + 1))))
        return frozenset.intersection(*parts) if parts else self.everything

    def points(self, places: Iterable[int]) -> int:
        """How many assessment points the items stand for."""
        return len({self.items[k].point for k in places} - {""})

    def most(self, places: Iterable[int], limits: Limits) -> int:
        """Return the most items of ``places`` that each of the planned forms can hold on average.

        An item is used in ``uses`` forms at most, and of an assessment point a form holds ``per_point`` at most.
        """
        uses = limits.forms if limits.uses is None else min(limits.uses, limits.forms)
        by_point: dict[str, int] = {}
        free = 0
        for k in places:
            point = self.items[k].point
            if point and limits.per_point is not None:
                by_point[point] = by_point.get(point, 0) + 1
            else:
                free += 1
        held = sum(min(count * uses, (limits.per_point or 0) * limits.forms) for count in by_point.values())
        return (held + free * uses) // limits.forms


@dataclass(frozen=True)
class Ask:
    """A row of the editor that is complete enough to be counted."""

    row: Row
    low: int
    high: int | None


@dataclass(frozen=True)
class Shortcoming:
    """What cannot work. ``place`` is a row (``row-3``), a node (``node-A-B``), a section or ``total``."""

    place: str
    kind: str
    """supply, forms, points, below, above, few: see web.papers.blueprints.views."""
    asked: int
    available: int


def asked_of_nodes(asks: Mapping[int, Ask], nodes: Sequence[str]) -> dict[str, int]:
    """Return at least how many items the rows ask for below each node of an outline.

    Rows of the children of a node add up; so do rows of a node that differ in type. Of these and the rows for the
    whole node the largest counts.
    """
    asked: dict[str, int] = {}
    for path in sorted(nodes, key=lambda p: -p.count("-")):
        own = [ask for ask in asks.values() if ask.row.node == path]
        by_type: dict[str, int] = {}
        for ask in own:
            if ask.row.type is not None:
                by_type[ask.row.type] = max(by_type.get(ask.row.type, 0), ask.low)
        below = sum(asked[child] for child in nodes if child.rpartition("-")[0] == path)
        asked[path] = max([below, sum(by_type.values()), *(ask.low for ask in own)])
    return asked


def shortcomings_of(
    stock: Stock, asks: Mapping[int, Ask], sections: Mapping[str, int], nodes: Sequence[str], limits: Limits
) -> list[Shortcoming]:
    """Return the rows, nodes and sections that ask for more than there is, or contradict each other.

    Parameters
    ----------
    asks : mapping
        Complete rows by their number in the editor.
    sections : mapping
        Items wanted of each type.
    nodes : sequence
        Codes of the outline's nodes, each before its children.
    """
    found = list(_of_rows(stock, asks, limits))
    for kind, count in sections.items():
        found += _shortage(stock, f"section-{kind}", stock.of("type", kind), count, limits)
    asked = asked_of_nodes(asks, nodes)
    short = {w.place for w in found}
    for path in nodes:
        rows = {f"row-{n}" for n, ask in asks.items() if ask.row.node == path}
        if not rows & short:
            found += _shortage(stock, f"node-{path}", stock.of("node", path), asked[path], limits)
    found += _sums(asks, asked, sum(sections.values()), nodes)
    for kind, count in sections.items():
        typed = {n: ask for n, ask in asks.items() if ask.row.type == kind}
        together = sum(v for path, v in asked_of_nodes(typed, nodes).items() if "-" not in path)
        if together > count:
            found.append(Shortcoming(f"section-{kind}", "above", together, count))
    return found


def _of_rows(stock: Stock, asks: Mapping[int, Ask], limits: Limits) -> Iterable[Shortcoming]:
    for number, ask in asks.items():
        places = stock.matching(ask.row)
        yield from _shortage(stock, f"row-{number}", places, ask.low, limits)
        if ask.row.points is not None and ask.row.points > stock.points(places):
            yield Shortcoming(f"row-{number}", "points", ask.row.points, stock.points(places))


def _shortage(stock: Stock, place: str, places: Places, asked: int, limits: Limits) -> Iterable[Shortcoming]:
    one = stock.most(places, Limits(limits.per_point, 1))
    if asked > one:
        yield Shortcoming(place, "supply", asked, one)
    elif asked > (each := stock.most(places, limits)):
        yield Shortcoming(place, "forms", asked, each)


def _sums(
    asks: Mapping[int, Ask], asked: Mapping[str, int], length: int, nodes: Sequence[str]
) -> Iterable[Shortcoming]:
    """Whether the rows below a node fit the row of the node itself, and those at the top the paper."""
    plain = {
        ask.row.node: (number, ask)
        for number, ask in asks.items()
        if ask.row.node and not any((ask.row.category, ask.row.importance, ask.row.type, ask.row.difficulty))
    }
    for path in ["", *nodes]:
        children = [n for n in nodes if n.rpartition("-")[0] == path]
        if not children:
            continue
        below = sum(asked[child] for child in children)
        highs = [plain[child][1].high if child in plain else None for child in children]
        above = None if None in highs else sum(high or 0 for high in highs)
        if path == "":
            place, low, high = "total", length, length
        elif path in plain:
            number, ask = plain[path]
            place, low, high = f"row-{number}", ask.low, ask.high if ask.high is not None else length
        else:
            continue
        if below > high:
            yield Shortcoming(place, "above", below, high)
        elif above is not None and above < low:
            yield Shortcoming(place, "few", above, low)
