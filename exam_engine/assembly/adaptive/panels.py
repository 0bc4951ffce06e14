"""Parallel panels without shared items: all at once where that is small, else by dividing the pool, else in turn."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from exam_engine.assembly.adaptive.expand import SHARING, Copies
from exam_engine.assembly.adaptive.panel import WHOLE, PanelDesign, Part
from exam_engine.assembly.assemble import WORK_LIMIT, assemble
from exam_engine.assembly.compile import Program, compile_program
from exam_engine.assembly.levels import first_stage
from exam_engine.assembly.pool import NO_VALUE, FloatArray, Pool
from exam_engine.assembly.reason import Problem, find_reason
from exam_engine.assembly.result import Assembled, Infeasible, RuleCheck, Run, Undecided, Verification
from exam_engine.assembly.rows import IntArray
from exam_engine.assembly.solver import SOLVER, Work, WorkExhausted, solver_version
from exam_engine.assembly.specification import Sets, Specification
from exam_engine.assembly.verify import verify

AT_ONCE = 4_000
"""Copies of items (items × modules × panels) up to which panels are sought all at once."""

DIVISIONS = 3
"""How often the pool is divided among modules before panels are sought one after the other."""

Panel = Mapping[str, tuple[str, ...]]
"""Ids of the items of each module."""


@dataclass(frozen=True)
class PartCheck:
    """The check of a module, a route or the whole of one panel, which counts from 1."""

    panel: int
    part: str
    verification: Verification


@dataclass(frozen=True)
class PanelVerification:
    """The independent re-computation: every part of every panel, and that no item is used twice."""

    parts: tuple[PartCheck, ...]
    sharing: RuleCheck

    @property
    def ok(self) -> bool:
        """Whether everything holds that must."""
        return self.sharing.ok and all(part.verification.ok for part in self.parts)

    @property
    def worst_deviation(self) -> float:
        """Largest deviation from a target, in units of its scale, of targets that have a goal."""
        return max((part.verification.worst_deviation for part in self.parts), default=0.0)


@dataclass(frozen=True)
class Panels:
    """Panels that keep every rule, as verified.

    ``bound`` is the least deviation of the average panel, as proven; ``way`` tells how they were found: ``at once``,
    ``divided`` or ``in turn``.
    """

    panels: tuple[Panel, ...]
    verification: PanelVerification
    deviation: float
    bound: float
    way: str
    run: Run


def verify_panels(pool: Pool, design: PanelDesign, panels: Sequence[Panel]) -> PanelVerification:
    """Recompute every rule and target of panels from the raw pool.

    Raises
    ------
    ValueError
        If a module is missing, or holds an unknown id or one twice.
    """
    checks: list[PartCheck] = []
    uses: dict[str, int] = {}
    for number, panel in enumerate(panels, start=1):
        for module in design.modules:
            if module.name not in panel:
                raise ValueError(f"panel {number} has no module {module.name!r}")
            for name in panel[module.name]:
                uses[name] = uses.get(name, 0) + 1
        for part in design.parts:
            items = [name for module in part.modules for name in panel[module]]
            if part.name == WHOLE and len(set(items)) < len(items):
                continue  # told by the check of sharing
            asked = Specification(part.rules, part.targets, max_use=None)
            checks.append(PartCheck(number, part.name, verify(pool, asked, [list(dict.fromkeys(items))])))
    often, item = max(((n, name) for name, n in uses.items()), default=(0, ""))
    sharing = RuleCheck(SHARING, 0, often, 0, 1, often <= 1, item if often > 1 else "")
    return PanelVerification(tuple(checks), sharing)


def assemble_panels(
    pool: Pool, design: PanelDesign, *, panels: int = 1, seed: int = 0, work_limit: int = WORK_LIMIT
) -> Panels | Infeasible | Undecided:
    """Assemble parallel panels that share no item.

    Parameters
    ----------
    pool : Pool
    design : PanelDesign
    panels : int, default 1
    seed : int, default 0
    work_limit : int
        Linear programmes and search nodes of each search.

    Returns
    -------
    Panels
        That passed the independent check.
    Infeasible
        When it is proven that there are none; rules are named with their module or route: ``easy: length``.
    Undecided

    Raises
    ------
    ValueError
        Naming the rule or item that makes no sense.

    Examples
    --------
    >>> from exam_engine.assembly import Count
    >>> from exam_engine.assembly.adaptive import Module
    >>> two = [Count(name="length", minimum=2, maximum=2)]
    >>> stages = [[Module(name="start", rules=two)], [Module(name="easy", rules=two), Module(name="hard", rules=two)]]
    >>> answer = assemble_panels(Pool(ids=[f"i{k}" for k in range(5)]), PanelDesign(stages=stages))
    >>> answer.clash
    ('start: length', 'easy: length', 'hard: length', 'no item twice')
    """
    if panels < 1:
        raise ValueError(f"{panels} panels: at least one is needed")
    task = _Task(pool, design, panels, seed, work_limit)
    if panels == 1 or pool.size * len(design.modules) * panels <= AT_ONCE:
        found = task.at_once(panels)
        return task.finish(found[0], found[1], "at once") if isinstance(found, tuple) else found
    bound = task.average()
    if not isinstance(bound, float):
        return bound
    divided = task.divided()
    if divided is not None:
        return task.finish(divided, bound, "divided")
    in_turn = task.in_turn()
    return Undecided(bound, task.run()) if in_turn is None else task.finish(in_turn, bound, "in turn")


class _Task:
    def __init__(self, pool: Pool, design: PanelDesign, panels: int, seed: int, work_limit: int) -> None:
        self.pool, self.design, self.panels, self.seed, self.work_limit = (
            pool,
            design,
            panels,
            seed,
            work_limit,
        )
        self.names = [module.name for module in design.modules]
        self.started, self.used = time.perf_counter(), 0
        self.guide: FloatArray = np.zeros(0)

    def run(self) -> Run:
        seconds = time.perf_counter() - self.started
        return Run(self.seed, SOLVER, solver_version(), self.used, self.work_limit, seconds)

    def finish(self, panels: list[Panel], bound: float, way: str) -> Panels | Undecided:
        verification = verify_panels(self.pool, self.design, panels)
        if not verification.ok:
            return Undecided(bound, self.run())
        return Panels(tuple(panels), verification, verification.worst_deviation, bound, way, self.run())

    def at_once(
        self, panels: int, without: Sequence[str] = ()
    ) -> tuple[list[Panel], float] | Infeasible | Undecided:
        """Seek panels as a single form whose blocks are the modules of all of them."""

        def label(p: int, name: str) -> str:
            return name if panels == 1 else f"panel {p + 1}, {name}"

        blocks = [label(p, name) for p in range(panels) for name in self.names]
        n = self.pool.size
        copies = Copies(self.pool, np.tile(np.arange(n), len(blocks)), np.repeat(blocks, n).tolist())
        parts = [
            (label(p, part.name), part, tuple(label(p, name) for name in part.modules))
            for p in range(panels)
            for part in self.design.parts
        ]
        specification = copies.speak(parts, without=without)
        answer = assemble(
            copies.pool_of_copies(), specification, forms=1, seed=self.seed, work_limit=self.work_limit
        )
        self.used += answer.run.work
        if not isinstance(answer, Assembled):
            return answer
        found = self._sorted(answer.forms[0], copies)
        return [{name: found[label(p, name)] for name in self.names} for p in range(panels)], answer.bound

    def _sorted(self, form: Sequence[str], copies: Copies) -> dict[str, tuple[str, ...]]:
        """Return the items of each block."""
        place = {name: k for k, name in enumerate(copies.ids)}
        found: dict[str, list[str]] = {block: [] for block in dict.fromkeys(copies.block.tolist())}
        for name in form:
            k = place[name]
            found[str(copies.block[k])].append(self.pool.ids[int(copies.item[k])])
        return {block: tuple(names) for block, names in found.items()}

    def _parts(self) -> list[tuple[str, Part, tuple[str, ...]]]:
        return [(part.name, part, part.modules) for part in self.design.parts]

    def average(self) -> float | Infeasible | Undecided:
        """Bound the deviation by the average panel, or say why there is none."""
        n, modules = self.pool.size, len(self.names)
        copies = Copies(self.pool, np.tile(np.arange(n), modules), np.repeat(self.names, n).tolist())
        specification = copies.speak(self._parts())
        pool = copies.pool_of_copies()
        program = _shared_by_panels(compile_program(pool, specification), specification, self.panels)
        work, rng = Work(self.work_limit), np.random.default_rng(self.seed)
        try:
            stage = first_stage(program, self.panels, rng, work)
        except WorkExhausted:
            return Undecided(0.0, self.run())
        self.used += work.used
        if stage.guide is not None:
            self.guide = stage.guide[: n * modules].reshape(modules, n)
            return float(stage.bound)

        def again(changed: Specification) -> Program:
            return _shared_by_panels(compile_program(pool, changed, allow_empty=True), changed, self.panels)

        found = find_reason(
            Problem(pool, specification, program, self.panels, None, again), rng, lambda _: None
        )
        return Infeasible(
            found.shortages,
            found.clash,
            found.irreducible,
            found.changes,
            found.confirmed,
            None,
            found.whole_numbers,
            self.run(),
        )

    def divided(self) -> list[Panel] | None:
        """Give each item to one module, as the average panel would have it, and seek panels as parallel forms."""
        n, rng = self.pool.size, np.random.default_rng(self.seed)
        wanted = np.clip(self.guide * self.panels, 0.0, None)
        size = wanted.sum(axis=1)
        for _ in range(DIVISIONS):
            # What the average panel leaves goes to modules by their size.
            spare = np.clip(1.0 - wanted.sum(axis=0), 0.0, None)
            chance = wanted + spare * (size / size.sum())[:, None]
            running = np.cumsum(chance / chance.sum(axis=0), axis=0)
            module = np.minimum((rng.random(n) > running).sum(axis=0), len(self.names) - 1)
            module = self._keep_sets(module)
            copies = Copies(self.pool, np.arange(n), [self.names[k] for k in module.tolist()])
            specification = copies.speak(self._parts(), empty=True)
            answer = assemble(
                copies.pool_of_copies(),
                specification,
                forms=self.panels,
                seed=self.seed,
                work_limit=self.work_limit,
            )
            self.used += answer.run.work
            if isinstance(answer, Assembled):
                found = [self._sorted(form, copies) for form in answer.forms]
                return [{name: one.get(name, ()) for name in self.names} for one in found]
        return None

    def _keep_sets(self, module: IntArray) -> IntArray:
        """Let the items of a set follow its first one, where a rule of sets speaks of them."""
        kept = module.copy()
        for part in self.design.parts:
            for rule in part.rules:
                if isinstance(rule, Sets):
                    texts = self.pool.texts(rule.attribute)
                    for value in np.unique(texts[texts != NO_VALUE]):
                        together = np.flatnonzero(texts == value)
                        kept[together] = kept[together[0]]
        return kept

    def in_turn(self) -> list[Panel] | None:
        """Seek one panel after the other in what is left."""
        used: list[str] = []
        found: list[Panel] = []
        for _ in range(self.panels):
            answer = self.at_once(1, used)
            if not isinstance(answer, tuple):
                return None
            found += answer[0]
            used += [name for names in answer[0][0].values() for name in names]
        return found


def _shared_by_panels(program: Program, specification: Specification, panels: int) -> Program:
    """Let all copies of an item together be used once over all panels, not once in each."""
    owner = next(k for k, rule in enumerate(specification.rules) if rule.name == SHARING)
    rows = program.rows
    upper = np.where(rows.owner == owner, 1.0 / panels, rows.upper)
    return replace(program, rows=replace(rows, upper=upper))
