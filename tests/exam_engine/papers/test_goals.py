"""Goals from the bank: what an average form gives."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.assembly import Count, Include, Is, Pool, Specification
from exam_engine.papers.goals import goals_of_bank, goals_of_paper
from exam_engine.papers.rules import NoAverageForm


def pool() -> Pool:
    """Return ten items of type s with a = 1 and ten of type t with a = 2, all of difficulty 0."""
    return Pool(
        ids=[f"i{k}" for k in range(20)],
        numeric={"marks": [1.0 + k // 10 for k in range(20)]},
        categorical={"type": ["s" if k < 10 else "t" for k in range(20)]},
        a=[1.0 + k // 10 for k in range(20)],
        b=[0.0] * 20,
    )


def test_an_even_use_of_the_bank_gives_the_goals() -> None:
    rules = [
        Count(name="s", where=(Is("type", "s"),), minimum=4, maximum=4),
        Count(name="t", where=(Is("type", "t"),), minimum=2, maximum=2),
    ]

    goals = goals_of_bank(pool(), Specification(rules), [0.0])

    # At θ = b an item gives a²/4 and half its marks.
    assert goals.information == pytest.approx((4 * 0.25 + 2 * 1.0,))
    assert goals.score == pytest.approx((4 * 0.5 + 2 * 1.0,))


def test_items_in_every_form_do_not_keep_the_others_from_being_used_evenly() -> None:
    mixed = Pool(ids=["x", "y", "z"], numeric={"marks": [1.0] * 3}, a=[1.0, 1.0, 3.0], b=[0.0] * 3)
    rules = [Count(name="length", minimum=2, maximum=2), Include(name="in", ids=("x",))]

    goals = goals_of_bank(mixed, Specification(rules), [0.0])

    assert goals.information == pytest.approx((0.25 + 0.5 * 0.25 + 0.5 * 2.25,))


def test_rules_that_clash_have_no_average_form() -> None:
    with pytest.raises(NoAverageForm):
        goals_of_bank(pool(), Specification([Count(name="many", minimum=21)]), [0.0])


def test_a_paper_gives_the_sum_over_its_items() -> None:
    goals = goals_of_paper(pool(), {"i0", "i10"}, [0.0, 1.0])

    p = 1 / (1 + np.exp([-1.0, -2.0]))
    assert goals.information == pytest.approx((1.25, p[0] * (1 - p[0]) + 4 * p[1] * (1 - p[1])))
    assert goals.score == pytest.approx((1.5, p[0] + 2 * p[1]))
