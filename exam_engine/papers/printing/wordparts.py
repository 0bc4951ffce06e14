"""Parts of Word documents: page, fonts, tables, fields, the binding margin, the watermark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import docx
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt

from exam_engine.papers.printing.formulas import Piece
from exam_engine.papers.printing.omml import omml

LATIN, SONG, HEI = "Times New Roman", "宋体", "黑体"
"""Fonts that every Chinese office computer has."""
BODY_SIZE = 10.5
CENTRE, RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


def new_document(*, title: str, author: str, timestamp: datetime, left: float, right: float) -> Any:
    """Return an empty A4 document in 宋体; margins left and right in millimetres."""
    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, author, ""
    properties.created = properties.modified = timestamp.replace(tzinfo=None, microsecond=0)
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(BODY_SIZE)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), SONG)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    style.element.get_or_add_rPr().append(language)
    style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(0)
    style.paragraph_format.line_spacing = 1.25
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(left), Mm(right)
    section.top_margin, section.bottom_margin = Mm(18), Mm(20)
    section.header_distance, section.footer_distance = Mm(8), Mm(8)
    return document


def add_text(
    paragraph: Any, text: str, *, size: float | None = None, bold: bool = False, hei: bool = False
) -> Any:
    """Append text to a paragraph; in 黑体 where asked."""
    run = paragraph.add_run(text)
    run.bold = bold or None
    if size:
        run.font.size = Pt(size)
    if hei:
        run.font.name = LATIN
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), HEI)
    return run


def add_rich(paragraph: Any, pieces: Sequence[Piece]) -> None:
    """Append text with formulas; line breaks stay."""
    for piece in pieces:
        if isinstance(piece, str):
            paragraph.add_run(piece)  # a newline becomes a line break
        else:
            paragraph._p.append(omml(piece))


def add_line(container: Any, text: str = "", *, align: Any = None, space: float = 0.0, **words: Any) -> Any:
    """Append a paragraph; ``space`` in points after it."""
    paragraph = container.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(space)
    if text:
        add_text(paragraph, text, **words)
    return paragraph


def add_table(container: Any, widths: Sequence[float], rows: int, *, borders: bool = True) -> Any:
    """Append a table of fixed column widths in millimetres, in the middle of the page."""
    table = container.add_table(rows, len(widths))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    if borders:
        table.style = "Table Grid"
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
        keep = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(keep)
    return table


def fill_cell(cell: Any, text: str, *, align: Any = CENTRE, **words: Any) -> Any:
    """Write into a cell, in its middle."""
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.line_spacing = 1.0
    cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER
    if text:
        add_text(paragraph, text, **words)
    return paragraph


_AFTER_SHADE = ("w:noWrap", "w:tcMar", "w:textDirection", "w:tcFitText", "w:vAlign", "w:hideMark")


def shade(cell: Any) -> None:
    """Give a cell the light ground of headings."""
    element = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F1F3F6")):
        element.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().insert_element_before(element, *_AFTER_SHADE)  # Word insists on the order


def repeat_header(row: Any) -> None:
    """Let a row stand on top of every page that its table reaches."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def set_cell_margins(table: Any, millimetres: float) -> None:
    """Set the space left and right of the text in every cell."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:w"), str(round(millimetres * 56.7)))  # twentieths of a point
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")


def without_borders(cells: Sequence[Any]) -> None:
    """Take the borders of cells (``w:tc``) away but the one on their left."""
    for cell in cells:
        _take_borders(cell)


def _take_borders(cell: Any) -> None:
    borders = OxmlElement("w:tcBorders")
    for side in ("top", "bottom", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:val"), "nil")
        borders.append(element)
    cell.get_or_add_tcPr().insert_element_before(borders, "w:shd", *_AFTER_SHADE)


def add_field(paragraph: Any, code: str, *, size: float) -> None:
    """Append a field such as PAGE."""
    for kind, text in (("begin", None), (None, code), ("separate", None), ("result", "1"), ("end", None)):
        run = add_text(paragraph, "1" if kind == "result" else "", size=size)
        if kind is None:
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = text
            run._element.append(instruction)
        elif kind != "result":
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._element.append(mark)


def fill_footer(footer: Any, left: str, note: str) -> None:
    """Write paper and page on a line, and below it, small, what the page is matched by."""
    footer.is_linked_to_previous = False
    line = footer.paragraphs[0]
    line.alignment = CENTRE
    add_text(line, f"{left}　　第 ", size=9)
    add_field(line, "PAGE", size=9)
    add_text(line, " 页　共 ", size=9)
    add_field(line, "NUMPAGES", size=9)
    add_text(line, " 页", size=9)
    add_line(footer, note, align=CENTRE, size=5.5)


_STRIP = """
<w:r {namespaces}><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>
<wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="2" behindDoc="1" locked="0"
 layoutInCell="1" allowOverlap="1"><wp:simplePos x="0" y="0"/>
<wp:positionH relativeFrom="page"><wp:posOffset>{left}</wp:posOffset></wp:positionH>
<wp:positionV relativeFrom="page"><wp:posOffset>{top}</wp:posOffset></wp:positionV>
<wp:extent cx="{width}" cy="{height}"/><wp:effectExtent l="0" t="0" r="0" b="0"/><wp:wrapNone/>
<wp:docPr id="{number}" name="密封线{number}" descr="密封线"/><wp:cNvGraphicFramePr/>
<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp>
<wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>
<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:noFill/><a:ln><a:noFill/></a:ln></wps:spPr>
<wps:txbx><w:txbxContent/></wps:txbx>
<wps:bodyPr rot="0" vert="vert270" wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="t">
<a:noAutofit/></wps:bodyPr></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice><mc:Fallback/></mc:AlternateContent></w:r>
"""

_WATERMARK = """
<w:r {namespaces}><w:pict><v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800"
 path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/>
<v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/>
<v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>
<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/></v:shapetype>
<v:shape id="PaperWatermark{number}" o:spid="_x0000_s{spid}" type="#_x0000_t136" fillcolor="#e9ecf0" stroked="f"
 style="position:absolute;margin-left:0;margin-top:0;width:400pt;height:72pt;rotation:320;z-index:-251658752;mso-position-horizontal:center;mso-position-horizontal-relative:margin;mso-position-vertical:center;mso-position-vertical-relative:margin">
<v:textpath style="font-family:&quot;黑体&quot;;font-size:1pt" string="{text}"/></v:shape></w:pict></w:r>
"""

_NAMESPACES = " ".join(
    (
        nsdecls("w", "wp", "a"),
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"',
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"',
        'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"',
    )
)


def add_strip(paragraph: Any, texts: Sequence[tuple[str, float]], *, number: int) -> None:
    """Put lines of text, each with its size, on the left edge of the page, written upwards."""
    run = parse_xml(
        _STRIP.format(
            namespaces=_NAMESPACES, left=Mm(10), top=Mm(14), width=Mm(18), height=Mm(269), number=number
        )
    )
    content = next(run.iter(qn("w:txbxContent")))
    for text, size in texts:
        line = OxmlElement("w:p")
        properties = OxmlElement("w:pPr")
        position = OxmlElement("w:jc")
        position.set(qn("w:val"), "center")
        spacing = OxmlElement("w:spacing")
        for name, value in (("before", "0"), ("after", "60"), ("line", "300"), ("lineRule", "exact")):
            spacing.set(qn(f"w:{name}"), value)
        properties.extend([spacing, position])
        written = OxmlElement("w:r")
        style = OxmlElement("w:rPr")
        fonts = OxmlElement("w:rFonts")
        fonts.set(qn("w:eastAsia"), SONG)
        height = OxmlElement("w:sz")
        height.set(qn("w:val"), str(round(size * 2)))
        style.extend([fonts, height])
        words = OxmlElement("w:t")
        words.text = text
        words.set(qn("xml:space"), "preserve")
        written.extend([style, words])
        line.extend([properties, written])
        content.append(line)
    paragraph._p.append(run)


def add_watermark(paragraph: Any, text: str, *, number: int) -> None:
    """Put light words across the page; ``text`` is one of our own."""
    paragraph._p.append(
        parse_xml(_WATERMARK.format(namespaces=_NAMESPACES, text=text, number=number, spid=2050 + number))
    )
