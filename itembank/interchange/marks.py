"""The marks of a review sheet: one-to-one folding, question numbers, option labels, answers. No I/O.

Everything is recognised on a *folded* copy that has exactly the length of the raw text (full-width letters
become half-width, the many ticks become one tick), so that a position found in the copy cuts the raw text.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


MAX_GAP = 40
"""Longer gaps say nothing more, and cost time at every search for what follows a gap."""
_WIDE_GAP = re.compile(rf"[^\S\n]{{{MAX_GAP},}}")


def _fold_table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= dict.fromkeys((0x00A0, 0x3000, 0x202F, 0x205F, *range(0x2000, 0x200B)), " ")
    table |= {ord(char): "(" for char in "﹙❨⁽（"} | {ord(char): ")" for char in "﹚❩⁾）"}
    table |= {ord(char): "[" for char in "【〖［〔"} | {ord(char): "]" for char in "】〗］〕"}
    table |= {ord(char): "√" for char in "✓✔☑✅"}
    table |= {ord(char): "×" for char in "✗✘✕✖╳❌☒╳"}
    table |= dict(zip(map(ord, "АВСЕКМНОРТХ"), "ABCEKMHOPTX", strict=True))  # Cyrillic look-alikes
    table |= {ord("﹒"): ".", ord("·"): "·", ord("﹑"): "、", ord("∶"): ":", ord("﹕"): ":", ord("～"): "~"}
    return table


_FOLD = _fold_table()


def clean(text: str) -> str:
    """Return text without invisible and control characters and endless gaps, composed (NFC)."""
    text = _WIDE_GAP.sub(lambda gap: gap[0][:MAX_GAP], _CONTROL.sub("", _INVISIBLE.sub("", text)))
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Return the recognisable form of ``text``, character for character."""
    folded = text.translate(_FOLD)
    assert len(folded) == len(text)
    return folded


# Truth marks ------------------------------------------------------------------------------------------------

TRUE_WORDS = frozenset({"√", "对", "正确", "T", "TRUE", "V", "Y", "YES", "是", "R"})
FALSE_WORDS = frozenset({"×", "错", "错误", "F", "FALSE", "X", "N", "NO", "否", "不正确", "不对"})
_PLAIN_TRUE = frozenset({"√", "对", "正确", "T", "TRUE"})
_PLAIN_FALSE = frozenset({"×", "错", "错误", "F", "FALSE", "不正确", "不对"})

TRUTH = r"√|×|正确|错误|不正确|不对|对|错|TRUE|FALSE|True|False|true|false|T|F"
LOOSE_TRUTH = TRUTH + r"|[VvXxYyNn]|是|否"


def truth_of(text: str, *, loose: bool = False) -> bool | None:
    """Return what a true/false mark says, or None when it is none.

    ``loose`` also takes 是/否 and the letters that stand for ticks, as a true/false section does.
    """
    word = fold(text).strip().strip("。.;,、").upper()
    if word in (TRUE_WORDS if loose else _PLAIN_TRUE):
        return True
    if word in (FALSE_WORDS if loose else _PLAIN_FALSE):
        return False
    return None


# Letters ----------------------------------------------------------------------------------------------------

LETTERS = r"[A-Ka-k](?:[\s、,./;和&+]*[A-Ka-k]){0,10}"


def letters_of(text: str) -> tuple[str, ...] | None:
    """Return the answer letters in ``text`` (``A、C`` → A, C), or None when it is anything else."""
    folded = fold(text).strip().strip("。.;,、").strip()
    if not re.fullmatch(LETTERS, folded):
        return None
    return tuple(char.upper() for char in folded if char.isascii() and char.isalpha())


def is_sorted_once(letters: tuple[str, ...]) -> bool:
    """Return whether letters ascend without repetition, as the answers of a sheet do."""
    return all(first < second for first, second in pairwise(letters))


# Question numbers -------------------------------------------------------------------------------------------

_NUMBER_STYLES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("question", re.compile(r"\s*(?:第\s*(\d{1,4})\s*题|(?:题|[Qq])\s?(\d{1,4}))\s*[.、:,)]?\s*")),
    ("paren", re.compile(r"\s*\(\s*(\d{1,4})\s*\)\s*[.、:]?\s*")),
    ("bracket", re.compile(r"\s*\[\s*(\d{1,4})\s*\]\s*[.、:]?\s*")),
    ("close", re.compile(r"\s*(\d{1,4})\s*\)\s*[.、:]?\s*")),
    ("mark", re.compile(r"\s*\*?(\d{1,4})\s*(?:[.、,:。]+|题[.、:])\s*")),
    ("space", re.compile(r"\s*(\d{1,4})[\s\t]+(?=\S)")),
    ("bare", re.compile(r"\s*(\d{1,4})(?=[^\d\s.,:、)])")),
)
_UNITS = re.compile(
    r"\s*(?:年(?!度)|月(?!台)|日(?!常|志|光)|号(?!码)|时(?!间|代|效)|分(?!析|类|布|别|配|为|散)|秒|天(?!然|线|气)|周(?!期|边)"
    r"|%|‰|个(?!人|体|别|性)|名(?!称|词)|人(?!工|员|类|体|机|们)|次(?!数|要|序)|倍|元(?!件|素|器)|[万亿](?=[元人个次吨千条])"
    r"|米(?!制)|千(?!分|斤)|克(?!服)|度(?!量)|℃|位(?!置|于)|种(?!植|类)|类(?!别|型|似)|项(?!目)|条(?!件|例|款)"
    r"|级(?!别|联)|岁|世纪|[-~—–]\d)"
)


class Number:
    """A question number at the start of a line."""

    __slots__ = ("end", "style", "value")

    def __init__(self, value: int, style: str, end: int) -> None:
        self.value, self.style, self.end = value, style, end


def read_number(folded: str, *, expected: int, runs_bare: bool = False) -> Number | None:
    """Return the question number that opens a line, or None.

    The ``expected`` next number decides where digits run together: with 115 expected, ``1155G网络`` is
    question 115 about 5G, and ``3.5英寸`` is question 3 only when 3 is due. ``runs_bare`` says that the
    question before had no mark after its number either: ``141个人…`` is then no count of persons.
    """
    due = re.compile(rf"\s*\*?(?:第\s*)?({expected})(?:\s*题)?\s*(?:[.、,:)。]+\s*)?(?=\S)")
    match = due.match(folded)
    if match and not _looks_like_quantity(folded, match, expected, runs_bare=runs_bare):
        mark = match.group(0)
        style = "close" if ")" in mark else "mark" if re.search(r"[.、,:。题]", mark) else "bare"
        return Number(expected, style, match.end())
    for style, pattern in _NUMBER_STYLES:
        match = pattern.match(folded)
        if not match:
            continue
        value = int(next(group for group in match.groups() if group))
        rest = folded[match.end() :]
        if style == "mark" and rest[:1].isdigit() and value != expected:
            return None  # 3.5 英寸, 12:30
        if style in {"space", "bare"} and (_UNITS.match(rest) or value > expected + 200):
            return None
        return Number(value, style, match.end())
    return None


def _looks_like_quantity(folded: str, match: re.Match[str], expected: int, *, runs_bare: bool) -> bool:
    """Return whether the digits at the start count something or run on instead of numbering a question."""
    rest = folded[match.end() :]
    if re.search(r"[.、,:)。题]", match.group(0)):
        return "." in match.group(0) and bool(re.match(r"\d+(?:\.\d+)?\s*(?:[%倍米元万亿]|小时)", rest))
    run = re.match(r"\d+", rest)
    if re.match(r"\d[DGK](?![A-Za-z])", rest):
        return False  # 1 before 3D打印 or 5G网络
    if run and int(f"{expected}{run.group(0)}") <= expected + 50:
        return True
    return (bool(_UNITS.match(rest)) and not runs_bare) or bool(re.match(r"[.,:、)]", rest))


KEY_FIRST = re.compile(
    rf"\s*(?:[(\[]\s*(?P<key>{LETTERS}|{LOOSE_TRUTH})?\s*[)\]]|(?P<tick>[√×]))\s*"
    r"(?=\*?\d{1,4}(?!\d)(?!\s*[.:,]\d)|\(\s*\d{1,4}\s*\))"
)
"""（ C ）1、… or √ 1、… : the answer stands before the number."""

TYPE_PREFIX = re.compile(r"\s*(?P<tag>单项选择题|单选题|多项选择题|多选题|不定项选择题|判断题)\s*:\s*")
TYPE_TAG = re.compile(
    r"[(\[]\s*(?P<tag>单项选择题?|单选题?|多项选择题?|多选题?|不定项选择题?|判断题?|是非题)\s*[)\]]\s*[:、.]?\s*"
)
MARKS_TAG = re.compile(r"[(\[]\s*(?:本题)?\s*\d+(?:\.\d+)?\s*分\s*[)\]]\s*")

# Answers and explanations -----------------------------------------------------------------------------------

_ANSWER_WORD = r"(?:(?:参考|标准|正确|本题|试题)?答[ ]{0,2}案|正确选项|Answer|ANSWER|answer|Key|KEY)"
ANSWER = re.compile(
    rf"[\[(]?\s*{_ANSWER_WORD}\s*[\])]?\s*(?:[:：是为选]|应选|\s)*\s*[\[(]?\s*"
    rf"(?P<key>{LETTERS}(?![A-Za-z])|{LOOSE_TRUTH})\s*[\])]?(?=\s|$|[。.;,、()\]]|解析|分析|【|\[)"
)
OWN_ANSWER = re.compile(
    r"(?:我的|考生|你的)答案\s*[:：]?\s*(?:[A-KＡ-Ｋ、，,]+|[√×对错]|正确(?!答案)|错误)?\s*|\s*得分\s*[:：]\s*\d+(?:\.\d+)?分?"
)
"""An earlier candidate's answer in a sheet copied from a learning platform says nothing about the key."""
INLINE_EXPLANATION = re.compile(
    r"[\s。)\]√×\"”]+[\[(]?\s*(?:试题解析|答案解析|解析|改正|更正|正确说法|应改为)\s*(?:[\])]\s*:?|:)\s*"
)
STEM_PREFIX = re.compile(r"\s*(?:题干|题目|问题|试题)\s*:\s*")
ANSWER_LINE = re.compile(rf"\s*(?:[\[(]?\s*{_ANSWER_WORD}\s*[\])]?\s*(?:[:是为选]|应选|\s)*|答\s*[:.])\s*")
EXPLANATION = re.compile(
    r"\s*[\[(]?\s*(?:试题解析|答案解析|解析|解释|分析|解答|说明|改正|更正|理由|依据|出处|考点|知识点)\s*"
    r"(?:[\])]\s*:?|:)\s*"
)
DIFFICULTY = re.compile(
    r"\s*[\[(]?\s*(?:难易程度|难度系数|难易度|难度)\s*[\])]?\s*:?\s*(?P<value>\S{1,6})\s*$"
)
DIFFICULTIES = {"易": 1, "较易": 2, "中等": 3, "中": 3, "较难": 4, "难": 5} | {str(n): n for n in range(1, 6)}
ANSWERS_HEADING = re.compile(
    rf"\s*(?:[(\[]?[一二三四五六七八九十附]+[)\]]?[、.:]?\s*)?{_ANSWER_WORD}(?:及解析|与解析|及评分标准|汇总|部分)?\s*[:]?\s*$"
)
BARE_KEY = re.compile(
    rf"\s*[\"”“]?\s*(?:故?(?:本题)?(?:应|正确)?选)?\s*[(\[]?\s*(?P<key>{LETTERS}|{TRUTH})\s*[)\]]?\s*[。.]?\s*$"
)

STEM_BRACKET = re.compile(rf"[(\[]\s*(?P<key>{LETTERS}|{LOOSE_TRUTH})\s*[)\]]")
STEM_RULE = re.compile(rf"_{{1,}}\s*(?P<key>{LETTERS}|[√×])\s*_{{1,}}")
EMPTY_BLANK = re.compile(r"[(\[]\s*[)\]]|_{2,}")
