"""Shadow tests keep every rule whatever is answered, and tell how far they are from the best."""

import numpy as np
import pytest

from exam_engine.assembly import (
    Count,
    Distinct,
    Enemies,
    Infeasible,
    Is,
    Parallel,
    PerValue,
    Pool,
    Sets,
    Specification,
    Sum,
    verify,
)
from exam_engine.assembly.adaptive import Posterior, Shadow, ShadowTest, prepare
from exam_engine.assembly.adaptive.exposure import ExposureByAbility
from exam_engine.assembly.adaptive.shadow import GIVEN
from exam_engine.assembly.solver import Model, Work, solve
from exam_engine.psychometrics.adaptive.exposure import Eligibility

LENGTH = 12


def make_pool(seed: int, size: int = 120) -> Pool:
    rng = np.random.default_rng(seed)
    case = np.full(size, "", dtype="<U4")
    for k in range(8):
        case[4 * k : 4 * k + 4] = f"c{k}"
    return Pool(
        ids=[f"i{k}" for k in range(size)],
        numeric={"seconds": rng.integers(30, 120, size)},
        categorical={
            "unit": [f"u{k}" for k in rng.integers(4, size=size)],
            "case": case.tolist(),
            "kind": np.where(np.arange(size) < 16, "whole", "part").tolist(),
            "point": [f"p{k}" for k in rng.integers(60, size=size)],
        },
        a=rng.lognormal(0, 0.3, size),
        b=rng.normal(0, 1, size),
        c=np.full(size, 0.1),
    )


def make_rules(pool: Pool) -> Specification:
    return Specification(
        [
            Count(name="length", minimum=LENGTH, maximum=LENGTH, structural=True),
            *(Count(name=u, where=(Is("unit", u),), minimum=2, maximum=4) for u in ("u0", "u1", "u2", "u3")),
            Sum(name="time", attribute="seconds", minimum=700, maximum=900),
            PerValue(name="points", attribute="point"),
            Enemies(name="enemies", groups=tuple((f"i{k}", f"i{k + 40}", f"i{k + 60}") for k in range(20))),
            Sets(name="whole cases", attribute="case", where=(Is("kind", "whole"),)),
            Sets(name="parts of cases", attribute="case", minimum=2, maximum=3, where=(Is("kind", "part"),)),
            Distinct(name="cases", attribute="case", minimum=1, maximum=2),
        ]
    )


def ready(pool: Pool, **more: object) -> ShadowTest:
    test = prepare(pool, make_rules(pool), **more)  # type: ignore[arg-type]
    assert isinstance(test, ShadowTest)
    return test


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_answered_every_rule_holds_and_cases_stay_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool = make_pool(seed)
    test = ready(pool)
    for _ in range(2):
        eligible = rng.random((2, pool.size)) < 0.7
        shadow = test.start
        while not test.is_complete(shadow):
            ability = float(rng.normal(0, 1.5))
            admitted = eligible[int(ability > 0)]
            pick = test.next_item(shadow, ability, rng=rng, eligible=admitted, among=3)
            assert pick.information <= pick.bound + 1e-9
            assert pick.shadow.items[:-1] == shadow.items
            shadow = pick.shadow
        cases = [str(pool.texts("case")[pool.positions[name]]) for name in shadow.items]
        runs = [case for k, case in enumerate(cases) if case and (k == 0 or cases[k - 1] != case)]

        assert verify(pool, test.specification, [shadow.items]).ok
        assert len(runs) == len(set(runs)) > 0


@pytest.mark.parametrize("ability", [-1.0, 1.5])
def test_the_form_is_near_the_best_and_the_bound_above_it(ability: float) -> None:
    pool, rng = make_pool(3), np.random.default_rng(3)
    test = ready(pool)
    shadow = test.start
    for middle in (0.0, ability / 2):
        shadow = test.next_item(shadow, middle, rng=rng).shadow
    pick = test.next_item(shadow, ability, rng=rng)
    rows, width = test.program.rows, test.program.width
    given = [pool.positions[name] for name in shadow.items]
    least = np.isin(np.arange(width), given).astype(float)
    # Sets begun and left are open again here: at most better.
    worth = np.r_[test.information(ability), np.zeros(test.program.switches)]
    best = solve(
        Model(-worth, rows.matrix, rows.lower, rows.upper, least, np.ones(width), np.ones(width)),
        Work(10_000),
    )

    assert pick.information >= 0.97 * -best.objective
    assert pick.information <= -best.objective + 1e-9
    assert pick.bound >= pick.information


def test_a_posterior_asks_for_expected_information() -> None:
    pool = make_pool(4)
    test = ready(pool)
    nodes, weights = np.array([-1.0, 1.0]), np.array([0.25, 0.75])
    expected = 0.25 * test.information(-1.0) + 0.75 * test.information(1.0)

    np.testing.assert_allclose(test.information(Posterior(nodes, weights)), expected)


def test_the_same_state_gives_the_same_pick_even_without_prices() -> None:
    test = ready(make_pool(5))
    first = test.next_item(test.start, 0.4, rng=np.random.default_rng(1))
    again = test.next_item(test.start, 0.4, rng=np.random.default_rng(2))
    bare = Shadow(test.start.items, test.start.form, np.zeros_like(test.start.prices))

    assert first.item == again.item
    assert (first.shadow.form == again.shadow.form).all()
    assert test.next_item(bare, 0.4, rng=np.random.default_rng(1)).information >= 0.97 * first.bound


def test_items_that_are_not_eligible_come_only_when_the_rules_leave_nothing_else() -> None:
    pool, rng = make_pool(6), np.random.default_rng(6)
    test = ready(pool)
    barred = pool.texts("unit") == "u0"
    shadow, lifted = test.start, []
    while not test.is_complete(shadow):
        pick = test.next_item(shadow, 0.0, rng=rng, eligible=~barred)
        shadow, lifted = pick.shadow, [*lifted, pick.lifted]

    assert sum(lifted) == 2  # the least number of unit u0
    assert verify(pool, test.specification, [shadow.items]).ok


def test_exposure_stays_below_its_limit() -> None:
    limit, persons = 0.4, 120
    rng = np.random.default_rng(7)
    pool = make_pool(7, 60)
    rules = [
        Count(name="length", minimum=6, maximum=6),
        *(Count(name=u, where=(Is("unit", u),), minimum=1, maximum=2) for u in ("u0", "u1", "u2", "u3")),
    ]
    test = prepare(pool, Specification(rules))
    assert isinstance(test, ShadowTest)
    control = Eligibility(limit)
    records = ExposureByAbility.empty(pool.size, (0.0,))
    seen = {0: np.zeros(pool.size), 1: np.zeros(pool.size)}
    count = {0: 0, 1: 0}
    for person in range(persons):
        ability = float(rng.choice([-0.7, 0.7]))
        eligible = records.draw(control, rng)
        k, shadow = records.interval(ability), test.start
        while not test.is_complete(shadow):
            shadow = test.next_item(shadow, ability, rng=rng, eligible=eligible[k]).shadow
        given = np.isin(np.array(pool.ids), shadow.items)
        records = records.updated(ability, given, eligible, lifted=False)
        if person >= 50:  # the counts lag behind at first
            seen[k] += given
            count[k] += 1
    # Four standard errors of a rate.
    for k in (0, 1):
        margin = 4 * np.sqrt(limit * (1 - limit) / count[k])
        assert (seen[k] / count[k]).max() <= limit + margin


def test_impossible_rules_are_named() -> None:
    pool = make_pool(8)
    rules = make_rules(pool).rules
    clash = prepare(
        pool, Specification([*rules, Count(name="many of u1", where=(Is("unit", "u1"),), minimum=5)])
    )

    assert isinstance(clash, Infeasible)
    assert set(clash.clash) == {"u1", "many of u1"}


def test_given_items_that_break_a_rule_are_named() -> None:
    pool = make_pool(9)
    clash = prepare(pool, make_rules(pool), given=("i18", "i58"))

    assert isinstance(clash, Infeasible)
    assert set(clash.clash) == {GIVEN, "enemies"}


def test_a_lost_candidate_goes_on_from_the_items_given() -> None:
    pool, rng = make_pool(10), np.random.default_rng(10)
    test = ready(pool)
    shadow = test.start
    for _ in range(5):
        shadow = test.next_item(shadow, 0.5, rng=rng).shadow
    resumed = ready(pool, given=shadow.items, ability=0.5)
    state = resumed.start
    while not resumed.is_complete(state):
        state = resumed.next_item(state, 0.5, rng=rng).shadow

    assert state.items[:5] == shadow.items
    assert verify(pool, test.specification, [state.items]).ok


def test_senseless_arguments_are_refused() -> None:
    pool, rng = make_pool(11), np.random.default_rng(11)
    test = ready(pool)
    with pytest.raises(ValueError, match="120 values"):
        test.next_item(test.start, 0.0, rng=rng, eligible=np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="at least 1"):
        test.next_item(test.start, 0.0, rng=rng, among=0)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        prepare(pool, test.specification, tolerance=0.0)
    with pytest.raises(ValueError, match="no item parameters"):
        prepare(Pool(ids=["i"]), Specification([]))
    with pytest.raises(ValueError, match="several forms"):
        prepare(pool, Specification([Parallel(name="parallel", by=("unit",))]))
    done = Shadow(
        tuple(pool.ids[k] for k in np.flatnonzero(test.start.form[:120])), test.start.form, test.start.prices
    )
    with pytest.raises(ValueError, match="complete"):
        test.next_item(done, 0.0, rng=rng)
    with pytest.raises(ValueError, match="do not rise"):
        ExposureByAbility.empty(3, (1.0, 0.0))
