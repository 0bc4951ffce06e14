"""What is asked of forms: rules and targets together, and how often an item may be used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exam_engine.assembly.rules import (
    Anchor,
    Count,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    Overlap,
    Paper,
    Parallel,
    PerValue,
    Rule,
    Scope,
    Sets,
    Share,
    Sum,
    Use,
    check_rule,
    is_across,
    soft_weight,
)
from exam_engine.assembly.targets import (
    CurveTarget,
    InformationTarget,
    Maximin,
    Maximise,
    MeanTarget,
    Minimise,
    Near,
    Reference,
    ScoreTarget,
    SumTarget,
    Target,
    check_target,
)
from exam_engine.assembly.where import Among, Between, Condition, Is, Where

__all__ = [
    "Among",
    "Anchor",
    "Between",
    "Condition",
    "Count",
    "CurveTarget",
    "Distinct",
    "Earlier",
    "Enemies",
    "Exclude",
    "If",
    "Include",
    "InformationTarget",
    "Is",
    "Maximin",
    "Maximise",
    "MeanTarget",
    "Minimise",
    "Near",
    "Overlap",
    "Paper",
    "Parallel",
    "PerValue",
    "Reference",
    "Rule",
    "Scope",
    "ScoreTarget",
    "Sets",
    "Share",
    "Specification",
    "Sum",
    "SumTarget",
    "Target",
    "Use",
    "Where",
    "is_across",
    "soft_weight",
]

SLACK = 0.003
"""Default of what the search for one priority may give up of the one before: what counts as close enough."""


@dataclass(frozen=True)
class Specification:
    """The rules and targets of every form, and how often an item may be used over all forms.

    Parameters
    ----------
    rules : sequence of rules
    targets : sequence of targets
    max_use : int or None, default 1
        In how many forms an item may appear; 1 means that forms share no item, None that there is no limit.
    sharing_name : str
        What the limit is called when it is part of a clash.
    slack : float, default 0.003
        How much of the deviation reached for one priority may be given up for the next, in units of scale.

    Raises
    ------
    ValueError
        Naming the rule: two of one name, contradictory bounds, an empty list of values, a tolerance or scale
        that is not positive.

    Examples
    --------
    >>> Specification([Count(name="length", minimum=3, maximum=2)])
    Traceback (most recent call last):
    ValueError: rule 'length': minimum 3 is above maximum 2
    """

    rules: Sequence[Rule]
    targets: Sequence[Target] = ()
    max_use: int | None = 1
    sharing_name: str = "no shared items"
    slack: float = SLACK

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        object.__setattr__(self, "targets", tuple(self.targets))
        if self.max_use is not None and self.max_use < 1:
            raise ValueError(f"max_use is {self.max_use}: an item must be usable at least once")
        if not (self.slack >= 0 and math.isfinite(self.slack)):
            raise ValueError(f"slack is {self.slack}: it must be a number from 0")
        names: set[str] = {self.sharing_name}
        for named in (*self.rules, *self.targets):
            if named.name in names:
                raise ValueError(f"two rules are named {named.name!r}: names tell rules apart")
            names.add(named.name)
        for rule in self.rules:
            check_rule(rule)
        for target in self.targets:
            check_target(target)
