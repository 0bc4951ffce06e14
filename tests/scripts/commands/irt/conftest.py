"""Item tables and response files that the commands are tried on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exam_engine.calibration.item_table import NamedItems, write_items
from exam_engine.psychometrics.irt.items import Items

A = np.array([1.0, 1.4, 0.8, 1.2, 1.0, 1.6, 0.9, 1.1])
B = np.array([-1.0, -0.5, 0.0, 0.3, 0.8, 1.2, -0.2, 0.5])


def write_table(path: Path, items: Items, names: tuple[str, ...] | None = None) -> Path:
    names = names or tuple(f"Q{at}" for at in range(1, len(items) + 1))
    unknown = np.full(len(items), np.nan)
    path.write_text(write_items(NamedItems(names, items, unknown, unknown)), "utf-8")
    return path


@pytest.fixture
def items() -> Items:
    several = Items.graded([1.2, 0.9], [[-1.0, 0.5], [-0.3, 1.0]])
    return Items.concatenate([Items.dichotomous(A, B), several])


@pytest.fixture
def table(tmp_path: Path, items: Items) -> Path:
    return write_table(tmp_path / "items.csv", items)
