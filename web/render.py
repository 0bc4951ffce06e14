"""Templates: whole pages, or one named block of a page for htmx."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web import i18n
from web.math import with_formulas

_HERE = Path(__file__).parent


@cache
def environment() -> Environment:
    """Return the one template environment."""
    env = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["static"] = static
    env.globals["has_static"] = lambda path: (_HERE / "static" / path).is_file()
    env.filters["formulas"] = with_formulas
    env.filters["plain"] = lambda value: (
        format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
    )
    return env


def static(path: str) -> str:
    """Return the address of a static file, changed whenever the file changes."""
    file = _HERE / "static" / path
    stamp = int(file.stat().st_mtime) if file.is_file() else 0
    return f"/static/{path}?v={stamp:x}"


def render(template: str, language: str, values: dict[str, Any], *, block: str | None = None) -> str:
    """Return the HTML of a page, or of one of its blocks."""
    page = environment().get_template(template)
    context: dict[str, Any] = {
        "_": i18n.translator(language),
        "language": language,
        "languages": i18n.LANGUAGES,
        "time": partial(i18n.format_time, language=language),
        "day": partial(i18n.format_day, language=language),
        "number": partial(i18n.format_number, language=language),
        "rendered_at": datetime.now(UTC),
        **values,
    }
    context["ui"] = environment().get_template("components/ui.html").make_module(context)
    if block is None:
        return page.render(context)
    return "".join(page.blocks[block](page.new_context(context)))
