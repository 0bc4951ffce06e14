"""The forms of an assembly as they stand, with what is needed to recompute their rules. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from exam_engine.assembly import (
    Count,
    Exclude,
    Include,
    Is,
    Parallel,
    Pool,
    Specification,
    Verification,
    verify,
)
from exam_engine.assembly.compile import select
from exam_engine.assembly.specification import Earlier, Overlap, Rule, is_across
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import EQUAL, NO_SHARING, BankItem

LOCKED, ELSEWHERE, ASIDE = "locked", "elsewhere", "aside"
"""Rules that filling a paper anew adds: locked items stay, items of the other forms do not come, and those that were
swapped out by hand do not come back."""


@dataclass(frozen=True)
class FormsAtHand:
    """Forms over a pool: all usable items of the bank, and those of the forms that are not usable any more.

    ``numbers`` are the forms' own numbers, ``usable`` the ids that may come into a form.
    """

    spec: BlueprintSpec
    pool: Pool
    specification: Specification
    items: Mapping[str, BankItem]
    usable: frozenset[str]
    numbers: tuple[int, ...]
    forms: tuple[tuple[str, ...], ...]

    @cached_property
    def verification(self) -> Verification:
        """Every rule and target, recomputed."""
        return verify(self.pool, self.specification, self.forms)

    @cached_property
    def uses(self) -> Mapping[str, int]:
        """In how many forms each item is."""
        return Counter(name for form in self.forms for name in form)

    def broken(self, form: int) -> tuple[str, ...]:
        """Return the rules and targets that do not hold for the form at a place (from 0)."""
        return broken_rules(self.specification, self.verification, form)

    def with_form(self, form: int, names: Sequence[str]) -> FormsAtHand:
        """Return the same with another content of one form."""
        forms = tuple(tuple(names) if f == form else held for f, held in enumerate(self.forms))
        return replace(self, forms=forms)


def broken_rules(specification: Specification, verification: Verification, form: int) -> tuple[str, ...]:
    """Return names of rules and targets that do not hold for the form at a place (from 0), in the author's order.

    Rules over all forms, and forms that should be equal, concern each of them.
    """
    shared = {rule.name for rule in specification.rules if isinstance(rule, Parallel)}
    names = [
        check.rule
        for check in verification.rules
        if not (check.ok or check.is_soft) and (check.form in (0, form + 1) or check.rule in shared)
    ]
    names += [check.target for check in verification.targets if not check.ok and check.form == form + 1]
    return tuple(dict.fromkeys(names))


def refill_specification(
    at_hand: FormsAtHand, form: int, locked: Collection[str], aside: Collection[str] = ()
) -> Specification:
    """Return the specification of one form that keeps its locked items, fits the other forms, and holds none ``aside``.

    Raises ValueError for a locked item that is not in the form.

    Notes
    -----
    What the forms should have in equal numbers becomes a count for each combination, taken from another form, and what
    pairs may share a limit against each other form. Sums over all forms are left to the verification afterwards.
    """
    held = at_hand.forms[form]
    strange = set(locked) - set(held)
    if strange:
        raise ValueError(f"{min(strange)!r} is locked but not in the form")
    others = [names for f, names in enumerate(at_hand.forms) if f != form]
    specification = at_hand.specification
    rules: list[Rule] = []
    for rule in specification.rules:
        if isinstance(rule, Parallel):
            rules += _same_counts(at_hand.pool, rule, others[0]) if others else []
        elif isinstance(rule, Overlap) and rule.maximum is not None and not rule.where:
            papers = tuple((str(number), names) for number, names in enumerate(others, start=1))
            rules.append(Earlier(name=rule.name, papers=papers, maximum=rule.maximum))
        elif not is_across(rule):
            rules.append(rule)
    if locked:
        rules.append(Include(name=LOCKED, ids=tuple(name for name in held if name in locked)))
    elsewhere = Counter(name for names in others for name in names)
    most = specification.max_use or len(at_hand.forms)
    barred = {name for name, uses in elsewhere.items() if uses >= most}
    barred |= set(at_hand.pool.ids) - at_hand.usable - set(locked)
    if barred:
        rules.append(Exclude(name=ELSEWHERE, ids=tuple(sorted(barred - set(locked)))))
    gone = set(aside) & at_hand.usable - barred - set(held)
    if gone:
        rules.append(Exclude(name=ASIDE, ids=tuple(sorted(gone))))
    return replace(specification, rules=tuple(rules), sharing_name=NO_SHARING)


def _same_counts(pool: Pool, rule: Parallel, reference: Sequence[str]) -> list[Rule]:
    columns = [pool.texts(attribute) for attribute in rule.by]
    wanted = select(pool, rule.where)
    cells = [tuple(str(column[k]) for column in columns) if wanted[k] else None for k in range(pool.size)]
    counts = Counter(cells[pool.positions[name]] for name in reference)
    return [
        Count(
            name=f"{EQUAL}:{number}",
            where=(
                *rule.where,
                *(Is(attribute, value) for attribute, value in zip(rule.by, cell, strict=True)),
            ),
            minimum=counts[cell],
            maximum=counts[cell],
        )
        for number, cell in enumerate(sorted({cell for cell in cells if cell is not None}), start=1)
    ]
