"""What processes share through Redis, and how each goes on alone without it."""

from __future__ import annotations

import time

import pytest

from itembank.base.errors import TooMany
from scripts.servers.redis import RedisMissing, start_redis
from web import shared
from web.security import Limiter
from web.shared import Shared


@pytest.fixture(scope="module")
def server():
    try:
        found = start_redis()
    except RedisMissing as reason:
        pytest.skip(str(reason))
    yield found
    found.stop()


@pytest.fixture
def two(server):
    """Two processes' ends."""
    return Shared(server.url), Shared(server.url)


def limiter(end: Shared, name: str) -> Limiter:
    made = Limiter(name, limit=3, seconds=60)
    made.shared = end
    return made


def test_processes_count_together(two) -> None:
    first, second = (limiter(end, "together") for end in two)
    first.check("a")
    second.check("a")
    first.check("a")

    with pytest.raises(TooMany):
        second.check("a")
    with pytest.raises(TooMany):
        second.guard("a")
    second.check("b")


@pytest.mark.parametrize("alone", [False, True])
def test_places_are_held_together_until_given_back_or_forgotten(two, alone: bool) -> None:
    first, second = (Shared(),) * 2 if alone else two

    def hold(end: Shared, holder: str, seconds: float = 60) -> bool:
        return end.hold("places", holder, limit=2, seconds=seconds)

    assert [hold(first, "a"), hold(second, "b"), hold(second, "c"), hold(first, "a")] == [
        True,
        True,
        False,
        True,
    ]
    first.release("places", "b")
    assert hold(second, "c", seconds=0.001)
    time.sleep(0.002)
    assert hold(first, "d")  # c is gone without a word
    assert not hold(second, "c")


def test_what_one_process_takes_back_counts_nowhere(two) -> None:
    first, second = (limiter(end, "taken back") for end in two)
    for _ in range(5):
        first.check("a")
        second.take_back("a")
    for _ in range(3):
        first.check("a")

    with pytest.raises(TooMany):
        second.check("a")


def test_events_are_forgotten_after_the_time(two) -> None:
    assert two[0].count("short", limit=1, seconds=0.05, events=1) is True
    while two[1].count("short", limit=1, seconds=0.05, events=0) is False:
        pass
    assert two[1].count("short", limit=1, seconds=0.05, events=1) is True


def test_a_text_is_made_once_for_all(two) -> None:
    made = []

    def make() -> bytes:
        made.append(1)
        return b"once"

    assert [end.text("room", 30, make) for end in (*two, *two)] == [b"once"] * 4
    assert len(made) == 1


def test_without_redis_each_process_counts_for_itself(server, monkeypatch) -> None:
    end = Shared(server.url)
    counting = limiter(end, "alone")
    counting.check("a")
    server.kill()
    try:
        for _ in range(3):
            counting.check("a")
        with pytest.raises(TooMany):
            counting.check("a")
        assert end.text("room of nobody", 30, lambda: b"made here") == b"made here"
    finally:
        server.start()
    monkeypatch.setattr(
        shared.time, "monotonic", lambda now=shared.time.monotonic: now() + 2 * shared.AWAY_SECONDS
    )

    assert end.count("back", limit=1, seconds=60, events=1) is True
