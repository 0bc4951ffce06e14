"""The printed certificate."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from PIL import Image
from pypdf import PdfReader

from exam_engine.certificates.document import CertificateContent, render_certificate
from itembank.base.documents import GlyphMissing
from itembank.base.fonts import FontMissing, FontSet, find_fonts

WHEN = datetime(2026, 3, 20, 2, tzinfo=UTC)
CONTENT = CertificateContent(
    number="Y000511110084226000001",
    name="欧阳䶮㛃𬭎𫖯𠮷",
    document_type="居民身份证",
    document_number="11010519491231002X",
    occupation="人工智能训练师",
    work_type=None,
    level="三级/高级工",
    institution="示范智能科技有限公司",
    issued_on=date(2026, 3, 20),
    verify_url="https://exam.example.org/v/9fXk2LrT0aQw7ZsEJbMCuA",
    query_addresses=("https://exam.example.org/verify",),
)


@pytest.fixture(scope="module")
def fonts() -> FontSet:
    try:
        found = find_fonts()
    except FontMissing as missing:
        pytest.skip(str(missing))
    if not found.has_rare:
        pytest.skip("no font for rare characters: apt-get install fonts-hanazono")
    return found


def photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (350, 490), "lightsteelblue").save(buffer, "JPEG")
    return buffer.getvalue()


def read(document: bytes) -> str:
    return "".join(PdfReader(io.BytesIO(document)).pages[0].extract_text().split())


def test_a_certificate_carries_every_required_part(fonts: FontSet) -> None:
    document = render_certificate(CONTENT, photo=photo(), fonts=fonts, timestamp=WHEN)
    pdf, text = PdfReader(io.BytesIO(document)), read(document)

    assert len(pdf.pages) == 1
    assert [round(float(side) / 72 * 25.4) for side in pdf.pages[0].mediabox[2:]] == [210, 297]
    for part in (
        "职业技能等级证书",
        "表明持证人通过本机构组织的职业技能等级认定",
        "姓名欧阳䶮㛃𬭎𫖯𠮷",
        "证件类型居民身份证",
        "证件号码11010519491231002X",
        "职业名称人工智能训练师",
        "工种/职业方向--",
        "职业技能等级三级/高级工",
        "证书编号Y000511110084226000001",
        "示范智能科技有限公司",
        "2026年3月20日",
        "https://exam.example.org/verify",
    ):
        assert part in text
    assert "演示样本" not in text


def test_the_file_says_that_it_is_archival_and_embeds_its_fonts(fonts: FontSet) -> None:
    document = render_certificate(CONTENT, photo=photo(), fonts=fonts, timestamp=WHEN)
    pdf = PdfReader(io.BytesIO(document))
    resources = pdf.pages[0]["/Resources"]["/Font"]  # type: ignore[index]

    metadata = pdf.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    for font in resources.values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor.get_object())


def test_a_specimen_says_so(fonts: FontSet) -> None:
    document = render_certificate(
        replace(CONTENT, specimen=True, work_type="数据标注员"), photo=None, fonts=fonts, timestamp=WHEN
    )

    assert "演示样本" in read(document)
    assert "工种/职业方向数据标注员" in read(document)


def test_the_same_certificate_is_the_same_file(fonts: FontSet) -> None:
    first, second = (
        render_certificate(CONTENT, photo=photo(), fonts=fonts, timestamp=WHEN) for _ in range(2)
    )

    assert first == second


def test_a_name_no_font_can_draw_is_refused_with_the_character(fonts: FontSet) -> None:
    with pytest.raises(GlyphMissing, match=r"U\+E000"):
        render_certificate(replace(CONTENT, name="王\ue000"), photo=None, fonts=fonts, timestamp=WHEN)
