"""Content, duplicates and the life of an item."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itembank.items.rules import (
    TRANSITIONS,
    Change,
    ChangeNotAllowed,
    ItemContent,
    ItemStatus,
    ItemType,
    Option,
    Unclassified,
    check_content,
    content_problems,
    identity,
    next_status,
    pack,
    tidy,
    unpack,
)
from tests.factories.bank import content

SINGLE, MULTIPLE, JUDGE = ItemType.SINGLE_CHOICE, ItemType.MULTIPLE_CHOICE, ItemType.TRUE_FALSE


def options(*texts: str) -> tuple[Option, ...]:
    return tuple(Option("ABCDEFGHIJKLMN"[n], text) for n, text in enumerate(texts))


@pytest.mark.parametrize("type_", list(ItemType))
def test_sound_content_has_no_problem_and_survives_packing(type_: ItemType) -> None:
    sound = check_content(content(type_))

    assert content_problems(sound) == []
    assert unpack(pack(sound)) == sound


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (ItemContent(SINGLE, " 　", options("甲", "乙"), ("A",)), "stem_missing", "stem"),
        (ItemContent(SINGLE, "问" * 4001, options("甲", "乙"), ("A",)), "stem_too_long", "stem"),
        (ItemContent(SINGLE, "问\x00", options("甲", "乙"), ("A",)), "plain_text_needed", "stem"),
        (ItemContent(SINGLE, "问", options("甲"), ("A",)), "option_count_wrong", "options"),
        (
            ItemContent(SINGLE, "问", options(*"甲乙丙丁戊己庚辛壬癸子丑"), ("A",)),
            "option_count_wrong",
            "options",
        ),
        (ItemContent(SINGLE, "问", options("甲", " "), ("A",)), "option_empty", "options"),
        (ItemContent(SINGLE, "问", options("甲 5", "甲５"), ("A",)), "option_twice", "options"),
        (ItemContent(SINGLE, "问", options("甲", "乙" * 2001), ("A",)), "option_too_long", "options"),
        (
            ItemContent(SINGLE, "问", (Option("A", "甲"), Option("C", "乙")), ("A",)),
            "option_labels_wrong",
            "options",
        ),
        (ItemContent(SINGLE, "问", options("甲", "乙"), ()), "key_missing", "key"),
        (ItemContent(SINGLE, "问", options("甲", "乙"), ("C",)), "key_unknown", "key"),
        (ItemContent(SINGLE, "问", options("甲", "乙"), ("A", "B")), "key_too_many", "key"),
        (ItemContent(MULTIPLE, "问", options("甲", "乙"), ("A",)), "key_too_few", "key"),
        (ItemContent(JUDGE, "问", (), ("T", "F")), "key_too_many", "key"),
        (ItemContent(JUDGE, "问", (), ("A",)), "key_unknown", "key"),
    ],
)
def test_each_rule_of_content_is_a_refusal_with_its_field(bad: ItemContent, code: str, field: str) -> None:
    problems = content_problems(tidy(bad))

    assert [(problem.code, problem.field) for problem in problems] == [(code, field)]


@pytest.mark.parametrize(("first", "second"), [("5 mΩ", "5 MΩ"), ("10²", "102"), ("NaOH", "NAOH")])
def test_units_and_superscripts_tell_options_apart(first: str, second: str) -> None:
    assert content_problems(ItemContent(SINGLE, "问", options(first, second), ("A",))) == []


def test_all_problems_are_told_at_once() -> None:
    bad = ItemContent(MULTIPLE, "", options("甲", "甲", ""), ())

    assert [problem.code for problem in content_problems(bad)] == [
        *("stem_missing", "option_twice", "option_empty", "key_missing")
    ]


def test_keys_are_kept_in_the_order_of_the_options() -> None:
    messy = ItemContent(MULTIPLE, " 问 ", options("甲", "乙", "丙"), ("C", "A", "C"))

    assert tidy(messy).key == ("A", "C")
    assert tidy(messy).stem == "问"


def test_the_same_question_is_recognised_whatever_its_spaces_width_and_order() -> None:
    one = ItemContent(SINGLE, "电压（　）V", options("220", "380"), ("A",))
    other = ItemContent(SINGLE, "电压(  )V", options("380", "２２０"), ("B",))

    assert identity(one) == identity(other)
    assert identity(one) != identity(dataclasses.replace(one, type=MULTIPLE))


def test_content_shows_nothing_of_itself_in_logs() -> None:
    assert "测试题干" not in repr(content())


@given(st.sampled_from(ItemStatus), st.sampled_from(Change))
def test_an_item_without_a_point_never_leaves_the_drafts_for_review(
    status: ItemStatus, change: Change
) -> None:
    try:
        after = next_status(1, status, change, classified=False)
    except (ChangeNotAllowed, Unclassified):
        return

    assert after not in (ItemStatus.IN_REVIEW, ItemStatus.ACTIVE)


def test_only_a_review_makes_an_item_active() -> None:
    assert [key for key, after in TRANSITIONS.items() if after is ItemStatus.ACTIVE] == [
        (ItemStatus.IN_REVIEW, Change.APPROVE)
    ]


def test_nothing_brings_a_retired_item_back() -> None:
    for change in Change:
        with pytest.raises(ChangeNotAllowed):
            next_status(1, ItemStatus.RETIRED, change, classified=True)
