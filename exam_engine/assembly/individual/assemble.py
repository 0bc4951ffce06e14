"""The way from a specification to a form for each candidate, or to the reason why there are none."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from exam_engine.assembly.assemble import WORK_LIMIT, assemble
from exam_engine.assembly.compile import Program, compile_program
from exam_engine.assembly.individual.check import check_forms
from exam_engine.assembly.individual.draw import LAG, WALKS, Block, Drawn, Ground, make_bases
from exam_engine.assembly.individual.ease import Caps, Ease
from exam_engine.assembly.individual.overlap import membership, shared_counts
from exam_engine.assembly.individual.problem import make_problem
from exam_engine.assembly.individual.rates import Rates, even_rates
from exam_engine.assembly.individual.report import exposure_of, fairness_of, target_spreads
from exam_engine.assembly.individual.result import Individual, OutOfReach, Overlap
from exam_engine.assembly.individual.steps import make_steps
from exam_engine.assembly.individual.workers import Workers
from exam_engine.assembly.pool import Pool
from exam_engine.assembly.result import Assembled, Cancelled, Infeasible, Run, Undecided
from exam_engine.assembly.rows import IntArray, Rows
from exam_engine.assembly.search import Progress
from exam_engine.assembly.solver import SOLVER, OutOfTime, Work, WorkExhausted, solver_version
from exam_engine.assembly.specification import Include, Specification, is_across, soft_weight
from exam_engine.assembly.targets import Near
from exam_engine.assembly.verify import verify

MOST_FORMS, MOST_ITEMS = 12_000, 20_000
"""Limits of one run: forms for ten thousand candidates with a fifth in reserve."""

TOLERANCE = 0.01
"""Deviation from a target without a tolerance of its own, in units of its scale."""

EMPTY_BLOCKS = 3
"""Blocks of walks without a good form after which the search gives up."""

MOST_PROCESSES = 64

DRAWING, BALANCING = 1, 2
"""Told apart in the seeds of what is done side by side."""

SAMPLE = 50
"""Forms that are also checked item by item."""


def assemble_individual(
    pool: Pool,
    specification: Specification,
    *,
    forms: int,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    max_exposure: float | None = None,
    max_overlap: int | None = None,
    work_limit: int = WORK_LIMIT,
    time_limit: float | None = None,
    processes: int = 1,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Individual | OutOfReach | Infeasible | Undecided:
    """Draw a form for each candidate, all from one specification, with items used evenly.

    Parameters
    ----------
    pool : Pool
        At most 20,000 items.
    specification : Specification
        Rules and targets of each form. A ``max_use`` above 1 is a cap on exposure, too; 1 says nothing here.
    forms : int
        Number of forms, 1 to 12,000.
    seed : int, default 0
        The same seed, solver version and work limit give the same forms.
    tolerance : float, default 0.01
        Largest deviation of a form from targets without a tolerance of their own, in units of their scale.
    max_exposure : float, optional
        Largest part, in (0, 1], of the forms that may hold an item, but for items of an Include rule.
    max_overlap : int, optional
        Most items that two forms may share.
    work_limit : int
        Linear programmes and search nodes that may be spent on the search.
    time_limit : float, optional
        Seconds after which the search ends undecided.
    processes : int, default 1
        How many processes draw and balance forms, 1 to 64; the forms do not depend on it. More than one are spawned: a
        program of one's own has to guard its main module. Each takes memory for the pool, and more than 8 do not help.
    progress, cancelled : callable, optional
        As for `assemble`; stages: bound, build, draw, balance, verify.

    Returns
    -------
    Individual
        Forms that keep every rule, every tolerance and both caps, as recomputed from the pool.
    OutOfReach
        When a cap cannot be kept, with the least that can, or when the search did not manage to keep it.
    Infeasible
        When there is no form at all, with the reasons.
    Undecided
        When the work limit came first, or no walk found forms.

    Raises
    ------
    ValueError
        Naming what makes no sense, in the arguments or as in `assemble`.
    Cancelled
        If ``cancelled`` answered True.

    Notes
    -----
    A linear programme over the average form gives rates of use that are as even as the rules allow. Every form begins
    as one of some dozen forms that keep the rules and follow the rates, and is walked by random swaps, hot at first and
    then colder, in which items above their rate cost and items below it gain, until it is within all rules and
    tolerances. Without rules two forms of L among N items share L²/N on average.

    Examples
    --------
    >>> from exam_engine.assembly import Count, Pool, Specification
    >>> pool = Pool(ids=[f"i{k}" for k in range(60)])
    >>> ten = Specification([Count(name="length", minimum=10, maximum=10)])
    >>> answer = assemble_individual(pool, ten, forms=30, max_overlap=5)
    >>> answer.forms.shape, answer.overlap.largest <= 5
    ((30, 10), True)
    """
    _check_arguments(pool, forms, tolerance, max_exposure, max_overlap, processes)
    _check_rules(specification)
    started = time.perf_counter()
    wanted = _with_tolerances(specification, tolerance)

    def report(done: int, total: int, stage: str) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled
        if progress is not None:
            progress(done, total, stage)
        if work.seconds <= 0:
            raise OutOfTime

    if time_limit is not None and not time_limit > 0:
        raise ValueError(f"time limit {time_limit} allows nothing")
    work = Work(work_limit, until=math.inf if time_limit is None else time.monotonic() + time_limit)
    one = assemble(
        pool, wanted, forms=1, seed=seed, work_limit=work_limit, time_limit=time_limit, cancelled=cancelled
    )
    if not isinstance(one, Assembled):
        return one
    if max_overlap is not None and max_overlap >= len(one.forms[0]):
        raise ValueError(
            f"max_overlap {max_overlap} limits nothing: a form has {len(one.forms[0])} items; give less"
        )
    cap = max_exposure
    if specification.max_use is not None and specification.max_use > 1:
        cap = min(1.0 if cap is None else cap, specification.max_use / forms)
    work.spend(one.run.work)
    ended_by = "walks that did not end well"

    def run() -> Run:
        return Run(seed, SOLVER, solver_version(), work.used, work_limit, time.perf_counter() - started)

    first = np.array(sorted(pool.positions[name] for name in one.forms[0]), dtype=np.int64)
    task = _Task(pool, wanted, forms, cap, max_overlap, seed, processes, work, report)
    try:
        answer = task.search(first, run)
    except WorkExhausted as end:
        answer, ended_by = None, "time limit" if isinstance(end, OutOfTime) else "work limit"
    if answer is None:
        return Undecided(one.bound, replace(run(), ended_by=ended_by))
    return replace(answer, bound=one.bound, run=run()) if isinstance(answer, Individual) else answer


@dataclass(eq=False)
class _Task:
    """One specification on one pool."""

    pool: Pool
    wanted: Specification
    forms: int
    cap: float | None
    max_overlap: int | None
    seed: int
    processes: int
    work: Work
    report: Progress

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.stage = (0, self.forms, "draw")
        self.program: Program = compile_program(self.pool, self.wanted)
        self.always = np.zeros(self.pool.size, dtype=bool)
        for rule in self.wanted.rules:
            if isinstance(rule, Include):
                self.always[[self.pool.positions[name] for name in rule.ids]] = True

    def search(self, first: IntArray, run: Callable[[], Run]) -> Individual | OutOfReach | None:
        program, n_rules = self.program, len(self.wanted.rules)
        inside = np.zeros(program.width)
        inside[first] = 1.0
        cells = program.cells @ inside if program.cells.shape[0] else None
        rows = program.with_cells(cells)
        rates = even_rates(program, program.rows, rows, n_rules, self.always, self.cap, self.forms, self.work)
        if rates is None:
            return None
        impossible = self._excluded(rates, run)
        if impossible is not None:
            return impossible
        most_uses = None if self.cap is None else math.floor(self.cap * self.forms + 1e-9)
        ground = self._ground(rows, first, rates)
        # What one block of walks does is not worth another process.
        processes = min(self.processes, math.ceil(self.forms / WALKS), LAG)
        with Workers(ground, processes, self._tell) as workers:
            held = self._drawn(workers, ground, most_uses)
        if held is None:
            return None
        self.report(0, 1, "verify")
        return self._finished(held, rates, most_uses, run)

    def _excluded(self, rates: Rates, run: Callable[[], Run]) -> OutOfReach | None:
        """Return which cap is proven to be impossible."""
        least = math.ceil(rates.least_cap * self.forms - 1e-6) / self.forms
        if self.cap is not None and self.cap < least - 1e-12:
            return OutOfReach("exposure", self.cap, least, True, run())
        if self.max_overlap is not None and self.max_overlap < rates.shared - 1e-6:
            return OutOfReach("overlap", self.max_overlap, math.ceil(rates.shared - 1e-6), True, run())
        return None

    def _ground(self, rows: Rows, first: IntArray, rates: Rates) -> Ground:
        """Build the forms with which the walks begin, and what they need on their way."""
        n_rules = len(self.wanted.rules)
        hard = rows.take(np.flatnonzero(rows.owner < n_rules))
        bases = make_bases(
            self.program,
            hard,
            first,
            rates.rate,
            self.forms,
            self.rng,
            self.work,
            lambda done, total: self.report(done, total, "build"),
        )
        problem = make_problem(self.program, rows, n_rules)
        return Ground(problem, make_steps(problem, self.rng), bases, rates.rate)

    def _tell(self) -> None:
        self.report(*self.stage)

    def _drawn(self, workers: Workers, ground: Ground, most_uses: int | None) -> IntArray | None:
        """Draw all forms, within rules and tolerances, and lead them to the caps; None when there are no forms."""
        drawn = Drawn(self.forms, ground.rate)
        blocks: list[Block] = []
        empty = 0

        def block(_: int) -> Block | None:
            found = drawn.block((self.seed, DRAWING, len(blocks))) if empty < EMPTY_BLOCKS else None
            blocks.extend([] if found is None else [found])
            return found

        used = 0
        while drawn.done < self.forms and empty < EMPTY_BLOCKS:
            for held, switches in workers.in_order(block, LAG):
                drawn.add(blocks[used], held, switches)
                used += 1
                empty = 0 if len(held) else empty + 1
                self.stage = (drawn.done, self.forms, "draw")
        if drawn.done < self.forms:
            return None
        held, switches = np.concatenate(drawn.held), np.concatenate(drawn.switches)
        if most_uses is None and self.max_overlap is None:
            return held
        caps = Caps(most_uses, self.max_overlap, ~self.always)
        Ease(workers, held, switches, caps, self.pool.size, (self.seed, BALANCING)).run(self._balancing)
        return held

    def _balancing(self, done: int, total: int) -> None:
        self.stage = (done, total, "balance")

    def _finished(
        self, held: IntArray, rates: Rates, most_uses: int | None, run: Callable[[], Run]
    ) -> Individual | OutOfReach | None:
        """Recompute everything from the pool; tell which cap was not kept."""
        held = _in_order(held)
        checked = check_forms(self.pool, self.wanted, held)
        if checked.broken:
            return None
        some = np.sort(self.rng.choice(self.forms, min(SAMPLE, self.forms), replace=False))
        names = [[self.pool.ids[k] for k in form if k >= 0] for form in held[some].tolist()]
        if not verify(self.pool, self.wanted, names).ok:
            return None
        inside = membership(held, self.pool.size)
        uses = inside.sum(axis=0, dtype=np.int64)
        most = int(uses[~self.always].max(initial=0))
        if most_uses is not None and self.cap is not None and most > most_uses:
            return OutOfReach("exposure", self.cap, most / self.forms, False, run())
        pairs = shared_counts(inside, held.shape[1])
        overlap = Overlap(pairs, rates.shared, self.max_overlap)
        if self.max_overlap is not None and overlap.largest > self.max_overlap:
            return OutOfReach("overlap", self.max_overlap, overlap.largest, False, run())
        targets = target_spreads(self.wanted, checked)
        return Individual(
            forms=held.astype(np.int32),
            exposure=exposure_of(
                self.pool, uses.astype(np.float64), self.forms, self.always, rates.least_cap, self.cap
            ),
            overlap=overlap,
            targets=targets,
            fairness=fairness_of(self.pool, self.wanted, inside),
            deviation=max((t.deviation for t in targets), default=0.0),
            bound=0.0,
            checked=len(some),
            run=run(),
        )


def _in_order(held: IntArray) -> IntArray:
    """Return the items of each form in rising order, empty places last."""
    ordered = np.sort(np.where(held < 0, np.iinfo(np.int64).max, held), axis=1)
    return np.where(ordered == np.iinfo(np.int64).max, -1, ordered)


def _with_tolerances(specification: Specification, tolerance: float) -> Specification:
    """Return the specification of one form in which every target has a tolerance."""
    targets = [
        replace(t, tolerance=tolerance * (t.scale or abs(t.goal) or 1.0))
        if isinstance(t, Near) and t.tolerance is None
        else t
        for t in specification.targets
    ]
    return replace(specification, targets=tuple(targets), max_use=None)


def _check_arguments(
    pool: Pool,
    forms: int,
    tolerance: float,
    max_exposure: float | None,
    max_overlap: int | None,
    processes: int,
) -> None:
    if not 1 <= forms <= MOST_FORMS:
        raise ValueError(f"{forms} individual forms: give 1 to {MOST_FORMS} in one run")
    if pool.size > MOST_ITEMS:
        raise ValueError(f"{pool.size} items: individual forms are drawn from {MOST_ITEMS} at most")
    if not (tolerance > 0 and math.isfinite(tolerance)):
        raise ValueError(f"tolerance {tolerance}: give a part of the goal above 0, such as {TOLERANCE}")
    if max_exposure is not None and not 0 < max_exposure <= 1:
        raise ValueError(f"max_exposure {max_exposure}: give a part of the forms, above 0 and up to 1")
    if not 1 <= processes <= MOST_PROCESSES:
        raise ValueError(f"processes {processes}: give 1 to {MOST_PROCESSES}")
    if max_overlap is not None and max_overlap < 0:
        raise ValueError(f"max_overlap {max_overlap}: give a number of items from 0")


def _check_rules(specification: Specification) -> None:
    for rule in specification.rules:
        if is_across(rule):
            raise ValueError(
                f"rule {rule.name!r} is about several forms: individual forms are held to a largest exposure and "
                "overlap instead; leave it out (items common to all are an include rule)"
            )
        if soft_weight(rule) is not None:
            raise ValueError(
                f"rule {rule.name!r} is soft: individual forms keep a rule always; leave its weight out"
            )
    for target in specification.targets:
        if not isinstance(target, Near):
            raise ValueError(
                f"target {target.name!r} has no goal: individual forms are alike, within a tolerance of a goal"
            )
