"""Single values of an outline file, each refusal naming its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from itembank.base.errors import Invalid
from itembank.taxonomy.rules import Counts, Importance, Level, LevelWrong
from itembank.taxonomy.rules import read_level as level_named

MAX_POINTS = 5_000
_CODE = re.compile(r"[0-9A-Z]{1,8}")


class OutlineFileUnreadable(Invalid):
    """The file as a whole cannot be read."""

    code = "outline_file_unreadable"
    message = (
        "The file {name} cannot be read: use a TOML file (.toml) or a workbook (.xlsx) that is undamaged."
    )


class PlaceWrong(Invalid):
    """A value in the file breaks a rule."""

    code = "outline_place_wrong"
    message = "{place}: “{value}” is not allowed; expected {expected}."


class PlaceMissing(Invalid):
    """A value is missing."""

    code = "outline_place_missing"
    message = "{place} is missing or empty."


class OutlineTooLarge(Invalid):
    """More points or rows than an outline has."""

    code = "outline_too_large"
    message = "The outline is too large: at most {limit} assessment points."


class OutlineCodeTwice(Invalid):
    """Two entries of one parent carry the same code."""

    code = "outline_code_twice"
    message = "{place}: the code {value} stands there twice."


def read_text(value: object, place: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters."""
    if isinstance(value, Mapping | list):
        raise PlaceWrong(place=place, value=str(value)[:30], expected="text")
    text = "" if value is None else str(value).strip()
    if not text:
        raise PlaceMissing(place=place)
    if len(text) > limit:
        raise PlaceWrong(place=place, value=text[:30] + "…", expected=f"≤ {limit}")
    return text


def read_code(value: object, place: str) -> str:
    """Return the part of a code: letters and digits."""
    text = read_text(value, place, 8).upper()
    if not _CODE.fullmatch(text):
        raise PlaceWrong(place=place, value=text, expected="A–Z, 0–9")
    return text


def read_weight(value: object, place: str) -> Decimal:
    """Return a weight in per cent."""
    text = read_text(value, place, 20).rstrip("%％ ")
    try:
        weight = Decimal(text)
    except InvalidOperation:
        raise PlaceWrong(place=place, value=text, expected="0–100") from None
    if not weight.is_finite() or not 0 <= weight <= 1000:
        raise PlaceWrong(place=place, value=text, expected="0–100")
    return weight.quantize(Decimal("0.01"))


def read_importance(value: object, place: str) -> Importance:
    """Return X, Y or Z."""
    text = read_text(value, place, 20).upper()
    try:
        return Importance(text)
    except ValueError:
        raise PlaceWrong(place=place, value=text, expected="X / Y / Z") from None


def read_counts(value: object, place: str) -> Counts | None:
    """Return counts written ``X:Y:Z`` or as a table; None when empty."""
    if value is None or value == "":
        return None
    if isinstance(value, Mapping):
        parts = [str(value.get(name, 0)) for name in "xyz"]
    else:
        parts = re.split(r"[:：]", str(value).strip())
    if len(parts) != 3 or not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
        raise PlaceWrong(place=place, value=str(value)[:30], expected="X:Y:Z")
    x, y, z = (min(int(part), 100_000) for part in parts)
    return Counts(x, y, z)


def read_level(value: object, place: str) -> Level:
    """Return a level, written as a figure or by name."""
    text = read_text(value, place, 40)
    try:
        return level_named(text)
    except LevelWrong:
        raise PlaceWrong(place=place, value=text, expected="5–1") from None
