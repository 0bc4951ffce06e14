"""Threads are set before NumPy looks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.commands.threads import VARIABLES, limit_threads


@pytest.mark.parametrize(
    ("words", "given", "expected"),
    [
        (["irt", "calibrate", "x"], None, "1"),
        (["irt", "calibrate", "x", "--threads", "2"], None, "2"),
        (["ctt", "x", "--threads=3"], "4", "3"),
        (["forensics", "x"], "4", "4"),
        (["serve"], None, "1"),
        ([], None, "1"),
    ],
)
def test_the_option_wins_over_the_environment_and_that_over_the_default(
    words: list[str], given: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        if given is not None:
            monkeypatch.setenv(variable, given)

    limit_threads(words)

    assert [os.environ.get(variable) for variable in VARIABLES] == [expected] * len(VARIABLES)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def test_numpy_is_not_loaded_before(tmp_path: Path) -> None:
    program = "import sys, scripts.cli; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
