"""Adaptive and two-stage tests keep their rules, can be worked out again, and say what they measure."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from exam_engine.assembly import Count, Enemies, InformationTarget, Is, PerValue, Pool, Specification, verify
from exam_engine.delivery.growing.adaptive import AdaptiveTest, End, Stopping, eligible, ready
from exam_engine.delivery.growing.exposure import aim_of, probabilities
from exam_engine.delivery.growing.limits import in_part
from exam_engine.delivery.growing.multistage import Panel, assemble_panel, panel_from
from exam_engine.delivery.growing.score import NODES, Measure, curve_of
from exam_engine.papers.blueprint.shorter import shortened
from exam_engine.papers.blueprint.spec import BlueprintSpec, InformationPoint, Row, Section
from exam_engine.papers.growing import of_one_candidate

LENGTH = 8


def a_pool(size: int = 40) -> Pool:
    rng = np.random.default_rng(3)
    return Pool(
        ids=[f"i{k}" for k in range(size)],
        numeric={"marks": rng.integers(1, 3, size)},
        categorical={
            "unit": [f"u{k % 4}" for k in range(size)],
            "point": [f"p{k // 2}" for k in range(size)],
        },
        a=rng.uniform(0.7, 1.6, size),
        b=rng.normal(0, 1, size),
    )


def rules() -> Specification:
    return Specification(
        [
            Count(name="length", minimum=LENGTH, maximum=LENGTH, structural=True),
            *(Count(name=f"u{k}", where=(Is("unit", f"u{k}"),), minimum=1, maximum=3) for k in range(4)),
            PerValue(name="point", attribute="point"),
            Enemies(name="enemies", groups=(("i0", "i5"), ("i1", "i6", "i11"))),
        ]
    )


def a_test(stopping: Stopping | None = None, shown: float | None = None) -> AdaptiveTest:
    pool = a_pool()
    control = None if shown is None else np.full(pool.size, shown)
    measure = Measure(pool, curve_of(pool, range(LENGTH)))
    test = ready(pool, rules(), measure, stopping=stopping or Stopping(), shown=control)
    assert isinstance(test, AdaptiveTest)
    return test


def taken(test: AdaptiveTest, seed: int, theta: float) -> tuple[list[int], list[bool], End | None]:
    draws = np.random.default_rng(seed).random(test.pool.size)
    chance = test.pool.probability([theta])[0]
    given: list[int] = []
    right: list[bool] = []
    while (step := test.next(seed, given, right)).place is not None:
        given.append(step.place)
        right.append(bool(draws[step.place] < chance[step.place]))
    return given, right, step.end


@pytest.mark.parametrize("theta", [-2.5, 0.0, 2.5])
def test_every_adaptive_test_keeps_the_rules_of_its_blueprint(theta: float) -> None:
    test = a_test(shown=0.7)

    given, _, end = taken(test, 11, theta)

    assert (len(set(given)), end) == (LENGTH, End.LENGTH)
    assert verify(test.pool, rules(), [[test.pool.ids[place] for place in given]]).ok


def test_stored_answers_give_the_same_items_in_a_process_that_has_forgotten_everything() -> None:
    first = a_test(shown=0.7)
    given, right, _ = taken(first, 5, 0.6)
    other = a_test(shown=0.7)

    again = [other.next(5, given[:k], right[:k]).place for k in (LENGTH - 1, 3, 0, 6)]

    assert again == [given[k] for k in (LENGTH - 1, 3, 0, 6)]


def test_what_was_given_stays_given_when_the_forms_between_cannot_be_found_again() -> None:
    test = a_test()
    usual = test.next(1, [], []).place
    other = next(place for place in range(test.pool.size) if place != usual)

    step = test.next(1, [other], [True])

    assert step.place not in (None, other)


def test_a_test_ends_at_its_standard_error_and_keeps_its_rules_in_proportion() -> None:
    test = a_test(Stopping(0.62, shortest=4))

    given, right, end = taken(test, 2, 0.3)

    assert end is End.STANDARD_ERROR
    assert 4 <= len(given) < LENGTH
    assert test.keeps_rules(given)
    assert test.measure.ability(test.measure.posterior(given, right)).se <= 0.62


def test_rules_of_a_part_are_those_of_the_whole_in_proportion_rounded_outwards() -> None:
    asked = Specification([Count(name="row", where=(Is("unit", "u1"),), minimum=3, maximum=5)])

    half = in_part(asked, 20, 40).rules[0]

    assert isinstance(half, Count)
    assert (half.minimum, half.maximum) == (1, 3)


def test_goals_of_information_do_not_bind_one_candidate() -> None:
    asked = Specification(rules().rules, [InformationTarget(name="i", theta=0, goal=3, tolerance=0.1)])

    assert of_one_candidate(asked).targets == ()
    assert len(of_one_candidate(asked).rules) == len(rules().rules)


def test_items_are_shown_with_their_probability() -> None:
    names = [f"i{k}" for k in range(50)]
    shown = np.linspace(0.1, 1.0, 50)

    rate = np.mean([eligible(names, shown, seed) for seed in range(400)], axis=0)

    assert rate[-1] == 1.0
    assert np.abs(rate - shown).max() < 4 * np.sqrt(0.25 / 400)


def test_exposure_control_spreads_the_items_that_everybody_would_meet() -> None:
    pool = a_pool(24)
    three = Specification([Count(name="length", minimum=3, maximum=3)])
    test = ready(pool, three, Measure(pool, curve_of(pool, range(8))))
    assert isinstance(test, AdaptiveTest)
    control = probabilities(test, cap=0.5, cohort=100, rng=np.random.default_rng(1), persons=25, rounds=4)
    first = test.next(0, [], []).place
    test.shown = control.probability
    test.forget()

    openings = [test.next(seed, [], []).place for seed in range(60)]

    assert control.highest <= 0.7
    assert openings.count(first) <= 0.6 * 60
    with pytest.raises(ValueError, match="fewer than 3"):
        probabilities(test, cap=0.1, cohort=100, rng=np.random.default_rng(1))


def test_a_cohort_is_aimed_below_its_cap() -> None:
    assert aim_of(0.3, 400) == pytest.approx(0.3 - 4 * np.sqrt(0.21 / 400))
    assert aim_of(0.3, 4) == pytest.approx(0.15)


def test_a_mark_rises_with_ability_and_carries_its_standard_error() -> None:
    measure = Measure(a_pool(), curve_of(a_pool(), range(20)))
    places = list(range(12))

    marks = [measure.mark(measure.posterior(places, [k < n for k in places])) for n in range(13)]
    nothing = measure.ability(measure.posterior([], []))

    assert [mark.percent for mark in marks] == sorted(mark.percent for mark in marks)
    assert all(0 < mark.se < 25 and 0 < mark.percent < 100 for mark in marks)
    assert nothing.theta == pytest.approx(0, abs=1e-12)
    assert nothing.se == pytest.approx(1, abs=1e-3)
    assert measure.curve[NODES == 0][0] == pytest.approx(
        100
        * float(a_pool().probability([0.0])[0, :20] @ a_pool().numbers("marks")[:20])
        / a_pool().numbers("marks")[:20].sum()
    )


def test_an_ability_is_the_posterior_mean_of_the_rasch_model() -> None:
    """A closed form: with one item of difficulty 0 the posterior mean is ±E[θ (2P(θ) − 1)], integrated finely."""
    pool = Pool(ids=["i"], numeric={"marks": [1]}, a=[1.0], b=[0.0])
    fine = np.linspace(-8, 8, 4001)
    density = np.exp(-(fine**2) / 2) / (1 + np.exp(-fine))

    found = Measure(pool, curve_of(pool, [0])).ability(
        Measure(pool, curve_of(pool, [0])).posterior([0], [True])
    )

    assert found.theta == pytest.approx(float(fine @ density / density.sum()), abs=1e-4)


def test_two_stages_lead_by_score_and_every_route_keeps_the_rules() -> None:
    pool = a_pool(28)
    panel = assemble_panel(pool, rules(), first=4, length=LENGTH, modules=2, seed=1)
    assert isinstance(panel, Panel)

    routes = {score: panel.next_module(["start"], score) for score in range(5)}

    assert panel.next_module([], 0) == "start"
    assert panel.next_module(["start", "hard"], 9) is None
    assert (routes[0], routes[4]) == ("easy", "hard")
    assert panel_from(panel.as_json()) == panel
    for name in panel.choices:
        form = (*panel.modules["start"], *panel.modules[name])
        assert panel.taken(form) == ("start", name)
        assert verify(pool, rules(), [[pool.ids[place] for place in form]]).ok


def test_a_shorter_blueprint_is_the_same_in_proportion() -> None:
    spec = BlueprintSpec(
        sections=(
            Section(type="single_choice", count=40, marks=Decimal("1.5")),
            Section(type="true_false", count=20, marks=Decimal(2)),
        ),
        rows=(Row(name="r", node="A", minimum=5, maximum=9, points=3),),
        information=(InformationPoint(theta=0, goal=12),),
        min_points=11,
    )

    short = shortened(spec, 30)

    assert [section.count for section in short.sections] == [20, 10]
    assert short.total_marks == 50
    assert (short.minutes, short.min_points) == (45, 5)
    assert (short.rows[0].minimum, short.rows[0].maximum, short.rows[0].points) == (2, 5, 1)
    assert short.information[0].goal == 6
    assert shortened(spec, 60) is spec
    with pytest.raises(ValueError, match="cannot be a shorter one"):
        shortened(spec, 61)
