"""Charts as files: SVG with its colours written in, and PNG made from it."""

from __future__ import annotations

import typst
from fastapi.responses import Response

from itembank.base.errors import NotFound
from itembank.base.fonts import FontSet, find_fonts
from web.charts import standalone
from web.deps import Context

PNG_PPI = 192.0
"""Two pixels a point of the page: sharp on paper and on screens."""

_SHEET = (
    b"#set page(width: auto, height: auto, margin: 0pt)\n"
    b'#image(bytes(sys.inputs.svg), format: "svg", width: 420pt)'
)


class ChartUnknown(NotFound):
    """There is no such chart."""

    code = "analysis.chart_unknown"
    message = "This report has no such chart, or too few candidates for it."


def as_svg(figure: str) -> bytes:
    """Return a chart as an SVG file."""
    return standalone(figure).encode()


def as_png(figure: str, fonts: FontSet) -> bytes:
    """Return a chart as a PNG file, 1120 pixels wide."""
    compiler = typst.Compiler(_SHEET, font_paths=fonts.loaded)
    picture = compiler.compile(format="png", ppi=PNG_PPI, sys_inputs={"svg": standalone(figure)})
    assert isinstance(picture, bytes)
    return picture


def send_chart(ctx: Context, figure: str | None, *, name: str, form: str) -> Response:
    """Answer with a chart as PNG where ``form`` asks for it, else as SVG; raises ChartUnknown without one."""
    if figure is None:
        raise ChartUnknown
    if form == "png":
        return ctx.download(
            as_png(figure, find_fonts(tuple(ctx.settings.font_folders))), f"{name}.png", "image/png"
        )
    return ctx.download(as_svg(figure), f"{name}.svg", "image/svg+xml")
