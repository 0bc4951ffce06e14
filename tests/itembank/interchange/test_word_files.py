"""What Word itself adds: automatic numbers, tables, breaks, symbols, pictures; and files that are hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from PIL import Image

from itembank.interchange import files
from itembank.interchange.errors import (
    ArchiveHostile,
    FileDamaged,
    FileEmpty,
    FileEncrypted,
    FileRefused,
    FileTooLarge,
    FileType,
    XmlHostile,
)
from itembank.interchange.word import parse_word
from tests.factories.word_sheets import saved, sheet


def add_list(
    document: docx.document.Document, number_id: int, format: str, text: str, start: int = 1
) -> None:
    """Define a list with one level."""
    numbering = document.part.numbering_part.element
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number_id}"><w:lvl w:ilvl="0"><w:start w:val="{start}"/>'
        f'<w:numFmt w:val="{format}"/><w:lvlText w:val="{text}"/></w:lvl></w:abstractNum>'
    )
    first = numbering.find(qn("w:num"))
    first.addprevious(abstract)
    numbering.append(
        parse_xml(
            f'<w:num {nsdecls("w")} w:numId="{number_id}"><w:abstractNumId w:val="{number_id}"/></w:num>'
        )
    )


def numbered(document: docx.document.Document, text: str, number_id: int) -> None:
    paragraph = document.add_paragraph(text)
    properties = paragraph._p.get_or_add_pPr()
    properties.append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="{number_id}"/></w:numPr>')
    )


def test_automatic_numbers_count_as_if_they_were_written() -> None:
    document = docx.Document()
    add_list(document, 91, "chineseCounting", "%1、")
    add_list(document, 92, "decimal", "%1.", start=7)
    add_list(document, 93, "upperLetter", "%1.")
    add_list(document, 94, "upperLetter", "(%1)")
    numbered(document, "单选题", 91)
    numbered(document, "量长度用", 92)
    for text in ("卷尺", "天平", "秒表"):
        numbered(document, text, 93)
    document.add_paragraph("答案：C")
    numbered(document, "量质量用（B）", 92)
    for text in ("卷尺", "天平"):
        numbered(document, text, 94)
    numbered(document, "判断题", 91)
    numbered(document, "水会结冰。√", 92)
    report = parse_word(saved(document))

    assert [(item.number, item.stem, item.key) for item in report.items] == [
        (7, "量长度用", ("C",)), (8, "量质量用（　）", ("B",)), (9, "水会结冰。", ("T",)),
    ]  # fmt: skip
    assert not report.rejected


def test_a_table_with_a_header_holds_one_question_a_row() -> None:
    document = docx.Document()
    rows = [
        ("题号", "题型", "题干", "选项A", "选项B", "选项C", "答案"),
        ("1", "单选题", "量长度用", "卷尺", "天平", "秒表", "A"),
        ("2", "判断题", "水会结冰。", "", "", "", "正确"),
        ("3", "单选题", "量时间用", "卷尺", "天平", "秒表", "E"),
    ]
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    for line, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(line.cells, row, strict=True):
            cell.text = text
    report = parse_word(saved(document))

    assert [(item.number, item.type, item.key) for item in report.items] == [
        (1, "single_choice", ("A",)), (2, "true_false", ("T",)),
    ]  # fmt: skip
    assert [(str(entry.place), entry.reason.code) for entry in report.rejected] == [
        ("table 1, row 4, question 3", "key_unknown")
    ]


def test_a_table_without_a_header_is_read_row_by_row() -> None:
    document = docx.Document()
    document.add_paragraph("判断题")
    table = document.add_table(rows=2, cols=3)
    for line, row in zip(table.rows, (("1", "水会结冰。", "√"), ("2", "火是冷的。", "×")), strict=True):
        for cell, text in zip(line.cells, row, strict=True):
            cell.text = text
    report = parse_word(saved(document))

    assert [(item.stem, item.key) for item in report.items] == [
        ("水会结冰。", ("T",)),
        ("火是冷的。", ("F",)),
    ]


def test_a_table_of_answers_belongs_to_the_questions_above() -> None:
    document = docx.Document()
    for line in ("单选题", "1.量长度用", "A.卷尺", "B.天平", "2.量质量用", "A.卷尺", "B.天平"):
        document.add_paragraph(line)
    table = document.add_table(rows=2, cols=3)
    for line, row in zip(table.rows, (("题号", "1", "2"), ("答案", "A", "B")), strict=True):
        for cell, text in zip(line.cells, row, strict=True):
            cell.text = text
    report = parse_word(saved(document))

    assert [item.key for item in report.items] == [("A",), ("B",)]


def test_line_breaks_tabs_and_symbols_are_read() -> None:
    document = docx.Document()
    document.add_paragraph("判断题")
    paragraph = document.add_paragraph("1.水会结冰。")
    run = paragraph.add_run("\t")
    symbol = OxmlElement("w:sym")
    symbol.set(qn("w:font"), "Wingdings")
    symbol.set(qn("w:char"), "F0FC")
    run._r.append(symbol)
    document.add_paragraph("单选题\n2.量长度用\nA.卷尺\tB.天平\n答案：A")
    report = parse_word(saved(document))

    assert [(item.type, item.key) for item in report.items] == [
        ("true_false", ("T",)),
        ("single_choice", ("A",)),
    ]


def test_raised_digits_are_not_flattened() -> None:
    document = docx.Document()
    document.add_paragraph("单选题")
    paragraph = document.add_paragraph("1.面积的单位是m")
    paragraph.add_run("2").font.superscript = True
    document.add_paragraph("A.对的\nB.错的\n答案：A")
    report = parse_word(saved(document))

    assert report.items[0].stem == "面积的单位是m²"
    assert [finding.code for finding in report.items[0].warnings] == ["raised_text"]


def test_a_question_with_a_picture_is_refused() -> None:
    document = docx.Document()
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    picture.seek(0)
    document.add_paragraph("单选题")
    document.add_paragraph("1.图中是").add_run().add_picture(picture)
    document.add_paragraph("A.卷尺\nB.天平\n答案：A")
    report = parse_word(saved(document))

    assert [entry.reason.code for entry in report.rejected] == ["has_picture"]


# Files that are not what they should be ---------------------------------------------------------------------


def rebuilt(change: Callable[[str, bytes], bytes | None], extra: dict[str, bytes] | None = None) -> bytes:
    """Return a good document with members changed, left out or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(sheet(["1.题"]))) as good,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            content = change(name, good.read(name))
            if content is not None:
                bad.writestr(name, content)
        for name, content in (extra or {}).items():
            bad.writestr(name, content)
    return buffer.getvalue()


def document_xml(content: bytes) -> bytes:
    return rebuilt(lambda name, old: content if name == "word/document.xml" else old)


@pytest.mark.parametrize(
    ("data", "refusal", "words"),
    [
        (b"", FileEmpty, "empty"),
        (b"%PDF-1.7 ...", FileType, "PDF"),
        (b"{\\rtf1", FileType, "RTF"),
        (b"plain words", FileType, "plain text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), FileType, ".doc"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            FileEncrypted,
            "password",
        ),
        (b"PK\x03\x04broken", FileDamaged, "damaged"),
    ],
)
def test_a_wrong_file_is_named(data: bytes, refusal: type[FileRefused], words: str) -> None:
    with pytest.raises(refusal, match=words):
        parse_word(data)


def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(FileTooLarge):
        parse_word(b"x" * (files.MAX_FILE_BYTES + 1))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = rebuilt(lambda _, old: old, {"word/bomb.xml": b"\0" * (64 * 1024 * 1024)})

    with pytest.raises(ArchiveHostile):
        parse_word(bomb)


def test_too_many_members_are_refused() -> None:
    with pytest.raises(ArchiveHostile):
        parse_word(rebuilt(lambda _, old: old, {f"x/{n}": b"" for n in range(files.MAX_MEMBERS + 1)}))


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b"<x>" * 400 + b"</x>" * 400,
    ],
)
def test_hostile_xml_is_refused(content: bytes) -> None:
    with pytest.raises(XmlHostile):
        parse_word(document_xml(content))


@pytest.mark.parametrize("content", [b"<x", b"", b"<x/>", b"\xff\xfe\x00"])
def test_damaged_xml_is_refused(content: bytes) -> None:
    with pytest.raises(FileDamaged):
        parse_word(document_xml(content))


def test_a_missing_main_part_is_refused() -> None:
    with pytest.raises(FileRefused):
        parse_word(rebuilt(lambda name, old: None if name == "word/document.xml" else old))


def test_macros_are_ignored_and_said_so() -> None:
    report = parse_word(rebuilt(lambda _, old: old, {"word/vbaProject.bin": b"macro"}))

    assert [finding.code for finding in report.general] == ["macros_ignored"]


@pytest.mark.parametrize("kept", range(50, 2_000, 150))
def test_a_cut_off_file_is_refused(kept: int) -> None:
    with pytest.raises(FileRefused):
        parse_word(sheet(["1.题"])[:kept])
