"""From a form to its printed variants: orders, letters, options, by a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.sequence.check import SequenceCheck, check_sequence
from exam_engine.assembly.sequence.form import Arrangement, NotArranged, SequenceItems, SequenceRules
from exam_engine.assembly.sequence.model import SLACK, least_deviation, letters_in_order
from exam_engine.assembly.sequence.order import Section, mixed, nearest_order, sections_of
from exam_engine.assembly.sequence.patterns import fair_shares, options_in_order, patterns_of
from exam_engine.assembly.solver import Work

MOST_VARIANTS = 8
WORK_LIMIT = 100_000
CHANCE = 0.5
"""Weight of chance among letters, where an answer in common with another variant weighs 1."""


@dataclass(frozen=True)
class InCommon:
    """What two variants of a form share.

    Attributes
    ----------
    first, second : int
        Variants, from 0.
    positions : int
        Items at the same position in both.
    keys : int
        Items with the same answer letters in both.
    answers : int
        Positions with the same answer letters in both: what copying from a neighbour would gain.
    """

    first: int
    second: int
    positions: int
    keys: int
    answers: int


@dataclass(frozen=True)
class Arranged:
    """The printed variants of a form, each checked independently."""

    variants: tuple[Arrangement, ...]
    checks: tuple[SequenceCheck, ...]
    in_common: tuple[InCommon, ...]
    seed: int


def arrange(
    items: SequenceItems,
    rules: SequenceRules,
    *,
    seed: int = 0,
    variants: int = 1,
    work_limit: int = WORK_LIMIT,
) -> Arranged | NotArranged:
    """Put the items of a form in printed order and move their options, once for each variant.

    Parameters
    ----------
    items : SequenceItems
    rules : SequenceRules
    seed : int
        The same seed gives the same variants; the first ones do not depend on how many are asked for.
    variants : int, 1 to 8
        Sequences of the same items. Those after the first have another order of items and options, in which few
        items keep position and answer letters.
    work_limit : int
        Search nodes.

    Returns
    -------
    Arranged or NotArranged
        The variants, or the rule that cannot be kept with the smallest value that can.

    Raises
    ------
    ValueError
        If the rules do not fit the form.
    WorkExhausted
        If neither was found within the work limit.

    Examples
    --------
    >>> items = SequenceItems(["p", "q", "r"], ["tf"] * 3, [2] * 3, [[0], [0], [1]], fixed=[[0, 1]] * 3)
    >>> found = arrange(items, SequenceRules(longest_run=1))
    >>> [items.ids[at] for at in found.variants[0].order]
    ['p', 'r', 'q']
    """
    if not 1 <= variants <= MOST_VARIANTS:
        raise ValueError(f"{variants} variants: 1 to {MOST_VARIANTS} can be made")
    work = Work(work_limit)
    made: list[Arrangement] = []
    for number in range(variants):
        random = np.random.default_rng([seed, number])
        # The order wanted is the same for all variants; others start from it.
        wanted = sections_of(items, rules, np.random.default_rng([seed, 0]))
        order: list[int] = []
        letters: dict[int, int] = {}
        for section in wanted:
            start, end = len(order), len(order) + sum(len(block.items) for block in section.blocks)
            if number:
                section = mixed(section, rules, [one.order[start:end] for one in made], random)
            found = _arrange_section(items, rules, section, made, start, random, work)
            if isinstance(found, NotArranged):
                return found
            order += found[0]
            letters.update(zip(*found, strict=True))
        made.append(_with_options(items, rules, order, letters, random))
    checks = tuple(check_sequence(items, rules, one, seed=seed) for one in made)
    if problems := [problem for check in checks for problem in check.problems]:
        raise RuntimeError(f"the solver's answer does not hold: {problems[0]}")
    return Arranged(tuple(made), checks, _in_common(made), seed)


def _arrange_section(
    items: SequenceItems,
    rules: SequenceRules,
    section: Section,
    made: Sequence[Arrangement],
    start: int,
    random: np.random.Generator,
    work: Work,
) -> tuple[list[int], list[int]] | NotArranged:
    """Return items and key patterns of a section in printed order."""
    members = [item for block in section.blocks for item in block.items]
    allowed = {item: patterns_of(items, item, move=rules.move_options) for item in members}
    is_free = any(len(patterns) > 1 for patterns in allowed.values())
    share = fair_shares(items, members) if rules.balanced and is_free else None
    most = least_deviation(list(allowed.values()), share, work) if share is not None else 0.0
    if rules.balance is not None and share is not None:
        if most > rules.balance + SLACK:
            return NotArranged(section.name, "balance", rules.balance, _rounded_up(most))
        most = rules.balance
    order = section.order
    letters = None
    if section.is_whole(order):
        letters = _letters(allowed, order, share, most, rules, made, start, random, work)
    if letters is None:
        found = _other_order(rules, section, allowed, share, most, work)
        if isinstance(found, NotArranged):
            return found
        order, most = found
        letters = _letters(allowed, order, share, most, rules, made, start, random, work)
        assert letters is not None  # the order was found together with letters
    return order, letters


def _other_order(
    rules: SequenceRules,
    section: Section,
    allowed: dict[int, tuple[int, ...]],
    share: FloatArray | None,
    most: float,
    work: Work,
) -> tuple[list[int], float] | NotArranged:
    """Return the nearest order that can be lettered, with the deviation it needs, or the rule that forbids all."""
    run = rules.longest_run
    found = nearest_order(section, allowed, share=share, most=most, longest_run=run, work=work)
    if found is not None:
        return found[0], most
    if share is not None:
        least = nearest_order(section, allowed, share=share, most=None, longest_run=run, work=work)
        if least is not None and rules.balance is not None:
            return NotArranged(section.name, "balance", rules.balance, _rounded_up(least[1]))
        if least is not None:
            most = least[1] + SLACK
            found = nearest_order(section, allowed, share=share, most=most, longest_run=run, work=work)
            return (least[0], most) if found is None else (found[0], most)
    size = len(allowed)
    low, high = (run or 1) + 1, size + 1
    while low < high:  # the least run with which there is an order: a longer one is allowed, too
        middle = (low + high) // 2
        if nearest_order(section, allowed, share=None, most=0.0, longest_run=middle, work=work) is None:
            low = middle + 1
        else:
            high = middle
    if run is None or low > size:
        return NotArranged(section.name, "pinned", len(rules.pinned), None)
    return NotArranged(section.name, "longest_run", run, low)


def _letters(
    allowed: dict[int, tuple[int, ...]],
    order: Sequence[int],
    share: FloatArray | None,
    most: float,
    rules: SequenceRules,
    made: Sequence[Arrangement],
    start: int,
    random: np.random.Generator,
    work: Work,
) -> list[int] | None:
    """Return the key pattern at each place: those of earlier variants are avoided, else chance decides."""
    cost = []
    for place, item in enumerate(order, start=start):
        worth = CHANCE * random.random(len(allowed[item]))
        for one in made:
            for step, pattern in enumerate(allowed[item]):
                worth[step] += pattern == _mask(one.keys[item])
                worth[step] += pattern == _mask(one.keys[one.order[place]])
        cost.append(worth.tolist())
    return letters_in_order(
        [allowed[item] for item in order],
        share=share,
        most=most,
        longest_run=rules.longest_run,
        cost=cost,
        work=work,
    )


def _with_options(
    items: SequenceItems,
    rules: SequenceRules,
    order: Sequence[int],
    letters: dict[int, int],
    random: np.random.Generator,
) -> Arrangement:
    options = tuple(
        options_in_order(items, item, letters[item], random, move=rules.move_options)
        for item in range(items.size)
    )
    keys = tuple(
        tuple(place for place, option in enumerate(places) if option in items.keys[item])
        for item, places in enumerate(options)
    )
    return Arrangement(tuple(order), options, keys)


def _in_common(made: Sequence[Arrangement]) -> tuple[InCommon, ...]:
    return tuple(
        InCommon(
            first,
            second,
            sum(a == b for a, b in zip(made[first].order, made[second].order, strict=True)),
            sum(a == b and a != () for a, b in zip(made[first].keys, made[second].keys, strict=True)),
            sum(
                made[first].keys[a] == made[second].keys[b] != ()
                for a, b in zip(made[first].order, made[second].order, strict=True)
            ),
        )
        for first, second in combinations(range(len(made)), 2)
    )


def _mask(key: Sequence[int]) -> int:
    return sum(1 << place for place in key)


def _rounded_up(value: float) -> float:
    return float(np.ceil(value * 100 - SLACK) / 100)
