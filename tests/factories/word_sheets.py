"""Small Word files made in code, as untidy as the ones in circulation; every sentence is original."""

from __future__ import annotations

import io
from collections.abc import Iterable

import docx


def sheet(lines: Iterable[str]) -> bytes:
    """Return a document with one paragraph a line; a line feed inside a line is a Word line break."""
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    return saved(document)


def saved(document: object) -> bytes:
    """Return the bytes of a document."""
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()
