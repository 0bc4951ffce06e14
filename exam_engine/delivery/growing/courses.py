"""How attempts at a growing test go on: item by item, or module by module."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence

from exam_engine.delivery.growing.adaptive import AdaptiveTest
from exam_engine.delivery.growing.collection import adaptive_test, is_right, panel_of
from exam_engine.delivery.growing.multistage import Panel
from exam_engine.delivery.growing.version import engine_version
from exam_engine.delivery.steps.rules import SoFar, Step, StepKind
from exam_engine.papers.content import SealedEntry, SealedPaper

MOST_FORESEEN = 1_000
"""First items at hand for attempts that begin."""


class _Growing:
    needs_answers = True

    def __init__(self, entries: Sequence[SealedEntry]) -> None:
        self._keys = [(entry.item_id, tuple(entry.content.key)) for entry in entries]

    def foresee(self, count: int) -> None:
        """Nothing takes thought."""

    def seed(self, drawn: int) -> int:
        """Return ``drawn``."""
        return drawn

    def _right(self, sofar: SoFar, places: Sequence[int]) -> list[bool]:
        keys = [self._keys[place] for place in places]
        return [is_right(key, sofar.answers.get(item_id)) for item_id, key in keys]


class ItemByItem(_Growing):
    """The course of an adaptive test: each step is one item, picked after the answer to the one before."""

    def __init__(self, test: AdaptiveTest, entries: Sequence[SealedEntry]) -> None:
        super().__init__(entries)
        self.test = test
        self._foreseen: deque[int] = deque()

    def foresee(self, count: int) -> None:
        """Draw seeds and pick their first items, until so many are at hand."""
        while len(self._foreseen) < min(count, MOST_FORESEEN):
            seed = secrets.randbits(62)
            self.test.next(seed, (), ())
            self._foreseen.append(seed)

    def seed(self, drawn: int) -> int:
        """Return a seed whose first item is picked already, while there are any."""
        try:
            return self._foreseen.popleft()
        except IndexError:
            return drawn

    def count(self, form: Sequence[int] | None) -> int | None:  # noqa: ARG002 - the same for everybody
        """Return how many items there are at most."""
        return self.test.length

    def next(self, sofar: SoFar) -> Step | None:
        """Return the next item as a step; the one that makes the length full is the last."""
        given = [place for _, places in sofar.begun for place in places]
        found = self.test.next(sofar.seed, given, self._right(sofar, given))
        if found.place is None:
            return None
        why = (
            ("theta", round(found.ability.theta, 6)),
            ("se", round(found.ability.se, 6)),
            ("lifted", found.lifted),
            ("engine", engine_version()),
        )
        return Step(StepKind.ITEM, (found.place,), last=len(given) + 1 == self.test.length, why=why)


class ModuleByModule(_Growing):
    """The course of a test of two stages: the number of right answers in the first leads to the second."""

    def __init__(self, panel: Panel, entries: Sequence[SealedEntry]) -> None:
        super().__init__(entries)
        self.panel = panel

    def count(self, form: Sequence[int] | None) -> int | None:  # noqa: ARG002 - the same for everybody
        """Return how many modules everybody is given."""
        return 2

    def next(self, sofar: SoFar) -> Step | None:
        """Return the next module as a step."""
        given = [place for _, places in sofar.begun for place in places]
        taken = self.panel.taken(given)
        score = sum(self._right(sofar, given))
        name = self.panel.next_module(taken, score)
        if name is None:
            return None
        why = (("module", name), ("score", score), ("engine", engine_version()))
        return Step(StepKind.MODULE, self.panel.modules[name], last=bool(taken), why=why)


def item_by_item(paper: SealedPaper) -> ItemByItem:
    """Return the course of a sealed adaptive collection."""
    return ItemByItem(adaptive_test(paper), paper.entries)


def module_by_module(paper: SealedPaper) -> ModuleByModule:
    """Return the course of a sealed panel."""
    return ModuleByModule(panel_of(paper), paper.entries)
