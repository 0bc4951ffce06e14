"""What a busy site looks at, and when: sockets in pulses, its own threads at once."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from web import pulse


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pulse, "time", SimpleNamespace(monotonic=clock.monotonic))
    monkeypatch.setattr(pulse, "BUSY", 1)
    return clock


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    with ExitStack() as stack:
        found = [socket.socketpair() for _ in range(2)]
        for pair in found:
            for end in pair:
                stack.enter_context(end)
        yield found


def test_a_busy_site_hears_its_threads_at_once_and_sockets_in_pulses(
    clock: Clock, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    (waker, thread), (connection, candidate) = pairs
    selector = pulse.PulsedSelector()
    for heard in (waker, connection):
        selector.register(heard, selectors.EVENT_READ)

    def look() -> list[object]:
        return [key.fileobj for key, _ in selector.select(0)]

    candidate.send(b"saved")
    few = look()
    clock.now = pulse.WINDOW_SECONDS
    look()  # one a second is much by now, and the next look begins a pulse
    look()
    clock.now += 0.9 * pulse.LONGEST_SECONDS
    within = look()
    thread.send(b"done")
    woken = look()
    waker.recv(1024)
    clock.now += 0.2 * pulse.LONGEST_SECONDS
    after = look()
    selector.close()

    assert few == [connection]
    assert within == []
    assert woken == [waker]
    assert after == [connection]


def test_in_a_pulse_what_is_due_by_the_clock_waits_for_its_end_and_what_is_ready_does_not(
    clock: Clock, pairs: list[tuple[socket.socket, socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (waker, _), (connection, candidate) = pairs
    selector = pulse.PulsedSelector()
    for heard in (waker, connection):
        selector.register(heard, selectors.EVENT_READ)
    waits: list[float] = []
    monkeypatch.setattr(selector, "_poll", SimpleNamespace(poll=waits.append))
    candidate.send(b"saved")
    clock.now = pulse.WINDOW_SECONDS
    for _ in range(2):  # much comes, and a pulse begins
        selector.select(0)
    for timeout in (0.001, None, 0):
        selector.select(timeout)
    selector.close()

    whole = pytest.approx(1000 * pulse.LONGEST_SECONDS)
    assert waits == [whole, whole, 0]


@pytest.mark.parametrize(
    ("heard", "seconds"),
    [(0.0, 0.0), (39.0, 0.0), (40.0, 0.19), (100.0, 0.16), (120.0, 0.15), (5000.0, 0.15)],
)
def test_a_pulse_is_the_longer_the_less_comes(heard: float, seconds: float) -> None:
    assert pulse.length(heard) == pytest.approx(seconds)
