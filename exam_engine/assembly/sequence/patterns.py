"""Where the right options of an item can stand: key patterns as bit masks, and the order of options that gives one."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.sequence.form import SequenceItems

MOST_PATTERNS = 70
"""Four keys among eight options; an item with more patterns keeps its letters, its other options still move."""


def mask_of(places: tuple[int, ...]) -> int:
    """Return places of options as a bit mask."""
    return sum(1 << place for place in places)


def places_of(mask: int) -> tuple[int, ...]:
    """Return the places of a bit mask."""
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)


def patterns_of(items: SequenceItems, item: int, *, move: bool) -> tuple[int, ...]:
    """Return every pattern that the key of an item can take, the present one included."""
    key = tuple(items.keys[item])
    if not move:
        return (mask_of(key),)
    fixed = items.fixed[item]
    free = [place for place in range(items.options[item]) if place not in fixed]
    held = tuple(place for place in key if place in fixed)
    moving = len(key) - len(held)
    if comb(len(free), moving) > MOST_PATTERNS:
        return (mask_of(key),)
    return tuple(sorted(mask_of((*held, *chosen)) for chosen in combinations(free, moving)))


def fair_shares(items: SequenceItems, members: list[int]) -> FloatArray:
    """Return how often each letter would be right on average if options stood at random, shape (n_letters,)."""
    share = np.zeros(max((items.options[item] for item in members), default=0))
    for item in members:
        if count := items.options[item]:
            share[:count] += len(items.keys[item]) / count
    return share


def options_in_order(
    items: SequenceItems, item: int, pattern: int, random: np.random.Generator, *, move: bool
) -> tuple[int, ...]:
    """Return which option stands at each place so that the key has the pattern, the others at random."""
    count = items.options[item]
    if not move:
        return tuple(range(count))
    key, fixed = set(items.keys[item]), items.fixed[item]
    placed = {place: place for place in fixed}
    wanted = [place for place in places_of(pattern) if place not in placed]
    others = [place for place in range(count) if place not in placed and place not in wanted]
    for places, options in (
        (wanted, [option for option in range(count) if option in key and option not in fixed]),
        (others, [option for option in range(count) if option not in key and option not in fixed]),
    ):
        placed.update(zip(places, (int(one) for one in random.permutation(options)), strict=True))
    return tuple(placed[place] for place in range(count))
