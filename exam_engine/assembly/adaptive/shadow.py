"""Shadow tests: the next item of an adaptive test that will keep every rule of its blueprint.

Before each pick a whole form is found that holds the items given so far, keeps all rules, and is worth most at the
ability estimated by now; the next item is the best one of it not yet given (van der Linden & Reese, 1998, Applied
Psychological Measurement 22, 259–270). The form of the pick before is still a form, so that there always is one: it is
improved by swaps and compared with a proven bound; where it falls short, rows are priced anew by a linear programme,
and at last an integer programme is solved, both over the columns in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.adaptive.duals import Prices, core
from exam_engine.assembly.adaptive.swaps import improve
from exam_engine.assembly.assemble import assemble
from exam_engine.assembly.compile import compile_program
from exam_engine.assembly.moves import Moves
from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.result import Assembled, Infeasible, Undecided
from exam_engine.assembly.rows import BoolArray, IntArray
from exam_engine.assembly.solver import INFEASIBLE, Model, Work, solve
from exam_engine.assembly.specification import Include, Parallel, Specification, is_across

TOLERANCE = 0.01
"""How far the form may stay below the proven bound, as a part of its information, before a programme is solved."""

DOUBTFUL, CORE = 500, 200
"""Columns in doubt that the linear and the integer programme hold at most, sets that belong to them apart."""

START_WORK, PICK_WORK, PICK_NODES = 20_000, 1_000, 50
START_GAP = 0.005

EQUALLY_DUE = 1e-9

GIVEN = "items given so far"
"""What those are called in an explanation."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of an ability: weights on a grid.

    Attributes
    ----------
    nodes, weights : ndarray, shape (n_nodes,)
        Abilities in logits, and their probabilities.
    """

    nodes: FloatArray
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class Shadow:
    """What must be kept of a candidate between picks.

    Attributes
    ----------
    items : tuple of str
        Items given, in order.
    form : ndarray of bool, shape (width,)
        The form they belong to: items of the pool, then switches.
    prices : ndarray, shape (n_rows,)
        Of the rows, for the bound.
    """

    items: tuple[str, ...]
    form: BoolArray
    prices: FloatArray


@dataclass(frozen=True, eq=False)
class Pick:
    """The next item.

    Attributes
    ----------
    item : str
    shadow : Shadow
        With this item given.
    information : float
        Of the whole form at the ability, or expected under the posterior.
    bound : float
        The most that any form with the items given could have, as proven.
    lifted : bool
        Whether the item was not eligible: the rules left nothing else.
    solved : bool
        Whether swaps did not suffice and a programme was solved.
    """

    item: str
    shadow: Shadow
    information: float
    bound: float
    lifted: bool
    solved: bool


class ShadowTest:
    """A pool and the rules of a test, ready for candidates; make one with `prepare` and keep it.

    Attributes
    ----------
    start : Shadow
        Where every candidate begins.
    """

    def __init__(self, pool: Pool, specification: Specification, *, tolerance: float) -> None:
        self.pool, self.specification, self.tolerance = pool, specification, tolerance
        self.program = compile_program(pool, specification)
        self.prices = Prices(self.program)
        self.moves = Moves(self.program.rows, pool.size)
        self.group = np.full(pool.size, -1, dtype=np.int64)
        for k, (_, items) in enumerate(self.program.bundles):
            self.group[items] = k
        self._grid: tuple[FloatArray, FloatArray] | None = None
        self.start = Shadow((), np.zeros(self.program.width, dtype=bool), np.zeros(self.program.rows.count))

    def information(self, ability: float | Posterior) -> FloatArray:
        """Return the information of each item at an ability, or expected under a posterior, shape (n_items,)."""
        if not isinstance(ability, Posterior):
            return np.asarray(self.pool.information([ability])[0])
        if self._grid is None or not np.array_equal(self._grid[0], ability.nodes):
            self._grid = (ability.nodes.copy(), self.pool.information(ability.nodes))
        return np.asarray(ability.weights @ self._grid[1])

    def is_complete(self, shadow: Shadow) -> bool:
        """Whether all items of the form have been given."""
        return int(shadow.form[: self.pool.size].sum()) == len(shadow.items)

    def next_item(
        self,
        shadow: Shadow,
        ability: float | Posterior,
        *,
        rng: np.random.Generator,
        eligible: BoolArray | None = None,
        among: int = 1,
        due: FloatArray | None = None,
    ) -> Pick:
        """Pick the next item.

        Parameters
        ----------
        shadow : Shadow
            ``start``, or what the last pick left.
        ability : float or Posterior
            Estimated by now, in logits.
        rng : Generator
            Draws among the best items, and nothing where ``among`` is 1.
        eligible : ndarray of bool, shape (n_items,), optional
            Items that exposure control admits for this candidate. Others are taken only where no form without them
            keeps the rules.
        among : int, default 1
            Out of how many of the best items of the form the next one is drawn (Kingsbury & Zara, 1989).
        due : ndarray, shape (n_items,), optional
            Items of the form that are due most come first, the best among equals.

        Returns
        -------
        Pick

        Raises
        ------
        ValueError
            If the test is complete, or an argument makes no sense.

        Notes
        -----
        Items of a set follow each other: while the form holds more of the set that was begun, the next item is one of
        these, and a set that was left is not taken up again.
        """
        n = self.pool.size
        if self.is_complete(shadow):
            raise ValueError("the test is complete: every item of the form has been given")
        if among < 1:
            raise ValueError(f"an item is drawn among at least 1, not {among}")
        if eligible is not None and eligible.shape != (n,):
            raise ValueError(f"eligible must hold {n} values, one an item")
        information = self.information(ability)
        given = np.array([self.pool.positions[name] for name in shadow.items], dtype=np.int64)
        free = self._free(given, shadow.form)
        worth = information.copy()
        if eligible is not None:
            # So large a charge that information never outweighs it: items that are not eligible are avoided first.
            most = np.partition(information, -int(shadow.form[:n].sum()))[-int(shadow.form[:n].sum()) :]
            worth[~eligible & free[:n]] -= 2.0 * float(most.sum()) + 1.0
        form, prices, bound, solved = self._improve(shadow, worth, free)
        item = self._choose(form, given, worth, among, rng, due)
        value = float(information[form[:n]].sum())
        charged = value - float(worth[form[:n]].sum())
        after = Shadow((*shadow.items, self.pool.ids[item]), form, prices)
        lifted = eligible is not None and not bool(eligible[item])
        return Pick(self.pool.ids[item], after, value, max(value, bound + charged), lifted, solved)

    def _free(self, given: IntArray, form: BoolArray) -> BoolArray:
        """Return which columns may change: not items given, nor of sets that were left."""
        n = self.pool.size
        free = np.ones(self.program.width, dtype=bool)
        if len(given):
            left = set(self.group[given].tolist()) - {-1, int(self.group[given[-1]])}
            last = int(self.group[given[-1]])
            if last >= 0 and not (form[:n] & (self.group == last) & ~_mask(given, n)).any():
                left.add(last)
            if left:
                free[:n] &= ~np.isin(self.group, list(left))
            free[given] = False
        return free

    def _improve(
        self, shadow: Shadow, worth: FloatArray, free: BoolArray
    ) -> tuple[BoolArray, FloatArray, float, bool]:
        """Return a better form, prices, bound, and whether a programme was solved."""
        n, form, prices = self.pool.size, shadow.form.copy(), shadow.prices
        columns = np.r_[worth, np.zeros(self.program.switches)]
        least, most = np.where(free, 0.0, form), np.where(free, 1.0, form)
        reduced = self.prices.reduced(columns, prices)
        improve(self.moves, self.prices, form, worth, reduced[:n], free[:n])
        bound = self.prices.bound(reduced, prices, least, most)
        value, aim = float(worth[form[:n]].sum()), self._aim(worth, form)
        if bound - value <= aim:
            return form, prices, bound, False
        some = core(self.program, form, reduced, free, np.inf, DOUBTFUL)
        fixed = np.ones(len(form), dtype=bool)
        fixed[some] = False
        fresh = self.prices.solve(columns, np.where(fixed, form, least), np.where(fixed, form, most))
        if fresh is not None:
            prices, reduced = fresh, self.prices.reduced(columns, fresh)
            bound = min(bound, self.prices.bound(reduced, prices, least, most))
            improve(self.moves, self.prices, form, worth, reduced[:n], free[:n])
            value = float(worth[form[:n]].sum())
            if bound - value <= aim:
                return form, prices, bound, True
        self._search(form, columns, reduced, free, bound - value, aim)
        return form, prices, bound, True

    def _aim(self, worth: FloatArray, form: BoolArray) -> float:
        """Return the gap that is good enough; items that are not eligible count nothing."""
        return self.tolerance * float(np.maximum(worth[form[: len(worth)]], 0.0).sum())

    def _search(
        self, form: BoolArray, worth: FloatArray, reduced: FloatArray, free: BoolArray, gap: float, aim: float
    ) -> None:
        """Look for a better form among the columns in doubt; change ``form`` in place where there is one."""
        program, rows = self.program, self.program.rows
        some = core(program, form, reduced, free, gap, CORE)
        if not len(some):
            return
        part = self.prices.matrix[:, some]
        used = np.flatnonzero(np.diff(part.tocsr().indptr))
        rest = self.prices.matrix @ form.astype(np.float64) - part @ form[some]
        now = float(worth[some] @ form[some])
        model = Model(
            -worth[some],
            part.tocsr()[used],
            (rows.lower - rest)[used],
            (rows.upper - rest)[used],
            np.zeros(len(some)),
            np.ones(len(some)),
            np.ones(len(some)),
        )
        found = solve(model, Work(PICK_WORK), nodes=PICK_NODES, gap=0.5 * aim / max(abs(now), aim))
        if found.x is None:
            return
        better = form.copy()
        better[some] = np.round(found.x) > 0.5
        if worth @ better > worth @ form and self._holds(better):
            form[:] = better

    def _holds(self, form: BoolArray) -> bool:
        """Whether a form of whole items keeps every row: a solver's word is not taken for it."""
        return self.prices.hold(self.prices.matrix @ form.astype(np.float64))

    def _choose(
        self,
        form: BoolArray,
        given: IntArray,
        worth: FloatArray,
        among: int,
        rng: np.random.Generator,
        due: FloatArray | None,
    ) -> int:
        n = self.pool.size
        open_ = form[:n] & ~_mask(given, n)
        if len(given) and self.group[given[-1]] >= 0:
            same = open_ & (self.group == self.group[given[-1]])
            open_ = same if same.any() else open_
        best = np.flatnonzero(open_)
        if due is not None:
            best = best[due[best] >= due[best].max() - EQUALLY_DUE]
        best = best[np.argsort(-worth[best], kind="stable")][:among]
        return int(best[0] if len(best) == 1 else rng.choice(best))


def prepare(
    pool: Pool,
    specification: Specification,
    *,
    ability: float | Posterior = 0.0,
    given: tuple[str, ...] = (),
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> ShadowTest | Infeasible | Undecided:
    """Compile the rules and find the first form.

    Parameters
    ----------
    pool : Pool
        Calibrated.
    specification : Specification
        Rules of one form. Of targets only tolerances count; soft rules are not looked at.
    ability : float or Posterior, default 0
        At which the first form is worth most, in logits.
    given : tuple of str
        Items that the test begins with, in order: of everybody, or of a candidate whose state was lost.
    tolerance : float, default 0.01
        See `TOLERANCE`.
    seed : int, default 0
        Of the explanation.

    Returns
    -------
    ShadowTest
    Infeasible
        When no form keeps the rules, or none with the items given: with the clashing rules by name.
    Undecided
        When the solver neither found a form nor excluded it.

    Raises
    ------
    ValueError
        Naming the rule or item that makes no sense, such as a rule about several forms, or if the pool has no item
        parameters.

    Examples
    --------
    >>> from exam_engine.assembly import Count, Is
    >>> pool = Pool(ids=["i", "j", "k"], categorical={"unit": ["u", "u", "v"]}, a=[1, 1, 1], b=[0, 1, 2])
    >>> rules = [Count(name="length", minimum=2, maximum=2), Count(name="v", where=(Is("unit", "v"),), minimum=1)]
    >>> test = prepare(pool, Specification(rules))
    >>> pick = test.next_item(test.start, 0.0, rng=np.random.default_rng(1))
    >>> pick.item
    'i'
    >>> test.next_item(pick.shadow, 2.0, rng=np.random.default_rng(1)).item
    'k'
    """
    if not 0.0 < tolerance < 1.0:
        raise ValueError(f"a tolerance of {tolerance} is not between 0 and 1")
    for rule in specification.rules:
        if is_across(rule) or isinstance(rule, Parallel):
            raise ValueError(f"rule {rule.name!r} speaks of several forms: a candidate has one")
    asked = specification
    if given:
        asked = replace(specification, rules=(*specification.rules, Include(name=GIVEN, ids=given)))
    test = ShadowTest(pool, specification, tolerance=tolerance)
    program = test.program
    columns = np.r_[test.information(ability), np.zeros(program.switches)]
    least, most = np.zeros(program.width), np.ones(program.width)
    least[[pool.positions[name] for name in given]] = 1.0
    rows = program.rows
    model = Model(-columns, rows.matrix, rows.lower, rows.upper, least, most, np.ones(program.width))
    found = solve(model, Work(START_WORK), gap=START_GAP)
    form = None if found.x is None else np.round(found.x) > 0.5
    if form is None or not test._holds(form):
        answer = assemble(pool, asked, forms=1, seed=seed)
        if not isinstance(answer, Assembled):
            return answer
        form = None
    if form is None or found.status == INFEASIBLE:
        raise AssertionError("a form exists that the solver excluded")
    prices = test.prices.solve(columns, least, most)
    test.start = Shadow(tuple(given), form, np.zeros(rows.count) if prices is None else prices)
    return test


def _mask(places: IntArray, n: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(n, dtype=bool)
    mask[places] = True
    return mask
