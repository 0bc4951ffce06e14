"""A panel as one form: the pool holds each item once for each module, and rules speak of the copies in theirs.

So the assembly of forms serves panels as it is: search, bound, explanation. Information and curves become sums of
attributes that are zero outside a part of the panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.adaptive.panel import Part
from exam_engine.assembly.pool import NO_VALUE, FloatArray, Pool
from exam_engine.assembly.rows import IntArray
from exam_engine.assembly.select import select
from exam_engine.assembly.specification import (
    Among,
    Count,
    CurveTarget,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    InformationTarget,
    Is,
    MeanTarget,
    PerValue,
    Rule,
    ScoreTarget,
    Sets,
    Share,
    Specification,
    Sum,
    SumTarget,
    Target,
    Where,
)
from exam_engine.assembly.targets import Maximise, Minimise

MODULE, ITEM = "@module", "@item"
"""Attributes of a copy: the module it stands in, and the item it is a copy of."""

SHARING = "no item twice"
"""What it is called that modules and panels share no item."""


def _asks_nothing(pool: Pool, rule: Rule) -> bool:
    if isinstance(rule, Count | Sum | Share) and rule.minimum > 0:
        return False
    if isinstance(rule, Sets):
        return not (select(pool, rule.where) & (pool.texts(rule.attribute) != NO_VALUE)).any()
    return isinstance(rule, Count | Sum | Share) and not select(pool, rule.where).any()


class Copies:
    """Copies of the items of a pool in blocks, a block being a module of a panel.

    Parameters
    ----------
    pool : Pool
    item : ndarray of int, shape (n_copies,)
        Position of the item that each copy is of.
    block : sequence of str, length n_copies
        Name of the block it stands in.
    """

    def __init__(self, pool: Pool, item: IntArray, block: Sequence[str]) -> None:
        self.pool, self.item, self.block = pool, item, np.asarray(block, dtype=np.str_)
        self.ids = tuple(
            f"{pool.ids[k]}@{b}" for k, b in zip(item.tolist(), self.block.tolist(), strict=True)
        )
        self.numeric = {name: np.asarray(values)[item] for name, values in pool.numeric.items()}
        self.categorical: dict[str, npt.NDArray[np.str_]] = {
            name: np.asarray(values)[item] for name, values in pool.categorical.items()
        }
        self.categorical[MODULE] = self.block
        self.categorical[ITEM] = np.asarray(pool.ids)[item]
        self.of: dict[str, list[tuple[str, str]]] = {}
        for k, b, name in zip(item.tolist(), self.block.tolist(), self.ids, strict=True):
            self.of.setdefault(pool.ids[k], []).append((b, name))

    def pool_of_copies(self) -> Pool:
        """Return the pool for the specification made by `speak`: its attributes are there by then."""
        return Pool(ids=self.ids, numeric=self.numeric, categorical=self.categorical)

    def speak(
        self,
        parts: Sequence[tuple[str, Part, tuple[str, ...]]],
        *,
        without: Sequence[str] = (),
        empty: bool = False,
    ) -> Specification:
        """Return one specification for parts, each with its title and the blocks that it is made of.

        ``without`` are items that are taken. Where ``empty``, a rule that asks nothing of the copies there are is left
        out; else it is refused as a mistake when it is compiled.
        """
        rules: list[Rule] = []
        targets: list[Target] = []
        for title, part, blocks in parts:
            for rule in part.rules:
                rules += self._rule(rule, title, blocks)
            targets += [self._target(target, title, blocks) for target in part.targets]
        if without:
            rules.append(Exclude(name="items of other panels", ids=self._copies(without, None)))
        if empty:
            pool = self.pool_of_copies()
            rules = [rule for rule in rules if not _asks_nothing(pool, rule)]
        rules.append(PerValue(name=SHARING, attribute=ITEM))
        return Specification(rules, targets, sharing_name="no shared items of panels")

    def _rule(self, rule: Rule, title: str, blocks: tuple[str, ...]) -> list[Rule]:
        name = f"{title}: {rule.name}"
        inside: Where = (Is(MODULE, *blocks),)
        if isinstance(rule, Enemies):
            groups = [tuple(c for k in group for c in self._copies((k,), blocks)) for group in rule.groups]
            return [replace(rule, name=name, groups=tuple(group for group in groups if len(group) > 1))]
        if isinstance(rule, Include):
            copies = self._copies(rule.ids, blocks)
            return [Count(name=name, where=(Among(*copies),), minimum=len(rule.ids))]
        if isinstance(rule, Exclude):
            return [Exclude(name=name, ids=self._copies(rule.ids, blocks))]
        if isinstance(rule, Earlier):
            return self._earlier(rule, name, blocks)
        if isinstance(rule, Sets):
            attribute = f"{rule.attribute}{MODULE}"
            texts = self.categorical[rule.attribute]
            apart = np.char.add(np.char.add(texts, "@"), self.block)
            self.categorical[attribute] = np.where(texts == NO_VALUE, NO_VALUE, apart)
            return [replace(rule, name=name, attribute=attribute, where=(*self._where(rule.where), *inside))]
        if isinstance(rule, If):
            given, where = self._where(rule.given), self._where(rule.where)
            return [replace(rule, name=name, given=(*given, *inside), where=(*where, *inside))]
        if isinstance(rule, Share):
            where, of = self._where(rule.where), self._where(rule.of)
            return [replace(rule, name=name, where=(*where, *inside), of=(*of, *inside))]
        if isinstance(rule, Count | Sum | Distinct | PerValue):
            return [replace(rule, name=name, where=(*self._where(rule.where), *inside))]
        raise ValueError(f"{name}: {type(rule).__name__} is not for panels")

    def _earlier(self, rule: Earlier, name: str, blocks: tuple[str, ...]) -> list[Rule]:
        found: list[Rule] = []
        for paper, ids in rule.papers:
            copies = self._copies([k for k in ids if k in self.of], blocks)
            where: Where = (Among(*copies),)
            if not copies:
                continue
            if rule.share is not None:
                of: Where = (Is(MODULE, *blocks),)
                found.append(Share(name=f"{name} ({paper})", where=where, of=of, maximum=rule.share))
            else:
                found.append(Count(name=f"{name} ({paper})", where=where, maximum=rule.maximum))
        return found

    def _target(self, target: Target, title: str, blocks: tuple[str, ...]) -> Target:
        name, inside = f"{title}: {target.name}", np.isin(self.block, blocks)
        where: Where = (Is(MODULE, *blocks),)
        if isinstance(target, Maximise | Minimise):
            within = (*self._where(target.where), *where)
            if not target.theta:
                return replace(target, name=name, where=within)
            information = self.pool.information(target.theta).sum(axis=0)
            return replace(
                target, name=name, where=within, theta=(), attribute=self._add(name, information[self.item])
            )
        if isinstance(target, MeanTarget):
            attribute = self._add(name, self.numeric[target.attribute] * inside)
            return replace(target, name=name, attribute=attribute)
        if not isinstance(target, InformationTarget | CurveTarget | SumTarget | ScoreTarget):
            raise ValueError(f"{name}: {type(target).__name__} is not for panels")
        return SumTarget(
            name=name,
            attribute=self._add(name, self._worth(target) * inside),
            goal=target.goal,
            tolerance=target.tolerance,
            scale=target.scale,
            priority=target.priority,
        )

    def _worth(self, target: InformationTarget | CurveTarget | SumTarget | ScoreTarget) -> FloatArray:
        """Return what each copy adds to a target."""
        if isinstance(target, InformationTarget):
            return np.asarray(self.pool.information([target.theta])[0, self.item])
        if isinstance(target, SumTarget):
            return np.asarray(self.pool.numbers(target.attribute)[self.item])
        if isinstance(target, ScoreTarget):
            marks = 1.0 if target.marks is None else self.pool.numbers(target.marks)[self.item]
            return np.asarray(self.pool.numbers(target.p)[self.item] * marks)
        if target.marks is None:
            return np.asarray(self.pool.expected_score([target.theta])[0, self.item])
        return np.asarray(
            (self.pool.probability([target.theta])[0] * self.pool.numbers(target.marks))[self.item]
        )

    def _add(self, name: str, values: FloatArray) -> str:
        self.numeric[name] = values
        return name

    def _where(self, where: Where) -> Where:
        return tuple(
            Among(*self._copies(condition.ids, None)) if isinstance(condition, Among) else condition
            for condition in where
        )

    def _copies(self, ids: Sequence[str], blocks: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return the copies of items in some blocks, or in all."""
        for name in ids:
            if name not in self.pool.positions:
                raise ValueError(f"item {name!r} is not in the pool")
        return tuple(
            copy for name in ids for block, copy in self.of.get(name, ()) if blocks is None or block in blocks
        )
