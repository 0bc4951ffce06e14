"""Outlines from files: TOML and the documented workbook (docs/taxonomy-format.md), read strictly.

Every refusal names the place in the file and what would be right. Contradictions in the *content* (totals that do
not add up) are not refused here; ``rules.check_outline`` reports them as warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itembank.taxonomy.reading.toml import read_toml
from itembank.taxonomy.reading.values import (
    MAX_POINTS,
    OutlineCodeTwice,
    OutlineFileUnreadable,
    OutlineTooLarge,
)
from itembank.taxonomy.reading.workbook import read_workbook, write_workbook
from itembank.taxonomy.rules import OutlineSource, Point, Scope

__all__ = ["points_of", "read_outline", "write_workbook"]


def read_outline(filename: str, content: bytes) -> OutlineSource:
    """Return the outline in a file.

    Raises OutlineFileUnreadable, PlaceWrong, PlaceMissing, OutlineTooLarge or OutlineCodeTwice.
    """
    name = filename.lower()
    if name.endswith(".toml"):
        source = read_toml(filename, content)
    elif name.endswith(".xlsx"):
        source = read_workbook(filename, content)
    else:
        raise OutlineFileUnreadable(name=filename[:80])
    _check_codes(source.scopes, "")
    if sum(1 for _ in points_of(source.scopes)) > MAX_POINTS:
        raise OutlineTooLarge(limit=MAX_POINTS)
    return source


def points_of(scopes: Sequence[Scope]) -> Iterator[Point]:
    """Yield all points below ``scopes`` in order."""
    for scope in scopes:
        yield from scope.points
        yield from points_of(scope.scopes)


def _check_codes(scopes: Sequence[Scope], above: str) -> None:
    groups = [[scope.code for scope in scopes], *([point.code for point in scope.points] for scope in scopes)]
    for codes in groups:
        twice = next((code for code in codes if codes.count(code) > 1), None)
        if twice is not None:
            raise OutlineCodeTwice(place=above or "/", value=twice)
    for scope in scopes:
        _check_codes(scope.scopes, f"{above}-{scope.code}" if above else scope.code)
