"""Charts as files: SVG with its colours written in, and PNG made from it."""

from __future__ import annotations

import typst

from itembank.base.fonts import FontSet
from web.charts import standalone

PNG_PPI = 192.0
"""Two pixels a point of the page: sharp on paper and on screens."""

_SHEET = (
    b"#set page(width: auto, height: auto, margin: 0pt)\n"
    b'#image(bytes(sys.inputs.svg), format: "svg", width: 420pt)'
)


def as_svg(figure: str) -> bytes:
    """Return a chart as an SVG file."""
    return standalone(figure).encode()


def as_png(figure: str, fonts: FontSet) -> bytes:
    """Return a chart as a PNG file, 1120 pixels wide."""
    compiler = typst.Compiler(_SHEET, font_paths=fonts.loaded)
    picture = compiler.compile(format="png", ppi=PNG_PPI, sys_inputs={"svg": standalone(figure)})
    assert isinstance(picture, bytes)
    return picture
