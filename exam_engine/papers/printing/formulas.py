"""Formulas in item text: ``$…$`` in a small LaTeX subset becomes a tree, which PDF and Word set alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element, fromstring

from latex2mathml.converter import convert

_FORMULA = re.compile(r"\$([^$\n]{1,400})\$")

ROW, IDENTIFIER, NUMBER, OPERATOR, TEXT = "row", "identifier", "number", "operator", "text"
FRACTION, ROOT, SCRIPTS, UNDER_OVER, ACCENT, BAR, FENCED, TABLE, SPACE = (
    "fraction",
    "root",
    "scripts",
    "under_over",
    "accent",
    "bar",
    "fenced",
    "table",
    "space",
)

_LEAVES = {"mi": IDENTIFIER, "mn": NUMBER, "mo": OPERATOR, "mtext": TEXT, "mspace": SPACE}
_BARS = frozenset("\u00af\u2015\u203e_")
_ACCENTS = {
    "^": "\u0302",
    "~": "\u0303",
    "\u02d9": "\u0307",
    "\u00a8": "\u0308",
    "\u2192": "\u20d7",
    "\u02c7": "\u030c",
}
"""Signs above a letter → the combining character that OMML and typst know them by."""


@dataclass(frozen=True)
class Node:
    """A part of a formula. ``parts`` may hold None where a script is missing."""

    kind: str
    text: str = ""
    parts: tuple[Node | None, ...] = ()
    columns: int = 0
    """Of a table."""

    @property
    def width(self) -> float:
        """Rough width in ems, to choose how many options stand side by side."""
        if self.kind == FRACTION:
            return max(part.width for part in self.parts if part)
        return 0.5 * len(self.text) + sum(part.width for part in self.parts if part)


Piece: TypeAlias = str | Node


def pieces(text: str) -> tuple[Piece, ...]:
    """Return item text as plain texts and formulas; what is no formula stays as it is written."""
    found: list[Piece] = []
    end = 0
    for match in _FORMULA.finditer(text):
        node = formula(match.group(1))
        if node is None:
            continue
        found += [text[end : match.start()], node] if match.start() > end else [node]
        end = match.end()
    if text[end:]:
        found.append(text[end:])
    return tuple(found)


@lru_cache(maxsize=4096)
def formula(latex: str) -> Node | None:
    """Return the tree of a formula, or None for text that is not one."""
    try:
        root = fromstring(convert(latex))  # noqa: S314  our own converter's output, without entities or a DTD
    except Exception:  # the converter raises many kinds for malformed input; the text itself is then shown
        return None
    return _row(list(root))


def _row(elements: Sequence[Element]) -> Node:
    if len(elements) == 1:
        return _node(elements[0])
    if len(elements) > 1 and all(one.get("fence") == "true" for one in (elements[0], elements[-1])):
        opening, closing = elements[0].text or "", elements[-1].text or ""
        return Node(FENCED, opening + closing, (_row(elements[1:-1]),))
    return Node(ROW, parts=tuple(_node(one) for one in elements))


def _node(element: Element) -> Node:
    tag = element.tag.rpartition("}")[2]
    children = list(element)
    if tag == "mi" and element.get("mathvariant") == "normal":
        return Node(NUMBER, element.text or "")  # upright
    if tag in _LEAVES:
        return Node(_LEAVES[tag], (element.text or "").strip("\n"))
    if tag == "mfrac":
        return Node(FRACTION, parts=tuple(map(_node, children)))
    if tag == "msqrt":
        return Node(ROOT, parts=(_row(children), None))
    if tag == "mroot":
        return Node(ROOT, parts=tuple(map(_node, children)))
    if tag in ("msub", "msup", "msubsup"):
        return Node(SCRIPTS, parts=_scripted(children, below=tag != "msup", above=tag != "msub"))
    if tag in ("munder", "mover", "munderover"):
        return _stacked(children, below=tag != "mover", above=tag != "munder")
    if tag == "mtable":
        rows = [[_row(list(cell)) for cell in row] for row in children]
        columns = max(map(len, rows), default=0)
        padded = [cell for row in rows for cell in (*row, *(Node(ROW) for _ in range(columns - len(row))))]
        return Node(TABLE, parts=tuple(padded), columns=columns)
    return _row(children)  # mrow, mstyle, mpadded, and what only changes the look


def _scripted(children: Sequence[Element], *, below: bool, above: bool) -> tuple[Node | None, ...]:
    """Return base, what stands below and what stands above."""
    rest = [_node(one) for one in children[1:]]
    lower = rest.pop(0) if below else None
    return (_node(children[0]), lower, rest.pop(0) if above else None)


def _stacked(children: Sequence[Element], *, below: bool, above: bool) -> Node:
    base, lower, upper = _scripted(children, below=below, above=above)
    if upper is not None and lower is None and upper.kind == OPERATOR:
        if upper.text in _BARS:
            return Node(BAR, parts=(base,))
        if upper.text in _ACCENTS:
            return Node(ACCENT, _ACCENTS[upper.text], (base,))
    return Node(UNDER_OVER, parts=(base, lower, upper))


def plain_text(parts: Sequence[Piece]) -> str:
    """Return texts and the letters of formulas, for measuring."""
    return "".join(one if isinstance(one, str) else "x" * round(one.width * 2) for one in parts)


def as_json(parts: Sequence[Piece]) -> list[Any]:
    """Return texts and formulas for the PDF templates.

    Signs of formulas go as code points: another font draws them than the text's, whose coverage is checked.
    """
    return [one if isinstance(one, str) else {"formula": _json(one)} for one in parts]


def _json(node: Node | None) -> Any:
    if node is None:
        return None
    text: Any = node.text if node.kind == TEXT else [ord(one) for one in node.text]
    return {
        "kind": node.kind,
        "text": text,
        "parts": [_json(one) for one in node.parts],
        "columns": node.columns,
    }
