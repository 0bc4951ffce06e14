"""What stands where on printed papers: order, letters, answers, columns."""

from __future__ import annotations

from itertools import groupby

import pytest

from exam_engine.papers.content import SealedPaper
from exam_engine.papers.printing.formulas import pieces, plain_text
from exam_engine.papers.printing.layout import PrintedPaper
from exam_engine.papers.printing.rules import Variant, fixed_options, numeral, option_columns
from tests.factories.printing import printed, theory_paper


@pytest.fixture(scope="module")
def content() -> SealedPaper:
    return theory_paper()


@pytest.fixture(scope="module", params=[Variant.A, Variant.C])
def paper(content: SealedPaper, request: pytest.FixtureRequest) -> PrintedPaper:
    return printed(content, request.param)


def test_every_printed_answer_names_the_options_that_are_right_in_the_content(
    content: SealedPaper, paper: PrintedPaper
) -> None:
    items = [item for section in paper.sections for item in section.items]

    assert [item.number for item in items] == list(range(1, 66))
    assert sorted(item.source for item in items) == list(range(1, 66))
    for item in items:
        source = content.entries[item.source - 1].content
        if not source.options:
            assert item.answer == {"T": "√", "F": "×"}[source.key[0]]
            continue
        assert sorted(option.was for option in item.options) == [one.label for one in source.options]
        assert {option.was for option in item.options if option.letter in item.answer} == set(source.key)
        first = next(option for option in item.options if option.was == "A")
        assert first.text == pieces(source.options[0].text)
        assert (item.moves == "") == (
            [one.was for one in item.options] == [one.label for one in source.options]
        )


def test_answer_letters_are_balanced_and_runs_are_short(paper: PrintedPaper) -> None:
    singles, _, judgements = paper.sections
    letters = "".join(item.answer for item in singles.items)

    assert max(letters.count(one) for one in "ABCD") - min(letters.count(one) for one in "ABCD") <= 1
    assert max(len(list(group)) for _, group in groupby(letters)) <= 3
    marks = [item.answer for item in judgements.items]
    assert marks.count("√") == 15
    assert max(len(list(group)) for _, group in groupby(marks)) <= judgements.longest_run == 4


def test_an_option_about_all_others_stays_last(paper: PrintedPaper) -> None:
    last = [item.options[-1] for item in paper.sections[0].items if item.source % 4 == 2]

    assert len(last) == 10
    assert {plain_text(option.text) for option in last} == {"以上都对"}


def test_options_stand_in_as_many_columns_as_their_length_allows(paper: PrintedPaper) -> None:
    columns = {item.source % 4: item.columns for item in paper.sections[0].items}

    assert columns == {1: 4, 2: 2, 3: 1, 0: 4}


def test_a_stem_without_a_place_for_the_answer_gets_one(paper: PrintedPaper) -> None:
    assert all(plain_text(item.stem).endswith("的单位是（　　）。") for item in paper.sections[0].items)
    assert plain_text(paper.sections[1].items[0].stem).count("（　　）") == 1


def test_headings_say_numbers_and_marks(paper: PrintedPaper) -> None:
    what = "选择一个正确的答案，将相应的字母填入题内的括号中"
    assert paper.sections[0].heading == (
        f"一、单项选择题（第 1 题～第 40 题。{what}。每题 0.5 分，满分 20 分。）"
    )
    assert [section.numeral for section in paper.sections] == ["一", "二", "三"]
    assert "少选按本场考试规定的评分规则计分。满分 10 分" in paper.sections[1].marking


def test_variants_are_the_same_again_and_differ_from_each_other(content: SealedPaper) -> None:
    first, again, other = printed(content), printed(content), printed(content, Variant.B)
    singles = [[item.source for item in paper.sections[0].items] for paper in (first, other)]
    answers = [[item.answer for item in paper.sections[0].items] for paper in (first, other)]

    assert first == again
    assert first.sequence == again.sequence != other.sequence
    assert first.sequence in first.footer
    assert singles[0] == list(range(1, 41))
    assert not any(a == b for a, b in zip(*singles, strict=True))
    assert sum(a == b for a, b in zip(*answers, strict=True)) <= 8


def test_true_false_keys_that_force_long_runs_are_printed_with_the_shortest() -> None:
    content = theory_paper(0, 0, 20)
    content = SealedPaper(
        content.paper_id,
        content.label,
        90,
        content.total_marks,
        tuple(
            type(section)(
                section.type,
                section.marks_each,
                tuple(one for one in section.entries if one.content.key == ("T",)),
            )
            for section in content.sections
        ),
    )

    [section] = printed(content).sections

    assert section.longest_run == len(section.items) == 15


@pytest.mark.parametrize(
    ("stem", "options", "fixed"),
    [
        ("甲", ["a", "b", "c", "以上都是"], {3}),
        ("甲", ["职业道德", "均可", "c", "d"], {1}),
        ("甲", ["10 V", "20 V", "30 V", "40 V"], {0, 1, 2, 3}),
        ("甲", ["40", "−3", "-10.5"], {0, 1, 2}),
        ("甲", ["10 V", "30 V", "20 V", "40 V"], set()),
        ("甲", ["x", "y", "z", "A和B都对"], {0, 1, 2, 3}),
        ("下列哪个选项 C 的说法", ["x", "y", "z"], {0, 1, 2}),
        ("甲", ["AC 220", "导线", "熔断器", "LED灯"], set()),
    ],
)
def test_options_whose_place_has_a_meaning_stay(stem: str, options: list[str], fixed: set[int]) -> None:
    assert fixed_options(stem, options) == fixed


def test_numerals_and_columns() -> None:
    assert [numeral(number) for number in (1, 10, 12, 20, 35)] == ["一", "十", "十二", "二十", "三十五"]
    assert [option_columns([width]) for width in (8.0, 8.1, 18.5, 18.6)] == [4, 2, 2, 1]
