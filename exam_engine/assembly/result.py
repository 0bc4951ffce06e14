"""What an assembly answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class Cancelled(Exception):
    """The caller asked to stop."""


@dataclass(frozen=True)
class RuleCheck:
    """One rule in one form, recomputed from the raw pool.

    ``form`` counts from 1 and is 0 for rules over all forms; ``other`` is the form that it is compared with, of all
    others the one that fits worst, and 0 where nothing is compared. ``detail`` names the worst value or item, if any.
    A soft rule has a ``weight`` and may be broken, by ``off`` items, amounts or values.
    """

    rule: str
    form: int
    actual: float
    minimum: float
    maximum: float
    ok: bool
    detail: str = ""
    other: int = 0
    weight: float | None = None
    off: float = 0.0
    priority: int = 1

    @property
    def is_soft(self) -> bool:
        """Whether the rule may be broken."""
        return self.weight is not None

    @property
    def deviation(self) -> float:
        """How much a soft rule counts among the targets: weight times what it is off by."""
        return 0.0 if self.weight is None else self.weight * self.off


@dataclass(frozen=True)
class TargetCheck:
    """One row of a target in one form; ``deviation`` is in units of the target's scale.

    ``goal`` of what is to be as large or small as can be is the bound that was proven for it; None where that is not
    known.
    """

    target: str
    form: int
    actual: float
    goal: float | None
    deviation: float
    ok: bool
    priority: int = 1


@dataclass(frozen=True)
class Verification:
    """The independent re-computation of every rule and target."""

    rules: tuple[RuleCheck, ...]
    targets: tuple[TargetCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether everything holds that must."""
        return all(c.ok or c.is_soft for c in self.rules) and all(c.ok for c in self.targets)

    @property
    def worst_deviation(self) -> float:
        """Largest deviation from a target or soft rule of the first priority; 0 without any."""
        return next(iter(self.deviations.values()), 0.0)

    @property
    def deviations(self) -> Mapping[int, float]:
        """Largest deviation for each priority, the first one first."""
        found: dict[int, float] = {}
        soft = [(check.priority, check.deviation) for check in self.rules if check.is_soft]
        for priority, off in (*soft, *((check.priority, check.deviation) for check in self.targets)):
            found[priority] = max(found.get(priority, 0.0), off)
        return dict(sorted(found.items()))

    @property
    def broken(self) -> tuple[RuleCheck | TargetCheck, ...]:
        """What does not hold."""
        return (*(c for c in self.rules if not (c.ok or c.is_soft)), *(c for c in self.targets if not c.ok))


@dataclass(frozen=True)
class Run:
    """How an answer came about: enough to get the same one again."""

    seed: int
    solver: str
    solver_version: str
    work: int
    work_limit: int
    seconds: float
    ended_by: str = ""
    """``time limit`` or ``work limit`` where one of them ended the search: with more of it forms may be nearer."""


@dataclass(frozen=True)
class Level:
    """What was reached for the targets and soft rules of one priority, as Assembled tells it for the first.

    ``bound`` holds for what earlier priorities left open.
    """

    priority: int
    deviation: float
    bound: float
    gap: float


@dataclass(frozen=True)
class Assembled:
    """Forms that fulfil every rule, as verified.

    ``deviation`` is the worst over the targets and soft rules of the first priority and all forms, ``bound`` the proven
    least possible, ``gap`` their difference, all in units of scale; ``levels`` tells them for every priority.
    """

    forms: tuple[tuple[str, ...], ...]
    verification: Verification
    deviation: float
    bound: float
    gap: float
    run: Run
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class Shortage:
    """A rule that asks for more than the pool holds, over all forms: needs 12, pool has 9."""

    rule: str
    needs: float
    has: float


@dataclass(frozen=True)
class Change:
    """What gives way of a rule.

    ``side`` is the bound that moves, ``minimum``, ``maximum`` or ``tolerance``; with ``spare`` the rule no longer holds
    for ``items`` (of its groups of enemies, ids, attributes), so that its parts become fewer; with ``drop`` for none.
    """

    rule: str
    side: str
    before: float
    after: float
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Infeasible:
    """No such forms exist.

    Attributes
    ----------
    shortages : tuple of Shortage
        Rules that the pool cannot supply even alone.
    clash : tuple of str
        Names of rules that cannot hold together; without any one of them the rest could (when
        ``irreducible``).
    changes : tuple of Change
        The smallest change that was found to make the specification possible.
    confirmed : bool
        Whether forms were found after that change.
    forms_possible : int or None
        The largest smaller number of forms for which the average form exists; None when not even one.
    whole_numbers : bool
        True when fractions of items would do, and only whole items do not.
    """

    shortages: tuple[Shortage, ...]
    clash: tuple[str, ...]
    irreducible: bool
    changes: tuple[Change, ...]
    confirmed: bool
    forms_possible: int | None
    whole_numbers: bool
    run: Run


@dataclass(frozen=True)
class Undecided:
    """The work limit was reached before forms were found or excluded; ``bound`` as in Assembled."""

    bound: float
    run: Run
