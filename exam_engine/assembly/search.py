"""The search for forms on one pool: in turn, on a plan of their sets, dealt out, apart, or all in one programme."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from exam_engine.assembly import pursue
from exam_engine.assembly.all_at_once import choose_together
from exam_engine.assembly.anchors import anchored, common_items, with_common_items
from exam_engine.assembly.apart import build_apart
from exam_engine.assembly.compile import BoolArray, Program, Rows, compile_program
from exam_engine.assembly.construct import build_in_turn, build_together, cell_counts
from exam_engine.assembly.deal import deal, is_for
from exam_engine.assembly.improve import ROUNDS, Improver, close_enough
from exam_engine.assembly.levels import Stage, aspirations, first_stage, next_stage
from exam_engine.assembly.mend import excess
from exam_engine.assembly.plan import (
    LADDER,
    Plan,
    fill_plan,
    is_worth_planning,
    near_plans,
    other_plans,
    plan_sets,
)
from exam_engine.assembly.polish import polish
from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.rechoose import WORTH, rechoose
from exam_engine.assembly.result import Level, Verification
from exam_engine.assembly.solver import OutOfTime, Work, WorkExhausted
from exam_engine.assembly.specification import Specification
from exam_engine.assembly.supple import supple_plans, supple_together
from exam_engine.assembly.verify import verify

ATTEMPTS = (
    (False, False),
    (False, True),
    (True, False),
    (True, True),
)
"""(tolerances as rows, shadow form) of the attempts to build forms in turn, the cheap one first."""

DEAD_ENDS = 3
"""How often forms are built in turn, with other items by chance, before sets are planned for all of them."""

FILLED = 1_000
"""Columns of all forms up to which a programme fills a plan of sets on which items could not be dealt out."""

TIGHT = 0.5
"""Part of a pool that forms take from which on all items are dealt out at once when one form after the other failed."""

NEARLY = 0.99
"""Part of the deviation that parallel forms are asked for at which items that are dealt out stay where they are."""

PROMISING, DEALT = 0.01, 2
"""What forms may be off in sum, after a brief look, that all items are dealt out to the end at once; and how many of
the other plans, the best ones, this is done for at last."""

Progress = Callable[[int, int, str], None]
"""Called with done, total and the stage: bound, build, improve, polish, verify, explain."""


@dataclass(frozen=True)
class Found:
    """Forms (n_forms, width) and what the check said of them, or None; ``nothing`` when it is proven that none are."""

    forms: BoolArray | None
    verification: Verification | None
    nothing: bool = False


@dataclass
class _Race:
    """The best forms so far, and how near to their goals, by their ``distance``, ends the search."""

    best: Found
    distance: Callable[[Found], float]
    enough: float

    def is_over(self, found: Found) -> bool:
        """Take forms in; tell whether the best are near enough."""
        self.best = min((found, self.best), key=self.distance)
        return self.distance(self.best) <= self.enough


class Search:
    """One specification on one pool; filters may be empty and forms far from targets where ``any_will_do``."""

    def __init__(
        self,
        pool: Pool,
        specification: Specification,
        forms: int,
        seed: int,
        work: Work,
        report: Progress,
        *,
        any_will_do: bool = False,
    ) -> None:
        self.any_will_do = any_will_do
        self.pool, self.specification, self.forms = pool, specification, forms
        self.rng, self.work, self.report = np.random.default_rng(seed), work, report
        self.tell: Callable[[str, float], None] = lambda *_: None
        self.whole: Program = compile_program(pool, specification, allow_empty=any_will_do)
        self.program, self.bound = self.whole, 0.0
        self.guide: FloatArray | None = None
        self.bounds: dict[int, float] = {}
        self.ended_by = ""

    def ids(self, built: BoolArray) -> tuple[tuple[str, ...], ...]:
        return tuple(
            tuple(self.pool.ids[int(k)] for k in np.flatnonzero(form[: self.pool.size])) for form in built
        )

    def relaxed_bound(self) -> float:
        """Deviation of the average form; infinite when there is none."""
        self.stage = first_stage(self.whole, self.forms, self.rng, self.work)
        self.program, self.guide = self.stage.program, self.stage.guide
        return self.stage.bound

    def search(self) -> Found:
        """Build forms in turn, in ever more careful ways, and at last all at once."""
        tolerances = bool((self.program.rows.owner >= len(self.specification.rules)).any())
        for program in anchored(self.program, self.forms, self.rng, self.work):
            if self._is_pursued(program):
                guide = self.guide if program is self.program else None
                built = self._pursue(replace(self.stage, program=program), program.rows, guide)
                if built is not None:
                    found = self._finish(program, built, program.rows)
                    if found.forms is not None:
                        return found
            if is_worth_planning(program, self.forms):
                for _ in range(1 if self._is_tight(program) else DEAD_ENDS):
                    found = self._in_turn(program, careful=False, shadow=False)  # mostly that will do
                    if found.nothing or found.forms is not None:
                        break
                if found.forms is not None and (self.any_will_do or self._is_near(found.forms)):
                    return found
                beside = found
                found = self._dealt(program, beside)
                if found is not beside:
                    return found
                plan = plan_sets(program, program.rows, self.forms, self.work)
                if plan.proven and program is self.program:
                    return Found(None, None, nothing=True)
                found = min((self._divided(program, plan), beside), key=self._distance)
                if found.forms is not None or (found.nothing and program is self.program):
                    return found
            for careful, shadow in sorted(ATTEMPTS, key=lambda one: self.any_will_do and not one[0]):
                if careful and not tolerances:
                    continue
                found = self._in_turn(program, careful=careful, shadow=shadow)
                if found.forms is not None or (found.nothing and program is self.program):
                    return found
                if found.nothing:
                    break
            found = self._apart(program)
            if found.forms is not None:
                return found
        self.report(0, 1, "build")
        together = build_together(self.program, self.forms, self.rng, self.work)
        if together.forms is None:
            return Found(None, None, nothing=together.proven)
        return self._finish(*self._given(together.forms))

    def _given(self, built: BoolArray) -> tuple[Program, BoolArray, Rows]:
        """Return the program and rows that keep what forms have in common, and the forms."""
        program = self.program
        if program.across.blocks:
            program = with_common_items(program, common_items(program, built[0]), self.forms)
        counts = program.cells @ built[0].astype(float) if self.forms > 1 else None
        return program, built, program.with_cells(counts)

    def _in_turn(self, program: Program, *, careful: bool, shadow: bool, plan: Plan | None = None) -> Found:
        rows = program.rows if careful else _without_tolerances(program, len(self.specification.rules))
        counts = None
        if program.cells.shape[0] and self.forms > 1:
            counts, none = cell_counts(program, rows, self.forms, self.rng, self.work)
            if counts is None:
                return Found(None, None, nothing=none)
        built = build_in_turn(
            program,
            program.with_cells(counts, rows),
            self.forms,
            self.rng,
            self.work,
            shadow=shadow,
            guide=self.guide if counts is None and program is self.program else None,
            step=lambda f: self.report(f, self.forms, "build"),
            plan=plan,
        )
        return (
            Found(None, None) if built is None else self._finish(program, built, program.with_cells(counts))
        )

    def _divided(self, program: Program, plan: Plan) -> Found:
        """Build forms on a plan of their sets, in turn or, where that leads nowhere near, all at once."""
        first = Found(None, None)
        if plan.chosen is not None:
            first = self._in_turn(program, careful=False, shadow=False, plan=plan)
        done = first.nothing or (first.forms is not None and (self.any_will_do or self._is_near(first.forms)))
        if done or program.cells.shape[0] or program.across.binds_forms:
            return first

        ladder = () if self.any_will_do or not program.aims.count else LADDER
        plans = chain(
            self._near(program, ladder[1 if self._is_tight(program) else 0 :]),
            other_plans(program, self.forms, plan, self.rng, self.work),
        )
        return min((next(self._filled(program, plans), first), first), key=self._distance)

    def _dealt(self, program: Program, beside: Found) -> Found:
        """Deal all items out at once, on a plan of sets that leaves room for the goals; or return what is there."""
        if self.any_will_do or not program.aims.count or not self._is_tight(program):
            return beside
        race = _Race(beside, self._distance, self.stage.bound + LADDER[0])
        try:
            self._race(program, race)
        except WorkExhausted as end:
            if race.best is beside:
                raise
            self.ended_by = name_limit(end)
        return race.best

    def _race(self, program: Program, race: _Race) -> None:
        """Look at plans briefly, and deal all items out to the end on those that lead somewhere."""
        tried: list[tuple[float, int, Plan]] = []
        for plan in self._plans_near_goals(program):
            built = self._deal(program, plan, brief=True)
            off = math.inf if built is None else self._beyond(built, race.enough)
            if built is not None and off <= 0.0:
                found: Iterable[Found] = [self._finish(program, built, program.rows)]
            elif off <= PROMISING:
                found = self._filled(program, [plan])
            else:
                tried.append((off, len(tried), plan))
                continue
            if any(map(race.is_over, found)):
                return
        any(map(race.is_over, self._filled(program, (plan for *_, plan in sorted(tried)[:DEALT]))))

    def _plans_near_goals(self, program: Program) -> Iterator[Plan]:
        """Yield plans that leave room to move, or some that are slower to find, or the proof that there are none."""
        bound, found = self.stage.bound, False
        for plan in supple_plans(program, self.forms, LADDER[0], bound, self.work):
            found = True
            yield plan
        if found:
            return
        yield from self._near(program, LADDER[:1])
        if self.stage.bound == bound:
            yield from supple_together(program, self.forms, LADDER[0], bound, self.work)

    def _deal(self, program: Program, plan: Plan, *, brief: bool = False) -> BoolArray | None:
        assert plan.x is not None
        enough = math.inf if self.any_will_do else self.stage.bound + NEARLY * LADDER[0]
        look = lambda: self.report(0, self.forms, "build")  # noqa: E731
        return deal(program, program.rows, plan.x, enough, self.rng, self.work, look, brief=brief)

    def _beyond(self, forms: BoolArray, enough: float) -> float:
        """Return by how much forms are off beyond what is near enough, in sum."""
        aims = self.program.aims
        return float(excess(np.abs(aims.off(forms @ aims.weights.T)).ravel(), enough))

    def _is_tight(self, program: Program) -> bool:
        """Whether forms take so much of the pool that items are dealt out to all of them at once."""
        if self.guide is None or not is_for(program, self.forms):
            return False
        return float(self.guide[: program.size].sum()) * self.forms > TIGHT * program.size

    def _near(self, program: Program, ladder: tuple[float, ...]) -> Iterator[Plan]:
        def proven(bound: float) -> None:
            if program is self.program:
                self.bound = self.bounds[self.stage.priority] = bound
                self.stage = replace(self.stage, bound=bound)
                self.tell("bound", bound)

        steps = [self.stage.bound + more for more in ladder]
        return near_plans(program, self.forms, steps, self.work, proven)

    def _filled(self, program: Program, plans: Iterable[Plan]) -> Iterator[Found]:
        """Yield what becomes of plans of sets that items can be found for."""
        for plan in plans:
            built, dealt = None, is_for(program, self.forms)
            if plan.x is not None and dealt:
                built = self._deal(program, plan)
            if built is None and not (dealt and program.width * self.forms > FILLED):
                built = fill_plan(program, program.rows, plan, self.work)
            found = None if built is None else self._finish(program, built, program.rows)
            if found is not None and found.forms is not None:
                yield found

    def _distance(self, found: Found) -> float:
        aims = self.program.aims
        return math.inf if found.forms is None else aims.deviation(found.forms @ aims.weights.T)

    def _is_near(self, forms: BoolArray) -> bool:
        enough = self.stage.bound + close_enough(self.program) + WORTH
        return self.program.aims.deviation(forms @ self.program.aims.weights.T) <= enough

    def _apart(self, program: Program) -> Found:
        """Build forms that may share few or many items in pairs, where one after the other led nowhere."""
        rows = program.rows
        if not program.across.pairs or self.forms < 2:
            return Found(None, None)
        if program.cells.shape[0]:
            counts, _ = cell_counts(program, rows, self.forms, self.rng, self.work)
            if counts is None:
                return Found(None, None)
            rows = program.with_cells(counts)
        built = build_apart(
            program,
            rows,
            self.forms,
            self.rng,
            self.work,
            step=lambda f: self.report(f, self.forms, "build"),
        )
        return Found(None, None) if built is None else self._finish(program, built, rows)

    def _is_pursued(self, program: Program) -> bool:
        """Whether forms are built towards the aims: some ask for as much as can be, or may be broken."""
        return bool((program.aims.low != program.aims.high).any()) and not program.cells.shape[0]

    def _pursue(self, stage: Stage, rows: Rows, guide: FloatArray | None) -> BoolArray | None:
        return pursue.build(
            stage.program,
            rows,
            self.forms,
            self.rng,
            self.work,
            guide=guide,
            step=lambda f: self.report(f, self.forms, "build"),
        )

    def _finish(self, program: Program, built: BoolArray, rows: Rows) -> Found:
        """Bring the forms near to their targets, one priority after the other, and verify them."""
        stage = replace(self.stage, program=program)
        self.bounds = {stage.priority: stage.bound}
        possible = dict(aspirations(program.aims))
        if self.any_will_do and verify(self.pool, self.specification, self.ids(built)).ok:
            return Found(built, None)
        try:
            if self.forms > 1 and not stage.is_open(rows):
                # Other common items and counts may bring forms nearer.
                open_ = self.program
                bound = choose_together(open_, open_.rows, built, stage.bound, self.work, proves=True)
                program, built, rows = self._given(built)
                stage = replace(stage, program=program, bound=bound)
            self.bounds[stage.priority] = self._improve(stage, rows, built)
            while following := next_stage(
                self.whole.aims, stage, rows, built, self.specification.slack, self.rng, self.work
            ):
                stage, rows = following
                built = self._second_thoughts(stage, rows, built)
                possible |= aspirations(stage.program.aims)
        except WorkExhausted as end:  # the forms that are there fulfil the rules
            self.ended_by = name_limit(end)
        self.report(0, 1, "verify")
        verification = verify(self.pool, self.specification, self.ids(built), possible=possible)
        return Found(built if verification.ok else None, verification)

    def _second_thoughts(self, stage: Stage, rows: Rows, built: BoolArray) -> BoolArray:
        """Improve forms for a later priority, or build them anew where that brings them nearer."""
        bound = self._improve(stage, rows, built)
        aims = stage.program.aims
        off = aims.deviation(built @ aims.weights.T)
        if off > bound + close_enough(stage.program) and not stage.program.cells.shape[0]:
            other = self._pursue(stage, rows, stage.guide)
            if other is not None:
                bound = max(bound, self._improve(stage, rows, other))
                if aims.deviation(other @ aims.weights.T) < off:
                    built = other
        self.bounds[stage.priority] = bound
        return built

    def _improve(self, stage: Stage, rows: Rows, built: BoolArray) -> float:
        """Exchange items in place; return the bound."""
        program, aims = stage.program, stage.program.aims

        def look(round_: int) -> None:
            self.tell("best", aims.deviation(built @ aims.weights.T))
            self.report(round_, ROUNDS, "improve")

        improver = Improver(program, rows, built, stage.bound, self.rng)
        improver.run(look)
        step = lambda f: self.report(f, self.forms, "polish")  # noqa: E731
        bound = choose_together(program, rows, built, stage.bound, self.work, proves=stage.is_open(rows))
        bound = polish(improver, rows, bound, self.work, step)
        if is_worth_planning(program, self.forms):
            rechoose(program, rows, built, bound, self.rng, self.work, look)
        return bound

    def levels(self, verification: Verification) -> tuple[Level, ...]:
        """Return what was reached for each priority."""
        found = []
        for priority, off in verification.deviations.items():
            bound = self.bounds.get(priority, 0.0)
            found.append(Level(priority, off, bound, max(0.0, off - bound)))
        return tuple(found)


def name_limit(end: WorkExhausted) -> str:
    """Return which limit came first."""
    return "time limit" if isinstance(end, OutOfTime) else "work limit"


def _without_tolerances(program: Program, n_rules: int) -> Rows:
    return program.rows.take(np.flatnonzero(program.rows.owner < n_rules))
