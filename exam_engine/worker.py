"""Which function does which job."""

from __future__ import annotations

from exam_engine.jobs.runner import Handler

HANDLERS: dict[str, Handler] = {}
"""Job kind (``feature.verb``) → handler."""
