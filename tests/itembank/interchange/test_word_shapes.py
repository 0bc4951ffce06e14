"""Shapes of review sheets as they circulate; the sentences are original."""

from __future__ import annotations

import pytest

from itembank.interchange.report import ImportReport, ParsedQuestion
from itembank.interchange.word import parse_word
from tests.factories.word_sheets import sheet


def parse(*lines: str) -> ImportReport:
    return parse_word(sheet(lines))


def only(report: ImportReport) -> ParsedQuestion:
    assert not report.rejected, [str(entry.reason) for entry in report.rejected]
    assert len(report.items) == 1
    return report.items[0]


def texts(item: ParsedQuestion) -> dict[str, str]:
    return {option.label: option.text for option in item.options}


FOUR = ("（A）卷尺", "（B）天平", "（C）温度计", "（D）秒表")


@pytest.mark.parametrize(
    "first",
    ["1.量长度用", "1、量长度用", "1．量长度用", "1量长度用", "1 量长度用", "（1）量长度用", "1) 量长度用",
     "第1题 量长度用", "【1】量长度用", "1. 1.量长度用".replace("1. 1.", "1.")],
)  # fmt: skip
def test_a_question_number_may_be_written_in_any_way(first: str) -> None:
    item = only(parse("一、单选题", first, *FOUR[:3], FOUR[3] + "\tA"))

    assert (item.number, item.stem, item.key) == (1, "量长度用", ("A",))
    assert texts(item) == {"A": "卷尺", "B": "天平", "C": "温度计", "D": "秒表"}


@pytest.mark.parametrize(
    "options",
    [
        ("（A）卷尺", "（B）天平", "（C）秒表"),
        ("(A) 卷尺", "(B) 天平", "(C) 秒表"),
        ("A．卷尺", "B．天平", "C．秒表"),
        ("Ａ．卷尺", "Ｂ．天平", "Ｃ．秒表"),
        ("A、卷尺", "B、天平", "C、秒表"),
        ("A：卷尺", "B：天平", "C：秒表"),
        ("A 卷尺", "B 天平", "C 秒表"),
        ("A卷尺", "B卷筒", "C秒表"),
        ("a. 卷尺", "b. 天平", "c. 秒表"),
        ("A)卷尺", "B)天平", "C)秒表"),
        ("【A】卷尺", "【B】天平", "【C】秒表"),
        ("Ⓐ卷尺", "Ⓑ天平", "Ⓒ秒表"),
        ("A.卷尺 B.天平 C.秒表",),
        ("A.卷尺B.天平C.秒表",),
        ("A、卷尺；B、天平；C、秒表".replace("；", " "),),
        ("A卷尺\tB天平\tC秒表",),
        ("A.卷尺\tB.天平", "C.秒表"),
        ("（A）卷尺（B）天平", "（C）秒表"),
        ("A.卷尺\nB.天平\nC.秒表",),
    ],
)
def test_option_labels_may_be_written_in_any_way(options: tuple[str, ...]) -> None:
    item = only(parse("一、单选题", "1.量长度用", *options, "答案：C"))

    assert list(texts(item)) == ["A", "B", "C"]
    assert item.options[0].text == "卷尺"
    assert item.options[2].text == "秒表"
    assert item.key == ("C",)


@pytest.mark.parametrize(
    ("stem", "last", "after"),
    [
        ("量长度用", "C.秒表\tB", ()),
        ("量长度用", 'C.秒表"\tB', ()),
        ("量长度用", "C.秒表”\tB", ()),
        ("量长度用", "C.秒表   B", ()),
        ("量长度用", "C.秒表 （ B ）", ()),
        ("量长度用", "C.秒表", ("B",)),
        ("量长度用", "C.秒表", ("答案：B",)),
        ("量长度用", "C.秒表", ("【答案】B",)),
        ("量长度用", "C.秒表", ("正确答案为 B",)),
        ("量长度用", "C.秒表", ("参考答案: Ｂ",)),
        ("量长度用", "C.秒表 答案：B", ()),
        ("量长度用", "C.秒表√".replace("√", ""), ("答案", "B")),
        ("量长度用\tB", "C.秒表", ()),
    ],
)
def test_the_answer_may_stand_anywhere_after_the_question(
    stem: str, last: str, after: tuple[str, ...]
) -> None:
    item = only(parse("一、单选题", f"1.{stem}", "A.卷尺", "B.天平", last, *after))

    assert (item.stem, item.key, item.options[2].text) == ("量长度用", ("B",), "秒表")


@pytest.mark.parametrize("bracket", ["（B）", "( B )", "【B】", "（ Ｂ ）", "（b）", "__B__"])
def test_an_answer_in_the_brackets_of_the_stem_is_taken_out_of_it(bracket: str) -> None:
    item = only(parse("单选题", f"1、测温度用{bracket}。", "A.卷尺", "B.温度计"))

    assert (item.stem, item.key) == ("测温度用（　）。", ("B",))


def test_an_option_that_begins_with_a_number_is_no_new_question() -> None:
    report = parse(
        "一、单选题",
        "1安全帽主要用于（A）防止触电", "（B）防止坠物", "（C）立即停用\tB",
        "2安全帽的检查周期为（A）1个月", "（B）3个月", "（C）每年校验一次\tA",
        "3手套的检查周期为（ C ）", "（A）4次以上  （B）4个月", "（C）4天",
    )  # fmt: skip

    assert not report.rejected, [str(entry.reason) for entry in report.rejected]
    assert [(item.stem, list(texts(item).values()), item.key) for item in report.items] == [
        ("安全帽主要用于", ["防止触电", "防止坠物", "立即停用"], ("B",)),
        ("安全帽的检查周期为", ["1个月", "3个月", "每年校验一次"], ("A",)),
        ("手套的检查周期为（　）", ["4次以上", "4个月", "4天"], ("C",)),
    ]


def test_an_answer_may_stand_before_the_number() -> None:
    report = parse(
        "单选题", "（ B ）1、测温度用", "A.卷尺", "B.温度计", "（ A ）2、量长度用", "A.卷尺", "B.温度计"
    )

    assert [(item.number, item.stem, item.key) for item in report.items] == [
        (1, "测温度用", ("B",)),
        (2, "量长度用", ("A",)),
    ]


@pytest.mark.parametrize("answer", ["ABD", "A、B、D", "A,B,D", "A B D", "ＡＢＤ", "A；B；D", "DBA"])
def test_several_letters_are_the_answer_of_a_multiple_choice_question(answer: str) -> None:
    item = only(
        parse("二、多项选择题", "1、防护用品有", "A.口罩", "B.手套", "C.扑克", "D.面罩", f"答案：{answer}")
    )

    assert (item.type, item.key) == ("multiple_choice", ("A", "B", "D"))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("1.开机前检查电源。√", "T"), ("1.开机前检查电源。\t√", "T"), ("1.手湿可以合闸。\t\t×", "F"),
        ("1.开机前检查电源。（√）", "T"), ("1.开机前检查电源（ √ ）。", "T"), ("（√）1.开机前检查电源。", "T"),
        ("1.手湿可以合闸。（错）", "F"), ("1.手湿可以合闸。错误", "F"), ("1.手湿可以合闸。 ✗", "F"),
        ("1.开机前检查电源。✓", "T"), ("1.开机前检查电源。（正确）", "T"), ("1.手湿可以合闸。F", "F"),
        ("1.开机前检查电源。（T）", "T"), ("1.手湿可以合闸。（X）", "F"), ("1.手湿可以合闸。 答案：错误", "F"),
    ],
)  # fmt: skip
def test_a_statement_carries_its_truth_in_any_mark(line: str, key: str) -> None:
    item = only(parse("三、判断题", line))

    assert (item.type, item.key) == ("true_false", (key,))
    assert item.stem.rstrip("。") in {"开机前检查电源", "手湿可以合闸"}
    assert texts(item) == {"T": "正确", "F": "错误"}


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (("（A）正确", '（B）错误"\tB'), "F"), (("A.错误", "B.正确", "答案：B"), "T"), (("A.对 B.错  A",), "T"),
        (("A.√", "B.×", "B"), "F"), (("正确", "错误\tA"), "T"), (("○正确 ○错误", "答案：错误"), "F"),
    ],
)  # fmt: skip
def test_true_and_false_may_be_two_options_in_either_order(options: tuple[str, ...], key: str) -> None:
    item = only(parse("判断题", "1、雷雨时可以登杆。", *options))

    assert (item.type, item.stem, item.key) == ("true_false", "雷雨时可以登杆。", (key,))


def test_the_heading_may_say_which_letter_means_true() -> None:
    report = parse("判断题（正确的选A，错误的选B）", "1.水会结冰 A", "2.铁比水轻\tB")

    assert [item.key for item in report.items] == [("T",), ("F",)]


def test_answers_may_be_listed_at_the_end_by_section() -> None:
    report = parse(
        "一、单选题", "1.量长度用", "A.卷尺", "B.天平", "2.量质量用", "A.卷尺", "B.天平",
        "二、判断题", "1.水往低处流。（ ）", "2.火不发热。（ ）",
        "参考答案", "一、单选题", "1.A 2.B", "二、判断题", "1.√ 2.×",
    )  # fmt: skip

    assert [(item.type, item.key) for item in report.items] == [
        ("single_choice", ("A",)), ("single_choice", ("B",)), ("true_false", ("T",)), ("true_false", ("F",)),
    ]  # fmt: skip
    assert not report.rejected


def test_answers_may_be_listed_after_their_section_as_a_range() -> None:
    report = parse(
        "一、单选题", *(line for n in "123" for line in (f"{n}.第{n}个量用", "A.甲", "B.乙", "C.丙")),
        "答案：1-3 ACB", "二、判断题", "1.水往低处流。（ ）", "答案：1.√",
    )  # fmt: skip

    assert [item.key for item in report.items] == [("A",), ("C",), ("B",), ("T",)]


def test_listed_answers_bring_their_explanations() -> None:
    report = parse(
        "一、单选题", "1.量长度用", "A.卷尺", "B.天平", "参考答案及解析", "1.A  解析：卷尺有刻度。"
    )

    assert (only(report).key, only(report).explanation) == (("A",), "卷尺有刻度。")


def test_lists_that_start_again_go_to_the_sections_in_order() -> None:
    report = parse(
        "一、单选题", "1.甲", "A.一", "B.二", "二、判断题", "1.水往低处流", "2.火不发热",
        "参考答案", "1.A", "1.√ 2.×",
    )  # fmt: skip

    assert [item.key for item in report.items] == [("A",), ("T",), ("F",)]


def test_an_answer_list_that_fits_no_section_is_not_used() -> None:
    report = parse(
        "一、单选题", "1.甲", "A.一", "B.二", "二、单选题", "1.乙", "A.一", "B.二", "参考答案", "1.A 2.B", "1.A",
    )  # fmt: skip

    assert not report.items
    assert {entry.reason.code for entry in report.rejected} == {"key_missing"}
    assert {note.finding.code for note in report.notes} == {
        "answer_list_ambiguous",
        "answer_without_question",
    }


def test_questions_without_numbers_are_told_apart_by_their_options() -> None:
    report = parse(
        "单选题", "量长度用", *FOUR[:3], FOUR[3] + '"\tA', "量质量用", *FOUR[:3], FOUR[3], "答案 B",
        "量时间用（D）", *FOUR,
    )  # fmt: skip

    assert [item.key for item in report.items] == [("A",), ("B",), ("D",)]
    assert all("number_missing" in {finding.code for finding in item.warnings} for item in report.items)


def test_digits_that_belong_to_the_stem_are_not_its_number() -> None:
    report = parse(
        "单选题", "1.3D打印用", "A.塑料 B.水  A", "2. 5G网络", "A.慢 B.快  B", "3、2021年施行的是", "A.甲 B.乙  A",
        "4 100个样本", "A.多 B.少  B", "5两个变量", "A.甲 B.乙  A",
    )  # fmt: skip

    assert [(item.number, item.stem) for item in report.items] == [
        (1, "3D打印用"), (2, "5G网络"), (3, "2021年施行的是"), (4, "100个样本"), (5, "两个变量"),
    ]  # fmt: skip


def test_numbered_statements_inside_a_stem_do_not_cut_it() -> None:
    report = parse(
        "单选题", "1.下列顺序正确的是", "（1）合闸", "（2）验电", "（3）挂牌", "A.（1）（2）（3）",
        "B.（3）（2）（1）", "答案：B",
        "2.下一题", "A.甲", "B.乙", "答案：A",
    )  # fmt: skip

    assert [item.number for item in report.items] == [1, 2]
    assert report.items[0].stem == "下列顺序正确的是\n（1）合闸\n（2）验电\n（3）挂牌"
    assert texts(report.items[0])["B"] == "（3）（2）（1）"


def test_letters_that_name_things_in_a_stem_are_not_options() -> None:
    report = parse("单选题", "1.已知A、B、C三点，则（ ）  A.共线  B.共圆  C.不定  D.重合   B")

    assert only(report).stem == "已知A、B、C三点，则（ ）"
    assert list(texts(only(report))) == ["A", "B", "C", "D"]


def test_a_tag_at_the_question_names_its_type() -> None:
    report = parse(
        "1、[多选题]偶数有",
        "A、二",
        "B、三",
        "C、四",
        "答案：AC",
        "2、（判断题）二是偶数",
        "A、正确",
        "B、错误",
        "A",
    )

    assert [item.type for item in report.items] == ["multiple_choice", "true_false"]
    assert report.items[0].stem == "偶数有"


def test_without_headings_the_type_comes_from_the_answer_and_the_report_says_so() -> None:
    report = parse("1.偶数有", "A.二", "B.三", "C.四", "答案：AC", "2.奇数是", "A.二", "B.三", "答案：B")

    assert [item.type for item in report.items] == ["multiple_choice", "single_choice"]
    assert [finding.code for finding in report.general] == ["type_from_key"]


def test_explanation_and_difficulty_are_kept_apart() -> None:
    item = only(parse("单选题", "1.量长度用", "A.卷尺", "B.天平", "答案：A", "解析：卷尺有刻度。", "难度：3"))

    assert (item.explanation, item.difficulty) == ("卷尺有刻度。", 3)


def test_a_chapter_heading_becomes_the_category() -> None:
    report = parse("第一章 测量", "一、单选题", "1.量长度用（A）", "A.卷尺", "B.天平")

    assert only(report).category == "第一章 测量"


# Refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("1.题", "A.甲", "B.乙", "B.丙", "D.丁", "答案：A"), "option_labels"),
        (("1.题", "A.甲", "B.乙", "D.丁", "答案：A"), "option_labels"),
        (("1.题（A）", "A.甲", "B.乙", "C.丙", "答案：B"), "key_conflict"),
        (("1.题", "A.甲", "B.乙\tA", "答案：B"), "key_conflict"),
        (("1.题", "A.甲", "B.乙", "C.丙", "答案：E"), "key_unknown"),
        (("1.题", "A.甲", "B.甲", "C.丙", "答案：C"), "option_duplicate"),
        (("1.只有题干（A）",), "options_missing"),
        (("1.题", "A.甲", "B.乙", "C.丙", "答案：AC"), "key_too_many"),
        (("1.题", "A.甲", "B.", "C.丙", "答案：A"), "option_empty"),
        (("1.题", "A.甲", "B.乙", "C.丙"), "key_missing"),
        (("1.题", "A.甲", "答案：A"), "option_labels"),
        (("1.", "A.甲", "B.乙", "答案：A"), "stem_missing"),
        (("1.题", "A.甲", "B.维生素A"), "key_ambiguous"),
        (("1.题", "A.甲", "B.Plan B"), "key_ambiguous"),
    ],
)
def test_what_is_not_certain_is_refused_with_its_reason(lines: tuple[str, ...], code: str) -> None:
    report = parse("一、单选题", *lines)

    assert not report.items
    assert [entry.reason.code for entry in report.rejected] == [code]
    assert "paragraph" in str(report.rejected[0].place)
    assert report.rejected[0].raw.startswith("1.")


def test_a_multiple_choice_question_with_one_answer_is_refused() -> None:
    report = parse("多选题", "1.题", "A.甲", "B.乙", "C.丙", "答案：C")

    assert [entry.reason.code for entry in report.rejected] == ["key_too_few"]


def test_questions_of_other_types_are_listed_as_not_supported() -> None:
    report = parse("一、填空题", "1.水的化学式是____。", "二、判断题", "1.水会结冰。√")

    assert [entry.reason.code for entry in report.rejected] == ["type_unsupported"]
    assert len(report.items) == 1


def test_an_abbreviation_in_brackets_is_not_taken_for_the_answer() -> None:
    report = parse("单选题", "1.对照试验（AB）用于（ ）", "A.对比", "B.删除", "答案：A")

    assert only(report).stem == "对照试验（AB）用于（ ）"
    assert "letters_in_text" in {finding.code for finding in only(report).warnings}


def test_the_same_question_twice_is_imported_and_marked_with_its_twin() -> None:
    lines = ("A.卷尺", "B.天平")
    report = parse(
        "单选题",
        "1.量长度用",
        *lines,
        "答案：A",
        "2.量长度用",
        *lines,
        "答案：A",
        "3.量长度用",
        *lines,
        "答案：B",
    )

    codes = [{finding.code for finding in item.warnings} for item in report.items]
    assert codes == [set(), {"same_in_file"}, {"same_other_key"}]


def test_every_paragraph_is_accounted_for() -> None:
    lines = (
        "测量复习",
        "",
        "一、单选题",
        "1.量长度用",
        "A.卷尺",
        "B.天平\tA",
        "2.坏题",
        "A.甲",
        "答案：A",
        "祝考试顺利的一句长长的话，它不属于任何题目。",
    )
    report = parse(*lines)

    assert set(report.covered) == set(range(1, len(lines) + 1))
    assert report.found == len(report.items) + len(report.rejected)


# Shapes met by rewriting whole banks in random layouts -----------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ("1.（C）用来测电压", "A.卷尺         C.万用表", "B.天平         D.秒表"),
        ("（ C ）1用来测电压", "A.卷尺", "B.天平", "C.万用表", "D.秒表"),
        ("（ C ）（1）用来测电压", "A 卷尺", "B 天平", "C 万用表", "D 秒表"),
        ("1.用来测电压", "(A)卷尺 (B)天平 (C)万用表 (D)秒表  （C）"),
        ("1.用来测电压", "A.卷尺", "B.天平", "C.万用表√", "D.秒表"),
        ("1.用来测电压", "A.卷尺", "B.天平", "C.万用表", "D.秒表", "我的答案：A 正确答案：C 得分：0"),
        ("1.用来测电压", "A.卷尺", "B.天平", "C.万用表", "D.秒表", "答案：C（万用表）"),
        ("题目：用来测电压", "选项：", "A.卷尺", "B.天平", "C.万用表", "D.秒表", "正确答案：C.万用表"),
    ],
)
def test_rarer_layouts(lines: tuple[str, ...]) -> None:
    item = only(parse("单选题", *lines))

    assert item.stem.removeprefix("（　）") == "用来测电压"
    assert (list(texts(item).values()), item.key) == (["卷尺", "天平", "万用表", "秒表"], ("C",))


def test_an_answer_may_open_a_stem_without_number() -> None:
    report = parse("单选题", "测长度用（A）", "A：卷尺", "B：天平", "（B）用来测质量", "A：卷尺", "B：天平")

    assert [(item.stem, item.key) for item in report.items] == [
        ("测长度用（　）", ("A",)),
        ("（　）用来测质量", ("B",)),
    ]


def test_statements_on_one_line_are_told_apart() -> None:
    report = parse("判断题", "1.水会结冰。√ 2.火是冷的。×  3.铁比水重。（√）")

    assert [item.key for item in report.items] == [("T",), ("F",), ("T",)]


def test_a_correction_after_a_false_statement_is_its_explanation() -> None:
    item = only(parse("判断题", "1.水会燃烧。（×）改正：水不会燃烧。"))

    assert (item.stem, item.key, item.explanation) == ("水会燃烧。", ("F",), "水不会燃烧。")


def test_a_title_above_questions_without_numbers_is_no_stem() -> None:
    report = parse("测量复习资料", "测长度用（A）", "A.卷尺", "B.天平")

    assert [item.stem for item in report.items] == ["测长度用（　）"]
    assert [note.finding.code for note in report.notes] == ["outside_question"]


@pytest.mark.parametrize(
    "lines",
    [
        ["1.题"] + ["A.x"] * 3_000,
        ["1.题", "A.x B.y " * 480] * 50,
        ["1." + "（" * 3_900] * 50,
        ["1.题", "x" * 9_000],
    ],
)
def test_endless_lines_and_questions_are_cut_off(lines: list[str]) -> None:
    report = parse(*lines)

    assert not report.items
    assert report.rejected or report.notes


def test_numbered_reasons_in_an_explanation_are_no_questions() -> None:
    report = parse(
        "单选题", "1、测长度用", "A．卷尺", "B．天平", "【答案】A", "【解析】理由：", "1. 有刻度", "2. 够长",
        "2、测质量用（B）", "A．卷尺", "B．天平",
    )  # fmt: skip

    assert [(item.number, item.stem) for item in report.items] == [(1, "测长度用"), (2, "测质量用（　）")]
    assert report.items[0].explanation == "理由：\n1. 有刻度\n2. 够长"


def test_headings_and_answer_words_may_be_spaced_out() -> None:
    report = parse(
        "三、判 断 题",
        "1.水会结冰。",
        "答 案：√",
        "一、单 选 题",
        "1.测长度用",
        "A.卷尺",
        "B.天平",
        "试题答案：",
        "A",
    )

    assert [(item.type, item.key) for item in report.items] == [
        ("true_false", ("T",)),
        ("single_choice", ("A",)),
    ]
