"""Foreign JSON by a small declared mapping (TOML): where the items are, what the fields are called and mean."""

from __future__ import annotations

import html
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import nh3

from itembank.interchange.checking import check, refuse, with_warning
from itembank.interchange.errors import JsonUnreadable, MappingUnreadable, TooManyRows
from itembank.interchange.findings import Finding
from itembank.interchange.grid import IMPORTANCES, TYPE_NAMES
from itembank.interchange.marks import DIFFICULTIES, clean, letters_of, truth_of
from itembank.interchange.native_json import load_json
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

FORMAT = "mapping"
MAX_MAPPING_BYTES = 64 * 1024
MISSING = object()

FIELDS = (
    "stem", "type", "options", "key", "explanation", "category", "reference", "number", "difficulty",
    "importance", "point",
)  # fmt: skip
OptionShape = Literal["objects", "texts", "object", "fields"]
KeyShape = Literal["labels", "text", "indices", "option_texts"]


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """A declared mapping, checked."""

    items: str
    fields: Mapping[str, str]
    types: Mapping[str, QuestionType]
    options_shape: OptionShape = "objects"
    option_label: str = "label"
    option_text: str = "text"
    option_fields: tuple[str, ...] = ()
    key_shape: KeyShape = "labels"
    first_index: int = 0
    truths: Mapping[str, bool] = field(default_factory=dict)
    is_html: bool = False


def read_mapping(data: bytes) -> FieldMapping:
    """Return the mapping a TOML file declares.

    Raises
    ------
    MappingUnreadable
        With the table and key that is wrong and what would be right.
    """
    if len(data) > MAX_MAPPING_BYTES:
        raise MappingUnreadable(detail=f"more than {MAX_MAPPING_BYTES} bytes")
    try:
        declared = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise MappingUnreadable(detail=str(problem)) from problem
    known = {"items", "html", "fields", "types", "options", "key"}
    unknown = sorted(set(declared) - known)
    if unknown:
        raise MappingUnreadable(detail=f"“{unknown[0]}” is not known; known are {', '.join(sorted(known))}")
    fields = _strings(declared, "fields")
    wrong = sorted(set(fields) - set(FIELDS))
    if wrong:
        raise MappingUnreadable(detail=f"fields.{wrong[0]} is not known; known are {', '.join(FIELDS)}")
    for name in ("stem", "key"):
        if name not in fields:
            raise MappingUnreadable(detail=f"fields.{name} is missing")
    options = _table(declared, "options")
    key = _table(declared, "key")
    shape = _choice(options, "options.shape", ("objects", "texts", "object", "fields"), "objects")
    return FieldMapping(
        items=_string(declared.get("items", ""), "items"),
        fields=fields,
        types=_types(_strings(declared, "types")),
        options_shape=shape,  # type: ignore[arg-type]
        option_label=_string(options.get("label", "label"), "options.label"),
        option_text=_string(options.get("text", "text"), "options.text"),
        option_fields=tuple(_list(options.get("fields", []), "options.fields")),
        key_shape=_choice(key, "key.shape", ("labels", "text", "indices", "option_texts"), "labels"),  # type: ignore[arg-type]
        first_index=_whole(key.get("first_index", 0), "key.first_index"),
        truths=_truths(key),
        is_html=bool(declared.get("html", False)),
    )


def _table(declared: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = declared.get(name, {})
    if not isinstance(value, dict):
        raise MappingUnreadable(detail=f"“{name}” must be a table")
    return value


def _strings(declared: Mapping[str, Any], name: str) -> dict[str, str]:
    return {key: _string(value, f"{name}.{key}") for key, value in _table(declared, name).items()}


def _string(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise MappingUnreadable(detail=f"{name} must be text")
    return value


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise MappingUnreadable(detail=f"{name} must be a whole number")
    return value


def _list(value: object, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise MappingUnreadable(detail=f"{name} must be a list of texts")
    return value


def _choice(table: Mapping[str, Any], name: str, choices: Iterable[str], default: str) -> str:
    value = table.get(name.rpartition(".")[2], default)
    if value not in choices:
        raise MappingUnreadable(detail=f"{name} is “{value}”; expected one of {', '.join(choices)}")
    return str(value)


def _types(declared: Mapping[str, str]) -> dict[str, QuestionType]:
    found: dict[str, QuestionType] = {}
    for written, meant in declared.items():
        kind = next((name for name in TYPE_NAMES if name == meant), None)
        if kind is None:
            raise MappingUnreadable(
                detail=f"types.{written} is “{meant}”; expected one of {', '.join(TYPE_NAMES)}"
            )
        found[written] = kind
    return found


def _truths(key: Mapping[str, Any]) -> dict[str, bool]:
    true, false = _list(key.get("true", []), "key.true"), _list(key.get("false", []), "key.false")
    return dict.fromkeys(true, True) | dict.fromkeys(false, False)


# Reading ----------------------------------------------------------------------------------------------------


def parse_mapped(data: bytes, mapping: FieldMapping) -> ImportReport:
    """Return what a foreign JSON file holds under a mapping.

    Raises
    ------
    FileRefused
        If the file cannot be read or the mapping's path to the items leads nowhere.
    """
    entries = dig(load_json(data), mapping.items)
    if not isinstance(entries, list):
        raise JsonUnreadable(
            detail=f"no list at “{mapping.items or '(root)'}”, where the mapping expects the items"
        )
    if len(entries) > MAX_QUESTIONS:
        raise TooManyRows(limit=MAX_QUESTIONS)
    prefix = mapping.items or "$"
    outcomes = [
        _entry(Place("path", sheet=f"{prefix}[{index}]"), entry, mapping)
        for index, entry in enumerate(entries)
    ]
    return ImportReport(
        format=FORMAT,
        items=tuple(outcome for outcome in outcomes if isinstance(outcome, ParsedQuestion)),
        rejected=tuple(outcome for outcome in outcomes if isinstance(outcome, Rejected)),
    )


def dig(value: Any, path: str) -> Any:
    """Return what stands at a dotted path, or MISSING; an empty path is the value itself."""
    for name in path.split(".") if path else []:
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and re.fullmatch(r"\d{1,6}", name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return MISSING
    return value


def _entry(place: Place, entry: Any, mapping: FieldMapping) -> ParsedQuestion | Rejected:
    raw = json.dumps(entry, ensure_ascii=False, indent=1)[:8_000]
    values = {name: dig(entry, path) for name, path in mapping.fields.items()}
    texts = {name: _plain(value, mapping) for name, value in values.items() if name not in {"options", "key"}}
    number = texts.get("number", "")
    draft = DraftQuestion(
        place=place,
        raw=raw,
        number=int(number) if re.fullmatch(r"\d{1,9}", number) else None,
        stem=texts.get("stem", ""),
        explanation=texts.get("explanation", ""),
        category=texts.get("category", ""),
        reference=texts.get("reference", ""),
        point_code=texts.get("point", ""),
    )
    draft = replace(draft, place=replace(place, number=draft.number))
    for name in ("stem", "key"):
        if values[name] is MISSING or values[name] in (None, "", []):
            return refuse(draft, Finding.of("field_missing", field=mapping.fields[name]))
    draft, problem = _graded(draft, texts, mapping)
    if problem is not None:
        return refuse(draft, problem)
    kind: QuestionType | None = None
    if "type" in mapping.fields:
        kind = mapping.types.get(texts["type"])
        if kind is None:
            expected = ", ".join(mapping.types) or "types in the mapping"
            reason = Finding.of(
                "field_value", field=mapping.fields["type"], value=texts["type"], expected=expected
            )
            return refuse(draft, reason)
    draft = replace(draft, type=kind)
    if mapping.is_html and _has_marks(values):
        draft = with_warning(draft, Finding.of("html_removed"))
    try:
        draft = replace(draft, options=_options(entry, values.get("options", MISSING), mapping))
    except ValueError as problem:
        reason = Finding.of(
            "field_value", field=mapping.fields.get("options", "options"), value=str(problem)[:80],
            expected=mapping.options_shape,
        )  # fmt: skip
        return refuse(draft, reason)
    return _keyed(draft, values["key"], mapping)


def _graded(
    draft: DraftQuestion, texts: Mapping[str, str], mapping: FieldMapping
) -> tuple[DraftQuestion, Finding | None]:
    difficulty = DIFFICULTIES.get(texts.get("difficulty", ""))
    if texts.get("difficulty") and difficulty is None:
        return draft, Finding.of(
            "field_value", field=mapping.fields["difficulty"], value=texts["difficulty"], expected="1–5"
        )
    importance = texts.get("importance") or None
    if importance is not None and importance not in IMPORTANCES:
        return draft, Finding.of(
            "field_value", field=mapping.fields["importance"], value=importance, expected="X / Y / Z"
        )
    return replace(draft, difficulty=difficulty, importance=importance), None


def _plain(value: Any, mapping: FieldMapping) -> str:
    """Return a value as plain text; HTML is reduced to its text when the mapping says it is HTML."""
    if value is MISSING or value is None or isinstance(value, (dict, list)):
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if mapping.is_html:
        text = re.sub(r"<(?:br|/p|/div|/li)\b[^>]*>", "\n", text, flags=re.IGNORECASE)
        text = html.unescape(nh3.clean(text, tags=set()))
    return clean(text).strip()


def _has_marks(value: object) -> bool:
    return bool(re.search(r"<[a-zA-Z/][^>]*>|&[a-z]+;", json.dumps(value, default=str)))


def _options(entry: Any, value: Any, mapping: FieldMapping) -> tuple[ParsedOption, ...]:
    if mapping.options_shape == "fields":
        texts = [_plain(dig(entry, path), mapping) for path in mapping.option_fields]
        while texts and not texts[-1]:
            texts.pop()
        return _labelled(texts)
    if value is MISSING or value is None:
        return ()
    if mapping.options_shape == "object":
        if not isinstance(value, dict):
            raise ValueError(str(value))
        return tuple(
            ParsedOption(str(label).strip().upper(), _plain(text, mapping)) for label, text in value.items()
        )
    if not isinstance(value, list):
        raise ValueError(str(value))
    if mapping.options_shape == "texts":
        return _labelled([_plain(text, mapping) for text in value])
    found = []
    for option in value:
        label, text = dig(option, mapping.option_label), dig(option, mapping.option_text)
        if label is MISSING or text is MISSING:
            raise ValueError(str(option))
        found.append(ParsedOption(str(label).strip().upper(), _plain(text, mapping)))
    return tuple(found)


def _labelled(texts: list[str]) -> tuple[ParsedOption, ...]:
    return tuple(ParsedOption(label, text) for label, text in zip(LABELS, texts, strict=False))


def _keyed(draft: DraftQuestion, value: Any, mapping: FieldMapping) -> ParsedQuestion | Rejected:
    """Return the question with its key translated to labels."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    draft = replace(draft, source_key=written[:80])
    if draft.type == TRUE_FALSE:
        truth = _truth(draft, value, mapping)
        if truth is None:
            reason = Finding.of(
                "field_value",
                field=mapping.fields["key"],
                value=written[:80],
                expected="true / false (key.true, key.false)",
            )
            return refuse(draft, reason)
        return check(replace(draft, options=(), key=(TRUE_LABEL if truth else FALSE_LABEL,)))
    labels = _labels(draft, value, mapping)
    if labels is None:
        shown = "".join(option.label for option in draft.options)
        return refuse(draft, Finding.of("key_unknown", key=written[:80], labels=shown))
    kind = draft.type or ("single_choice" if len(labels) == 1 else "multiple_choice")
    return check(replace(draft, type=kind, key=labels))


def _truth(draft: DraftQuestion, value: Any, mapping: FieldMapping) -> bool | None:
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else MISSING
    if isinstance(value, bool):
        return value
    text = "" if value is MISSING else str(value).strip()
    if text in mapping.truths:
        return mapping.truths[text]
    by_label = {option.label: truth_of(option.text, loose=True) for option in draft.options}
    if text.upper() in by_label:
        return by_label[text.upper()]
    return truth_of(text) if not by_label else None


def _labels(draft: DraftQuestion, value: Any, mapping: FieldMapping) -> tuple[str, ...] | None:
    entries = value if isinstance(value, list) else [value]
    if mapping.key_shape == "indices":
        positions = [entry - mapping.first_index for entry in entries if isinstance(entry, int)]
        if len(positions) != len(entries) or not all(
            0 <= position < len(draft.options) for position in positions
        ):
            return None
        return tuple(draft.options[position].label for position in positions)
    if mapping.key_shape == "option_texts":
        by_text = {option.text: option.label for option in draft.options}
        found = [by_text.get(_plain(entry, mapping)) for entry in entries]
        return tuple(label for label in found if label) if all(found) else None
    if mapping.key_shape == "text":
        return letters_of(str(value)) if isinstance(value, str) else None
    return tuple(str(entry).strip().upper() for entry in entries)
