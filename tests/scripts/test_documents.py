"""The Python of the documents runs and says what it is said to say."""

from __future__ import annotations

import doctest
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "calibration.md"


def test_python_of_the_calibration_document() -> None:
    found = doctest.testfile(str(DOCUMENT), module_relative=False, encoding="utf-8")

    assert found.attempted > 10
    assert found.failed == 0
