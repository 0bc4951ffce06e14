"""The smallest change with which forms exist.

Rules that give way must be among those of every clash. Sets of such rules are looked at from the cheapest one on (the
hitting-set tree of Reiter, 1987): where the rest is still impossible its clash says what else must give way. A set that
suffices is then tuned: each bound goes back as far as it can.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from exam_engine.assembly.relax import Dial, Give
from exam_engine.assembly.result import Change
from exam_engine.assembly.solver import WorkExhausted

MOST_SETS = 200
"""Sets of rules that are looked at."""

MOST_CHOICES, MOST_CONFIRMED = 8, 3
"""Sets of equal cost that are tuned to find the smallest move, and how many of those once more by forms."""

COARSE = 50
"""A move of more steps than this is not told to the step where forms must tell it."""

Changes = tuple[Change, ...]
Clash = Callable[[frozenset[str]], frozenset[str] | None]
"""Return the names of a clash that is left when some rules give way altogether; None when there is none."""


@dataclass(frozen=True)
class Judge:
    """Tells what changes do: ``seems_possible`` quickly and never wrongly False, ``is_possible`` by forms."""

    seems_possible: Callable[[Changes], bool]
    is_possible: Callable[[Changes], bool]


@dataclass(order=True)
class _Set:
    cost: int
    number: int
    names: frozenset[str] = field(compare=False)


def sufficient_sets(
    gives: Mapping[str, Give], clash: Clash, known: Sequence[frozenset[str]]
) -> Iterator[tuple[int, frozenset[str]]]:
    """Yield sets of rules that suffice when they give way, with their cost, the cheapest first."""
    clashes = list(known)
    place = {name: at for at, name in enumerate(gives)}
    queue = [_Set(0, 0, frozenset())]
    seen: set[frozenset[str]] = set()
    number = 0
    for _ in range(MOST_SETS):
        if not queue:
            return
        node = heapq.heappop(queue)
        left = next((one for one in clashes if not one & node.names), None)
        if left is None:
            left = clash(node.names)
            if left is None:
                yield node.cost, node.names
                continue
            clashes.append(left)
        for name in sorted((one for one in left if one in gives), key=lambda one: place[one]):
            names = node.names | {name}
            if names not in seen:
                seen.add(names)
                number += 1
                heapq.heappush(queue, _Set(node.cost + gives[name].cost, number, names))


def smallest_change(
    gives: Mapping[str, Give], clash: Clash, known: Sequence[frozenset[str]], judge: Judge
) -> tuple[Changes, bool]:
    """Return the smallest change that was found, and whether there are forms with it.

    Parameters
    ----------
    gives : mapping
        What can give way, in the order of the author.
    clash : callable
    known : sequence of sets of names
        Clashes that are known already.
    judge : Judge

    Returns
    -------
    changes : tuple of Change
        Of the fewest rules, and among those of the smallest sum of relative moves: no bound could move less. A
        structural rule counts as several others, and a rule that has no bound to move as several of those.
    confirmed : bool
    """
    fallback: Changes = ()
    choices: list[tuple[float, int, frozenset[str], Changes]] = []
    best: tuple[float, Changes] | None = None
    level: int | None = None
    with suppress(WorkExhausted):  # what was found by then is confirmed and told
        for cost, names in sufficient_sets(gives, clash, known):
            if level is not None and cost != level and best is None:
                best = _best(gives, choices, judge)
                choices = []
            if best is not None or len(choices) >= MOST_CHOICES:
                break
            level = cost
            order = [gives[name] for name in gives if name in names]
            changes = _tune(order, judge.seems_possible)
            choices.append((size_of(changes, gives), len(choices), names, changes))
            fallback = fallback or changes
    with suppress(WorkExhausted):
        best = best or _best(gives, choices, judge)
    return (best[1], True) if best is not None else (fallback, False)


def _best(
    gives: Mapping[str, Give], choices: list[tuple[float, int, frozenset[str], Changes]], judge: Judge
) -> tuple[float, Changes] | None:
    """Return the smallest confirmed change: what seems possible is a lower bound of what is."""
    best: tuple[float, Changes] | None = None
    tries = 0
    for least, _, names, changes in sorted(choices, key=lambda one: one[:2]):
        if best is not None and (least >= best[0] or tries >= MOST_CONFIRMED):
            break
        order = [gives[name] for name in gives if name in names]
        if tries and not judge.is_possible(_free(order)):  # once misled, what suffices at most is asked first
            tries += 1
            continue
        if judge.is_possible(changes):
            found: Changes | None = changes
        else:
            tries += 1
            found = _confirmed(order, changes, judge)
        if found is not None and (best is None or size_of(found, gives) < best[0]):
            best = size_of(found, gives), found
    return best


def _confirmed(order: list[Give], least: Changes, judge: Judge) -> Changes | None:
    """Return the changes tuned by forms; None when not even giving way altogether helps."""
    free = _free(order)
    if not judge.is_possible(free):
        return None
    return _tune(order, judge.is_possible, least)


def _free(order: Sequence[Give]) -> Changes:
    return tuple(
        change
        for give in order
        for change in ([dial.change(dial.steps) for dial in give.dials] or [give.spare(give.parts)])
    )


def size_of(changes: Changes, gives: Mapping[str, Give]) -> float:
    """Return the sum of relative moves; a rule that is dropped counts 1."""
    total = 0.0
    for change in changes:
        dial = next((d for d in gives[change.rule].dials if d.side == change.side), None)
        total += abs(change.after - change.before) / (dial.unit if dial else max(change.before, 1.0))
    return total


def _tune(
    order: Sequence[Give],
    possible: Callable[[Changes], bool],
    least: Changes | None = None,
) -> Changes:
    """Let each bound go back as far as it can, in both directions of each rule, and return the smaller change."""
    dials = [dial for give in order for dial in give.dials]
    found = [_tuned(order, dials, possible, least)]
    # Forms take time: in the other direction only what seems possible is tuned.
    if len(dials) > 1 and least is None:
        found.append(_tuned(order, dials[::-1], possible, least))
    gives = {give.rule: give for give in order}
    return min(found, key=lambda changes: size_of(changes, gives))


def _tuned(
    order: Sequence[Give],
    dials: Sequence[Dial],
    possible: Callable[[Changes], bool],
    least: Changes | None,
) -> Changes:
    steps = {dial: dial.steps for dial in dials}
    spared = {give.rule: give.parts for give in order if not give.dials}

    def changes() -> Changes:
        moved = []
        for give in order:
            moved += [dial.change(steps[dial]) for dial in give.dials if steps[dial]]
            if not give.dials and (spared[give.rule] or not give.parts):
                moved.append(give.spare(spared[give.rule]))
        return tuple(moved)

    def suffices() -> bool:
        made = changes()
        return bool(made) and possible(
            made
        )  # without any change there are no forms: that is why it is sought

    def with_steps(dial: Dial, number: int) -> bool:
        steps[dial] = number
        return suffices()

    for dial in dials:
        steps[dial] = _fewest(dial, with_steps, None if least is None else _steps(dial, least))

    for give in order:
        if not give.dials and len(give.parts) > 1:

            def without(parts: tuple[str, ...], rule: str = give.rule) -> bool:
                spared[rule] = parts
                return suffices()

            spared[give.rule] = _fewest_parts(give.parts, without)
    return changes()


def _steps(dial: Dial, changes: Changes) -> int:
    moved = (c for c in changes if (c.rule, c.side) == (dial.rule, dial.side))
    return next((round(abs(c.after - c.before) / abs(dial.step)) for c in moved), 0)


def _fewest(dial: Dial, possible: Callable[[Dial, int], bool], start: int | None) -> int:
    """Return the smallest number of steps that suffices; ``start`` is a number below which none does."""
    if possible(dial, 0):
        return 0
    low, high = 0, dial.steps
    if start is not None:
        low, way = max(0, start - 1), 1
        # What is nearly enough comes first, and fine steps become coarse soon: an answer by forms takes time.
        while low + way < high:
            if possible(dial, low + way):
                high = low + way
                break
            low, way = low + way, max(way * 2, start // COARSE)
        if start // COARSE:
            return high
    while high - low > 1:
        middle = (low + high) // 2
        if possible(dial, middle):
            high = middle
        else:
            low = middle
    return high


def _fewest_parts(parts: tuple[str, ...], possible: Callable[[tuple[str, ...]], bool]) -> tuple[str, ...]:
    """Return parts that must be spared: halves go back as a whole where they can."""
    spared = parts
    halves = [parts[: len(parts) // 2], parts[len(parts) // 2 :]]
    while halves:
        half = halves.pop()
        rest = tuple(part for part in spared if part not in half)
        if possible(rest):
            spared = rest
        elif len(half) > 1:
            halves += [half[: len(half) // 2], half[len(half) // 2 :]]
    return spared
