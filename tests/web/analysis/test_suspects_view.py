"""A section of a security report that could not be computed says why, whatever the reason."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from web.analysis.forensics_labels import ABSENT
from web.analysis.suspects_view import rate_rows, section_tables, sections_of


def translate(message: str, **values: object) -> str:
    return message.format(**values)


@pytest.mark.parametrize(("name", "reason"), sorted(ABSENT), ids=str)
def test_an_absent_section_is_told_in_words(name: str, reason: str) -> None:
    facts = {key: 7 for _, key, _, _ in Formatter().parse(ABSENT[name, reason]) if key}
    results: dict[str, Any] = {name: {"absent": reason, **facts}, "people": []}

    found = sections_of(results, translate)

    assert found == {name: {"absent": ABSENT[name, reason].format(**facts)}}
    assert rate_rows(results, translate) == []
    assert section_tables(results, translate) == {}
