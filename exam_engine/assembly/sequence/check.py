"""The exact check of a printed sequence: from the items and the sequence alone, without solver or patterns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from string import ascii_uppercase

import numpy as np

from exam_engine.assembly.sequence.form import Arrangement, SequenceItems, SequenceRules
from exam_engine.assembly.sequence.order import sections_of
from exam_engine.assembly.sequence.patterns import MOST_PATTERNS

ROUNDING = 1e-5


@dataclass(frozen=True)
class SectionKeys:
    """The keys of a section as printed.

    Attributes
    ----------
    section : str
    first, last : int
        Positions in the form.
    counts : tuple of (letter, count)
        How often each option's place is right.
    deviation : float
        Farthest that a count is from its fair share.
    longest_run : int
        Most equal keys in a row.
    moved : int
        Places by which items stand away from the order wanted, added up.
    """

    section: str
    first: int
    last: int
    counts: tuple[tuple[str, int], ...]
    deviation: float
    longest_run: int
    moved: int


@dataclass(frozen=True)
class SequenceCheck:
    """A sequence recomputed; ``problems`` is empty when every rule holds."""

    sections: tuple[SectionKeys, ...]
    problems: tuple[str, ...]


def check_sequence(
    items: SequenceItems, rules: SequenceRules, arrangement: Arrangement, *, seed: int = 0
) -> SequenceCheck:
    """Recompute every rule for a sequence.

    Parameters
    ----------
    items : SequenceItems
    rules : SequenceRules
    arrangement : Arrangement
    seed : int
        Of the arrangement: what ``Within.SHUFFLED`` wants depends on it.

    Returns
    -------
    SequenceCheck
    """
    if sorted(arrangement.order) != list(range(items.size)):
        return SequenceCheck((), ("the sequence does not hold each item once",))
    problems = [
        *_wrong_options(items, rules, arrangement),
        *_torn_cases(items, arrangement.order),
        *_wrong_places(items, rules, arrangement),
    ]
    wanted = sections_of(items, rules, np.random.default_rng([seed, 0]))
    sections: list[SectionKeys] = []
    start = 0
    for section in wanted:
        order = section.order
        here = arrangement.order[start : start + len(order)]
        if sorted(here) != sorted(order):
            problems.append(f"section {section.name!r} does not stand together at its place")
            break
        sections.append(_keys_of(items, arrangement, section.name, here, order, start))
        problems += _broken_keys(items, rules, sections[-1], here)
        start += len(order)
    return SequenceCheck(tuple(sections), tuple(problems))


def _wrong_options(items: SequenceItems, rules: SequenceRules, arrangement: Arrangement) -> Iterator[str]:
    for item, (places, key) in enumerate(zip(arrangement.options, arrangement.keys, strict=True)):
        name = items.ids[item]
        if sorted(places) != list(range(items.options[item])):
            yield f"item {name!r} does not keep each option once"
        elif any(places[at] != at for at in items.fixed[item]):
            yield f"item {name!r} moves an option that is fixed"
        elif not rules.move_options and list(places) != sorted(places):
            yield f"item {name!r} moves options"
        elif {places[at] for at in key} != set(items.keys[item]):
            yield f"item {name!r} has another key than its right options"


def _torn_cases(items: SequenceItems, order: Sequence[int]) -> Iterator[str]:
    at = {item: place for place, item in enumerate(order)}
    cases: dict[str, list[int]] = {}
    for item in range(items.size):
        if case := items.case_of(item):
            cases.setdefault(case, []).append(at[item])
    for case, places in cases.items():
        if places != list(range(places[0], places[0] + len(places))):
            yield f"case {case!r} does not stand together in its order"


def _wrong_places(items: SequenceItems, rules: SequenceRules, arrangement: Arrangement) -> Iterator[str]:
    positions = arrangement.positions
    for item, name in enumerate(items.ids):
        if rules.pinned.get(name, positions[item]) != positions[item]:
            yield f"item {name!r} stands at {positions[item]}, not at {rules.pinned[name]}"


def _keys_of(
    items: SequenceItems,
    arrangement: Arrangement,
    name: str,
    here: Sequence[int],
    wanted: Sequence[int],
    start: int,
) -> SectionKeys:
    count: Counter[int] = Counter()
    exact = {
        letter: sum(
            (
                Fraction(len(items.keys[item]), items.options[item])
                for item in here
                if letter < items.options[item]
            ),
            Fraction(0),
        )
        for letter in range(max((items.options[item] for item in here), default=0))
    }
    for item in here:
        count.update(arrangement.keys[item])
    longest, run = 0, 0
    for before, item in zip([None, *here], here, strict=False):
        key = arrangement.keys[item]
        run = 0 if not key else run + 1 if before is not None and arrangement.keys[before] == key else 1
        longest = max(longest, run)
    at = {item: place for place, item in enumerate(wanted)}
    return SectionKeys(
        name,
        start + 1,
        start + len(here),
        tuple((ascii_uppercase[letter], count[letter]) for letter in exact),
        float(max((abs(count[letter] - value) for letter, value in exact.items()), default=Fraction(0))),
        longest,
        sum(abs(at[item] - place) for place, item in enumerate(here)),
    )


def _broken_keys(
    items: SequenceItems, rules: SequenceRules, keys: SectionKeys, here: Sequence[int]
) -> Iterator[str]:
    if rules.longest_run is not None and keys.longest_run > rules.longest_run:
        yield f"section {keys.section!r} has {keys.longest_run} equal keys in a row"
    may_move = rules.move_options and any(_can_change(items, item) for item in here)
    if (
        rules.balanced
        and may_move
        and rules.balance is not None
        and keys.deviation > rules.balance + ROUNDING
    ):
        yield f"section {keys.section!r} has a letter {keys.deviation:g} away from its share"


def _can_change(items: SequenceItems, item: int) -> bool:
    """Tell whether a right and a wrong option of an item may change places."""
    free = set(range(items.options[item])) - set(items.fixed[item])
    right = free & set(items.keys[item])
    return bool(right) and right != free and comb(len(free), len(right)) <= MOST_PATTERNS
