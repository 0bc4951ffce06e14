"""Every candidate has an order of their own, always the same, in which nothing loses its sense."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.delivery.paper import (
    Arranger,
    arrange,
    arrange_options,
    form_of,
    is_pinned,
    keeps_order,
    subset,
)
from itembank.items.rules import Option
from tests.factories.delivery import make_entry, make_paper

SEEDS = st.integers(0, 2**62)


@given(SEEDS)
def test_an_order_keeps_every_item_in_its_section_and_every_option_in_its_item(seed: int) -> None:
    paper = make_paper(single_choice=8, multiple_choice=4, true_false=3)
    arranged = arrange(paper, seed)

    assert arranged == arrange(paper, seed)
    assert form_of(arranged) == form_of(paper)
    assert [section.type for section in arranged.sections] == [section.type for section in paper.sections]
    for before, after in zip(paper.sections, arranged.sections, strict=True):
        assert {e.item_id for e in after.entries} == {e.item_id for e in before.entries}
        texts = {e.item_id: {(o.label, o.text) for o in e.options} for e in before.entries}
        assert all({(o.label, o.text) for o in e.options} == texts[e.item_id] for e in after.entries)


@given(SEEDS, st.sets(st.integers(0, 14), min_size=1))
def test_a_form_is_ordered_as_it_stands_in_the_order_of_the_whole(seed: int, form: set[int]) -> None:
    paper = make_paper(single_choice=8, multiple_choice=4, true_false=3)
    entries = [entry for section in paper.sections for entry in section.entries]
    own = {entries[place].item_id for place in form}
    whole = [
        (section.type, entry)
        for section in arrange(paper, seed).sections
        for entry in section.entries
        if entry.item_id in own
    ]
    arranged = arrange(paper, seed, list(form))
    order = [
        paper.sections[number].entries[place].item_id
        for number, places in Arranger(paper).order(seed, list(form))
        for place, _ in places
    ]

    assert [(section.type, entry) for section in arranged.sections for entry in section.entries] == whole
    assert order == [entry.item_id for _, entry in whole]
    assert all(section.entries for section in arranged.sections)
    assert set(form_of(subset(paper, list(form)))) == own
    assert arranged.total_marks == sum(entry.marks for _, entry in whole)


def test_two_candidates_rarely_have_the_same_order() -> None:
    paper = make_paper(single_choice=20)
    orders = {tuple(e.item_id for e in arrange(paper, seed).sections[0].entries) for seed in range(50)}

    assert len(orders) == 50


def test_an_order_never_changes_between_versions_of_the_program() -> None:
    entry = replace(make_entry("single_choice", "一", "二", "三", "四"), item_id=UUID(int=1))

    assert [option.label for option in arrange_options(entry, 42).options] == ["B", "C", "D", "A"]


def test_every_place_is_equally_likely() -> None:
    entry = make_entry()
    firsts = [arrange_options(entry, seed).options[0].label for seed in range(4000)]

    assert all(850 < firsts.count(label) < 1150 for label in "ABCD")


@given(SEEDS)
def test_true_or_false_and_options_about_other_options_keep_their_place(seed: int) -> None:
    judge = make_entry("true_false")
    above = make_entry("single_choice", "绝缘电阻", "接地电阻", "回路电阻", "以上都是")
    lettered = make_entry("multiple_choice", "红色", "绿色", "A、B都对")

    assert arrange_options(judge, seed) == judge
    assert arrange_options(above, seed).options[3].text == "以上都是"
    assert arrange_options(lettered, seed) == lettered


@pytest.mark.parametrize(
    "text", ["以上都是", "以上均不正确", "都不是", "上述全部", "前三项都对", "All of the above"]
)
def test_pinned(text: str) -> None:
    assert is_pinned(Option("D", text))


@pytest.mark.parametrize("text", ["均匀分布", "全部负荷电流", "前端设备", "上级开关", "A相", "都市电网"])
def test_not_pinned(text: str) -> None:
    assert not is_pinned(Option("D", text))


@pytest.mark.parametrize(
    ("text", "keeps"), [("A和C", True), ("选项B", True), ("C项", True), ("A相导线", False), ("LED灯", False)]
)
def test_text_that_speaks_of_letters(text: str, keeps: bool) -> None:
    assert keeps_order(make_entry("single_choice", "甲", "乙", text)) is keeps
