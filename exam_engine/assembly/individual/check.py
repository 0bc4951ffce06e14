"""The check of all forms at once: from the raw pool, by sums and sorted values, without compiled rows or solver.

Kinds of rules that are not known here are left to `verify`, form by form: slower, but no rule goes unchecked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from exam_engine.assembly.checks import ROUNDING
from exam_engine.assembly.individual.overlap import Membership, membership
from exam_engine.assembly.pool import NO_VALUE, FloatArray, Pool
from exam_engine.assembly.raw import curves, information
from exam_engine.assembly.rows import BoolArray, IntArray
from exam_engine.assembly.specification import (
    Count,
    Distinct,
    Enemies,
    Exclude,
    If,
    Include,
    Parallel,
    PerValue,
    Rule,
    Sets,
    Share,
    Specification,
    Sum,
)
from exam_engine.assembly.targets import CurveTarget, InformationTarget, MeanTarget, Near, ScoreTarget
from exam_engine.assembly.verify import verify
from exam_engine.assembly.where import Between, Is, Where


@dataclass(frozen=True, eq=False)
class Checked:
    """What was recomputed: broken rules by form, and the value of each target in each form.

    ``broken`` names a rule or target for each form that does not keep it; ``totals`` of targets with a
    goal has shape (n_targets, n_forms).
    """

    broken: tuple[tuple[int, str], ...]
    totals: FloatArray


class Forms:
    """Forms as positions in a pool, ready for sums over their items.

    Parameters
    ----------
    pool : Pool
    held : ndarray of int, shape (n_forms, longest)
        Positions; −1 fills the places of shorter forms.

    Raises
    ------
    ValueError
        If a form holds a position that is not there, or an item twice.
    """

    def __init__(self, pool: Pool, held: IntArray) -> None:
        if held.size and not (int(held.min()) >= -1 and int(held.max()) < pool.size):
            raise ValueError("a form holds a position that is not in the pool")
        ordered = np.sort(held, axis=1)
        if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
            raise ValueError("a form holds an item twice")
        self.pool, self.held = pool, held
        self.inside: Membership = membership(held, pool.size)

    def total(self, values: FloatArray) -> FloatArray:
        """Return the sum of values (n_items,) over each form, shape (n_forms,)."""
        return np.asarray(np.append(values, 0.0)[self.held].sum(axis=1))

    def counts(self, attribute: str, chosen: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
        """Return (form, value, items) for each value of an attribute that a form covers with chosen items."""
        texts = self.pool.texts(attribute)
        _, code = np.unique(texts, return_inverse=True)
        code = np.append(np.where(chosen & (texts != NO_VALUE), code.ravel(), -1), -1)
        values = code[self.held]
        form, place = np.nonzero(values >= 0)
        many = int(code.max(initial=0)) + 1
        pair, items = np.unique(form * many + values[form, place], return_counts=True)
        return pair // many, pair % many, items

    def most(self, form: IntArray, value: IntArray) -> IntArray:
        """Return the largest value of each form, 0 for none, shape (n_forms,)."""
        largest = np.zeros(len(self.held), dtype=np.int64)
        np.maximum.at(largest, form, value)
        return largest


def check_forms(pool: Pool, specification: Specification, held: IntArray) -> Checked:
    """Recompute every rule and target of all forms.

    Parameters
    ----------
    pool : Pool
    specification : Specification
        Of one form, without soft rules; ``max_use`` and targets without a goal are not looked at.
    held : ndarray of int, shape (n_forms, longest)

    Raises
    ------
    ValueError
        As `Forms`.
    """
    forms = Forms(pool, held)
    broken: list[tuple[int, str]] = []
    for rule in specification.rules:
        keeps = _keeps(forms, rule)
        broken += [(f + 1, rule.name) for f in np.flatnonzero(~keeps).tolist()]
    targets = [target for target in specification.targets if isinstance(target, Near)]
    totals = np.zeros((len(targets), len(held)))
    for t, target in enumerate(targets):
        totals[t] = forms.total(item_values(pool, target))
        if target.tolerance is not None:
            most = target.tolerance + ROUNDING * max(1.0, abs(target.goal))
            off = np.abs(totals[t] - target.goal)
            broken += [(f + 1, target.name) for f in np.flatnonzero(off > most).tolist()]
    return Checked(tuple(broken), totals)


def item_values(pool: Pool, target: Near) -> FloatArray:
    """Return what each item adds to a target, shape (n_items,), by other formulas than those used to draw."""
    if isinstance(target, InformationTarget):
        return item_information(pool, target.theta)
    if isinstance(target, CurveTarget):
        return item_marks(pool, target.theta, target.marks)
    if isinstance(target, ScoreTarget):
        return pool.numbers(target.p) * (1.0 if target.marks is None else pool.numbers(target.marks))
    values = pool.numbers(target.attribute)
    return values / target.length if isinstance(target, MeanTarget) else values


def item_information(pool: Pool, theta: float) -> FloatArray:
    """Return the information of each item by the slopes of its scores, shape (n_items,)."""
    return np.array([information(pool, k, theta) for k in range(pool.size)])


def item_marks(pool: Pool, theta: float, marks: str | None) -> FloatArray:
    """Return the expected score of each item, or its expected marks, shape (n_items,)."""
    score = np.array(
        [
            sum(value * chance for value, (chance, _) in enumerate(curves(pool, k, theta)))
            for k in range(pool.size)
        ]
    )
    return score if marks is None else score / pool.highest * pool.numbers(marks)


def _chosen(pool: Pool, where: Where) -> BoolArray:
    """Return which items fulfil all conditions, by values and not by the kernel's selection."""
    mask = np.ones(pool.size, dtype=bool)
    for condition in where:
        if isinstance(condition, Is):
            mask &= np.logical_or.reduce([pool.texts(condition.attribute) == v for v in condition.values])
        elif isinstance(condition, Between):
            numbers = pool.numbers(condition.attribute)
            mask &= ~((numbers < condition.low) | (numbers > condition.high))
        else:
            names = frozenset(condition.ids)
            mask &= np.fromiter((name in names for name in pool.ids), dtype=bool, count=pool.size)
    return mask


def _as_numbers(chosen: BoolArray) -> FloatArray:
    return np.where(chosen, 1.0, 0.0)


def _between(values: FloatArray | IntArray, minimum: float, maximum: float | None) -> BoolArray:
    allow = ROUNDING * np.maximum(1.0, np.abs(values))
    high = math.inf if maximum is None else maximum
    return np.asarray((values >= minimum - allow) & (values <= high + allow))


def _keeps(forms: Forms, rule: Rule) -> BoolArray:
    """Return which forms keep a rule, shape (n_forms,)."""
    pool = forms.pool
    if isinstance(rule, Count):
        return _between(forms.total(_as_numbers(_chosen(pool, rule.where))), rule.minimum, rule.maximum)
    if isinstance(rule, Sum):
        values = pool.numbers(rule.attribute) * _chosen(pool, rule.where)
        return _between(forms.total(values), rule.minimum, rule.maximum)
    if isinstance(rule, Share):
        weight = np.ones(pool.size) if rule.attribute is None else pool.numbers(rule.attribute)
        whole = _chosen(pool, rule.of)
        of = forms.total(weight * whole)
        part = forms.total(weight * (whole & _chosen(pool, rule.where)))
        share = np.divide(part, of, out=np.full(len(of), rule.minimum), where=of != 0)
        return _between(share, rule.minimum, rule.maximum)
    if isinstance(rule, If):
        applies = forms.total(_as_numbers(_chosen(pool, rule.given))) > 0
        found = forms.total(_as_numbers(_chosen(pool, rule.where)))
        return ~applies | _between(found, rule.minimum, rule.maximum)
    if isinstance(rule, Distinct):
        form, _, _ = forms.counts(rule.attribute, _chosen(pool, rule.where))
        return _between(np.bincount(form, minlength=len(forms.held)), rule.minimum, rule.maximum)
    if isinstance(rule, PerValue):
        form, _, items = forms.counts(rule.attribute, _chosen(pool, rule.where))
        return forms.most(form, items) <= rule.maximum
    if isinstance(rule, Sets):
        return _keeps_sets(forms, rule)
    if isinstance(rule, Parallel):
        return _keeps_cells(forms, rule)
    return _keeps_named(forms, rule)


def _keeps_sets(forms: Forms, rule: Sets) -> BoolArray:
    chosen = _chosen(forms.pool, rule.where)
    texts = forms.pool.texts(rule.attribute)
    names, code = np.unique(texts, return_inverse=True)
    whole = np.bincount(code.ravel()[chosen], minlength=len(names))
    form, value, items = forms.counts(rule.attribute, chosen)
    low = whole[value] if rule.minimum is None else rule.minimum
    high = whole[value] if rule.maximum is None else rule.maximum
    wrong = (items < low) | (items > high)
    return np.asarray(np.bincount(form[wrong], minlength=len(forms.held)) == 0)


def _keeps_cells(forms: Forms, rule: Parallel) -> BoolArray:
    pool = forms.pool
    chosen = _chosen(pool, rule.where)
    _, cell = np.unique(np.stack([pool.texts(name) for name in rule.by]), axis=1, return_inverse=True)
    keeps = np.ones(len(forms.held), dtype=bool)
    for k in np.unique(cell.ravel()[chosen]):
        held = forms.total(_as_numbers((cell.ravel() == k) & chosen))
        keeps &= held == held[0]
    return keeps


def _keeps_named(forms: Forms, rule: Rule) -> BoolArray:
    places = forms.pool.positions
    if isinstance(rule, Enemies):
        keeps = np.ones(len(forms.held), dtype=bool)
        for group in rule.groups:
            keeps &= forms.inside[:, [places[name] for name in group]].sum(axis=1) <= 1
        return keeps
    if isinstance(rule, Include):
        return np.asarray(forms.inside[:, [places[name] for name in rule.ids]].all(axis=1))
    if isinstance(rule, Exclude):
        return np.asarray(~forms.inside[:, [places[name] for name in rule.ids]].any(axis=1))
    only = Specification([rule], max_use=None)
    names = [[forms.pool.ids[k] for k in form if k >= 0] for form in forms.held.tolist()]
    checks = verify(forms.pool, only, names).rules
    wrong = {check.form for check in checks if not check.ok}
    return np.array([not wrong & {0, f + 1} for f in range(len(names))], dtype=bool)
