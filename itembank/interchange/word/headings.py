"""Section and chapter headings of a review sheet: what they say about the questions below. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from itembank.interchange.report import MULTIPLE, SINGLE, TRUE_FALSE, QuestionType

_ORDINAL = (
    r"(?:(?:[(\[]\s*)?[一二三四五六七八九十〇百]+\s*[)\]、.:,]*"
    r"|第\s*[一二三四五六七八九十\d]+\s*(?:部分|大题|题|节|章)\s*[:、.]?"
    r"|[IVX]+\s*[.、)]|[Ⅰ-Ⅻ]\s*[.、)]?|[(\[]?\d{1,2}[)\]]?\s*[.、:)]?)?"
)
_TYPES: tuple[tuple[str, QuestionType | None], ...] = (
    (r"单项选择题?|单选题?|单项选择", SINGLE),
    (r"多项选择题?|多选题?|不定项选择题?|不定项选择|多项选择", MULTIPLE),
    (r"判断题|是非题|对错题|正误题|判断正误题?|判断改错题|判断对错题?|判断", TRUE_FALSE),
)
_UNSUPPORTED = (
    r"填空题|简答题|论述题|问答题|计算题|名词解释题?|案例分析题?|分析题|综合题|操作题|实操题|"
    r"编程题|匹配题|连线题|排序题|材料题|应用题|绘图题|主观题|技能题|写作题"
)
_ALL = "|".join(pattern for pattern, _ in _TYPES) + "|选择题|" + _UNSUPPORTED
_TYPE_HEADING = re.compile(
    rf"\s*[\[(]?\s*{_ORDINAL}\s*[\[(]?\s*(?:理论知识|理论|知识|初级|中级|高级)?\s*(?P<type>{_ALL})\s*[\])]?\s*"
    r"(?:部分|\d{0,4}题|练习|题库|及答案|及参考答案|答案|参考答案)?\s*(?P<rest>$|[:(\[,。;共每本请\d].*$|\s.*$)"
)
_TITLED_TYPE = re.compile(
    rf"\s*[^\d\s(\[A-Za-z][^?。;,:、()√×]{{1,20}}?(?P<type>{_ALL})\s*(?P<rest>(?:[(:].*)?)$"
)
_CHAPTER = re.compile(
    r"\s*(?:第\s*[一二三四五六七八九十百\d]+\s*(?:章|节|篇|单元|部分|模块|讲|项目|任务)"
    r"|(?:模块|项目|任务|单元|专题|知识点)\s*[一二三四五六七八九十\d]+)[\s:、.]*(?P<title>.*)$"
)
_CHINESE_ITEM = re.compile(r"\s*[(\[]?[一二三四五六七八九十]+[)\]]?\s*[、.)\]]\s*(?P<title>\S.{0,28})$")
_TRUE_LETTER = re.compile(
    r"(?:正确|对|√)[^A-Za-z。;,]{0,8}([AB])(?![A-Za-z])|([AB])[^A-Za-z。;,]{0,4}(?:正确|对|√)"
)
_SPACED = re.compile(r"(?<=[\u4e00-\u9fff])[ ]{1,3}(?=[\u4e00-\u9fff])")
_ANSWERS = re.compile(r"答案\s*:?\s*$")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the sheet under one heading."""

    index: int = 0
    title: str = ""
    hint: QuestionType | None = None
    is_indefinite: bool = False
    """不定项: one or more answers."""
    unsupported: str = ""
    true_letter: str = ""
    """Which of A and B means true, when the heading says so."""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A recognised heading line."""

    title: str
    names_type: bool
    hint: QuestionType | None = None
    is_indefinite: bool = False
    unsupported: str = ""
    true_letter: str = ""
    is_answers: bool = False


def read_heading(text: str, folded: str, *, is_styled: bool) -> Heading | None:
    """Return what a line says as a heading, or None when it is none."""
    stripped = folded.strip()
    if not stripped or len(stripped) > 120:
        return None
    folded = _SPACED.sub("", folded)  # 判 断 题
    match = _TYPE_HEADING.fullmatch(folded) or _TITLED_TYPE.fullmatch(folded)
    if match and _rest_is_remark(match["rest"]):
        return _type_heading(text.strip(), folded, match["type"])
    if re.search(r"[?。;!]|\(\s*\)|[(\[]\s*[A-K√×]\s*[)\]]\s*$|[√×]\s*$", stripped) or len(stripped) > 40:
        return None
    chapter = _CHAPTER.fullmatch(folded)
    if chapter or is_styled:
        return Heading(title=text.strip(), names_type=False)
    return None


def read_chinese_item(text: str, folded: str) -> str | None:
    """Return the title of ``一、职业道德``: a heading only if no options or answer follow it."""
    match = _CHINESE_ITEM.fullmatch(folded)
    if not match or re.search(r"[?。;!]|\(\s*\)|[√×]|_{2,}", folded):
        return None
    return text.strip()


def _rest_is_remark(rest: str) -> bool:
    """Return whether what follows the type word is a remark about marks and counts, not a question."""
    rest = rest.strip()
    if re.search(r"[(\[]\s*(?:[A-K]{1,8}|√|×)?\s*[)\]]", rest):
        return False  # 单选题：下列正确的是（A）
    if not rest or rest[0] in ":([,。;":
        return not re.search(r"[?]|\bA\s*[.、]", rest[:100]) or "正确" in rest
    return bool(re.match(r"(?:共|每|本|请|\d+\s*(?:道|题|分|小题)|答案|参考答案|\(|\[|[-—~])", rest))


def _type_heading(title: str, folded: str, word: str) -> Heading:
    hint = next((kind for pattern, kind in _TYPES if re.fullmatch(pattern, word)), None)
    unsupported = word if re.fullmatch(_UNSUPPORTED, word) else ""
    letter = _TRUE_LETTER.search(folded) if hint == TRUE_FALSE else None
    return Heading(
        title=title,
        names_type=True,
        hint=hint,
        is_indefinite="不定项" in word,
        unsupported=unsupported,
        true_letter=(letter[1] or letter[2]) if letter else "",
        is_answers=bool(_ANSWERS.search(folded)),
    )
