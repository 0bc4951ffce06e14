"""Printed sequences against every order and every choice of letters of small forms, and by the independent check."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.assembly.sequence import (
    Arranged,
    Arrangement,
    NotArranged,
    SequenceItems,
    SequenceRules,
    Within,
    arrange,
    check_sequence,
)


def true_false(keys: str) -> SequenceItems:
    """Items whose options do not move; T is the first option."""
    size = len(keys)
    return SequenceItems(
        ids=[f"i{at}" for at in range(size)],
        sections=["judge"] * size,
        options=[2] * size,
        keys=[["TF".index(key)] for key in keys],
        fixed=[[0, 1]] * size,
    )


def single_choice(size: int, *, key: int = 0, options: int = 4) -> SequenceItems:
    return SequenceItems(
        [f"i{at}" for at in range(size)], ["single"] * size, [options] * size, [[key]] * size
    )


def mixed_form(rng: np.random.Generator, size: int) -> SequenceItems:
    """One section of items of two or three options, some with fixed ones, some in a case."""
    options = rng.integers(2, 4, size)
    return SequenceItems(
        ids=[f"i{at}" for at in range(size)],
        sections=["s"] * size,
        options=[int(count) for count in options],
        keys=[[int(rng.integers(count))] for count in options],
        fixed=[range(count) if rng.random() < 0.6 else () for count in options],
        cases=[str(case) for case in rng.choice(["", "c"], size, p=[0.6, 0.4])],
    )


def lettered(found: Arranged | NotArranged, variant: int = 0) -> str:
    """Return the letters of a form with one key an item, as printed."""
    assert isinstance(found, Arranged)
    one = found.variants[variant]
    return "".join("ABCDE"[one.keys[item][0]] for item in one.order)


def longest(letters: str) -> int:
    return max(len(list(group)) for _, group in groupby(letters))


def every_sequence(items: SequenceItems, longest_run: int) -> list[tuple[float, int]]:
    """Return deviation and places moved of every sequence of a section that keeps cases and runs, by enumeration."""
    size, found = items.size, []
    cases = [items.case_of(item) for item in range(size)]
    inside = [item for item in range(size) if cases[item]]
    blocks = [[item] for item in range(size) if not cases[item]] + ([inside] if inside else [])
    wanted = [item for block in sorted(blocks, key=lambda block: block[0]) for item in block]
    home = {item: place for place, item in enumerate(wanted)}
    share = [
        sum(
            len(items.keys[item]) / items.options[item]
            for item in range(size)
            if letter < items.options[item]
        )
        for letter in range(max(items.options))
    ]
    for ordered in permutations(blocks):
        order = [item for block in ordered for item in block]
        moved = sum(abs(home[item] - place) for place, item in enumerate(order))
        places = [
            items.keys[item] if len(items.fixed[item]) else tuple(range(items.options[item]))
            for item in order
        ]
        for letters in product(*places):
            text = "".join("ABC"[letter] for letter in letters)
            if longest(text) <= longest_run:
                off = max(abs(letters.count(letter) - fair) for letter, fair in enumerate(share))
                found.append((off, moved))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_nearest_best_balanced_sequence_of_a_small_form_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = mixed_form(rng, 5)
    longest_run = int(rng.integers(1, 3))
    possible = every_sequence(items, longest_run)

    found = arrange(items, SequenceRules(longest_run=longest_run), seed=seed)

    if not possible:
        assert isinstance(found, NotArranged)
        assert found.rule == "longest_run"
        assert found.possible is not None
        assert not every_sequence(items, int(found.possible) - 1)
        assert every_sequence(items, int(found.possible))
        return
    assert isinstance(found, Arranged)
    section = found.checks[0].sections[0]
    free = any(len(items.fixed[item]) == 0 for item in range(items.size))
    least = min(off for off, _ in possible)
    assert section.deviation == pytest.approx(least) or not free
    assert section.moved == min(moved for off, moved in possible if off <= least + 1e-9 or not free)


def test_answer_letters_are_balanced_without_moving_an_item() -> None:
    items = single_choice(40)

    found = arrange(items, SequenceRules(longest_run=3), seed=5)

    letters = lettered(found)
    assert [letters.count(letter) for letter in "ABCD"] == [10, 10, 10, 10]
    assert longest(letters) <= 3
    assert isinstance(found, Arranged)
    assert found.variants[0].order == tuple(range(40))


def test_a_run_that_true_false_keys_do_not_allow_is_refused_with_the_smallest_that_they_do() -> None:
    items = true_false("TTTTTTTTFF")

    refused = arrange(items, SequenceRules(longest_run=2))
    found = arrange(items, SequenceRules(longest_run=3))

    assert refused == NotArranged("judge", "longest_run", 2, 3)
    assert longest(lettered(found)) == 3


def test_a_balance_that_fixed_options_do_not_allow_is_refused_with_the_least_that_they_do() -> None:
    items = replace(single_choice(8), fixed=[[0, 1, 2, 3]] * 6 + [[]] * 2)

    refused = arrange(items, SequenceRules(longest_run=None, balance=1))

    assert refused == NotArranged("single", "balance", 1, 4.0)
    assert isinstance(arrange(items, SequenceRules(longest_run=None, balance=4)), Arranged)


def test_several_right_options_are_balanced_too() -> None:
    items = SequenceItems([f"i{at}" for at in range(8)], ["multiple"] * 8, [4] * 8, [[0, 1]] * 8)

    found = arrange(items, SequenceRules(longest_run=1))

    assert isinstance(found, Arranged)
    assert dict(found.checks[0].sections[0].counts) == {"A": 4, "B": 4, "C": 4, "D": 4}
    assert found.checks[0].sections[0].longest_run == 1


def test_sections_cases_units_and_difficulty_make_the_order() -> None:
    items = SequenceItems(
        ids=["m1", "s1", "s2", "s3", "s4"],
        sections=["multiple", "single", "single", "single", "single"],
        options=[4] * 5,
        keys=[[0, 1], [0], [1], [2], [3]],
        difficulty=[0.0, 2.0, 1.0, 0.0, -1.0],
        units=["u", "u", "v", "v", "u"],
        cases=["", "", "c", "c", ""],
    )

    found = arrange(
        items, SequenceRules(sections=("single", "multiple"), within=Within.EASY_TO_HARD, by_unit=True)
    )

    assert isinstance(found, Arranged)
    assert [items.ids[item] for item in found.variants[0].order] == ["s4", "s1", "s2", "s3", "m1"]


def test_pinned_items_and_fixed_options_stay() -> None:
    items = replace(single_choice(6), fixed=[[3]] * 6)

    found = arrange(
        items, SequenceRules(within=Within.SHUFFLED, pinned={"i5": 1, "i0": 6}), seed=2, variants=3
    )

    assert isinstance(found, Arranged)
    for one in found.variants:
        assert (one.order[0], one.order[-1]) == (5, 0)
        assert all(places[3] == 3 for places in one.options)


def test_pins_that_tear_every_place_for_a_case_are_refused() -> None:
    items = replace(single_choice(4), cases=["", "c", "c", ""])

    assert arrange(items, SequenceRules(pinned={"i0": 2, "i3": 3})) == NotArranged(
        "single", "pinned", 2, None
    )


def test_variants_share_few_positions_and_answers_and_do_not_depend_on_their_number() -> None:
    items = single_choice(40)

    found = arrange(items, SequenceRules(), seed=9, variants=3)
    again = arrange(items, SequenceRules(), seed=9, variants=2)

    assert isinstance(found, Arranged)
    assert isinstance(again, Arranged)
    assert found.variants[:2] == again.variants
    assert max(pair.positions for pair in found.in_common) == 0
    assert max(pair.keys + pair.answers for pair in found.in_common) <= 12
    assert lettered(found) != lettered(arrange(items, SequenceRules(), seed=10))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ids": ["i0", "i0"]}, "occurs twice"),
        ({"keys": [[0], [4]]}, "key 5 is not one of its 4 options"),
        ({"options": [4]}, "1 values for 2 items"),
        ({"difficulty": [0.0, float("nan")]}, "is no number"),
        ({"sections": ["a", "b"], "cases": ["c", "c"]}, "'a' and 'b'"),
    ],
)
def test_items_that_make_no_sense_are_refused_by_name(wrong: dict[str, object], says: str) -> None:
    right = {"ids": ["i0", "i1"], "sections": ["s", "s"], "options": [4, 4], "keys": [[0], [1]]}

    with pytest.raises(ValueError, match=says):
        SequenceItems(**{**right, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (SequenceRules(sections=("essay",)), "no item of the form is in section 'essay'"),
        (SequenceRules(within=Within.EASY_TO_HARD), "needs the difficulty"),
        (SequenceRules(by_unit=True), "needs the unit"),
        (
            SequenceRules(pinned={"i1": 9}),
            "'i1' is pinned at position 9, but its section 'single' stands at 1 to 3",
        ),
        (SequenceRules(pinned={"i1": 1, "i2": 1}), "both pinned at position 1"),
    ],
)
def test_rules_that_do_not_fit_the_form_are_refused_by_name(rules: SequenceRules, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        arrange(single_choice(3), rules)


def test_the_check_finds_what_a_sequence_breaks() -> None:
    items = replace(single_choice(4), fixed=[[3]] * 4, cases=["c", "c", "", ""])
    good = arrange(items, SequenceRules(longest_run=2, pinned={"i3": 4}))
    assert isinstance(good, Arranged)
    one = good.variants[0]
    turned = (*((3, 1, 2, 0),), *one.options[1:])
    broken = {
        "each item once": replace(one, order=(0, 0, 1, 2)),
        "does not stand together": replace(one, order=(0, 2, 1, 3)),
        "'i3' stands at 3, not at 4": replace(one, order=(0, 1, 3, 2)),
        "an option that is fixed": replace(one, options=turned),
        "another key": replace(
            one, keys=((2,), *one.keys[1:]) if one.keys[0] != (2,) else ((1,), *one.keys[1:])
        ),
    }

    rules = SequenceRules(longest_run=2, pinned={"i3": 4})
    assert not check_sequence(items, rules, one).problems
    for says, wrong in broken.items():
        assert any(says in problem for problem in check_sequence(items, rules, wrong).problems), says
    same = Arrangement((0, 1, 2, 3), ((0, 1, 2, 3),) * 4, ((0,),) * 4)
    assert "4 equal keys in a row" in check_sequence(items, rules, same).problems[0]
    off = check_sequence(items, SequenceRules(longest_run=None, balance=1), same).problems
    assert off == ("section 'single' has a letter 3 away from its share",)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 3), st.sampled_from(list(Within)))
def test_whatever_comes_back_passes_the_check_and_whatever_is_refused_names_a_way(
    seed: int, size: int, longest_run: int, within: Within
) -> None:
    rng = np.random.default_rng(seed)
    items = replace(mixed_form(rng, size), difficulty=rng.normal(size=size))
    rules = SequenceRules(within=within, longest_run=longest_run)

    found = arrange(items, rules, seed=seed, variants=2)

    if isinstance(found, Arranged):
        assert not [
            p for one in found.variants for p in check_sequence(items, rules, one, seed=seed).problems
        ]
        assert all(sorted(one.order) == list(range(size)) for one in found.variants)
    else:
        assert found.possible is not None
        assert found.possible > longest_run
        assert isinstance(
            arrange(items, replace(rules, longest_run=int(found.possible)), seed=seed), Arranged
        )
