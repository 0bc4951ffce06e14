"""Which tests go to one worker together, and in which order they begin."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

JOURNEYS = "tests/journeys/"
DEMONSTRATION = ("tests/journeys/test_every_page.py", "tests/scripts/test_demo.py")
"""They share the demonstration's site, which takes long to make."""


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests with those first that take long, or one worker would end with them while others wait."""

    def turn(item: pytest.Item) -> int:
        if item.nodeid.startswith(DEMONSTRATION):
            return 0
        if item.get_closest_marker("slow"):
            return 1
        return 2 if item.nodeid.startswith(JOURNEYS) else 3

    return sorted(items, key=turn)


class Together(LoadScopeScheduling):  # type: ignore[misc]  # without types
    """Test by test to whoever is free; but the journeys of a file, which share a browser, to one worker."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path in DEMONSTRATION:
            return "demonstration"
        return path if path.startswith(JOURNEYS) else nodeid

    def _assign_work_unit(self, node: Any) -> None:
        given = self.assigned_work.get(node, {})
        for scope in [scope for scope, tests in given.items() if all(tests.values())]:
            del given[scope]  # what is done would be counted again for every test
        super()._assign_work_unit(node)
