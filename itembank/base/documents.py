"""Printed documents: one typst template and its data become an archival PDF."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import segno
import typst
from PIL import Image, ImageOps, UnidentifiedImageError

from itembank.base.errors import Invalid
from itembank.base.fonts import INSTALL_RARE, FontSet

PDF_STANDARD: Final = "a-2b"
"""Archival PDF: everything embedded, and typst refuses a character that no font can draw."""

PHOTO_PIXELS = (826, 1157)
"""Two-inch photograph at 600 dots per inch; larger ones are scaled down before they are embedded."""

MAX_PHOTO_PIXELS = 50_000_000


class GlyphMissing(Invalid):
    """A character of the document is in none of the installed fonts."""

    code = "glyph_missing"
    message = (
        "No installed font can draw {characters}. Install a font that holds them ({install}) and try again."
    )


class ImageUnreadable(Invalid):
    """A picture for a document is damaged or of an unknown kind."""

    code = "image_unreadable"
    message = "The picture “{name}” cannot be read. Use an undamaged JPEG or PNG file."


def render_pdf(
    template: Path,
    data: Mapping[str, object],
    *,
    fonts: FontSet,
    images: Mapping[str, bytes] | None = None,
    timestamp: datetime,
) -> bytes:
    """Return the PDF of a typst template; the same data and timestamp give the same bytes.

    The template reads ``json(bytes(sys.inputs.data))``. It finds its font chain there under ``fonts``, and
    each picture as a list of byte values under ``images``: ``image(bytes(d.images.photo))`` draws it.

    Raises
    ------
    GlyphMissing
        If a character of ``data`` is in no font of the chain.
    ImageUnreadable
        If a picture cannot be decoded.
    """
    missing = dict.fromkeys(char for text in _texts(data) for char in fonts.missing_characters(text))
    if missing:
        named = "、".join(f"{char} (U+{ord(char):04X})" for char in missing)
        raise GlyphMissing(characters=named, install=INSTALL_RARE)
    payload = {
        **data,
        "fonts": list(fonts.families),
        "images": {name: list(_embeddable(name, content)) for name, content in (images or {}).items()},
    }
    compiler = typst.Compiler(str(template), root=str(template.parent), font_paths=fonts.loaded)
    document = compiler.compile(
        format="pdf",
        sys_inputs={"data": json.dumps(payload, ensure_ascii=False)},
        pdf_standards=[PDF_STANDARD],
        timestamp=timestamp.replace(microsecond=0),  # typst refuses fractions of a second
    )
    assert isinstance(document, bytes)
    return document


def qr_svg(content: str) -> str:
    """Return a QR code as SVG text, for ``image(bytes(d.qr), format: "svg")``."""
    buffer = io.BytesIO()
    segno.make(content, error="m", micro=False).save(buffer, kind="svg", border=2, xmldecl=False)
    return buffer.getvalue().decode()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _embeddable(name: str, content: bytes) -> bytes:
    """Re-encode a picture, so that nothing but its pixels reaches the document."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "BMP", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PHOTO_PIXELS:
                raise ImageUnreadable(name=name)
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageUnreadable(name=name) from error
    upright.thumbnail(PHOTO_PIXELS)
    encoded = io.BytesIO()
    upright.save(encoded, "JPEG", quality=88)
    return encoded.getvalue()
