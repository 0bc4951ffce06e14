"""The kernels stand on their own: their public names load, and nothing else of the product with them."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

import exam_engine.psychometrics as psy

PROGRAM = """
import sys
import exam_engine.psychometrics as psy
assert "numpy" not in sys.modules, "the package itself loads nothing"
for name in psy.__all__:
    getattr(psy, name)
wrong = [
    name for name in sys.modules
    if name.split(".")[0] in ("itembank", "web", "scripts", "sqlalchemy", "fastapi", "pydantic", "openpyxl", "arro3")
    or (name.startswith("exam_engine.") and not name.startswith("exam_engine.psychometrics"))
]
print(",".join(wrong))
"""


def test_every_public_name_loads_and_nothing_else_of_the_product_with_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_names_are_listed_and_unknown_ones_refused() -> None:
    assert set(psy.__all__) <= set(dir(psy))
    assert psy.irt.items.Items is psy.Items
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = psy.nothing


def test_the_example_is_true() -> None:
    assert doctest.testmod(psy).failed == 0
