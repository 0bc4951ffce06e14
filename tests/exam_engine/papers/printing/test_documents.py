"""Printed documents opened again: what pages say, what they must not say, how Word finds its parts."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import docx
import pytest
from docx.oxml.ns import qn
from pypdf import PdfReader

from exam_engine.papers.printing.layout import PrintedPaper
from exam_engine.papers.printing.pdf import as_pdf
from exam_engine.papers.printing.rules import Document, SignUndrawable, Variant
from exam_engine.papers.printing.word import as_word
from itembank.base.fonts import FontMissing, FontSet, find_fonts
from tests.factories.printing import SINGLE, entry, printed, theory_paper

WHEN = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def fonts() -> FontSet:
    try:
        return find_fonts()
    except FontMissing:
        pytest.skip("no Chinese font is installed")


@pytest.fixture(scope="module")
def paper() -> PrintedPaper:
    return printed(theory_paper(), Variant.B)


def pages(content: bytes) -> list[str]:
    return [re.sub(r"\s+", "", page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]


def words(content: bytes) -> str:
    """Return the text of a Word document's body, tables and formulas included."""
    body = docx.Document(io.BytesIO(content)).element.body
    return "".join(node.text or "" for node in body.iter() if node.tag.endswith("}t"))


def answers(paper: PrintedPaper) -> list[str]:
    return [item.answer for section in paper.sections for item in section.items]


def test_the_paper_as_pdf_has_head_sections_items_and_what_it_is_matched_by(
    paper: PrintedPaper, fonts: FontSet
) -> None:
    content = as_pdf(paper, Document.PAPER, fonts=fonts, timestamp=WHEN)
    found = pages(content)

    assert content == as_pdf(paper, Document.PAPER, fonts=fonts, timestamp=WHEN)
    for part in (
        "职业技能等级认定理论知识试卷",
        "电工三级/高级工",
        "LSP26X_000001（B卷）",
        "核分人",
        "注意事项",
    ):
        assert part in found[0]
    assert "准考证号" in found[0]
    assert all(f"第{number}页共{len(found)}页" in page for number, page in enumerate(found, start=1))
    assert all(paper.head.digest in page for page in found)
    assert "三、判断题（第46题～第65题" in "".join(found)
    assert "答案" not in found[1]
    assert "送审稿" not in found[0]


def test_no_page_is_added_to_say_that_it_is_blank(fonts: FontSet) -> None:
    full, longer = (
        pages(as_pdf(printed(theory_paper(0, 0, n)), Document.PAPER, fonts=fonts, timestamp=WHEN))
        for n in (25, 26)
    )

    assert len(full) == 1
    assert "以下空白" not in full[0]
    assert "以下空白" in longer[-1]


def test_only_the_key_says_the_answers(paper: PrintedPaper, fonts: FontSet) -> None:
    sheet = pages(as_pdf(paper, Document.ANSWERS, fonts=fonts, timestamp=WHEN))
    key = pages(as_pdf(paper, Document.KEY, fonts=fonts, timestamp=WHEN))

    first = "".join(answers(paper)[:10])
    assert f"答案{first}" in key[0]
    assert "机密★启用前" in key[0]
    assert "题序与选项对照表" in "".join(key)
    assert len(sheet) == 1
    assert "ABCD" in sheet[0]
    assert first not in sheet[0]


def test_a_draft_says_so_on_every_page(fonts: FontSet) -> None:
    draft = printed(theory_paper(4, 0, 4), is_draft=True, state="送审稿")

    for document in Document:
        for page in pages(as_pdf(draft, document, fonts=fonts, timestamp=WHEN)):
            assert "样卷送审稿" in page
        made = docx.Document(io.BytesIO(as_word(draft, document, timestamp=WHEN))).sections[0]
        for header in (made.header, made.first_page_header):
            assert "样卷　送审稿" in header._element.xml


def test_a_sign_without_a_font_is_refused_by_the_papers_number(fonts: FontSet) -> None:
    content = theory_paper(1, 0, 0)
    odd = entry(1, SINGLE, "$\U0001f9ff$", ("a", "b"), "A")
    content = type(content)(
        content.paper_id,
        content.label,
        90,
        content.total_marks,
        (type(content.sections[0])(SINGLE, odd.marks, (odd,)),),
    )

    with pytest.raises(SignUndrawable) as refused:
        as_pdf(printed(content), Document.PAPER, fonts=fonts, timestamp=WHEN)

    assert refused.value.facts["label"] == "LSP26X_000001"


def test_the_paper_as_word_opens_with_its_fonts_tabs_tables_and_formulas(paper: PrintedPaper) -> None:
    made = docx.Document(io.BytesIO(as_word(paper, Document.PAPER, timestamp=WHEN)))
    style = made.styles["Normal"].element.rPr.rFonts
    four = next(line for line in made.paragraphs if line.text.count("\t") == 3)

    assert (style.get(qn("w:eastAsia")), style.get(qn("w:ascii"))) == ("宋体", "Times New Roman")
    assert [stop.position.mm for stop in four.paragraph_format.tab_stops] == pytest.approx(
        [45.25, 84.5, 123.75], abs=0.1
    )
    assert len(made.tables) == 4
    assert [cell.text for cell in made.tables[0].rows[0].cells] == [
        "题　号",
        "一",
        "二",
        "三",
        "总　分",
        "核分人",
    ]
    assert made.tables[1].cell(0, 2).text == paper.sections[0].heading
    assert len(made.element.body.findall(f".//{qn('m:oMath')}")) >= 40
    assert "密" in "".join(node.text or "" for node in made.paragraphs[0]._p.iter(qn("w:t")))
    assert made.sections[0].page_width.mm == pytest.approx(210, abs=0.1)
    footer = made.sections[0].footer
    assert paper.head.digest in footer.paragraphs[-1].text
    assert "PAGE" in footer._element.xml


def test_words_answer_sheet_and_key_hold_the_same_as_pdf(paper: PrintedPaper) -> None:
    sheet = words(as_word(paper, Document.ANSWERS, timestamp=WHEN))
    key = docx.Document(io.BytesIO(as_word(paper, Document.KEY, timestamp=WHEN)))

    assert "[A] [B] [C] [D] [E]" in sheet
    assert "[√] [×]" in sheet
    assert sheet.count("[9]") == 19
    said = [cell.text for table in key.tables[1:4] for row in table.rows[1::2] for cell in row.cells[1:]]
    assert [text for text in said if text] == answers(paper)
    cross = [cell.text for cell in key.tables[4].rows[1].cells[:3]]
    first = paper.sections[0].items[0]
    assert cross == ["1", str(first.source), first.moves or "—"]
