"""The project's own JSON (docs/import-formats.md): one object with ``format``, ``version`` and ``items``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from itembank.interchange.checking import check, refuse
from itembank.interchange.errors import JsonUnreadable, TooManyRows
from itembank.interchange.files import check_kind, check_size
from itembank.interchange.findings import N_, Finding
from itembank.interchange.grid import IMPORTANCES, TYPE_NAMES
from itembank.interchange.marks import clean
from itembank.interchange.report import (
    FALSE_LABEL,
    MAX_QUESTIONS,
    TRUE_FALSE,
    TRUE_LABEL,
    DraftQuestion,
    ImportReport,
    ParsedOption,
    ParsedQuestion,
    Place,
    QuestionType,
    Rejected,
)
from itembank.items.rules import LABELS

FORMAT = "json"
FORMAT_NAME = "exam-engine-items"
VERSION = 1
_TEXTS = ("explanation", "category", "reference", "point")


class _Wrong(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def load_json(data: bytes) -> Any:
    """Return the value of a JSON file.

    Raises
    ------
    FileTooLarge, FileType, JsonUnreadable
    """
    check_size(data)
    check_kind(data, "json")
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise JsonUnreadable(detail=str(problem)[:200]) from problem


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def is_native(value: Any) -> bool:
    """Return whether a JSON value says that it is in the project's format."""
    return isinstance(value, dict) and value.get("format") == FORMAT_NAME


def parse_native_json(data: bytes) -> ImportReport:
    """Return what a file in the project's JSON holds.

    Raises
    ------
    FileRefused
        If the file as a whole cannot be read.
    """
    value = load_json(data)
    if not is_native(value):
        raise JsonUnreadable(detail=f'"format" must be "{FORMAT_NAME}"')
    if value.get("version") != VERSION:
        raise JsonUnreadable(detail=f'"version" must be {VERSION}')
    entries = value.get("items")
    if not isinstance(entries, list):
        raise JsonUnreadable(detail='"items" must be a list')
    if len(entries) > MAX_QUESTIONS:
        raise TooManyRows(limit=MAX_QUESTIONS)
    outcomes = [
        read_entry(Place("path", sheet=f"items[{index}]"), entry) for index, entry in enumerate(entries)
    ]
    return ImportReport(
        format=FORMAT,
        items=tuple(outcome for outcome in outcomes if isinstance(outcome, ParsedQuestion)),
        rejected=tuple(outcome for outcome in outcomes if isinstance(outcome, Rejected)),
    )


def read_entry(place: Place, entry: Any) -> ParsedQuestion | Rejected:
    """Return one entry as a question or a refusal that names the field."""
    raw = json.dumps(entry, ensure_ascii=False, indent=1)[:8_000]
    if not isinstance(entry, dict):
        reason = Finding.of("field_value", field=place.sheet, value=raw[:40], expected=N_("an object"))
        return Rejected(place, reason, raw)
    values: dict[str, Any] = {"place": place, "raw": raw}
    try:
        for name, read in (("type", _type), ("stem", _stem), ("options", _options), ("number", _number),
                           ("difficulty", _difficulty), ("importance", _importance)):  # fmt: skip
            values[name] = read(entry)
        for name in _TEXTS:
            values["point_code" if name == "point" else name] = _text(entry, name)
        values["key"], values["source_key"] = _key(entry, values["type"])
    except _Wrong as problem:
        return refuse(DraftQuestion(**values), problem.finding)
    return check(DraftQuestion(**values))


def _wrong(field: str, value: object, expected: str) -> _Wrong:
    return _Wrong(Finding.of("field_value", field=field, value=str(value)[:80], expected=expected))


def _text(entry: Mapping[str, Any], field: str) -> str:
    value = entry.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(field, value, N_("text"))
    return clean(value).strip()


def _stem(entry: Mapping[str, Any]) -> str:
    text = _text(entry, "stem")
    if not text:
        raise _Wrong(Finding.of("field_missing", field="stem"))
    return text


def _type(entry: Mapping[str, Any]) -> QuestionType:
    value = entry.get("type")
    if value is None:
        raise _Wrong(Finding.of("field_missing", field="type"))
    known = next((kind for kind in TYPE_NAMES if kind == value), None)
    if known is None:
        raise _wrong("type", value, " / ".join(TYPE_NAMES))
    return known


def _number(entry: Mapping[str, Any]) -> int | None:
    value = entry.get("number")
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise _wrong("number", value, N_("a whole number from 1"))


def _difficulty(entry: Mapping[str, Any]) -> int | None:
    value = entry.get("difficulty")
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 5):
        return value
    raise _wrong("difficulty", value, "1–5")


def _importance(entry: Mapping[str, Any]) -> str | None:
    value = entry.get("importance")
    if value is None or value in IMPORTANCES:
        return value
    raise _wrong("importance", value, "X / Y / Z")


def _options(entry: Mapping[str, Any]) -> tuple[ParsedOption, ...]:
    value = entry.get("options")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _wrong("options", value, N_("a list"))
    found = []
    for index, option in enumerate(value):
        if isinstance(option, str) and index < len(LABELS):
            found.append(ParsedOption(LABELS[index], clean(option).strip()))
            continue
        label = option.get("label") if isinstance(option, dict) else None
        text = option.get("text") if isinstance(option, dict) else None
        if not isinstance(label, str) or not isinstance(text, str):
            raise _wrong(f"options[{index}]", option, '{"label": …, "text": …}')
        found.append(ParsedOption(clean(label).strip(), clean(text).strip()))
    return tuple(found)


def _key(entry: Mapping[str, Any], kind: QuestionType) -> tuple[tuple[str, ...], str]:
    value = entry.get("key")
    if value is None:
        raise _Wrong(Finding.of("field_missing", field="key"))
    if isinstance(value, bool):
        if kind != TRUE_FALSE:
            raise _wrong("key", value, N_("a list of option labels"))
        return (TRUE_LABEL if value else FALSE_LABEL,), str(value).lower()
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise _wrong("key", value, N_("a list of option labels"))
    return tuple(value), "".join(value)
