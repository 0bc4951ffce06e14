"""The event loop of a site that many ask at once: it looks at its sockets in pulses.

A request that comes alone wakes the process for itself: switches, cold caches, the loop's own turn and a transaction of
its own cost many times what the request does. From some dozens a second on, the loop therefore looks at its sockets in
pulses of ``PULSE_SECONDS`` or a little more, and works off together what has come: the answers of a pulse then share
one transaction, too. What is due by the clock waits for the pulse like the sockets, since it would wake the process as
well. What the process's own threads have ready is passed on at once, and where few ask nobody waits.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import time
from typing import Any

PULSE_SECONDS = 0.15
"""From one look at the sockets to the next: nobody notices, and saving takes half of it longer on average."""

LONGEST_SECONDS, SHARED = 0.19, 16
"""While less comes, a pulse is longer, so that so many requests share what it costs to wake."""

BUSY = 40
"""Sockets that had something to say, a second, from which on there are pulses."""

WINDOW_SECONDS = 1.0

Ready = list[tuple[selectors.SelectorKey, int]]


class PulsedSelector(selectors.DefaultSelector):
    """Says what has come, in pulses while much comes.

    The first file that is registered is the one through which threads wake the loop (asyncio makes it first): between
    two pulses that one alone is looked at. If it were another one, a thread would be heard at the next pulse only.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waker: selectors.SelectorKey | None = None
        self._poll = select.poll()
        self._next = 0.0
        self._heard, self._since, self._pulse = 0, time.monotonic(), 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file; the first is the one that wakes."""
        key = super().register(fileobj, events, data)
        if self._waker is None:
            self._waker = key
            self._poll.register(fileobj, select.POLLIN)
        return key

    def select(self, timeout: float | None = None) -> Ready:
        """Return what is ready; between two pulses, what threads have ready. ``timeout`` in seconds as everywhere."""
        if not self._pulse:
            return self._look(timeout)
        left = self._next - time.monotonic()
        if left <= 0:
            self._next = time.monotonic() + self._pulse
            return self._look(0)
        pause = 0 if timeout is not None and timeout <= 0 else left
        if self._waker is not None and self._poll.poll(pause * 1000):
            return [(self._waker, selectors.EVENT_READ)]
        return []

    def _look(self, timeout: float | None) -> Ready:
        found = super().select(timeout)
        self._heard += len(found)
        now = time.monotonic()
        if now - self._since >= WINDOW_SECONDS:
            self._pulse = length(self._heard / (now - self._since))
            self._heard, self._since = 0, now
        return found


def length(heard: float) -> float:
    """Return the seconds of a pulse, or 0 for none, while so many sockets a second have something to say."""
    return min(LONGEST_SECONDS, max(PULSE_SECONDS, SHARED / heard)) if heard >= BUSY else 0.0


def event_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop; for uvicorn. Where the system cannot wait for one file (Windows) it is the usual one."""
    if not hasattr(select, "poll"):
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(PulsedSelector())
