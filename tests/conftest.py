"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of reference data that the project does not ship; tests that need it skip without it."""
    folder = Path(os.environ.get("EXAM_ENGINE_REFERENCE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no reference data in {folder} (set EXAM_ENGINE_REFERENCE_DATA)")
    return folder
