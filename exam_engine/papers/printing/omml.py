"""Formulas as Word's own (Office MathML)."""

from __future__ import annotations

from typing import Any

from lxml import etree

from exam_engine.papers.printing import formulas
from exam_engine.papers.printing.formulas import Node

NAMESPACE = "http://schemas.openxmlformats.org/officeDocument/2006/math"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SPACED = "\u2009"


def omml(node: Node) -> Any:
    """Return a formula as an ``m:oMath`` element, to be put into a paragraph."""
    element = etree.Element(_m("oMath"), nsmap={"m": NAMESPACE})
    _fill(element, node)
    return element


def _m(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _sub(parent: Any, name: str, value: str | None = None) -> Any:
    element = etree.SubElement(parent, _m(name))
    if value is not None:
        element.set(_m("val"), value)
    return element


def _fill(parent: Any, node: Node | None) -> None:
    """Append a node to an element that holds formulas."""
    if node is None:
        return
    if node.kind == formulas.ROW:
        for part in node.parts:
            _fill(parent, part)
    elif node.kind in _MAKERS:
        _MAKERS[node.kind](parent, node)
    else:
        _run(parent, node)


def _run(parent: Any, node: Node) -> None:
    """A letter, number, sign or text; names of functions and numbers stand upright."""
    run = _sub(parent, "r")
    text = SPACED if node.kind == formulas.SPACE else node.text
    if node.kind in (formulas.NUMBER, formulas.TEXT) or (node.kind == formulas.IDENTIFIER and len(text) > 1):
        _sub(_sub(run, "rPr"), "sty", "p")
    if node.kind == formulas.IDENTIFIER and len(text) > 1:
        text += SPACED
    properties = etree.SubElement(run, f"{{{WORD}}}rPr")
    fonts = etree.SubElement(properties, f"{{{WORD}}}rFonts")
    for kind in ("ascii", "hAnsi"):
        fonts.set(f"{{{WORD}}}{kind}", "Cambria Math")
    fonts.set(f"{{{WORD}}}eastAsia", "宋体")
    written = _sub(run, "t")
    written.text = text
    written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _fraction(parent: Any, node: Node) -> None:
    element = _sub(parent, "f")
    for name, part in zip(("num", "den"), node.parts, strict=False):
        _fill(_sub(element, name), part)


def _root(parent: Any, node: Node) -> None:
    element = _sub(parent, "rad")
    base, degree = node.parts
    if degree is None:
        _sub(_sub(element, "radPr"), "degHide", "1")
    _fill(_sub(element, "deg"), degree)
    _fill(_sub(element, "e"), base)


def _scripts(parent: Any, node: Node) -> None:
    base, lower, upper = node.parts
    name = "sSubSup" if lower and upper else "sSub" if lower else "sSup"
    element = _sub(parent, name)
    _fill(_sub(element, "e"), base)
    if lower:
        _fill(_sub(element, "sub"), lower)
    if upper:
        _fill(_sub(element, "sup"), upper)


def _under_over(parent: Any, node: Node) -> None:
    base, lower, upper = node.parts
    outer = parent
    if upper:
        above = _sub(outer, "limUpp")
        outer = _sub(above, "e")
    if lower:
        below = _sub(outer, "limLow")
        _fill(_sub(below, "e"), base)
        _fill(_sub(below, "lim"), lower)
    else:
        _fill(outer, base)
    if upper:
        _fill(_sub(above, "lim"), upper)


def _accent(parent: Any, node: Node) -> None:
    element = _sub(parent, "acc")
    _sub(_sub(element, "accPr"), "chr", node.text)
    _fill(_sub(element, "e"), node.parts[0])


def _bar(parent: Any, node: Node) -> None:
    element = _sub(parent, "bar")
    _sub(_sub(element, "barPr"), "pos", "top")
    _fill(_sub(element, "e"), node.parts[0])


def _fenced(parent: Any, node: Node) -> None:
    element = _sub(parent, "d")
    properties = _sub(element, "dPr")
    _sub(properties, "begChr", node.text[:1])
    _sub(properties, "endChr", node.text[1:])
    _fill(_sub(element, "e"), node.parts[0])


def _table(parent: Any, node: Node) -> None:
    element = _sub(parent, "m")
    for start in range(0, len(node.parts), node.columns):
        row = _sub(element, "mr")
        for cell in node.parts[start : start + node.columns]:
            _fill(_sub(row, "e"), cell)


_MAKERS = {
    formulas.FRACTION: _fraction,
    formulas.ROOT: _root,
    formulas.SCRIPTS: _scripts,
    formulas.UNDER_OVER: _under_over,
    formulas.ACCENT: _accent,
    formulas.BAR: _bar,
    formulas.FENCED: _fenced,
    formulas.TABLE: _table,
}
