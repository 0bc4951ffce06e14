"""Sets that no form can hold, and the plan of which form has which sets."""

from __future__ import annotations

import numpy as np

from exam_engine.assembly import (
    Assembled,
    Count,
    Distinct,
    Enemies,
    Infeasible,
    Is,
    Pool,
    Sets,
    Specification,
    SumTarget,
    assemble,
)
from exam_engine.assembly.compile import compile_program
from exam_engine.assembly.explain import SHARING
from exam_engine.assembly.plan import fill_plan, plan_sets
from exam_engine.assembly.rechoose import rechoose
from exam_engine.assembly.set_clash import clash_of_sets
from exam_engine.assembly.solver import Work

CASES = Sets(name="whole cases", attribute="case")


def make_pool(cases: str, units: str) -> Pool:
    """One letter an item; ``-`` is an item without a case."""
    return Pool(
        ids=[f"i{k}" for k in range(len(cases))],
        categorical={"case": ["" if c == "-" else c for c in cases], "unit": list(units)},
    )


def unit(value: str, minimum: int, maximum: int) -> Count:
    return Count(name=f"unit {value}", where=(Is("unit", value),), minimum=minimum, maximum=maximum)


def test_a_case_larger_than_its_unit_may_be_is_left_out() -> None:
    pool = make_pool("aaabb--", "uuuvvvu")
    program = compile_program(pool, Specification([CASES, unit("u", 0, 2), unit("v", 0, 2)]))
    assert program.unusable[: pool.size].tolist() == [True] * 3 + [False] * 4


def test_a_case_that_holds_enemies_is_left_out() -> None:
    pool = make_pool("aaabb", "uuuuu")
    enemies = Enemies(name="enemies", groups=(("i0", "i2"), ("i2", "i4")))
    program = compile_program(pool, Specification([CASES, enemies]))
    assert program.unusable[: pool.size].tolist() == [True] * 3 + [False] * 2


def test_parts_of_a_case_stay_usable() -> None:
    pool = make_pool("aaa", "uuu")
    parts = Sets(name="parts", attribute="case", minimum=1)
    program = compile_program(pool, Specification([parts, unit("u", 0, 2)]))
    assert not program.unusable.any()


def test_the_clash_names_the_cases_and_the_unit() -> None:
    answer = assemble(make_pool("aaaa----", "uuuuvvvv"), Specification([CASES, unit("u", 1, 2)]), forms=1)
    assert isinstance(answer, Infeasible)
    assert (answer.clash, answer.irreducible) == (("whole cases", "unit u"), True)


def test_a_plan_gives_every_form_its_cases() -> None:
    # Cases of 2, 2, 3 and 1 items for two forms of four items, all from cases: 2 + 2 and 3 + 1.
    pool = make_pool("aabbcccd", "uuuuuuuu")
    length = Count(name="length", minimum=4, maximum=4, structural=True)
    covered = Distinct(name="two cases", attribute="case", minimum=2, maximum=2)
    specification = Specification([length, CASES, covered])
    program = compile_program(pool, specification)
    plan = plan_sets(program, program.rows, 2, Work(100))
    assert plan.chosen is not None
    assert sorted(plan.chosen.sum(axis=1).tolist()) == [1, 2]  # d has one item: no set
    filled = fill_plan(program, program.rows, plan, Work(100))
    assert filled is not None
    assert (filled[:, plan.columns] == plan.chosen[:, plan.columns]).all()
    assert filled[:, : pool.size].sum(axis=0).tolist() == [1] * pool.size
    answer = assemble(pool, specification, forms=2)
    assert isinstance(answer, Assembled)
    assert {frozenset(form) for form in answer.forms} == {
        frozenset(("i0", "i1", "i2", "i3")),
        frozenset(("i4", "i5", "i6", "i7")),
    }


def test_a_plan_that_cannot_be_proves_that_there_are_no_forms() -> None:
    # In fractions two forms share the three cases equally; as wholes one form would need half a case.
    pool = make_pool("aabbcc", "uuuuuu")
    length = Count(name="length", minimum=3, maximum=3, structural=True)
    program = compile_program(pool, Specification([length, CASES]))
    plan = plan_sets(program, program.rows, 2, Work(100))
    assert plan.proven


def test_the_rules_that_leave_no_way_to_divide_sets_are_named() -> None:
    pool = make_pool("aabbcc", "uuuuuu")
    length = Count(name="length", minimum=3, maximum=3, structural=True)
    program = compile_program(pool, Specification([length, unit("u", 0, 9), CASES]))
    assert clash_of_sets(program, 2, [0, 1, 2, SHARING], Work(100)) == (0, 2)
    assert clash_of_sets(program, 2, [1, 2, SHARING], Work(100)) is None


def test_items_that_no_swap_can_spare_change_places_in_programmes() -> None:
    # All items are used; the whole case fixes one side, and only the length binds the others.
    pool = Pool(
        ids=[f"i{k}" for k in range(12)],
        numeric={"worth": [float(k) for k in range(1, 13)]},
        categorical={"case": ["a", "a", *[""] * 10]},
    )
    length = Count(name="length", minimum=6, maximum=6, structural=True)
    target = SumTarget(name="worth", attribute="worth", goal=39.0)
    program = compile_program(pool, Specification([length, CASES], [target]))
    forms = np.zeros((2, program.width), dtype=bool)
    forms[0, :6] = forms[1, 6:12] = True
    forms[0, 12:] = True
    rechoose(program, program.rows, forms, 0.0, np.random.default_rng(1), Work(1000), lambda _: None)
    assert (forms[:, :12] @ pool.numbers("worth")).tolist() == [39.0, 39.0]
    assert forms[:, :12].sum(axis=0).tolist() == [1] * 12
    assert (forms[:, :12].sum(axis=1) == 6).all()
