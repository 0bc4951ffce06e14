"""How a growing test came to its score: the items in order, and what each answer made of the ability. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from exam_engine.delivery.growing.adaptive import AdaptiveTest
from exam_engine.delivery.growing.multistage import Panel
from exam_engine.delivery.growing.score import Ability, Mark, Measure


class Ending(StrEnum):
    """Why a test gave nothing more."""

    LENGTH = "length"
    """All its items were given."""
    STANDARD_ERROR = "standard_error"
    CUT_OFF = "cut_off"
    """Time was over, or somebody ended it."""


@dataclass(frozen=True)
class Trace:
    """A test as it was taken.

    Attributes
    ----------
    places : tuple of int
        Items in the order in which they were given, as places in the pool.
    right : tuple of bool
        Whether each was answered right, by the answers that count.
    abilities : tuple of Ability
        Before the first answer, and after each: one more than items.
    mark : Mark
        What the last of them is worth.
    ending : Ending
    """

    places: tuple[int, ...]
    right: tuple[bool, ...]
    abilities: tuple[Ability, ...]
    mark: Mark
    ending: Ending

    @property
    def ability(self) -> Ability:
        """The one that counts."""
        return self.abilities[-1]

    def as_facts(self) -> dict[str, Any]:
        """Return what the audit trail keeps; with the sealed parameters the score follows from it."""
        return {
            "places": list(self.places),
            "right": "".join("1" if one else "0" for one in self.right),
            "theta": [round(ability.theta, 6) for ability in self.abilities],
            "se": [round(ability.se, 6) for ability in self.abilities],
            "ending": self.ending.value,
        }


def trace(measure: Measure, places: Sequence[int], right: Sequence[bool], ending: Ending) -> Trace:
    """Work out what each answer made of the ability.

    Examples
    --------
    >>> from exam_engine.assembly import Pool
    >>> from exam_engine.delivery.growing.score import curve_of
    >>> pool = Pool(ids=["i", "j"], numeric={"marks": [1, 1]}, a=[1, 1], b=[0, 0])
    >>> found = trace(Measure(pool, curve_of(pool, [0, 1])), [0, 1], [True, False], Ending.LENGTH)
    >>> [f"{ability.theta:.2f} ± {ability.se:.2f}" for ability in found.abilities]
    ['0.00 ± 1.00', '0.41 ± 0.91', '0.00 ± 0.84']
    """
    weights = measure.path(list(places), right)
    abilities = tuple(measure.ability(one) for one in weights)
    return Trace(tuple(places), tuple(right), abilities, measure.mark(weights[-1]), ending)


def ending_of(collection: Mapping[str, Any], given: int, *, is_over: bool) -> Ending:
    """Return why a test ended after so many items; ``is_over`` tells whether its own rule had ended it."""
    if not is_over:
        return Ending.CUT_OFF
    return Ending.LENGTH if given >= collection["settings"]["length"] else Ending.STANDARD_ERROR


def picks_of(test: AdaptiveTest, seed: int, found: Trace) -> int:
    """Return how many of the items, from the first on, this code would have given as well."""
    for count, place in enumerate(found.places):
        if test.next(seed, found.places[:count], found.right[:count]).place != place:
            return count
    return len(found.places)


def route_of(panel: Panel, found: Trace) -> int:
    """Return how many of the items, from the first on, belong to the modules to which the scores lead."""
    taken: list[str] = []
    given: list[int] = []
    score = 0
    while (name := panel.next_module(taken, score)) is not None:
        taken.append(name)
        given += panel.modules[name]
        score = sum(found.right[: len(given)])
        if tuple(given) != found.places[: len(given)]:
            return len(given) - len(panel.modules[name])
        if len(given) == len(found.places):
            break
    return len(given)
