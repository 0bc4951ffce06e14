"""Questions that stand in one file more than once. No I/O."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from itembank.interchange.findings import Finding
from itembank.interchange.report import ParsedQuestion
from itembank.items.rules import same_text


def fingerprint(item: ParsedQuestion) -> tuple[str, tuple[str, ...]]:
    """Return what two copies of a question share whatever the order of their options."""
    return same_text(item.stem), tuple(sorted(same_text(option.text) for option in item.options))


def mark_repeats(items: list[ParsedQuestion], *, numbered: bool = True) -> list[ParsedQuestion]:
    """Return the questions with a warning on each that stands in the file twice or repeats a number."""
    first: dict[object, ParsedQuestion] = {}
    numbers = Counter((item.number, item.type) for item in items if item.number is not None)
    marked = []
    for item in items:
        warnings = list(item.warnings)
        twin = first.setdefault(fingerprint(item), item)
        if twin is not item:
            same = _key_texts(twin) == _key_texts(item)
            warnings.append(
                Finding.of("same_in_file" if same else "same_other_key", other=twin.place.finding())
            )
        if not numbered:
            pass
        elif item.number is None:
            warnings.append(Finding.of("number_missing"))
        elif numbers[item.number, item.type] > 1:
            warnings.append(Finding.of("number_repeated", number=item.number))
        marked.append(replace(item, warnings=tuple(warnings)))
    return marked


def _key_texts(item: ParsedQuestion) -> set[str]:
    return {option.text for option in item.options if option.label in item.key}
