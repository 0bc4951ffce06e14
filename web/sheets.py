"""Cells of files for spreadsheet programs."""

from __future__ import annotations


def inert(text: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula."""
    return "'" + text if text[:1] in "=+-@\t\r" else text
