"""What a form must be: named rules.

Every rule carries the name its author gave it, because that is how an impossible specification is explained.
Rules hold for each form, but for those whose scope is wider: a sum over all forms, pairs of forms, the use of an item.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from exam_engine.assembly.targets import check_priority
from exam_engine.assembly.where import Among, Between, Is, Where

Scope: TypeAlias = Literal["form", "all", "pool"]
"""What is counted: items of each form, uses of items over all forms, or the different items that all forms use."""

Paper: TypeAlias = tuple[str, tuple[str, ...]]
"""The name of an earlier paper and the ids of its items, which need not all be in the pool any more."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """From ``minimum`` to ``maximum`` items of a selection; a ``maximum`` of None means no limit.

    ``structural`` marks what the form is rather than what it should contain (its length, its total marks):
    when a specification is impossible, other rules are blamed and relaxed first. With a ``weight`` the rule is soft: it
    may be broken, and counts like a target of this ``priority``: ``weight`` times the items too many or too few.
    """

    name: str
    where: Where = ()
    minimum: int = 0
    maximum: int | None = None
    structural: bool = False
    scope: Scope = "form"
    weight: float | None = None
    priority: int = 1


@dataclass(frozen=True, kw_only=True)
class Sum:
    """The sum of a numeric attribute over a selection lies in [minimum, maximum].

    With a ``weight`` it is soft as Count is, by the amount that is too much or too little.
    """

    name: str
    attribute: str
    where: Where = ()
    minimum: float = -math.inf
    maximum: float = math.inf
    structural: bool = False
    scope: Scope = "form"
    weight: float | None = None
    priority: int = 1


@dataclass(frozen=True, kw_only=True)
class Share:
    """The items of ``where`` make up ``minimum`` to ``maximum`` of those of ``of``, counted or weighed by an attribute.

    ``attribute`` must not be negative. A form without any item of ``of`` fulfils the rule. With a ``weight`` it is soft
    as Count is, by the items (or the amount of ``attribute``) that make the difference.
    """

    name: str
    where: Where
    of: Where = ()
    attribute: str | None = None
    minimum: float = 0.0
    maximum: float = 1.0
    weight: float | None = None
    priority: int = 1


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """The form covers from ``minimum`` to ``maximum`` different values of ``attribute``.

    With a ``weight`` it is soft as Count is, by values.
    """

    name: str
    attribute: str
    minimum: int = 0
    maximum: int | None = None
    where: Where = ()
    weight: float | None = None
    priority: int = 1


@dataclass(frozen=True, kw_only=True)
class Sets:
    """Items that share a value of ``attribute`` (a case, a passage) appear together or not at all.

    Of a set that is used, all its items appear when ``minimum`` is None, else from ``minimum`` to ``maximum`` of them.
    ``where`` tells which sets are meant by their items.
    """

    name: str
    attribute: str
    minimum: int | None = None
    maximum: int | None = None
    where: Where = ()


@dataclass(frozen=True, kw_only=True)
class If:
    """When any item of ``given`` is in the form, from ``minimum`` to ``maximum`` items of ``where`` are, too."""

    name: str
    given: Where
    where: Where
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, kw_only=True)
class PerValue:
    """At most ``maximum`` items with the same value of ``attribute``: one per assessment point."""

    name: str
    attribute: str
    maximum: int = 1
    where: Where = ()


@dataclass(frozen=True, kw_only=True)
class Enemies:
    """Of each group of ids at most one item appears."""

    name: str
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Include:
    """These items appear in every form."""

    name: str
    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Exclude:
    """These items appear in no form."""

    name: str
    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """All forms hold equally many items of each combination of values of the attributes ``by``."""

    name: str
    by: tuple[str, ...]
    where: Where = ()


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Any two forms have from ``minimum`` to ``maximum`` items of a selection in common.

    Items of an Anchor are not counted unless ``anchors``.
    """

    name: str
    where: Where = ()
    minimum: int = 0
    maximum: int | None = None
    anchors: bool = False


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """From ``minimum`` to ``maximum`` items of a selection are common to all forms.

    They are chosen with the forms, and limits on use and on what pairs share do not hold for them.
    """

    name: str
    where: Where
    minimum: int = 1
    maximum: int | None = None


@dataclass(frozen=True, kw_only=True)
class Use:
    """Each item of a selection is in at most ``maximum`` forms, or in as many as its numeric ``attribute`` says."""

    name: str
    where: Where = ()
    maximum: int | None = None
    attribute: str | None = None


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """At most ``maximum`` items of a form, or the part ``share`` of them, are in any one of the earlier ``papers``."""

    name: str
    papers: tuple[Paper, ...]
    maximum: int | None = None
    share: float | None = None


Rule: TypeAlias = (
    Count
    | Sum
    | Share
    | Distinct
    | Sets
    | If
    | PerValue
    | Enemies
    | Include
    | Exclude
    | Parallel
    | Overlap
    | Anchor
    | Use
    | Earlier
)


def is_across(rule: Rule) -> bool:
    """Whether a rule speaks of more than one form."""
    wide = isinstance(rule, Count | Sum) and rule.scope != "form"
    return wide or isinstance(rule, Overlap | Anchor | Use)


def soft_weight(rule: Rule) -> float | None:
    """Return how much a soft rule weighs; None for a rule that must hold."""
    return rule.weight if isinstance(rule, Count | Sum | Share | Distinct) else None


def check_rule(rule: Rule) -> None:
    """Raise ValueError, naming the rule, when it makes no sense."""
    for part in ("where", "of", "given"):
        for condition in getattr(rule, part, ()):
            if isinstance(condition, Is) and not condition.values:
                raise ValueError(f"rule {rule.name!r}: the filter on {condition.attribute!r} is empty")
            if isinstance(condition, Among) and not condition.ids:
                raise ValueError(f"rule {rule.name!r}: the filter on ids is empty")
            if isinstance(condition, Between) and not condition.low <= condition.high:
                raise ValueError(f"rule {rule.name!r}: {condition.low} to {condition.high} is no range")
    if isinstance(rule, Count | Sum | Share | Distinct | If | Overlap | Anchor):
        low, high = rule.minimum, math.inf if rule.maximum is None else rule.maximum
        if math.isnan(low) or math.isnan(high):
            raise ValueError(f"rule {rule.name!r}: a bound is not a number")
        if low > high:
            raise ValueError(f"rule {rule.name!r}: minimum {rule.minimum} is above maximum {rule.maximum}")
        if not isinstance(rule, Sum) and (low < 0 or high < 0):
            raise ValueError(f"rule {rule.name!r}: a count cannot be negative")
    weight = soft_weight(rule)
    if isinstance(rule, Count | Sum | Share | Distinct):
        try:
            check_priority(rule.priority)
        except ValueError as error:
            raise ValueError(f"rule {rule.name!r}: {error}") from None
        if weight is None and rule.priority != 1:
            raise ValueError(f"rule {rule.name!r} must hold: a priority needs a weight")
    if weight is not None and not (weight > 0 and math.isfinite(weight)):
        raise ValueError(f"rule {rule.name!r}: weight {weight} is not positive")
    if isinstance(rule, Sets):
        if rule.minimum is None and rule.maximum is not None:
            raise ValueError(f"rule {rule.name!r}: a maximum of a set needs a minimum")
        if rule.minimum is not None and not 1 <= rule.minimum <= (rule.maximum or rule.minimum):
            raise ValueError(
                f"rule {rule.name!r}: {rule.minimum} to {rule.maximum} items of a set is no range"
            )
    if isinstance(rule, PerValue) and rule.maximum < 1:
        raise ValueError(f"rule {rule.name!r}: at most {rule.maximum} per value would exclude the items")
    if isinstance(rule, Include | Exclude) and len(set(rule.ids)) != len(rule.ids):
        raise ValueError(f"rule {rule.name!r} names an item twice")
    if isinstance(rule, Enemies):
        for group in rule.groups:
            if len(set(group)) < 2 or len(set(group)) != len(group):
                raise ValueError(f"rule {rule.name!r}: {group} is no group of different items")
    if isinstance(rule, Parallel) and not rule.by:
        raise ValueError(f"rule {rule.name!r} names no attribute")
    _check_scope(rule)


def _check_scope(rule: Rule) -> None:
    if is_across(rule) and soft_weight(rule) is not None:
        raise ValueError(f"rule {rule.name!r}: only a rule of each form can be soft")
    if isinstance(rule, Count | Sum) and rule.scope not in get_args(Scope):
        raise ValueError(f"rule {rule.name!r}: scope {rule.scope!r} is none of {', '.join(get_args(Scope))}")
    if isinstance(rule, Use):
        if (rule.maximum is None) == (rule.attribute is None):
            raise ValueError(f"rule {rule.name!r} needs a maximum or an attribute that holds it, one of them")
        if rule.maximum is not None and rule.maximum < 0:
            raise ValueError(f"rule {rule.name!r}: a count cannot be negative")
    if isinstance(rule, Earlier):
        if (rule.maximum is None) == (rule.share is None):
            raise ValueError(f"rule {rule.name!r} needs a maximum or a share, one of them")
        if rule.maximum is not None and rule.maximum < 0:
            raise ValueError(f"rule {rule.name!r}: a count cannot be negative")
        if rule.share is not None and not 0 <= rule.share <= 1:
            raise ValueError(f"rule {rule.name!r}: a share of {rule.share} is not between 0 and 1")
        names = [name for name, _ in rule.papers]
        if len(set(names)) != len(names):
            raise ValueError(f"rule {rule.name!r} names an earlier paper twice")
