"""Specification → TOML text that reads back as the same."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields

from exam_engine.assembly.language.kinds import RULES, TARGETS, Kind
from exam_engine.assembly.language.read import UNLIMITED, SpecificationFile, read_specification
from exam_engine.assembly.language.sequence import sequence_values
from exam_engine.assembly.language.values import IDS
from exam_engine.assembly.specification import SLACK, Among, Between, Condition, Is, Paper, Rule, Target


def write_specification(file: SpecificationFile) -> str:
    """Return the TOML text from which ``read_specification`` makes the same.

    Raises
    ------
    ValueError
        If the language has no words for it: a filter ``Between`` without ends, a share above 1, a name of two lines.

    Examples
    --------
    >>> from exam_engine.assembly import Count, Specification
    >>> rule = Count(name="length", minimum=40, maximum=40)
    >>> print(write_specification(SpecificationFile(Specification([rule]), forms=2)))
    forms = 2
    max_use = 1
    sharing_name = "no shared items"
    <BLANKLINE>
    [[rule]]
    kind = "count"
    name = "length"
    minimum = 40
    maximum = 40
    <BLANKLINE>
    """
    specification = file.specification
    use = UNLIMITED if specification.max_use is None else specification.max_use
    head = {
        "forms": file.forms,
        "seed": file.seed,
        "max_use": use,
        "sharing_name": specification.sharing_name,
        "slack": None if specification.slack == SLACK else specification.slack,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in head.items() if value is not None]
    for table, kinds, parts in (
        ("rule", RULES, specification.rules),
        ("target", TARGETS, specification.targets),
    ):
        for part in parts:
            lines += ["", f"[[{table}]]", *_lines(part, kinds)]
    if file.sequence is not None:
        lines += ["", "[sequence]"]
        lines += [f"{key} = {_toml(value)}" for key, value in sequence_values(file.sequence).items()]
    text = "\n".join(lines) + "\n"
    if read_specification(text) != file:
        raise ValueError("the specification holds something that its text cannot say")
    return text


def _lines(part: Rule | Target, kinds: Mapping[str, Kind]) -> list[str]:
    kind = next(word for word, one in kinds.items() if one.make is type(part))
    lines = [f"kind = {_toml(kind)}"]
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name in ("where", "of", "given"):
            lines += [f"{field.name} = {_where(value)}"] if value else []
        elif field.name == "papers":
            lines += [f"papers = {_papers(value)}"] if value else []
        elif value == field.default and (isinstance(value, bool | str | tuple) or field.name == "priority"):
            continue
        elif value is not None and not _is_infinite(value):
            lines.append(f"{field.name} = {_toml(value)}")
    return lines


def _papers(papers: tuple[Paper, ...]) -> str:
    return "{ " + ", ".join(f"{_toml(paper)} = {_toml(ids)}" for paper, ids in papers) + " }"


def _where(conditions: tuple[Condition, ...]) -> str:
    """Return one table, or a list of tables where an attribute is named twice."""
    tables: list[dict[str, str]] = [{}]
    for condition in conditions:
        key = IDS if isinstance(condition, Among) else condition.attribute
        if key in tables[-1]:
            tables.append({})
        tables[-1][key] = _condition(condition)
    written = ["{ " + ", ".join(f"{_toml(k)} = {v}" for k, v in table.items()) + " }" for table in tables]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _condition(condition: Condition) -> str:
    if isinstance(condition, Among):
        return _toml(condition.ids)
    if isinstance(condition, Is):
        return _toml(condition.values[0] if len(condition.values) == 1 else condition.values)
    return _range(condition)


def _range(condition: Between) -> str:
    ends = (("from", condition.low), ("to", condition.high))
    return "{ " + ", ".join(f"{word} = {_toml(v)}" for word, v in ends if not _is_infinite(v)) + " }"


def _is_infinite(value: object) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    # JSON's texts, numbers, booleans and lists are TOML too, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
