"""Items dealt out to all forms at once."""

from __future__ import annotations

import math

import numpy as np
import pytest

from exam_engine.assembly import (
    Count,
    Distinct,
    Enemies,
    Is,
    Pool,
    Sets,
    Specification,
    Sum,
    SumTarget,
    verify,
)
from exam_engine.assembly.compile import Program, compile_program
from exam_engine.assembly.counted import counted_rows
from exam_engine.assembly.deal import _Deal, deal, is_for
from exam_engine.assembly.plan import plan_sets
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import Work

FORMS = 3
SIZE = 60


def make_problem(seed: int) -> tuple[Pool, Specification]:
    """Forms of 18 from 60 items: counts, marks (few values), seconds (many), sets, enemies and two goals."""
    rng = np.random.default_rng(seed)
    marks = rng.choice([1.0, 2.0, 5.0], SIZE)
    case = [f"c{k // 3}" if k < 18 else "" for k in range(SIZE)]
    pool = Pool(
        ids=[f"i{k}" for k in range(SIZE)],
        numeric={
            "marks": marks,
            "seconds": np.round(rng.uniform(30, 200, SIZE)),
            "worth": rng.uniform(1, 2, SIZE),
            "other": rng.uniform(1, 2, SIZE),
        },
        categorical={"case": case, "unit": rng.choice(["u", "v", "w"], SIZE).tolist()},
    )
    share = {u: pool.texts("unit").tolist().count(u) * 18 / SIZE for u in "uvw"}
    rules = [
        Count(name="length", minimum=18, maximum=18, structural=True),
        *(
            Count(name=u, where=(Is("unit", u),), minimum=int(n) - 1, maximum=math.ceil(n) + 1)
            for u, n in share.items()
        ),
        Sum(
            name="marks",
            attribute="marks",
            minimum=round(marks.mean() * 18) - 1,
            maximum=round(marks.mean() * 18) + 1,
        ),
        Sum(name="seconds", attribute="seconds", minimum=1900, maximum=2300),
        Enemies(name="enemies", groups=tuple((f"i{20 + k}", f"i{40 + k}") for k in range(15))),
        Sets(name="whole", attribute="case"),
        Distinct(name="cases", attribute="case", minimum=1, maximum=2),
    ]
    targets = [
        SumTarget(name=name, attribute=name, goal=float(pool.numbers(name).mean() * 18))
        for name in ("worth", "other")
    ]
    return pool, Specification(rules, targets)


def make_plan(pool: Pool, specification: Specification) -> tuple[Program, FloatArray]:
    program = compile_program(pool, specification)
    x = plan_sets(program, program.rows, FORMS, Work(1000)).x
    assert x is not None
    return program, x


def test_forms_that_take_nearly_all_items_keep_every_rule_and_come_near() -> None:
    pool, specification = make_problem(1)
    program, x = make_plan(pool, specification)
    forms = deal(program, program.rows, x, 0.002, np.random.default_rng(1), Work(200), lambda: None)

    assert forms is not None
    assert (forms[:, SIZE:] == (x[:, SIZE:] > 0.5)).all()
    assert program.aims.deviation(forms @ program.aims.weights.T) <= 0.002
    ids = tuple(tuple(pool.ids[int(k)] for k in np.flatnonzero(form[:SIZE])) for form in forms)
    assert verify(pool, specification, ids).ok


def test_what_an_exchange_changes_is_the_difference_of_costs() -> None:
    pool, specification = make_problem(3)
    program, x = make_plan(pool, specification)
    rng = np.random.default_rng(3)
    search = _Deal(program, program.rows, x, 0.001, rng)
    assert all(part.values.shape[1] for part in search.parts)
    for _ in range(40):
        search.exchange()
    for f in range(FORMS):
        gone, come = np.flatnonzero(search.at == f), np.flatnonzero(search.at != f)
        change = search._changes(f, gone, come)
        i, j = (int(rng.integers(len(one))) for one in (gone, come))
        before, places = float(search._costs().sum()), search.at.copy()
        search._swap(f, int(gone[i]), int(come[j]))
        after = float(search._costs().sum())
        search.at = places
        search._sum()

        assert before == pytest.approx(search._costs().sum())
        if np.isfinite(change[i, j]):
            assert change[i, j] == pytest.approx(after - before, abs=2e-3 * max(1.0, before))


def test_items_that_several_forms_may_have_are_not_dealt_out() -> None:
    pool, specification = make_problem(1)
    assert is_for(compile_program(pool, specification), FORMS)
    shared = Specification(specification.rules, specification.targets, max_use=2)
    assert not is_for(compile_program(pool, shared), FORMS)


def test_a_plan_for_which_counts_cannot_be_whole_is_proven_to_be_none() -> None:
    """16 items worth 1 or 3 are never worth 31."""
    size, forms = 60, 2
    marks = [1.0] * 26 + [3.0] * 16 + [2.0] * 18
    case = ["c", "c", "d", "d", *[""] * (size - 4)]
    pool = Pool(
        ids=[f"i{k}" for k in range(size)],
        numeric={"marks": marks},
        categorical={"kind": [f"k{int(mark)}" for mark in marks], "case": case},
    )
    rules = [
        Count(name="length", minimum=16, maximum=16, structural=True),
        Sum(name="marks", attribute="marks", minimum=31, maximum=31),
        Count(name="twos", where=(Is("kind", "k2"),), minimum=0, maximum=0),
        Count(name="ones", where=(Is("kind", "k1"),), minimum=1),
        Count(name="threes", where=(Is("kind", "k3"),), minimum=1),
        Sets(name="whole", attribute="case"),
        Distinct(name="cases", attribute="case", minimum=1),
    ]
    program = compile_program(pool, Specification(rules))

    assert len(counted_rows(program.rows, size)) == 3
    assert plan_sets(program, program.rows, forms, Work(100)).chosen is not None
    assert plan_sets(program, program.rows, forms, Work(100), whole_counts=True).proven
