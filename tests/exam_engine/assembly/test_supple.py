"""Plans of sets that leave room to move."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.assembly import Count, Distinct, Is, Pool, Sets, Specification, SumTarget
from exam_engine.assembly.compile import Program, compile_program
from exam_engine.assembly.plan import Plan, plan_sets
from exam_engine.assembly.solver import Work
from exam_engine.assembly.specification import Rule
from exam_engine.assembly.supple import EACH, MEAN, PLANS, ROOM, supple_plans, supple_together

FORMS, SIZE, LENGTH, CASES, OF = 3, 84, 16, 12, 3
WITHIN = 0.1


def make_problem() -> Program:
    """Three forms of 16 from 84 items, with one to three cases of three items each: all of kind u, or all of kind v.

    A form needs three items of kind u, which are all in cases.
    """
    rng = np.random.default_rng(1)
    case = [f"c{k // OF:02}" if k < CASES * OF else "" for k in range(SIZE)]
    kind = ["uv"[k // OF % 2] if k < CASES * OF else "w" for k in range(SIZE)]
    pool = Pool(
        ids=[f"i{k}" for k in range(SIZE)],
        numeric={"worth": rng.uniform(1, 2, SIZE)},
        categorical={"case": case, "kind": kind},
    )
    rules: list[Rule] = [
        Count(name="length", minimum=LENGTH, maximum=LENGTH, structural=True),
        Count(name="u", where=(Is("kind", "u"),), minimum=3, maximum=6),
        Sets(name="whole", attribute="case"),
        Distinct(name="cases", attribute="case", minimum=1, maximum=3),
    ]
    goal = float(pool.numbers("worth").mean() * LENGTH)
    return compile_program(
        pool, Specification(rules, [SumTarget(name="worth", attribute="worth", goal=goal)])
    )


def items_of_u(program: Program, plan: Plan) -> float:
    """Return how many items of kind u the average of a plan has."""
    assert plan.x is not None
    row = [program.names[owner] for owner in program.rows.owner].index("u")
    return float((program.rows.matrix @ plan.x.mean(axis=0))[row])


def check_plan(program: Program, plan: Plan, mean: float) -> None:
    """Check rules of each form, with items in fractions, use of items and the average."""
    assert plan.x is not None
    assert plan.chosen is not None
    for x in plan.x:
        sums = program.rows.matrix @ x

        assert (sums >= program.rows.lower - 1e-6).all()
        assert (sums <= program.rows.upper + 1e-6).all()
    assert plan.x[:, :SIZE].sum(axis=0).max() <= 1 + 1e-6
    assert program.aims.deviation(program.aims.weights @ plan.x.mean(axis=0)) <= mean + 1e-6
    assert plan.x[:, SIZE:] == pytest.approx(np.round(plan.x[:, SIZE:]), abs=1e-6)


def test_plans_keep_the_rules_leave_room_and_use_other_sets_each() -> None:
    program = make_problem()
    plans = list(supple_plans(program, FORMS, WITHIN, 0.0, Work(1000)))

    assert len(plans) == PLANS
    used = set()
    for plan in plans:
        check_plan(program, plan, EACH * WITHIN)
        assert plan.chosen is not None
        used.add(plan.chosen.any(axis=0).tobytes())
    assert len(used) == PLANS
    assert items_of_u(program, plans[0]) + 1e-6 >= 3 + ROOM


def test_the_plan_of_all_forms_leaves_room() -> None:
    program = make_problem()
    (plan,) = supple_together(program, FORMS, WITHIN, 0.0, Work(1000))

    check_plan(program, plan, MEAN * WITHIN)
    assert items_of_u(program, plan) + 1e-6 >= 3 + ROOM


def test_a_plan_that_does_not_look_at_it_leaves_less_room() -> None:
    program = make_problem()
    plan = plan_sets(program, program.rows, FORMS, Work(1000), within=WITHIN)

    assert items_of_u(program, plan) < 3 + ROOM - 0.1


def test_no_plans_where_the_average_cannot_be_near() -> None:
    program = make_problem()
    program.aims.low[:] = program.aims.high[:] = 2 * program.aims.low

    assert not list(supple_plans(program, FORMS, WITHIN, 0.0, Work(1000)))
    assert not list(supple_together(program, FORMS, WITHIN, 0.0, Work(1000)))
