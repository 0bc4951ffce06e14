"""Alembic environment: runs on the connection it is given, on both databases."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from exam_engine.migrations.tables import metadata
from itembank.base.db import UtcDateTime


def _render(kind: str, value: object, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(value, UtcDateTime):
        autogen.imports.add("from itembank.base.db import UtcDateTime")
        return "UtcDateTime()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    render_as_batch=True,
    compare_type=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
