"""The event loop of a site that many ask at once: it looks at its sockets in pulses.

A request that comes alone wakes the process for itself: switches, cold caches and the loop's own turn cost more than
the request. From some dozens a second on, the loop therefore looks no more often than every ``PULSE_SECONDS`` whether
anybody has sent something, and works off together what has come. What the process's own threads have ready is not
kept waiting, and where few ask nobody waits at all.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import time
from typing import Any

PULSE_SECONDS = 0.03
"""Waited at most; much less than an answer waits for others to share its transaction."""

BUSY = 60
"""Sockets that had something to say, a second, from which on there are pulses."""

WINDOW_SECONDS = 1.0


class PulsedSelector(selectors.DefaultSelector):
    """Says what has come, in pulses while much comes.

    The first file that is registered is the one through which threads wake the loop (asyncio makes it first): that one
    is waited for. If it were another one, the pulse would only always last its full time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._wake: select.poll | None = None
        self._heard, self._since, self._busy = 0, time.monotonic(), False

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file; the first is the one that wakes."""
        if self._wake is None:
            self._wake = select.poll()
            self._wake.register(fileobj, select.POLLIN)
        return super().register(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, after a pulse if many speak; ``timeout`` in seconds as everywhere."""
        if self._busy and self._wake is not None and (timeout is None or timeout > 0):
            pause = PULSE_SECONDS if timeout is None else min(PULSE_SECONDS, timeout)
            self._wake.poll(pause * 1000)
            timeout = None if timeout is None else timeout - pause
        found = super().select(timeout)
        self._count(len(found))
        return found

    def _count(self, heard: int) -> None:
        self._heard += heard
        now = time.monotonic()
        if now - self._since >= WINDOW_SECONDS:
            self._busy = self._heard >= BUSY * (now - self._since)
            self._heard, self._since = 0, now


def event_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop; for uvicorn. Where the system cannot wait for one file (Windows) it is the usual one."""
    if not hasattr(select, "poll"):
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(PulsedSelector())
