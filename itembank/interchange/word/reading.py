"""From the bytes of a .docx to its lines, with the place of each: nothing is interpreted here."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from itembank.interchange.errors import FileDamaged
from itembank.interchange.files import check_kind, check_size, open_archive, parse_xml, read_member
from itembank.interchange.marks import clean, fold
from itembank.interchange.word.numbering import Numbering, child, integer, local, read_numbering, value

_SKIPPED = frozenset({"del", "moveFrom", "instrText", "delText", "pPr", "rPr", "Fallback", "fldData", "rt"})
_OBJECTS = frozenset({"drawing", "pict", "object"})
_FORMULAS = frozenset({"oMath", "oMathPara"})
_TEXT_BOXES = frozenset({"txbxContent"})
_SYMBOLS = {"fc": "√", "fe": "√", "52": "√", "50": "√", "fb": "×", "fd": "×", "4f": "×", "54": "×", "51": "×"}
_SYMBOL_FONTS = {"wingdings", "wingdings 2", "wingdings2"}
_WINGDINGS = {"ü": "√", "þ": "√", "û": "×", "ý": "×"}
_WINGDINGS_2 = {"P": "√", "R": "√", "O": "×", "T": "×", "Q": "×"}
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the document: a paragraph, a part of one between line breaks, or a line of a cell."""

    paragraph: int
    text: str
    folded: str
    is_heading: bool = False
    has_picture: bool = False
    has_formula: bool = False
    raised: str = ""
    table: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """Return the cell's text, lines joined."""
        return "\n".join(line.text for line in self.lines).strip()


@dataclass(frozen=True, slots=True)
class Table:
    """A table in its place in the document."""

    index: int
    rows: tuple[tuple[Cell, ...], ...]

    def lines(self) -> Iterator[Line]:
        """Return the lines of all cells in reading order."""
        for row in self.rows:
            filled = [[line for line in cell.lines if line.text.strip()] for cell in row]
            if sum(map(bool, filled)) > 1 and max(map(len, filled)) == 1:
                yield _joined([line for lines in filled for line in lines])
                continue
            for cell in row:
                yield from cell.lines


def _joined(lines: list[Line]) -> Line:
    """Return the one-line cells of a row as one line with tabs."""
    text = "\t".join(line.text.strip() for line in lines)
    return replace(
        lines[0],
        text=text,
        folded=fold(text),
        has_picture=any(line.has_picture for line in lines),
        has_formula=any(line.has_formula for line in lines),
        raised="".join(line.raised for line in lines),
    )


@dataclass(frozen=True, slots=True)
class Document:
    """What was read: lines and tables in order."""

    blocks: tuple[Line | Table, ...]
    paragraphs: int
    has_macros: bool

    @property
    def lines(self) -> int:
        """Return how many lines there are, those of tables included."""
        return sum(
            1 if isinstance(block, Line) else sum(len(row) for row in block.rows) for block in self.blocks
        )


@dataclass(slots=True)
class _Run:
    """What a paragraph gathers while it is walked."""

    parts: list[str] = field(default_factory=list)
    picture: bool = False
    formula: bool = False
    raised: list[str] = field(default_factory=list)


class _Reader:
    """Walks the body once; counters of paragraphs, tables and lists advance as it goes."""

    def __init__(self, numbering: Numbering, headings: frozenset[str]) -> None:
        self.numbering = numbering
        self.headings = headings
        self.paragraphs = 0
        self.tables = 0

    def blocks(self, parent: Element) -> Iterator[Line | Table]:
        for element in parent:
            name = local(element.tag)
            if name == "p":
                yield from self.paragraph(element, table=0, row=0)
            elif name == "tbl":
                yield self.table(element)
            elif name in {
                "sdt",
                "sdtContent",
                "ins",
                "smartTag",
                "customXml",
                "moveTo",
                "Choice",
                "AlternateContent",
            }:
                yield from self.blocks(element)

    def table(self, element: Element) -> Table:
        self.tables += 1
        index, rows = self.tables, []
        for row_number, row in enumerate((inner for inner in element if local(inner.tag) == "tr"), start=1):
            cells = (inner for inner in row if local(inner.tag) == "tc")
            rows.append(tuple(Cell(tuple(self.blocks_of_cell(cell, index, row_number))) for cell in cells))
        return Table(index, tuple(rows))

    def blocks_of_cell(self, cell: Element, table: int, row: int) -> Iterator[Line]:
        for element in cell:
            name = local(element.tag)
            if name == "p":
                yield from self.paragraph(element, table=table, row=row)
            elif name in {"tbl", "tr", "tc", "sdt", "sdtContent"}:
                yield from self.blocks_of_cell(element, table, row)

    def paragraph(self, element: Element, *, table: int, row: int) -> Iterator[Line]:
        self.paragraphs += 1
        number = self.paragraphs
        style = value(child(element, "pPr", "pStyle")) or ""
        run = _Run()
        boxes: list[Element] = []
        self.walk(element, run, boxes)
        text = clean(self.auto_label(element, style, run) + "".join(run.parts))
        for piece in text.split("\n"):
            yield Line(
                paragraph=number,
                text=piece,
                folded=fold(piece),
                is_heading=style in self.headings,
                has_picture=run.picture,
                has_formula=run.formula,
                raised="".join(run.raised),
                table=table,
                row=row,
            )
        for box in boxes:
            yield from self.blocks_of_cell(box, table, row)

    def auto_label(self, element: Element, style: str, run: _Run) -> str:
        if not "".join(run.parts).strip():
            return ""
        properties = child(element, "pPr", "numPr")
        number_id = value(child(properties, "numId"))
        level = integer(child(properties, "ilvl"))
        if number_id is None and style in self.numbering.styles:
            number_id, style_level = self.numbering.styles[style]
            level = style_level if level is None else level
        return "" if number_id in {None, "0"} else self.numbering.label(str(number_id), level or 0)

    def walk(
        self, element: Element, run: _Run, boxes: list[Element], properties: Element | None = None
    ) -> None:
        for inner in element:
            name = local(inner.tag)
            if name in _TEXT_BOXES:
                boxes.append(inner)
            elif name in _SKIPPED:
                continue
            elif name == "t":
                run.parts.append(_run_text(inner.text or "", properties, run))
            elif name in {"tab", "ptab"}:
                run.parts.append("\t")
            elif name in {"br", "cr"}:
                run.parts.append("\n")
            elif name == "noBreakHyphen":
                run.parts.append("-")
            elif name == "sym":
                run.parts.append(_symbol(inner))
            elif name in _FORMULAS:
                run.formula = True
                run.parts.append("〔公式〕")
            elif name in _OBJECTS:
                before = len(boxes)
                self.walk(inner, _Run(), boxes)
                if len(boxes) == before and not _is_rule(inner):
                    run.picture = True
                    run.parts.append("〔图〕")
            else:
                self.walk(inner, run, boxes, child(inner, "rPr") if name == "r" else properties)


def _is_rule(element: Element) -> bool:
    """Return whether an old drawing is only a horizontal rule."""
    return any(value(inner, "hr") == "t" for inner in element.iter())


def _run_text(text: str, properties: Element | None, run: _Run) -> str:
    if properties is None:
        return text
    fonts = child(properties, "rFonts")
    font = (value(fonts, "ascii") or "").lower()
    if font in _SYMBOL_FONTS:
        marks = _WINGDINGS if font == "wingdings" else _WINGDINGS_2
        return "".join(marks.get(char, char) for char in text)
    align = value(child(properties, "vertAlign"))
    if align in {"superscript", "subscript"} and text.strip():
        shifted = text.translate(_RAISED if align == "superscript" else _LOWERED)
        if shifted == text and not text.isspace():
            shifted = f"^({text})" if align == "superscript" else f"_({text})"
        run.raised.append(shifted)
        return shifted
    return text


def _symbol(element: Element) -> str:
    font = (value(element, "font") or "").lower()
    code = (value(element, "char") or "").lower().removeprefix("f0")
    return _SYMBOLS.get(code, "〔符号〕") if font in _SYMBOL_FONTS else "〔符号〕"


def read_document(data: bytes) -> Document:
    """Return the lines and tables of a Word document.

    Raises
    ------
    FileRefused
        If the file is too large, no .docx, encrypted, damaged or hostile.
    """
    check_size(data)
    check_kind(data, "docx")
    archive = open_archive(data)
    main = _main_part(read_member(archive, "_rels/.rels"))
    content = read_member(archive, main)
    if content is None:
        raise FileDamaged(detail=f"{main} is missing")
    root = parse_xml(content, name=main)
    folder = posixpath.dirname(main)
    parts = {name: read_member(archive, f"{folder}/{name}.xml") for name in ("numbering", "styles")}
    roots = {name: parse_xml(part, name=name) if part is not None else None for name, part in parts.items()}
    body = child(root, "body")
    if body is None:
        raise FileDamaged(detail=f"{main} has no body")
    reader = _Reader(read_numbering(roots["numbering"], roots["styles"]), _heading_styles(roots["styles"]))
    blocks = tuple(reader.blocks(body))
    macros = any(name.endswith("vbaProject.bin") for name in archive.namelist())
    return Document(blocks, reader.paragraphs, macros)


def _main_part(relations: bytes | None) -> str:
    """Return the path of the main document part."""
    if relations is not None:
        for relation in parse_xml(relations, name="_rels/.rels"):
            if (value(relation, "Type") or "").endswith("/officeDocument"):
                return (value(relation, "Target") or "word/document.xml").lstrip("/")
    return "word/document.xml"


def _heading_styles(styles: Element | None) -> frozenset[str]:
    """Return the ids of the styles that are headings or titles."""
    found = set()
    for style in styles if styles is not None else ():
        name = (value(child(style, "name")) or "").lower()
        if name.startswith(("heading", "title", "subtitle", "标题")):
            found.add(value(style, "styleId") or "")
    return frozenset(found)
