"""Many requests in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from exam_engine.delivery.batches import Batcher


@dataclass
class Asked:
    done: list[str] = field(default_factory=list)
    weight: int = 1

    def deliver(self, _: list[Any]) -> None:
        self.done.append("told")


@pytest.mark.parametrize("breaks", [False, True])
def test_what_takes_thought_is_done_before_the_turn_and_may_fail(breaks: bool) -> None:
    asked = Asked()

    @contextmanager
    def turn() -> Iterator[None]:
        asked.done.append("turn")
        yield

    def prepare(_: list[Asked]) -> None:
        asked.done.append("prepared")
        if breaks:
            raise OSError

    does: Callable[[list[Asked]], None] = lambda _: asked.done.append("done")  # noqa: E731
    batcher = Batcher(does, name="b", batch=9, most=9, turn=turn(), prepare=prepare)

    batcher.work([asked])

    assert asked.done == ["prepared", "turn", "done", "told"]
