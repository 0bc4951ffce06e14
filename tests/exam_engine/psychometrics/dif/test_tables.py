"""Mantel–Haenszel and its relatives: sizes, directions, reasons, and agreement among themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.dif.comparisons import (
    each_focal,
    generalized_mantel_haenszel,
    generalized_tables,
)
from exam_engine.psychometrics.dif.design import Design, Tables
from exam_engine.psychometrics.dif.mantel_haenszel import (
    breslow_day,
    mantel_haenszel,
    mantel_haenszel_tables,
)
from exam_engine.psychometrics.dif.outcome import Favours, Reason, Size, Warn
from exam_engine.psychometrics.dif.polytomous import (
    association,
    liu_agresti,
    liu_agresti_tables,
    mantel,
    mantel_tables,
)
from exam_engine.psychometrics.dif.sibtest import sibtest
from exam_engine.psychometrics.dif.standardization import standardization, standardization_tables
from tests.exam_engine.psychometrics.dif.simulated import answers

counts = st.integers(1, 40)
binary_tables = st.lists(st.tuples(counts, counts, counts, counts), min_size=1, max_size=6)


def of(strata: list[tuple[int, int, int, int]]) -> Tables:
    return Tables.of([[[[b, a], [d, c]] for a, b, c, d in strata]])


@given(binary_tables)
def test_for_two_scores_mantel_and_the_generalised_test_are_mantel_haenszel(
    strata: list[tuple[int, int, int, int]],
) -> None:
    tables = of(strata)

    plain = mantel_haenszel_tables(tables, continuity=False)

    np.testing.assert_allclose(mantel_tables(tables).statistic, plain.statistic, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(association(tables, ordered=False)[0], plain.statistic, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(liu_agresti_tables(tables).odds_ratio, plain.odds_ratio, rtol=1e-12)


@given(binary_tables)
def test_changing_the_groups_round_turns_the_direction(strata: list[tuple[int, int, int, int]]) -> None:
    tables = of(strata)
    turned = Tables.of(tables.counts[:, :, ::-1])

    one, other = mantel_haenszel_tables(tables), mantel_haenszel_tables(turned)

    np.testing.assert_allclose(one.effect, -other.effect, atol=1e-12)
    np.testing.assert_allclose(one.effect_error, other.effect_error, rtol=1e-9)
    np.testing.assert_allclose(one.statistic, other.statistic, atol=1e-9)
    assert one.sizes == other.sizes


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_mantel_and_liu_agresti_are_those_of_loops(seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 9, (1, 4, 2, 4)) + 1
    total_f = expected_f = variance = up = down = 0.0
    scores = np.arange(4)
    for stratum in table[0]:
        n_r, n_f = stratum.sum(axis=1)
        n, pooled = n_r + n_f, stratum.sum(axis=0)
        total_f += (scores * stratum[1]).sum()
        expected_f += n_f / n * (scores * pooled).sum()
        spread = n * (scores**2 * pooled).sum() - (scores * pooled).sum() ** 2
        variance += n_r * n_f / (n**2 * (n - 1)) * spread
        for j in range(1, 4):
            up += stratum[0, j:].sum() * stratum[1, :j].sum() / n
            down += stratum[0, :j].sum() * stratum[1, j:].sum() / n

    tables = Tables.of(table)

    assert mantel_tables(tables).statistic[0] == pytest.approx((total_f - expected_f) ** 2 / variance)
    assert liu_agresti_tables(tables).odds_ratio[0] == pytest.approx(up / down)


def test_the_error_of_the_cumulative_odds_ratio_is_its_spread_over_samples() -> None:
    rng = np.random.default_rng(11)
    chance = np.array([[0.2, 0.3, 0.3, 0.2], [0.1, 0.2, 0.4, 0.3], [0.05, 0.15, 0.3, 0.5]])
    draws = np.stack([rng.multinomial([[12, 8]] * 3, chance[:, None]) for _ in range(4000)])

    found = liu_agresti_tables(Tables.of(draws))

    spread = np.log(found.odds_ratio).std()
    assert np.sqrt(found.log_variance.mean()) == pytest.approx(spread, rel=0.05)
    assert (found.p_value <= 0.05).mean() == pytest.approx(0.05, abs=0.02)


def test_the_error_is_near_the_one_of_robins_breslow_and_greenland() -> None:
    responses, group = answers(seed=5, harder=0.5)

    mine = liu_agresti(responses, group).log_variance
    theirs = mantel_haenszel(responses, group).log_variance

    np.testing.assert_allclose(mine, theirs, rtol=0.1)


def test_standardised_differences_are_those_of_a_loop() -> None:
    responses, group = answers(seed=6, persons=300, items=6, highest=2)
    score = responses.sum(axis=1)
    effect = np.zeros(6)
    weights = 0
    for value in np.unique(score):
        reference, focal = (responses[(score == value) & (group == g)] for g in (0, 1))
        if len(reference) and len(focal):
            effect += len(focal) * (focal.mean(axis=0) - reference.mean(axis=0))
            weights += len(focal)

    found = standardization(responses, group)

    np.testing.assert_allclose(found.effect, effect / weights, atol=1e-12)
    assert found.compared[0, 1] == weights


@pytest.mark.parametrize("weight", ["focal", "reference", "total"])
def test_equal_groups_differ_by_nothing_whatever_the_weight(weight: str) -> None:
    found = standardization_tables(Tables.of([[[[4, 6], [4, 6]], [[2, 8], [2, 8]]]]), weight=weight)

    assert found.effect[0] == pytest.approx(0.0, abs=1e-15)
    assert found.favours[0] in (Favours.NEITHER, Favours.REFERENCE, Favours.FOCAL)
    assert found.sizes == (Size.A,)


def test_a_planted_item_is_large_and_against_the_focal_group_by_all_methods() -> None:
    responses, group = answers(seed=7, persons=2000, harder=1.0, impact=0.5)

    for found in (
        mantel_haenszel(responses, group),
        liu_agresti(responses, group),
        standardization(responses, group),
        mantel(responses, group),
    ):
        assert found.flagged[0]
        assert found.sizes[0] is Size.C
        assert found.favours[0] is Favours.REFERENCE
        assert sum(size is Size.C for size in found.sizes[1:]) == 0


def test_items_of_three_scores_are_found_too() -> None:
    responses, group = answers(seed=8, persons=1500, harder=0.8, highest=2)

    for found in (liu_agresti(responses, group), standardization(responses, group), mantel(responses, group)):
        assert found.sizes[0] is Size.C
        assert found.favours[0] is Favours.REFERENCE
    assert mantel_haenszel(responses, group).reasons == (Reason.POLYTOMOUS,) * 15


def test_mantel_haenszel_keeps_its_level_under_impact() -> None:
    flagged = [
        mantel_haenszel(
            *answers(seed=seed, persons=1000, items=20, impact=0.5), continuity=False
        ).flagged.mean()
        for seed in range(40)
    ]

    # 800 tests, about independent: Monte Carlo error 0.008.
    assert np.mean(flagged) == pytest.approx(0.05, abs=0.025)


def test_breslow_day_finds_what_depends_on_ability() -> None:
    responses, group = answers(seed=9, persons=4000, steeper=0.2)

    found = breslow_day(responses, group, design=Design(bands=6))

    assert found.p_value[0] < 1e-6
    assert found.p_value[1:].min() > 1e-4
    assert np.all(
        breslow_day(responses, group, tarone=True).statistic <= breslow_day(responses, group).statistic
    )


def test_what_cannot_be_computed_is_named() -> None:
    responses, group = answers(seed=10, persons=600, items=6)
    responses[:, 1] = 1
    responses[group == 0, 2] = 1
    responses[group == 1, 3] = -1

    found = mantel_haenszel(responses, group, design=Design(matching=np.zeros(600)))

    assert found.reasons[:4] == (None, Reason.ALIKE, Reason.BOUNDLESS, Reason.NO_MATCH)
    assert np.isnan(found.p_value[[1, 3]]).all()
    assert found.favours[2] is Favours.REFERENCE
    assert found.p_value[2] < 0.05
    assert Warn.NOT_COMPUTABLE in found.warnings
    assert not found.flagged[[1, 3]].any()


@pytest.mark.parametrize("method", [liu_agresti, mantel, standardization])
def test_no_method_is_silent_about_what_it_cannot_do(method: type) -> None:
    responses, group = answers(seed=10, persons=600, items=6)
    responses[:, 1] = 1
    responses[group == 1, 3] = -1

    found = method(responses, group, design=Design(matching=np.zeros(600)))  # type: ignore[call-arg]

    for item in range(6):
        assert np.isnan(found.p_value[item]) == (found.reasons[item] is not None)


def test_small_groups_and_lost_persons_are_warned_of() -> None:
    small = mantel_haenszel(*answers(seed=1, persons=300))
    apart = mantel_haenszel(*answers(seed=1, persons=1000, items=40, impact=3.0))

    assert {Warn.SMALL_GROUP, Warn.SMALL_TOTAL} <= set(small.warnings)
    assert apart.warnings == (Warn.UNMATCHED,)
    assert mantel_haenszel(*answers(seed=1, persons=1000)).warnings == ()


def test_booklets_are_matched_within_themselves() -> None:
    responses, group = answers(seed=12, persons=2000, harder=1.2)
    responses[: len(group) // 4, 10:] = -1
    responses[-len(group) // 4 :, 10:] = -1

    found = mantel_haenszel(responses, group)

    assert Warn.SEVERAL_BOOKLETS in found.warnings
    assert found.flagged[0]


def test_purified_and_rest_scores_are_taken_apart() -> None:
    responses, group = answers(seed=13, persons=2000, harder=1.5)

    found = mantel_haenszel(responses, group, design=Design(matching="rest", purify=True))

    assert not found.anchor[0]
    assert found.rounds >= 1


def test_each_focal_group_is_compared_and_all_p_values_allowed_for() -> None:
    responses, group = answers(seed=14, persons=1500, harder=1.0)
    three = np.where(group == 1, "b", np.where(np.arange(1500) % 2, "a", "c"))

    found = each_focal(
        lambda x, g, plan: mantel_haenszel(x, g, design=plan),
        responses,
        three,
        design=Design(reference="a", adjustment=Correction.HOLM),
    )

    assert set(found) == {"b", "c"}
    raw = np.concatenate([found["b"].p_value, found["c"].p_value])
    together = adjusted_p_values(raw, correction="holm")
    np.testing.assert_allclose(np.concatenate([found["b"].p_adjusted, found["c"].p_adjusted]), together)
    assert found["b"].flagged[0]
    assert not found["c"].flagged[0]


def test_all_groups_at_once() -> None:
    responses, group = answers(seed=14, persons=1500, harder=1.0)
    three = np.where(group == 1, 2, np.arange(1500) % 2)

    found = generalized_mantel_haenszel(responses, three, ordered=True)

    assert found.labels == ("0", "1", "2")
    assert found.df[0] == 2
    assert found.flagged[0]
    assert found.differences[0, 1] < -0.1
    assert abs(found.differences[0, 0]) < 0.1
    with pytest.raises(ValueError, match="not purified"):
        generalized_mantel_haenszel(responses, three, design=Design(purify=True))


def test_a_category_that_nobody_chose_takes_a_degree_of_freedom() -> None:
    full, lacking = np.full((2, 3), 5), np.array([[5, 0, 5], [5, 0, 5]])

    assert generalized_tables(Tables.of([[full]])).df[0] == 2
    assert generalized_tables(Tables.of([[lacking]])).df[0] == 1


@pytest.mark.parametrize("bad", [[1.0], np.zeros((1, 1, 1, 2)), -np.ones((1, 1, 2, 2))])
def test_counts_of_another_form_are_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="counts must be"):
        Tables.of(bad)  # type: ignore[arg-type]


def test_matching_without_the_item_is_warned_of_where_groups_differ() -> None:
    rest = Design(matching="rest")
    apart, alike = answers(seed=15, persons=1000, impact=0.5), answers(seed=15, persons=1000)

    assert Warn.REST_SCORE in mantel_haenszel(*apart, design=rest).warnings
    assert Warn.REST_SCORE not in mantel_haenszel(*alike, design=rest).warnings
    assert Warn.REST_SCORE not in mantel_haenszel(*apart).warnings
    assert Warn.REST_SCORE not in sibtest(*apart).warnings
