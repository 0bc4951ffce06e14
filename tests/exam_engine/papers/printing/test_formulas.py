"""Formulas of item text as trees, and as Word's own markup."""

from __future__ import annotations

import pytest
from lxml import etree

from exam_engine.papers.printing.formulas import Node, as_json, formula, pieces, plain_text
from exam_engine.papers.printing.omml import NAMESPACE, omml

M = f"{{{NAMESPACE}}}"


def shape(latex: str) -> str:
    """Return the names of a formula's elements with their texts, as Word has them."""

    def walk(element: etree._Element) -> str:
        name = etree.QName(element).localname
        if name == "t":
            return element.text or ""
        inner = "".join(walk(child) for child in element if etree.QName(child).namespace == NAMESPACE)
        value = element.get(f"{M}val")
        return inner if name == "r" else f"{name}[{value if value is not None else inner}]"

    node = formula(latex)
    assert node is not None
    return "".join(walk(child) for child in omml(node))


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"\frac{U}{R}", "f[num[U]den[R]]"),
        (r"\sqrt{3}", "rad[radPr[degHide[1]]deg[]e[rPr[sty[p]]3]]"),
        (r"\sqrt[3]{x}", "rad[deg[rPr[sty[p]]3]e[x]]"),
        ("x_1^2", "sSubSup[e[x]sub[rPr[sty[p]]1]sup[rPr[sty[p]]2]]"),
        ("a_i", "sSub[e[a]sub[i]]"),
        (r"\vec{F}", "acc[accPr[chr[\u20d7]]e[F]]"),
        (r"\bar{x}", "bar[barPr[pos[top]]e[x]]"),
        (r"\left(\frac{a}{b}\right)", "d[dPr[begChr[(]endChr[)]]e[f[num[a]den[b]]]]"),
        (r"\begin{matrix}a&b\\c&d\end{matrix}", "m[mr[e[a]e[b]]mr[e[c]e[d]]]"),
        (r"\sin x", "rPr[sty[p]]sin\u2009x"),
        (r"\mathrm{kW}", "rPr[sty[p]]krPr[sty[p]]W"),
    ],
)
def test_a_formula_becomes_words_own(latex: str, said: str) -> None:
    assert shape(latex) == said


def test_text_keeps_what_is_no_formula() -> None:
    assert pieces("电压 $U$ 与 $\\frac$ 价") == ("电压 ", Node("identifier", "U"), " 与 $\\frac$ 价")
    assert pieces("无公式") == ("无公式",)
    assert plain_text(pieces("长 $ab$")) == "长 xx"


def test_signs_of_formulas_go_to_the_page_as_code_points_and_texts_as_texts() -> None:
    assert as_json(pieces("值$\\text{额}$≤$\\leq$")) == [
        "值",
        {"formula": {"kind": "text", "text": "额", "parts": [], "columns": 0}},
        "≤",
        {"formula": {"kind": "operator", "text": [0x2264], "parts": [], "columns": 0}},
    ]
