"""Specifications that make no sense are refused by name, before anything is solved."""

from __future__ import annotations

import pytest

from exam_engine.assembly import (
    Count,
    Enemies,
    Include,
    InformationTarget,
    Is,
    PerValue,
    Pool,
    Specification,
    Sum,
    assemble,
)
from exam_engine.assembly.specification import Rule

POOL = Pool(ids=["i", "j"], numeric={"marks": [1, 1]}, categorical={"type": ["single", "single"]})


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Count(name="r", minimum=3, maximum=2), "rule 'r': minimum 3 is above maximum 2"),
        (Count(name="r", minimum=-1), "rule 'r': a count cannot be negative"),
        (Sum(name="r", attribute="marks", minimum=float("nan")), "rule 'r': a bound is not a number"),
        (Count(name="r", where=(Is("type"),)), "rule 'r': the filter on 'type' is empty"),
        (PerValue(name="r", attribute="type", maximum=0), "rule 'r': at most 0 per value"),
        (Enemies(name="r", groups=(("i",),)), "rule 'r': .* is no group of different items"),
        (Include(name="r", ids=("i", "i")), "rule 'r' names an item twice"),
    ],
)
def test_a_rule_that_contradicts_itself_is_named(rule: Rule, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Specification([rule])


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two rules are named 'r'"):
        Specification([Count(name="r"), Count(name="r")])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            Count(name="r", where=(Is("kind", "x"),), minimum=1),
            "rule 'r': unknown categorical attribute 'kind'",
        ),
        (Sum(name="r", attribute="mark"), "rule 'r': unknown numeric attribute 'mark'"),
        (Enemies(name="r", groups=(("i", "k"),)), "rule 'r': item 'k' is not in the pool"),
        (Count(name="r", where=(Is("type", "multiple"),), maximum=3), "rule 'r': the filter selects no item"),
    ],
)
def test_a_rule_that_does_not_fit_the_pool_is_named(rule: Rule, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assemble(POOL, Specification([rule]), forms=1)


def test_an_information_target_on_an_uncalibrated_bank_is_named() -> None:
    target = InformationTarget(name="middle", theta=0.0, goal=5.0)

    with pytest.raises(ValueError, match="target 'middle': the pool has no item parameters"):
        assemble(POOL, Specification([], [target]), forms=1)


@pytest.mark.parametrize("forms", [0, -1])
def test_at_least_one_form_is_asked_for(forms: int) -> None:
    with pytest.raises(ValueError, match="at least one is needed"):
        assemble(POOL, Specification([]), forms=forms)
