"""What is to be as large or small as can be, soft rules and priorities, against every subset of a small pool."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from exam_engine.assembly import (
    Assembled,
    Count,
    Distinct,
    Infeasible,
    InformationTarget,
    Is,
    Maximin,
    Maximise,
    Minimise,
    Pool,
    Reference,
    ScoreTarget,
    Share,
    Specification,
    Sum,
    SumTarget,
    assemble,
    verify,
)
from exam_engine.assembly.specification import Rule, Target

SIZE, LENGTH = 11, 4
THETA = (-1.0, 0.0, 1.0)


def small_pool(rng: np.random.Generator, size: int = SIZE) -> Pool:
    return Pool(
        ids=[f"i{k}" for k in range(size)],
        numeric={
            "marks": rng.integers(1, 4, size),
            "uses": rng.integers(0, 5, size),
            "p": rng.uniform(0.2, 0.9, size).round(3),
        },
        categorical={"unit": rng.choice(["u", "v", "w"], size)},
        a=rng.lognormal(0.0, 0.3, size).round(3),
        b=rng.normal(0.0, 1.0, size).round(3),
        c=np.full(size, 0.1),
    )


def hard_rules() -> list[Rule]:
    return [
        Count(name="length", minimum=LENGTH, maximum=LENGTH, structural=True),
        Count(name="unit u", where=(Is("unit", "u"),), maximum=2),
    ]


def possible_forms(pool: Pool) -> Iterator[tuple[str, ...]]:
    rules = Specification(hard_rules())
    for form in itertools.combinations(pool.ids, LENGTH):
        if verify(pool, rules, [form]).ok:
            yield form


def solved(pool: Pool, specification: Specification, forms: int = 1, seed: int = 0) -> Assembled:
    answer = assemble(pool, specification, forms=forms, seed=seed)
    assert isinstance(answer, Assembled)
    return answer


def at(pool: Pool, form: tuple[str, ...]) -> list[int]:
    return [pool.positions[name] for name in form]


WISHES: list[tuple[Target, Callable[[Pool, list[int]], float]]] = [
    (Maximise(name="t", theta=THETA), lambda pool, k: float(pool.information(THETA)[:, k].sum())),
    (Maximise(name="t", attribute="marks"), lambda pool, k: float(pool.numbers("marks")[k].sum())),
    (Minimise(name="t", attribute="uses"), lambda pool, k: -float(pool.numbers("uses")[k].sum())),
    (
        Minimise(name="t", where=(Is("unit", "v"),)),
        lambda pool, k: -float((pool.texts("unit")[k] == "v").sum()),
    ),
    (
        Maximin(name="t", theta=THETA, weights=(1.0, 2.0, 1.5)),
        lambda pool, k: float((pool.information(THETA)[:, k].sum(axis=1) / [1.0, 2.0, 1.5]).min()),
    ),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("wish", range(len(WISHES)))
def test_a_single_form_is_the_best_there_is_and_its_gap_is_closed(wish: int, seed: int) -> None:
    target, value = WISHES[wish]
    pool = small_pool(np.random.default_rng(seed))
    best = max(value(pool, at(pool, form)) for form in possible_forms(pool))

    answer = solved(pool, Specification(hard_rules(), [target]), seed=seed)

    assert value(pool, at(pool, answer.forms[0])) == pytest.approx(best)
    assert answer.gap < 1e-5
    for check in answer.verification.targets:
        assert check.goal is not None
        assert check.deviation <= answer.deviation


SOFT: list[Rule] = [
    Count(name="soft", where=(Is("unit", "u"),), minimum=3, weight=0.5),
    Sum(name="soft", attribute="marks", minimum=11, maximum=12, weight=0.5),
    Share(name="soft", where=(Is("unit", "v"),), attribute="marks", minimum=0.7, weight=0.5),
    Distinct(name="soft", attribute="unit", minimum=3, weight=0.5),
    Distinct(name="soft", attribute="unit", maximum=1, weight=0.5),
]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("soft", SOFT)
def test_a_soft_rule_is_broken_as_little_as_can_be(soft: Rule, seed: int) -> None:
    pool = small_pool(np.random.default_rng(seed))
    specification = Specification([*hard_rules(), soft], [SumTarget(name="t", attribute="uses", goal=5.0)])
    least = min(
        verify(pool, specification, [form]).worst_deviation
        for form in itertools.combinations(pool.ids, LENGTH)
        if verify(pool, specification, [form]).ok
    )

    answer = solved(pool, specification, seed=seed)

    assert answer.deviation == pytest.approx(least)
    assert answer.bound == pytest.approx(least, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_no_soft_rule_is_broken_for_nothing_below_the_largest_deviation(seed: int) -> None:
    pool = small_pool(np.random.default_rng(seed))
    soft: list[Rule] = [
        Count(name="too many", minimum=LENGTH + 2, weight=1.0),
        Count(name="v", where=(Is("unit", "v"),), minimum=2, weight=0.5),
        Sum(name="uses", attribute="uses", maximum=4, weight=0.25),
    ]
    specification = Specification([*hard_rules(), *soft])

    def off(form: tuple[str, ...]) -> float:
        return sum(check.deviation for check in verify(pool, specification, [form]).rules)

    answer = solved(pool, specification, seed=seed)

    assert answer.deviation == 2.0
    assert off(answer.forms[0]) == pytest.approx(min(off(form) for form in possible_forms(pool)))


def test_a_specification_with_wishes_may_be_impossible() -> None:
    pool = small_pool(np.random.default_rng(0))
    rules = [
        Count(name="all", minimum=SIZE + 1),
        Count(name="soft", where=(Is("unit", "u"),), minimum=20, weight=1.0),
    ]

    answer = assemble(pool, Specification(rules, [Maximin(name="t", theta=THETA)]), forms=1)

    assert isinstance(answer, Infeasible)
    assert answer.clash == ("all",)


def test_what_a_soft_rule_is_off_by_is_told_in_items_and_marks() -> None:
    pool = Pool(ids=["a", "b", "c"], numeric={"marks": [2, 3, 5]}, categorical={"unit": ["u", "v", "v"]})
    rules = [
        Count(name="many", where=(Is("unit", "u"),), minimum=3, weight=2.0),
        Sum(name="marks", attribute="marks", maximum=6.5, weight=1.0),
        Share(name="half", where=(Is("unit", "u"),), attribute="marks", minimum=0.5, weight=1.0, priority=2),
        Distinct(name="one", attribute="unit", maximum=1, weight=1.0),
        Count(name="kept", minimum=3, weight=1.0),
    ]

    found = verify(pool, Specification(rules), [["a", "b", "c"]])

    assert found.ok
    assert [(check.rule, check.ok, check.off, check.deviation) for check in found.rules[:5]] == [
        ("many", False, 2.0, 4.0),
        ("marks", False, 3.5, 3.5),
        ("half", False, 3.0, 3.0),
        ("one", False, 1.0, 1.0),
        ("kept", True, 0.0, 0.0),
    ]
    assert found.deviations == {1: 4.0, 2: 3.0}


@pytest.mark.parametrize("seed", range(4))
def test_a_later_priority_has_what_the_first_leaves(seed: int) -> None:
    pool = small_pool(np.random.default_rng(seed))
    targets = [
        Minimise(name="uses", attribute="uses"),
        Maximise(name="information", theta=(0.0,), priority=2),
    ]
    uses, information = pool.numbers("uses"), pool.information([0.0])[0]
    forms = [at(pool, form) for form in possible_forms(pool)]
    fewest = min(uses[form].sum() for form in forms)
    best = max(information[form].sum() for form in forms if uses[form].sum() == fewest)

    answer = solved(pool, Specification(hard_rules(), targets, slack=0.0), seed=seed)

    chosen = at(pool, answer.forms[0])
    assert uses[chosen].sum() == fewest
    assert information[chosen].sum() == pytest.approx(best)
    assert [level.priority for level in answer.levels] == [1, 2]
    assert max(level.gap for level in answer.levels) < 1e-5


def test_slack_gives_the_next_priority_room() -> None:
    pool = Pool(ids=["a", "b"], numeric={"first": [10.0, 9.0], "second": [0.0, 5.0]})
    rules = [Count(name="one", minimum=1, maximum=1)]
    targets = [
        Maximise(name="first", attribute="first"),
        Maximise(name="second", attribute="second", priority=2),
    ]

    assert solved(pool, Specification(rules, targets, slack=0.05)).forms == (("a",),)
    assert solved(pool, Specification(rules, targets, slack=0.11)).forms == (("b",),)


def test_forms_come_close_to_a_reference_form() -> None:
    rng = np.random.default_rng(7)
    pool = small_pool(rng, 120)
    model = tuple(pool.ids[:20])
    rules = [Count(name="length", minimum=20, maximum=20)]
    targets = [Reference(name="as before", ids=model, theta=(-1.0, 1.0), marks="marks")]

    answer = solved(pool, Specification(rules, targets), forms=2)

    form = at(pool, model)
    goals = pool.expected_score([-1.0, 1.0])[:, form] @ pool.numbers("marks")[form]
    scores = [c for c in answer.verification.targets if "score" in c.target and c.form == 1]
    assert answer.deviation < 0.005
    assert [c.goal for c in scores] == pytest.approx(goals.tolist())
    assert scores[0].target == "as before: score (θ = -1)"


def test_the_expected_score_of_an_uncalibrated_bank_is_a_target() -> None:
    pool = small_pool(np.random.default_rng(3), 60)
    target = ScoreTarget(name="score", p="p", marks="marks", goal=12.0)

    answer = solved(pool, Specification([Count(name="length", minimum=10, maximum=10)], [target]), forms=2)

    form = at(pool, answer.forms[0])
    expected = float((pool.numbers("p") * pool.numbers("marks"))[form].sum())
    assert answer.verification.targets[0].actual == pytest.approx(expected)
    assert expected == pytest.approx(12.0, rel=0.005)


def test_several_forms_share_what_there_is() -> None:
    pool = small_pool(np.random.default_rng(11), 150)
    rules = [
        Count(name="length", minimum=20, maximum=20),
        Count(name="u", where=(Is("unit", "u"),), maximum=7),
    ]

    answer = solved(pool, Specification(rules, [Maximin(name="wide", theta=THETA)]), forms=4)

    assert answer.bound == 0.0
    assert answer.deviation < 0.01
    assert len({name for form in answer.forms for name in form}) == 80


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Maximin(name="t", theta=()), "target 't': names no ability"),
        (Maximin(name="t", theta=(0.0,), weights=(1.0, 2.0)), "target 't': 2 weights for 1 abilities"),
        (Maximise(name="t", theta=(0.0,), attribute="marks"), "target 't': theta asks for information"),
        (Reference(name="t", ids=(), theta=(0.0,)), "target 't': names no item"),
        (InformationTarget(name="t", theta=0.0, goal=1.0, priority=0), "target 't': priority 0"),
    ],
)
def test_a_target_that_makes_no_sense_is_named(target: Target, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Specification([], [target])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Count(name="r", weight=0.0), "rule 'r': weight 0.0 is not positive"),
        (Count(name="r", priority=2), "rule 'r' must hold: a priority needs a weight"),
        (Count(name="r", scope="all", weight=1.0), "rule 'r': only a rule of each form can be soft"),
    ],
)
def test_a_soft_rule_that_makes_no_sense_is_named(rule: Rule, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Specification([rule])
