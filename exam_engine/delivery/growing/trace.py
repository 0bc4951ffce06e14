"""How a growing test came to its score: the items in order, and what each answer made of the ability. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from exam_engine.assembly import verify
from exam_engine.delivery.growing.adaptive import AdaptiveTest
from exam_engine.delivery.growing.collection import adaptive_test, is_right, opened, panel_of
from exam_engine.delivery.growing.multistage import Panel
from exam_engine.delivery.growing.score import Ability, Mark, Measure
from exam_engine.papers.content import SealedPaper
from exam_engine.papers.growing import ADAPTIVE


class Ending(StrEnum):
    """Why a test gave nothing more."""

    LENGTH = "length"
    """All its items were given."""
    STANDARD_ERROR = "standard_error"
    CUT_OFF = "cut_off"
    """Time was over, or somebody ended it."""


@dataclass(frozen=True)
class Trace:
    """A test as it is scored.

    Attributes
    ----------
    places : tuple of int
        Items in the order in which they were given, as places in the pool; then those that were not reached.
    right : tuple of bool
        Whether each was answered right, by the answers that count.
    reached : int
        How many were given.
    abilities : tuple of Ability
        Before the first answer, and after each: one more than items.
    mark : Mark
        What the last of them is worth.
    ending : Ending
    """

    places: tuple[int, ...]
    right: tuple[bool, ...]
    reached: int
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
            "reached": self.reached,
            "right": "".join("1" if one else "0" for one in self.right),
            "theta": [round(ability.theta, 6) for ability in self.abilities],
            "se": [round(ability.se, 6) for ability in self.abilities],
            "ending": self.ending.value,
        }


def trace(
    measure: Measure,
    places: Sequence[int],
    right: Sequence[bool],
    ending: Ending,
    *,
    reached: int | None = None,
) -> Trace:
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
    given = len(places) if reached is None else reached
    return Trace(tuple(places), tuple(right), given, abilities, measure.mark(weights[-1]), ending)


class Scoring:
    """What scores attempts on one sealed collection.

    A test that was cut off is scored as if the rest of it had been given and left open, as on a fixed paper: else
    whoever waits for the end of time after a few items would be told the mean of everybody.

    Parameters
    ----------
    paper : SealedPaper
        Raises NotACollection for one whose marks are added up.
    """

    def __init__(self, paper: SealedPaper) -> None:
        self._paper, self._problem = paper, opened(paper)
        self._facts = paper.collection or {}

    @cached_property
    def _test(self) -> AdaptiveTest | Panel:
        """Made when somebody was cut off or wants to know: about a second for an adaptive test."""
        is_adaptive = self._facts["way"] == ADAPTIVE
        return adaptive_test(self._paper) if is_adaptive else panel_of(self._paper)

    def trace(
        self, form: Sequence[int], responses: Mapping[UUID, Sequence[str]], *, seed: int, is_over: bool
    ) -> Trace:
        """Return how an attempt came to its ability.

        Parameters
        ----------
        form : sequence of int
            Places in the order in which they were given.
        responses : mapping
            By item; what was left open is absent.
        seed : int
            Of the attempt.
        is_over : bool
            Whether its own rule had ended the test.
        """
        entries = [self._paper.entries[place] for place in form]
        right = [is_right(entry.content.key, responses.get(entry.item_id)) for entry in entries]
        places, ending = list(form), Ending.LENGTH
        if not is_over:
            ending = Ending.CUT_OFF
            places += _rest(self._test, seed, places, right)
            right += [False] * (len(places) - len(form))
        elif len(form) < self._facts["settings"]["length"]:
            ending = Ending.STANDARD_ERROR
        return trace(self._problem.measure, places, right, ending, reached=len(form))

    def followed(self, seed: int, found: Trace) -> int:
        """Return how many items, from the first on, the answers call for by this code: as a rule all of them."""
        given: list[int] = []
        while len(given) < len(found.places):
            following = _next(self._test, seed, given, found.right[: len(given)])
            if not following or following != list(found.places[len(given) : len(given) + len(following)]):
                return len(given)
            given += following
        return len(given)

    def keeps_rules(self, found: Trace) -> bool:
        """Whether a test kept the rules of its blueprint, one that ended early those of numbers in proportion."""
        if isinstance(self._test, AdaptiveTest):
            return self._test.keeps_rules(found.places)
        form = [self._problem.pool.ids[place] for place in found.places]
        return verify(self._problem.pool, self._problem.specification, [form]).ok


def _next(test: AdaptiveTest | Panel, seed: int, given: Sequence[int], right: Sequence[bool]) -> list[int]:
    """Return the items of the step that follows; none at the end."""
    if isinstance(test, AdaptiveTest):
        place = test.next(seed, given, right).place
        return [] if place is None else [place]
    name = test.next_module(test.taken(given), sum(right))
    return [] if name is None else list(test.modules[name])


def _rest(test: AdaptiveTest | Panel, seed: int, given: Sequence[int], right: Sequence[bool]) -> list[int]:
    """Return the items that would have followed, had nothing more been answered."""
    rest: list[int] = []
    while following := _next(test, seed, [*given, *rest], [*right, *([False] * len(rest))]):
        rest += following
    return rest
