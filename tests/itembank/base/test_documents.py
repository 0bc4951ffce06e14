"""Printed documents and the fonts they need."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from itembank.base.documents import GlyphMissing, ImageUnreadable, qr_svg, render_pdf
from itembank.base.fonts import FontMissing, FontSet, find_fonts

WHEN = datetime(2026, 3, 2, tzinfo=UTC)
RARE = "䶮㛃𬭎𫖯𠮷"
TEMPLATE = """
#let d = json(bytes(sys.inputs.data))
#set document(title: "probe")
#set text(font: d.fonts, fallback: false, lang: "zh", region: "cn")
#d.name
#if "qr" in d [#image(bytes(d.qr), format: "svg", width: 20mm, alt: "qr")]
#if "photo" in d.images [#image(bytes(d.images.photo), width: 20mm, alt: "photo")]
"""


@pytest.fixture(scope="module")
def fonts() -> FontSet:
    try:
        found = find_fonts()
    except FontMissing as missing:
        pytest.skip(str(missing))
    if not found.has_rare:
        pytest.skip("no font for rare characters: apt-get install fonts-hanazono")
    return found


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "probe.typ"
    path.write_text(TEMPLATE, encoding="utf-8")
    return path


def photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 420), "steelblue").save(buffer, "PNG")
    return buffer.getvalue()


def test_rare_characters_print_and_read_back(fonts: FontSet, template: Path) -> None:
    document = render_pdf(template, {"name": RARE}, fonts=fonts, timestamp=WHEN)

    assert PdfReader(io.BytesIO(document)).pages[0].extract_text().strip() == RARE


def test_same_data_gives_same_bytes(fonts: FontSet, template: Path) -> None:
    data = {"name": "王芳", "qr": qr_svg("https://example.org/v/abc")}

    first, second = (
        render_pdf(template, data, fonts=fonts, images={"photo": photo()}, timestamp=WHEN) for _ in range(2)
    )

    assert first == second


def test_a_time_with_microseconds_prints(fonts: FontSet, template: Path) -> None:
    data = {"name": "王芳", "qr": qr_svg("https://example.org/v/abc")}

    first, second = (
        render_pdf(
            template,
            data,
            fonts=fonts,
            images={"photo": photo()},
            timestamp=WHEN.replace(microsecond=fraction),
        )
        for fraction in (0, 123_456)
    )

    assert first == second


def test_a_character_in_no_font_is_named(fonts: FontSet, template: Path) -> None:
    with pytest.raises(GlyphMissing, match=r"\(U\+E123\)") as refusal:
        render_pdf(template, {"rows": [{"name": "王\ue123"}], "name": "王"}, fonts=fonts, timestamp=WHEN)

    assert "fonts-hanazono" in str(refusal.value)


def test_a_damaged_picture_is_refused(fonts: FontSet, template: Path) -> None:
    with pytest.raises(ImageUnreadable, match="photo"):
        render_pdf(template, {"name": "王"}, fonts=fonts, images={"photo": photo()[:60]}, timestamp=WHEN)


def test_missing_characters_can_be_asked_before_printing(fonts: FontSet) -> None:
    assert fonts.missing_characters(f"王 {RARE}") == ()
    assert fonts.missing_characters("王\ue123\ue123\ue124") == ("\ue123", "\ue124")


def test_a_machine_without_chinese_font_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="apt-get install fonts-noto-cjk"):
        find_fonts((tmp_path,), system=False)
