"""Word's automatic numbering: the label a paragraph shows although its text does not hold it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

_CHINESE = "〇一二三四五六七八九"
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
MAX_NUMBER = 9_999


def local(name: str) -> str:
    """Return a tag or attribute name without its namespace."""
    return name.rpartition("}")[2]


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first descendant along local names, or None."""
    for name in path:
        element = (
            next((inner for inner in element if local(inner.tag) == name), None)
            if element is not None
            else None
        )
    return element


def value(element: Element | None, name: str = "val") -> str | None:
    """Return an attribute by its local name."""
    if element is None:
        return None
    return next((text for key, text in element.attrib.items() if local(key) == name), None)


def integer(element: Element | None, name: str = "val") -> int | None:
    """Return an attribute as a small integer, or None."""
    text = value(element, name)
    try:
        number = int(text) if text is not None else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number <= MAX_NUMBER else None


@dataclass(slots=True)
class Level:
    """One level of a list definition."""

    start: int = 1
    format: str = "decimal"
    text: str = "%1."
    suffix: str = "tab"


@dataclass(slots=True)
class Numbering:
    """All lists of a document with their running counters."""

    levels: dict[str, dict[int, Level]] = field(default_factory=dict)
    abstract_of: dict[str, str] = field(default_factory=dict)
    starts: dict[tuple[str, int], int] = field(default_factory=dict)
    styles: dict[str, tuple[str, int]] = field(default_factory=dict)
    counters: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def label(self, number_id: str, level: int) -> str:
        """Return the label of the next paragraph of a list and count it; empty for bullets and no list."""
        abstract = self.abstract_of.get(number_id)
        levels = self.levels.get(abstract or "", {})
        if abstract is None or level not in levels:
            return ""
        counters = self.counters[abstract]
        for deeper in [index for index in counters if index > level]:
            del counters[deeper]
        start = self.starts.pop((number_id, level), None)
        if start is not None or level not in counters:
            counters[level] = start if start is not None else levels[level].start
        else:
            counters[level] += 1
        definition = levels[level]
        if definition.format in {"bullet", "none"}:
            return ""
        text = definition.text
        for index in range(level + 1):
            shown = levels.get(index, definition)
            text = text.replace(f"%{index + 1}", formatted(counters.get(index, shown.start), shown.format))
        return text + {"tab": "\t", "space": " "}.get(definition.suffix, "")


def formatted(number: int, format: str) -> str:
    """Return a list number in Word's number format; unknown formats count in decimals."""
    if format in {"upperLetter", "lowerLetter"}:
        letters = chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters if format == "upperLetter" else letters.lower()
    if format in {"upperRoman", "lowerRoman"}:
        roman = ""
        for size, sign in _ROMAN:
            roman += sign * (number // size)
            number %= size
        return roman if format == "upperRoman" else roman.lower()
    if (
        format.startswith(("chinese", "japanese", "taiwanese", "ideograph"))
        and format != "ideographTraditional"
    ):
        return chinese(number)
    return str(number)


def chinese(number: int) -> str:
    """Return a number below 100 in Chinese counting, larger ones digit by digit."""
    if number < 10:
        return _CHINESE[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return ("" if tens == 1 else _CHINESE[tens]) + "十" + (_CHINESE[ones] if ones else "")
    return "".join(_CHINESE[int(digit)] for digit in str(number))


def read_numbering(root: Element | None, styles: Element | None) -> Numbering:
    """Return the lists that ``numbering.xml`` defines and the styles that use them."""
    numbering = Numbering()
    for element in root if root is not None else ():
        if local(element.tag) == "abstractNum":
            numbering.levels[value(element, "abstractNumId") or ""] = _levels(element)
        elif local(element.tag) == "num":
            number_id = value(element, "numId") or ""
            numbering.abstract_of[number_id] = value(child(element, "abstractNumId")) or ""
            for override in element:
                start = integer(child(override, "startOverride"))
                if local(override.tag) == "lvlOverride" and start is not None:
                    numbering.starts[number_id, integer(override, "ilvl") or 0] = start
    for style in styles if styles is not None else ():
        properties = child(style, "pPr", "numPr")
        number_id = value(child(properties, "numId")) or ""
        if local(style.tag) == "style" and number_id:
            name = value(style, "styleId") or ""
            numbering.styles[name] = (number_id, integer(child(properties, "ilvl")) or 0)
    return numbering


def _levels(element: Element) -> dict[int, Level]:
    found: dict[int, Level] = {}
    for inner in element:
        if local(inner.tag) != "lvl":
            continue
        start = integer(child(inner, "start"))
        found[integer(inner, "ilvl") or 0] = Level(
            start=1 if start is None else start,
            format=value(child(inner, "numFmt")) or "decimal",
            text=value(child(inner, "lvlText")) or "",
            suffix=value(child(inner, "suff")) or "tab",
        )
    return found
