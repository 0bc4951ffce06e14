"""Cut scores and route shares of a panel."""

import numpy as np
import pytest

from exam_engine.assembly import Pool
from exam_engine.assembly.adaptive import (
    Module,
    PanelDesign,
    forks_by_information,
    forks_by_population,
    route_shares,
)
from exam_engine.psychometrics.irt.items import Items

STAGES = [[Module(name="s")], [Module(name="e"), Module(name="h")], [Module(name="E"), Module(name="H")]]
DESIGN = PanelDesign(stages=STAGES)
PANEL = {"s": ("s1", "s2", "s3"), "e": ("e1", "e2"), "h": ("h1", "h2"), "E": ("E1", "E2"), "H": ("H1", "H2")}


def make_pool() -> Pool:
    ids = [name for names in PANEL.values() for name in names]
    b = {"s": (-0.5, 0.0, 0.5), "e": (-1.2, -0.8), "h": (0.8, 1.2), "E": (-1.5, -0.5), "H": (0.4, 1.6)}
    return Pool(ids=ids, a=np.full(11, 1.2), b=[x for name in PANEL for x in b[name]])


def test_modules_that_mirror_each_other_meet_in_the_middle() -> None:
    forks = {fork.taken: fork for fork in forks_by_information(make_pool(), DESIGN, PANEL)}

    assert set(forks) == {("s",), ("s", "e"), ("s", "h")}
    np.testing.assert_allclose(forks[("s",)].abilities, 0.0, atol=1e-6)
    # At 0 the three items of the start earn 1.5 on the average: 2 and more go to the harder module.
    assert forks[("s",)].cuts == (2,)
    assert [forks[("s",)].follow(score) for score in range(4)] == ["e", "e", "h", "h"]


def test_population_intervals_are_quantiles() -> None:
    forks = forks_by_population(make_pool(), DESIGN, PANEL, shares={1: (0.25, 0.75)}, mean=0.2, sd=0.9)
    first = next(fork for fork in forks if fork.taken == ("s",))

    np.testing.assert_allclose(first.abilities, 0.2 - 0.9 * 0.674489750196, atol=1e-9)
    with pytest.raises(ValueError, match="stage 2 needs 2"):
        forks_by_population(make_pool(), DESIGN, PANEL, shares={1: (0.5, 0.6)})


def test_route_shares_are_those_of_simulated_candidates() -> None:
    pool, rng = make_pool(), np.random.default_rng(8)
    forks = forks_by_information(pool, DESIGN, PANEL)
    shares = route_shares(pool, DESIGN, PANEL, forks)
    persons = 10_000
    right = rng.random((persons, pool.size)) < pool.probability(rng.standard_normal(persons))
    score = {name: right[:, [pool.positions[k] for k in ids]].sum(axis=1) for name, ids in PANEL.items()}
    at = {fork.taken: fork for fork in forks}
    taken = {("s", second, third): 0 for second in "eh" for third in "EH"}
    for person in range(persons):
        second = at[("s",)].follow(score["s"][person])
        third = at[("s", second)].follow(score["s"][person] + score[second][person])
        taken["s", second, third] += 1

    assert abs(sum(shares.values()) - 1.0) < 1e-9
    for way, share in shares.items():
        # Four standard errors of a simulated share.
        assert abs(taken[way] / persons - share) < 4 * np.sqrt(share * (1 - share) / persons) + 1e-9


def test_polytomous_items_count_their_scores() -> None:
    ids = ["s1", "s2", "e1", "h1"]
    steps = [[-1.0, 0.5], [-0.5, 0.5], [-2.0, -1.0], [1.0, 2.0]]
    pool = Pool(ids=ids, items=Items.partial_credit(np.ones(4), steps))
    design = PanelDesign(stages=STAGES[:2])
    panel = {"s": ("s1", "s2"), "e": ("e1",), "h": ("h1",)}
    forks = forks_by_population(pool, design, panel)
    shares = route_shares(pool, design, panel, forks)
    chance = pool.items.probability([0.0])[0] if pool.items else np.zeros((4, 3))
    expected = (chance[:2] @ np.arange(3)).sum()

    assert forks[0].cuts == (int(np.ceil(expected)),)
    assert abs(sum(shares.values()) - 1.0) < 1e-9
    assert min(shares.values()) > 0.2


def test_modules_in_the_wrong_order_are_named() -> None:
    turned = {**PANEL, "e": PANEL["h"], "h": PANEL["e"]}
    with pytest.raises(ValueError, match="module 'e' with its most information at 1"):
        forks_by_information(make_pool(), DESIGN, turned)
    with pytest.raises(ValueError, match="first stage has several modules"):
        forks_by_information(make_pool(), PanelDesign(stages=STAGES[1:]), PANEL)
