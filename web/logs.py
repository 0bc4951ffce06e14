"""Structured logs: events with ids, one line each, to standard error; never answers, keys or personal data."""

from __future__ import annotations

import logging
import re
import sys

import structlog
from structlog.typing import EventDict

_ROW = re.compile(r"\nDETAIL:.*?(?=\n\[SQL|\nCONTEXT:|\n\S*Error|\Z)", re.DOTALL)


def without_values(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Leave out the row that PostgreSQL quotes when it refuses one."""
    if isinstance(event.get("exception"), str):
        event["exception"] = _ROW.sub("\nDETAIL: left out", event["exception"])
    return event


def configure(level: str, form: str) -> None:
    """Set up logging for this process, the servers' and libraries' own messages included."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_values,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn.access", "alembic", "multipart", "fontTools"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
