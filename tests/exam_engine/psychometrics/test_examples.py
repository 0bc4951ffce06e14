"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import exam_engine.psychometrics as kernel

MODULES = [module.name for module in pkgutil.walk_packages(kernel.__path__, kernel.__name__ + ".")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
