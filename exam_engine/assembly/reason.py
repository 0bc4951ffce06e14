"""Why there are no forms, and the smallest change with which there are some."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from exam_engine.assembly import explain
from exam_engine.assembly.compile import Program, compile_program
from exam_engine.assembly.explain import SHARING
from exam_engine.assembly.lattice import can_be_hit
from exam_engine.assembly.least_change import Changes, Judge, size_of, smallest_change
from exam_engine.assembly.plan import plan_sets
from exam_engine.assembly.pool import Pool
from exam_engine.assembly.relax import Give, apply_changes, gives
from exam_engine.assembly.result import Change, Shortage
from exam_engine.assembly.set_clash import change_of_sets, clash_of_sets, is_explained_by_sets
from exam_engine.assembly.solver import Work, WorkExhausted
from exam_engine.assembly.specification import Anchor, Near, Specification

EXPLAIN_WORK, EXPLAIN_EFFORT = 20_000, 4e7
"""Work and effort that finding the clash may cost beside the search itself, and finding the change once more."""

SMALL = 1_000
"""Items times forms up to which forms are sought to see whether the rules beside those that give way are possible; in
larger problems forms only confirm the change."""

ATTEMPT_WORK, LEAST_ATTEMPT = 300_000, 100
"""Work of one search for forms: the first by items and forms, as a node of a larger programme takes longer."""

ATTEMPT_EFFORT, ALL_ATTEMPTS = 6e6, 3e7
"""Effort of one search for forms, and of all together that look for the clash, and again for the change: in large pools
what they would tell stays open."""

LONGEST_SECONDS = 600.0
"""When an explanation ends in any case. It is far beyond what explanations take; where it is reached, what is told
depends on the machine and may leave more open, but is never wrong."""

ORDERS_WHOLE = 2

NEAREST = 20
"""Steps away from a bound at which sums are looked for when none can be hit between the bounds."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What was found to be impossible.

    ``attempt`` tells whether there are forms with another specification, None when that stayed open; without it only
    what the average form excludes is explained, and changes are not confirmed. ``compiled`` compiles another
    specification where that takes more than compile_program.
    """

    pool: Pool
    specification: Specification
    program: Program
    forms: int
    attempt: Callable[[Specification, Work], bool | None] | None
    compiled: Callable[[Specification], Program] | None = None

    def compile(self, specification: Specification) -> Program:
        """Return another specification compiled."""
        if self.compiled is not None:
            return self.compiled(specification)
        return compile_program(self.pool, specification, allow_empty=True)


class _Means:
    """What an explanation may cost; ``look`` is called now and then, to see a cancel."""

    def __init__(self, problem: Problem, look: Callable[[], None]) -> None:
        self.problem, self.look = problem, look
        self.until = time.monotonic() + LONGEST_SECONDS
        self.spent = 0.0

    def work(self) -> Work:
        """Return the work of one part of the explanation."""
        return Work(EXPLAIN_WORK, until=self.until, most_effort=EXPLAIN_EFFORT)

    def attempt(self, specification: Specification) -> bool | None:
        """Whether there are forms with a specification; None when that stayed open."""
        problem = self.problem
        if problem.attempt is None:
            return None
        self.look()
        limit = max(LEAST_ATTEMPT, ATTEMPT_WORK // (problem.pool.size * problem.forms + 1))
        effort = min(ATTEMPT_EFFORT, ALL_ATTEMPTS - self.spent)
        work = Work(min(EXPLAIN_WORK, limit), until=self.until, most_effort=effort)
        found = problem.attempt(specification, work)
        self.spent += work.effort
        return found


@dataclass(frozen=True)
class Reason:
    """The fields of Infeasible that tell why."""

    shortages: tuple[Shortage, ...]
    clash: tuple[str, ...]
    irreducible: bool
    changes: tuple[Change, ...]
    confirmed: bool
    forms_possible: int | None
    whole_numbers: bool


def find_reason(problem: Problem, rng: np.random.Generator, report: Callable[[int], None]) -> Reason:
    """Return the clash of rules and the smallest change; ``report`` is told how many of three steps are done."""
    program, forms = problem.program, problem.forms
    done = 0
    means = _Means(problem, lambda: report(done))
    search = _Search(problem, rng, means)
    try:
        clash, irreducible, whole = search.clash(search.everything)
    except WorkExhausted:
        clash, irreducible, whole = search.everything, False, False
    report(done := 1)
    means.spent = 0.0
    change = _change_of_sets if search.by_sets else _change
    changes, confirmed = change(problem, rng, search.names(clash), means)
    report(done := 2)
    most = None
    with suppress(WorkExhausted):
        if explain.limits_use(program, clash):
            most = explain.most_forms(program, forms, rng, means.work())
    return Reason(
        shortages=explain.find_shortages(program, forms),
        clash=search.names(clash),
        irreducible=irreducible,
        changes=changes,
        confirmed=confirmed,
        forms_possible=most,
        whole_numbers=whole,
    )


class _Search:
    """Looks for clashes, in fractions first, then in whole items of all forms, at last in forms."""

    def __init__(self, problem: Problem, rng: np.random.Generator, means: _Means) -> None:
        self.problem, self.rng, self.means = problem, rng, means
        self.work = work = means.work()
        program, forms = problem.program, problem.forms
        limited = forms > 1 and program.max_use is not None and program.max_use < forms
        self.everything = (*range(len(program.names)), *([SHARING] if limited else []))
        self.levels: list[tuple[explain.Level, int]] = [
            (explain.in_fractions(program, forms, rng, work), explain.ORDERS),
            (explain.in_total(program, forms, rng, work), ORDERS_WHOLE),
            (self.in_forms, ORDERS_WHOLE),
        ]
        if problem.attempt is None:
            del self.levels[1:]
        self.on_lattice = explain.on_lattice(program, forms)
        self.by_sets = False
        """Whether the clash is that no way is left to divide sets among the forms."""
        self.known: dict[frozenset[int], bool | None] = {}

    def names(self, clash: Sequence[int]) -> tuple[str, ...]:
        """Return names as the author wrote them, the limit on sharing last."""
        order = sorted(clash, key=lambda k: (k == SHARING, k))
        specification, program = self.problem.specification, self.problem.program
        return tuple(specification.sharing_name if k == SHARING else program.names[k] for k in order)

    def clash(self, among: Sequence[int]) -> tuple[tuple[int, ...], bool, bool]:
        """Return a clash of rules, whether it is irreducible, and whether only whole items make it one."""
        program = self.problem.program
        if self.on_lattice(among) is False:
            found, _ = explain.find_clash(program, self.on_lattice, self.rng, among)
            if len(found) == 1:
                return found, True, True
            return *explain.find_clash(program, self.in_forms, self.rng, found, orders=1), True
        for at, (level, orders) in enumerate(self.levels):
            if level == self.in_forms and is_explained_by_sets(program, self.problem.forms):
                few = clash_of_sets(program, self.problem.forms, among, self.means.work())
                if few is not None:
                    self.by_sets = True
                    return few, False, True
            if level(among) is not False and at < len(self.levels) - 1:
                continue
            found, sure = explain.find_clash(
                program, level, self.rng, self.suspects(at, among), orders=orders
            )
            if level != self.in_forms and len(self.levels) > 1:
                # What clashes in fractions may hold rules that no whole items meet: 1 mark from items of 2.
                fewer, sure_of_forms = explain.find_clash(program, self.in_forms, self.rng, found, orders=1)
                if sure_of_forms:
                    return fewer, sure, bool(at) or len(fewer) < len(found)
                return found, False, bool(at)
            return found, sure, level == self.in_forms
        raise AssertionError

    def left_beside(self, names: frozenset[str]) -> frozenset[str] | None:
        """Return the clash that is left when the rules of some names give way altogether; None when there is none."""
        rest = [k for k in self.everything if self.names([k])[0] not in names]
        small = self.problem.pool.size * self.problem.forms <= SMALL
        levels = self.levels if small else self.levels[:2]
        if self.on_lattice(rest) is False:
            found, _ = explain.find_clash(self.problem.program, self.on_lattice, self.rng, rest, orders=1)
            return frozenset(self.names(found))
        for at, (level, _) in enumerate(levels):
            if level(rest) is False:
                among = self.suspects(at, rest)
                found, _ = explain.find_clash(self.problem.program, level, self.rng, among, orders=1)
                return frozenset(self.names(found))
        return None

    def suspects(self, at: int, among: Sequence[int]) -> Sequence[int]:
        """Return fewer rules that clash at a level already; of those that clash in fractions a programme tells them."""
        if at:
            return among
        few = explain.suspects(self.problem.program, among, self.problem.forms, self.work)
        return few if self.levels[0][0](few) is False else among

    def in_forms(self, keep: Sequence[int]) -> bool | None:
        """Whether the forms exist."""
        key = frozenset(keep)
        if key not in self.known and self.problem.attempt is not None:
            specification = self.problem.specification
            parts = (*specification.rules, *specification.targets)
            # A block of common items stays, without being asked for: its items remain free of limits on use.
            rules = tuple(
                replace(r, minimum=0, maximum=None) if isinstance(r, Anchor) and k not in key else r
                for k, r in enumerate(specification.rules)
                if k in key or isinstance(r, Anchor)
            )
            targets = tuple(t for k, t in enumerate(parts) if k in key and k >= len(specification.rules))
            use = specification.max_use if SHARING in key else None
            part = replace(specification, rules=rules, targets=targets, max_use=use)  # type: ignore[arg-type]
            self.known[key] = self.means.attempt(_bare(part))
        return self.known.get(key)


def _change_of_sets(
    problem: Problem, rng: np.random.Generator, clash: tuple[str, ...], means: _Means
) -> tuple[tuple[Change, ...], bool]:
    """Return a change with which sets can be divided among the forms, and whether forms were found with it."""

    def changed(changes: Changes) -> Specification:
        return _bare(apply_changes(problem.specification, changes))

    def allows(changes: Changes) -> bool:
        program = problem.compile(changed(changes))
        average = explain.average_of(program, problem.forms, rng, work)
        if average is None:
            return False
        return plan_sets(program, program.rows, problem.forms, work).chosen is not None

    work = means.work()
    movable = gives(problem.pool, problem.specification, problem.program, problem.forms)
    try:
        found = change_of_sets(movable, clash, allows)
    except WorkExhausted:
        return (), False
    return found, bool(found and means.attempt(changed(found)))


def _bare(specification: Specification) -> Specification:
    """Return the specification without soft rules and targets: what every form can be given."""
    rules = tuple(r for r in specification.rules if getattr(r, "weight", None) is None)
    near = (t for t in specification.targets if isinstance(t, Near))
    return replace(specification, rules=rules, targets=tuple(t for t in near if t.tolerance is not None))


def _change(
    problem: Problem, rng: np.random.Generator, clash: tuple[str, ...], means: _Means
) -> tuple[tuple[Change, ...], bool]:
    """Return the smallest change, and whether forms were found with it."""
    search = _Search(problem, rng, means)
    work = search.work
    seems: dict[Changes, bool] = {}
    sure: dict[Changes, bool] = {}

    def seems_possible(changes: Changes) -> bool:
        if changes not in seems:
            changed = _bare(apply_changes(problem.specification, changes))
            program = problem.compile(changed)
            everything = [*range(len(program.names)), SHARING]
            levels = (explain.in_fractions, explain.in_total)[: len(search.levels)]
            seems[changes] = all(
                level(program, problem.forms, rng, work)(everything) is not False for level in levels
            )
        return seems[changes]

    def is_possible(changes: Changes) -> bool:
        if changes not in sure:
            changed = _bare(apply_changes(problem.specification, changes))
            sure[changes] = seems_possible(changes) and bool(means.attempt(changed))
        return sure[changes]

    known = [frozenset(clash)]
    movable = gives(problem.pool, problem.specification, problem.program, problem.forms)
    if len(clash) == 1 and search.on_lattice(search.everything) is False:
        for nearest in _nearest_sums(problem, movable, clash[0]):
            if is_possible(nearest):
                return nearest, True
    return smallest_change(movable, search.left_beside, known, Judge(seems_possible, is_possible))


def _nearest_sums(problem: Problem, movable: Mapping[str, Give], rule: str) -> list[Changes]:
    """Return the moves of a rule to the nearest sums that can be hit, below and above; the smaller one first."""
    found: list[Changes] = []
    for dial in movable[rule].dials:
        for number in range(1, min(dial.steps, NEAREST) + 1):
            changes = (dial.change(number),)
            if can_be_hit(problem.compile(_bare(apply_changes(problem.specification, changes)))):
                found.append(changes)
                break
    return sorted(found, key=lambda changes: size_of(changes, movable))
