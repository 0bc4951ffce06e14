"""A blueprint and the bank's items become the kernel's problem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from exam_engine.assembly import Assembled, Infeasible, assemble
from exam_engine.papers.bank import Bank, thinned
from exam_engine.papers.blueprint import BlueprintSpec, read_blueprint
from exam_engine.papers.compile import (
    NO_SHARING,
    BankItem,
    EarlierPaper,
    pool_of,
    specification_of,
    supply_of,
    usable,
)
from exam_engine.papers.rules import NoItems, NotCalibrated, NotTried, RuleRefused


def bank(count: int = 60, **values: Any) -> list[BankItem]:
    """Return items of two types, three nodes, points of three items each."""
    return [
        BankItem(
            item_id=UUID(int=k + 1),
            version_id=UUID(int=k + 1001),
            type="single_choice" if k % 2 else "true_false",
            number=k + 1,
            reference=f"Q{k + 1}",
            category="ABC"[k % 3],
            point=f"p{k // 3}",
            nodes=("1", f"1-{k % 3 + 1}"),
            importance="XYZ"[k % 3],
            difficulty=k % 5 + 1,
            **values,
        )
        for k in range(count)
    ]


def spec(**changes: Any) -> BlueprintSpec:
    return read_blueprint(
        {
            "sections": [
                {"type": "single_choice", "count": 5, "marks": 2},
                {"type": "true_false", "count": 5, "marks": 1},
            ],
            "total_marks": 15,
            **changes,
        }
    )


def solve(blueprint: BlueprintSpec, items: Sequence[BankItem], forms: int = 2) -> Assembled | Infeasible:
    found = usable(blueprint, items)
    answer = assemble(pool_of(blueprint, found), specification_of(blueprint, found), forms=forms)
    assert isinstance(answer, Assembled | Infeasible)
    return answer


def test_rows_by_node_category_importance_and_difficulty_hold_in_every_form() -> None:
    rows = [
        {"name": "node", "node": "1-2", "minimum": 4, "maximum": 4},
        {"name": "Z", "importance": "Z", "maximum": 2},
        {"name": "hard", "difficulty": [4, 5], "share": 30},
        {"name": "A as single", "category": "A", "type": "single_choice", "minimum": 2},
    ]
    items = {str(item.item_id): item for item in bank()}

    answer = solve(spec(rows=rows, max_per_point=1, equal=["type", "category"]), list(items.values()))

    assert isinstance(answer, Assembled)
    for form in answer.forms:
        held = [items[name] for name in form]
        assert sum(item.nodes[1] == "1-2" for item in held) == 4
        assert sum(item.importance == "Z" for item in held) <= 2
        assert sum(item.difficulty >= 4 for item in held) == 3
        assert len({item.point for item in held}) == 10


def test_supply_counts_one_item_a_point_when_only_one_may_appear() -> None:
    rows = [{"name": "A", "category": "A", "minimum": 1}, {"name": "all", "node": "1", "minimum": 1}]

    supply = supply_of(spec(rows=rows, max_per_point=1), bank(12))

    assert supply == {"section:single_choice": 4, "section:true_false": 4, "row:1": 4, "row:2": 4}


def test_a_row_the_bank_cannot_supply_is_named_by_its_key() -> None:
    answer = solve(spec(rows=[{"name": "D", "category": "D", "minimum": 2}]), bank())

    assert isinstance(answer, Infeasible)
    assert [(s.rule, s.needs, s.has) for s in answer.shortages] == [("row:1", 4, 0)]


def test_too_many_forms_clash_with_the_ban_on_sharing() -> None:
    answer = solve(spec(), bank(), forms=7)

    assert isinstance(answer, Infeasible)
    assert NO_SHARING in answer.clash
    assert answer.forms_possible == 6


def test_an_unknown_enemy_is_refused_and_a_withdrawn_one_passed_over() -> None:
    blueprint = spec(enemies=[["1", "ref:Q2", "old"]])

    with pytest.raises(RuleRefused, match="old"):
        specification_of(blueprint, bank())
    assert specification_of(blueprint, bank(), inactive={"old"}).rules[-1].name == "enemies"


def test_items_by_number_are_kept_in_and_out() -> None:
    blueprint = spec(include=["1"], exclude=["2"], share_items=True)

    answer = solve(blueprint, bank())

    assert isinstance(answer, Assembled)
    assert all(str(UUID(int=1)) in form and str(UUID(int=2)) not in form for form in answer.forms)


def test_information_needs_a_calibrated_bank() -> None:
    blueprint = spec(information=[{"theta": 0, "goal": 2}])

    with pytest.raises(NotCalibrated):
        usable(blueprint, bank())
    assert isinstance(solve(blueprint, bank(a=1.0, b=0.0)), Assembled)


def test_a_bank_without_the_types_is_refused() -> None:
    with pytest.raises(NoItems):
        usable(read_blueprint({"sections": [{"type": "multiple_choice", "count": 50, "marks": 2}]}), bank())


def test_different_points_are_covered_over_the_form_and_in_a_row() -> None:
    rows = [{"name": "A", "category": "A", "minimum": 4, "maximum": 4, "points": 4}]
    items = {str(item.item_id): item for item in bank()}

    answer = solve(spec(rows=rows, min_points=8), list(items.values()), forms=1)

    assert isinstance(answer, Assembled)
    held = [items[name] for name in answer.forms[0]]
    assert len({item.point for item in held}) >= 8
    assert len({item.point for item in held if item.category == "A"}) == 4


def test_expected_score_and_mean_proportion_are_targets() -> None:
    items = [replace(item, a=1.0, b=(k % 5 - 2) / 2, p=0.3 + k % 7 / 10) for k, item in enumerate(bank())]
    blueprint = spec(curve=[{"theta": 0, "goal": 7.5, "tolerance": 0.2}], mean_p={"goal": 0.6})

    answer = solve(blueprint, items)

    assert isinstance(answer, Assembled)
    checks = {(c.target, c.form): c.actual for c in answer.verification.targets}
    by_id = {str(item.item_id): item for item in items}
    for number, form in enumerate(answer.forms, start=1):
        marks = {"single_choice": 2, "true_false": 1}
        expected = sum(marks[by_id[n].type] / (1 + math.exp(by_id[n].b or 0.0)) for n in form)
        assert checks[("curve:0", number)] == pytest.approx(expected)
        assert checks[("mean_p", number)] == pytest.approx(0.6, abs=0.02)


def test_items_used_lately_or_too_often_stay_out_and_earlier_papers_share_few() -> None:
    day = datetime(2026, 5, 2, 18, tzinfo=UTC)  # already the 3rd of May on site
    items = [replace(item, used=k % 3, last_used_at=day if k < 12 else None) for k, item in enumerate(bank())]
    papers = [
        EarlierPaper("P2", frozenset(i.item_id for i in items[12:18])),
        EarlierPaper("P1", frozenset(i.item_id for i in items[18:50])),
    ]
    blueprint = spec(
        unused_since="2026-05-03", unused_papers=1, most_used=1, earlier={"maximum": 6}, share_items=True
    )

    answer = assemble(pool_of(blueprint, items), specification_of(blueprint, items, earlier=papers), forms=2)

    assert isinstance(answer, Assembled)
    by_id = {str(item.item_id): k for k, item in enumerate(items)}
    for form in answer.forms:
        held = [by_id[name] for name in form]
        assert min(held) >= 18
        assert all(k % 3 < 2 for k in held)
        assert sum(k < 50 for k in held) <= 6


def test_mean_proportion_needs_items_that_were_tried() -> None:
    blueprint = spec(mean_p={"goal": 0.6})

    with pytest.raises(NotTried):
        usable(blueprint, bank())


def test_a_row_with_a_weight_is_a_wish() -> None:
    rows = [
        {"name": "A", "category": "A", "minimum": 5},
        {"name": "few of A", "category": "A", "maximum": 3, "weight": 0.1},
    ]

    answer = solve(spec(rows=rows), bank(), forms=1)

    assert isinstance(answer, Assembled)
    wish = next(check for check in answer.verification.rules if check.rule == "row:2")
    assert (wish.is_soft, wish.actual, wish.deviation) == (True, 5, pytest.approx(0.2))


def test_forms_that_share_items_share_no_more_than_is_allowed() -> None:
    answer = solve(spec(share_items=True, max_use=2, max_common=3), bank(24), forms=3)

    assert isinstance(answer, Assembled)
    forms = [set(form) for form in answer.forms]
    assert all(len(one & other) <= 3 for one in forms for other in forms if one is not other)


def test_a_large_bank_is_thinned_the_same_way_each_time_and_keeps_what_is_needed() -> None:
    whole = Bank(tuple(bank()), frozenset(), (), (), None)

    small = thinned(whole, 20, needed=["1", "ref:Q60"])

    assert small == thinned(whole, 20, needed=["1", "ref:Q60"])
    assert {1, 60} <= {item.number for item in small.items}
    assert 20 <= len(small.items) <= 22
    # An exclusion of an item that was left out still means something.
    names = {str(item.number) for item in whole.items} - {str(item.number) for item in small.items}
    assert names <= small.inactive
