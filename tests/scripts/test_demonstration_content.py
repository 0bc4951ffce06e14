"""The demonstration bank: its outline, items and practical task are complete and consistent."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "scripts" / "demonstration"
TYPES = {"single_choice", "multiple_choice", "true_false"}


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


OUTLINE = load("outline.toml")
ITEMS: list[dict[str, Any]] = [
    item for path in sorted(FOLDER.glob("items-*.toml")) for item in load(path.name)["items"]
]


def leaves(scope: dict[str, Any]) -> list[dict[str, Any]]:
    below = scope.get("scopes", [])
    return [leaf for part in below for leaf in leaves(part)] if below else [scope]


def points(scope: dict[str, Any]) -> list[dict[str, str]]:
    return [point for leaf in leaves(scope) for point in leaf["points"]]


def all_scopes(scopes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [found for scope in scopes for found in [scope, *all_scopes(scope.get("scopes", []))]]


POINTS = [point for scope in OUTLINE["scopes"] for point in points(scope)]


def of_type(kind: str) -> list[dict[str, Any]]:
    return [item for item in ITEMS if item["type"] == kind]


def test_theory_and_skill_weights_sum_to_one_hundred() -> None:
    assert sum(function["theory"] for function in OUTLINE["functions"]) == 100
    assert sum(function["skill"] for function in OUTLINE["functions"]) == 100


def test_scope_weights_equal_the_weight_table_and_their_parts() -> None:
    second_depth = {part["name"]: part["weight"] for scope in OUTLINE["scopes"] for part in scope["scopes"]}

    assert second_depth == {function["name"]: function["theory"] for function in OUTLINE["functions"]}
    for scope in all_scopes(OUTLINE["scopes"]):
        assert scope["weight"] == sum(leaf["weight"] for leaf in leaves(scope))
    assert sum(scope["weight"] for scope in OUTLINE["scopes"]) == 100


def test_every_branch_has_three_depths() -> None:
    for scope in OUTLINE["scopes"]:
        for part in scope["scopes"]:
            assert all("scopes" not in leaf and leaf["points"] for leaf in part["scopes"])


def test_stated_importance_counts_are_the_counted_ones() -> None:
    for scope in all_scopes(OUTLINE["scopes"]):
        counted = Counter(point["importance"] for point in points(scope))
        assert scope["stated"] == {"x": counted["X"], "y": counted["Y"], "z": counted["Z"]}


def test_points_have_distinct_three_digit_codes_and_plausible_importance() -> None:
    share = Counter(point["importance"] for point in POINTS)

    assert len(POINTS) >= 64
    assert len({point["code"] for point in POINTS}) == len({point["name"] for point in POINTS}) == len(POINTS)
    assert all(re.fullmatch(r"\d{3}", point["code"]) for point in POINTS)
    assert 0.55 <= share["X"] / len(POINTS) <= 0.65
    assert 0.20 <= share["Y"] / len(POINTS) <= 0.30
    assert 0.10 <= share["Z"] / len(POINTS) <= 0.20


def test_every_point_has_all_three_types_and_every_item_a_point() -> None:
    types_of: dict[str, list[str]] = {point["code"]: [] for point in POINTS}
    for item in ITEMS:
        types_of[item["point"]].append(item["type"])

    assert len(ITEMS) >= 256
    for code, types in types_of.items():
        assert len(types) >= 4, code
        assert set(types) == TYPES, code


@pytest.mark.parametrize(
    "item", ITEMS, ids=[f"{item['point']}-{item['type']}-{n}" for n, item in enumerate(ITEMS)]
)
def test_item_is_well_formed(item: dict[str, Any]) -> None:
    options, key = item.get("options", []), item["key"]

    assert set(item) - {"options"} == {"point", "type", "difficulty", "stem", "key", "explanation"}
    assert item["difficulty"] in range(1, 6)
    assert item["explanation"].endswith("。")
    assert item["stem"].count("$") % 2 == 0
    assert len(set(options)) == len(options)
    assert not any(option.startswith("以上") for option in options)
    if item["type"] == "true_false":
        assert not options
        assert key in {"T", "F"}
        assert item["stem"].endswith("。")
        assert item["explanation"].startswith("正确表述：") == (key == "F")
        return
    labels = "ABCDE"[: len(options)]
    assert item["stem"].count("（　）") == 1
    assert list(key) == sorted(set(key))
    assert set(key) <= set(labels)
    if item["type"] == "single_choice":
        assert len(options) == 4
        assert len(key) == 1
    else:
        assert len(options) in {4, 5}
        assert 2 <= len(key) <= 4
        assert len(key) < len(options)


def test_keys_are_balanced() -> None:
    single = Counter(item["key"] for item in of_type("single_choice"))
    judged = Counter(item["key"] for item in of_type("true_false"))
    sizes = Counter(len(item["key"]) for item in of_type("multiple_choice"))

    assert max(single.values()) - min(single.values()) <= 3
    assert abs(judged["T"] - judged["F"]) <= 8
    assert all(sizes[size] >= 8 for size in (2, 3, 4))


def test_difficulty_mix_is_about_twenty_seventy_ten() -> None:
    count = Counter(item["difficulty"] for item in ITEMS)

    assert 0.16 <= (count[1] + count[2]) / len(ITEMS) <= 0.24
    assert 0.65 <= (count[3] + count[4]) / len(ITEMS) <= 0.75
    assert 0.07 <= count[5] / len(ITEMS) <= 0.13


def test_no_two_stems_are_the_same_or_nearly_so() -> None:
    stems = [item["stem"] for item in ITEMS]

    assert len(set(stems)) == len(stems)
    for one, two in itertools.combinations(stems, 2):
        match = SequenceMatcher(None, one, two, autojunk=False)
        assert match.real_quick_ratio() < 0.8 or match.quick_ratio() < 0.8 or match.ratio() < 0.8, (one, two)


def test_several_stems_hold_formulas() -> None:
    assert sum("$" in item["stem"] for item in ITEMS) >= 10


def test_practical_task_rubric_sums_to_its_total() -> None:
    task = load("practical.toml")

    assert [line["code"] for line in task["rubric"]] == [f"M{n + 1}" for n in range(len(task["rubric"]))]
    assert sum(line["points"] for line in task["rubric"]) == task["total"] == 100
    assert task["occupation"] == OUTLINE["occupation"]
    assert task["level"] == OUTLINE["level"]
    assert task["function"] in {f["name"] for f in OUTLINE["functions"] if f["skill"] > 0}
