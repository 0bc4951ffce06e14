"""Formulas in item text: ``$…$`` in a small LaTeX subset becomes MathML, made on the server."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
from latex2mathml.converter import convert
from markupsafe import Markup, escape

_FORMULA = re.compile(r"\$([^$\n]{1,400})\$")
_MATHML_TAGS = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt"),
    *("mroot", "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom"),
}


@lru_cache(maxsize=4096)
def mathml(latex: str) -> str:
    """Return MathML for a formula; text that is not one comes back escaped, between its dollar signs."""
    try:
        markup = convert(latex)
    except Exception:  # the converter raises many kinds for malformed input; the text itself is then shown
        return str(escape(f"${latex}$"))
    return nh3.clean(markup, tags=_MATHML_TAGS, attributes={"math": {"display"}, "mo": {"stretchy"}})


def with_formulas(text: str) -> Markup:
    """Return item text as safe HTML: escaped, line breaks kept, formulas as MathML."""
    parts: list[str] = []
    end = 0
    for match in _FORMULA.finditer(text):
        parts += [str(escape(text[end : match.start()])), mathml(match.group(1))]
        end = match.end()
    parts.append(str(escape(text[end:])))
    return Markup("".join(parts).replace("\n", "<br>"))  # noqa: S704  every part is escaped or cleaned
