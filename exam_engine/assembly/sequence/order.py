"""The order of a section: the one wanted, and the nearest one to it that the rules of keys allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.sequence.form import SequenceItems, SequenceRules, Within
from exam_engine.assembly.sequence.model import Rows, add_balance, add_runs
from exam_engine.assembly.solver import Work

FORBIDDEN = 1e6
NEIGHBOURS = 0.1
"""Part of a section over which a variant mixes items that go from easy to hard."""


@dataclass(frozen=True)
class Block:
    """Items that stand together in their order: a case, or an item on its own."""

    items: tuple[int, ...]
    pinned: int | None = None
    """Place of the only item inside the section, from 0."""


@dataclass(frozen=True)
class Section:
    """One section of a form; ``blocks`` stand in the order wanted."""

    name: str
    blocks: tuple[Block, ...]
    groups: tuple[int, ...]
    """Unit of each block, as a number; all equal where units do not matter."""

    @property
    def order(self) -> list[int]:
        """Items in the order wanted, pinned ones at their places where a case is not cut by that."""
        size = sum(len(block.items) for block in self.blocks)
        placed: list[int | None] = [None] * size
        for block in self.blocks:
            if block.pinned is not None:
                placed[block.pinned] = block.items[0]
        rest = iter([item for block in self.blocks if block.pinned is None for item in block.items])
        return [next(rest) if item is None else item for item in placed]

    def is_whole(self, order: Sequence[int]) -> bool:
        """Tell whether the items of each block stand together in an order, and pinned ones at their places."""
        at = {item: place for place, item in enumerate(order)}
        return all(
            at[block.items[0]] == block.pinned
            if block.pinned is not None
            else [at[item] for item in block.items]
            == list(range(at[block.items[0]], at[block.items[0]] + len(block.items)))
            for block in self.blocks
        )


def sections_of(items: SequenceItems, rules: SequenceRules, random: np.random.Generator) -> list[Section]:
    """Return the sections in printed order, each in the order wanted.

    Raises
    ------
    ValueError
        If the rules name what the form does not have, or pin an item outside its section.
    """
    found = list(dict.fromkeys(items.sections))
    if unknown := [name for name in rules.sections if name not in found]:
        raise ValueError(f"no item of the form is in section {unknown[0]!r}; there is {', '.join(found)}")
    if rules.within is Within.EASY_TO_HARD and items.hardness is None:
        raise ValueError("from easy to hard needs the difficulty of each item")
    if rules.by_unit and items.units is None:
        raise ValueError("keeping units together needs the unit of each item")
    sections, start = [], 0
    pins = _pins(items, rules)
    for name in (*rules.sections, *(name for name in found if name not in rules.sections)):
        members = [item for item in range(items.size) if items.sections[item] == name]
        pinned = _places(items, pins, name, members, start)
        sections.append(_section(items, rules, name, members, pinned, random))
        start += len(members)
    return sections


def _pins(items: SequenceItems, rules: SequenceRules) -> dict[int, int]:
    positions = {name: item for item, name in enumerate(items.ids)}
    taken: dict[int, str] = {}
    pins: dict[int, int] = {}
    for name, place in rules.pinned.items():
        if name not in positions:
            continue  # another form's item
        if place in taken:
            raise ValueError(f"items {taken[place]!r} and {name!r} are both pinned at position {place}")
        if items.case_of(positions[name]):
            raise ValueError(f"item {name!r} belongs to a case and cannot be pinned on its own")
        taken[place] = name
        pins[positions[name]] = place
    return pins


def _places(
    items: SequenceItems, pins: Mapping[int, int], name: str, members: Sequence[int], start: int
) -> dict[int, int]:
    pinned = {item: pins[item] - 1 - start for item in members if item in pins}
    for item, place in pinned.items():
        if not 0 <= place < len(members):
            raise ValueError(
                f"item {items.ids[item]!r} is pinned at position {pins[item]}, but its section {name!r} stands at "
                f"{start + 1} to {start + len(members)}"
            )
    return pinned


def _section(
    items: SequenceItems,
    rules: SequenceRules,
    name: str,
    members: Sequence[int],
    pinned: Mapping[int, int],
    random: np.random.Generator,
) -> Section:
    by_case: dict[str, list[int]] = {}
    for item in members:
        by_case.setdefault(items.case_of(item) or f"\0{item}", []).append(item)
    units = {unit: at for at, unit in enumerate(dict.fromkeys(items.units or ()))} if rules.by_unit else {}
    shuffled = random.permutation(items.size)

    def rank(case: list[int]) -> tuple[float, float]:
        unit = units[items.units[case[0]]] if rules.by_unit and items.units is not None else 0
        if rules.within is Within.EASY_TO_HARD and items.hardness is not None:
            return unit, float(np.mean(items.hardness[case]))
        return unit, float(shuffled[case[0]] if rules.within is Within.SHUFFLED else case[0])

    ordered = sorted(by_case.values(), key=rank)
    return Section(
        name,
        tuple(Block(tuple(case), pinned.get(case[0])) for case in ordered),
        tuple(int(rank(case)[0]) for case in ordered),
    )


def mixed(
    section: Section, rules: SequenceRules, earlier: Sequence[Sequence[int]], random: np.random.Generator
) -> Section:
    """Return the section with another order wanted, in which as few blocks as possible keep their place.

    From easy to hard, blocks move among neighbours only; units keep their order.
    """
    size = len(section.blocks)
    ranks = np.arange(size, dtype=np.float64)
    away = np.abs(ranks[:, None] - ranks[None, :])
    reach = max(2.0, NEIGHBOURS * size) if rules.within is Within.EASY_TO_HARD else float(size)
    cost = random.random((size, size)) * reach
    if rules.within is Within.EASY_TO_HARD:
        cost += away
    groups = np.array(section.groups)
    cost += FORBIDDEN * 100 * (groups[:, None] != groups[None, :])
    for one in earlier:
        places = {item: place for place, item in enumerate(_firsts(section, one))}
        for at, block in enumerate(section.blocks):
            cost[at, places[block.items[0]]] += FORBIDDEN
    _, target = linear_sum_assignment(cost)
    order = np.argsort(target)
    return Section(section.name, tuple(section.blocks[at] for at in order), tuple(groups[order].tolist()))


def _firsts(section: Section, order: Sequence[int]) -> list[int]:
    firsts = {block.items[0] for block in section.blocks}
    return [item for item in order if item in firsts]


@dataclass(frozen=True)
class _Class:
    """Items that the model need not tell apart, in the order wanted."""

    items: tuple[int, ...]
    patterns: tuple[int, ...]
    pinned: int | None = None


def nearest_order(
    section: Section,
    allowed: Mapping[int, tuple[int, ...]],
    *,
    share: FloatArray | None,
    most: float | None,
    longest_run: int | None,
    work: Work,
) -> tuple[list[int], float] | None:
    """Return the order nearest to the one wanted for which letters exist, or None when there is none.

    Nearest: the places by which items move, added up, are fewest. Only what the rules can tell apart moves, so that
    items with the same choice of letters stay in the order wanted.

    Parameters
    ----------
    section : Section
    allowed : mapping of int to tuple of int
        Key patterns of each item.
    share, most, longest_run
        As in ``letters_in_order``; with ``most`` None the least deviation is sought instead of the nearest order, and
        returned as the second value.
    """
    wanted = section.order
    classes = _classes(section, allowed, wanted)
    size = len(wanted)
    columns: dict[tuple[int, int, int], int] = {}
    for place in range(size):
        for number, one in enumerate(classes):
            if one.pinned in (None, place):
                for pattern in one.patterns:
                    columns[place, number, pattern] = len(columns)
    binary, moves = len(columns), len(classes) * size
    rows = Rows(binary + moves + 1)
    _place_classes(rows, columns, section, classes, size)
    _count_moves(rows, columns, classes, wanted, binary)
    by_position: list[dict[int, list[int]]] = [{} for _ in range(size)]
    letters: dict[int, list[tuple[int, float]]] = {}
    for (place, _, pattern), column in columns.items():
        by_position[place].setdefault(pattern, []).append(column)
        for letter in range(pattern.bit_length()):
            if pattern >> letter & 1:
                letters.setdefault(letter, []).append((column, 1.0))
    add_runs(rows, by_position, longest_run)
    if share is not None:
        add_balance(rows, letters, share, most, binary + moves)
    cost = np.zeros(rows.size)
    if share is not None and most is None:
        cost[-1] = 1.0
    else:
        cost[binary : binary + moves] = 1.0
    found = rows.solve(cost, binary, work)
    if found is None:
        return None
    rest = [list(one.items) for one in classes]
    order = []
    for place in range(size):
        here = [(found[column], number) for (at, number, _), column in columns.items() if at == place]
        order.append(rest[max(here)[1]].pop(0))
    return order, float(found[-1])


def _classes(section: Section, allowed: Mapping[int, tuple[int, ...]], wanted: Sequence[int]) -> list[_Class]:
    alone: dict[tuple[int, ...], list[int]] = {}
    classes = []
    single = {block.items[0] for block in section.blocks if len(block.items) == 1 and block.pinned is None}
    for item in wanted:
        if item in single:
            alone.setdefault(allowed[item], []).append(item)
    for patterns, members in alone.items():
        classes.append(_Class(tuple(members), patterns))
    for block in section.blocks:
        if block.items[0] not in single:
            classes += [_Class((item,), allowed[item], block.pinned) for item in block.items]
    return classes


def _place_classes(
    rows: Rows,
    columns: Mapping[tuple[int, int, int], int],
    section: Section,
    classes: Sequence[_Class],
    size: int,
) -> None:
    """One item at each place, every item somewhere, the items of a case after one another."""
    here: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for (place, number, _), column in columns.items():
        here.setdefault((place, number), []).append((column, 1.0))
    for place in range(size):
        rows.add([term for number in range(len(classes)) for term in here.get((place, number), [])], 1, 1)
    for number, one in enumerate(classes):
        terms = [term for place in range(size) for term in here.get((place, number), [])]
        rows.add(terms, len(one.items), len(one.items))
    number_of = {one.items[0]: number for number, one in enumerate(classes) if len(one.items) == 1}
    for block in section.blocks:
        for first, second in zip(block.items, block.items[1:], strict=False):
            for place in range(size):
                after = here.get((place + 1, number_of[second]), [])
                now = here[place, number_of[first]]
                rows.add([*now, *((column, -1.0) for column, _ in after)], 0, 0)
            rows.add(here[0, number_of[second]], 0, 0)


def _count_moves(
    rows: Rows,
    columns: Mapping[tuple[int, int, int], int],
    classes: Sequence[_Class],
    wanted: Sequence[int],
    first: int,
) -> None:
    """How many of a class stand up to each place, here and as wanted: the differences add up to the places moved."""
    home = {item: number for number, one in enumerate(classes) for item in one.items}
    terms: list[list[tuple[int, float]]] = [[] for _ in classes]
    counts = [0] * len(classes)
    grouped: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for (place, number, _), column in columns.items():
        grouped.setdefault((place, number), []).append((column, 1.0))
    # Running totals as variables of their own would be sparser; sections are short enough for sums.
    for place, item in enumerate(wanted):
        counts[home[item]] += 1
        for number in range(len(classes)):
            terms[number] = [*terms[number], *grouped.get((place, number), [])]
            moved = first + place * len(classes) + number
            rows.add([*terms[number], (moved, -1.0)], -np.inf, counts[number])
            rows.add([*terms[number], (moved, 1.0)], counts[number], np.inf)
