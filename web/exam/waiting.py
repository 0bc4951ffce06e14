"""Requests that wait in an event loop for one of delivery's threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Waiting(Protocol):
    """What a thread gives back, with the future that its request waits for."""

    waiter: Any


class Queue(Protocol):
    """Where a thread of delivery takes its work from."""

    def put(self, asked: Any, soon: Callable[[Callable[[], None]], object]) -> None:
        """Queue a request; the thread is woken through ``soon``."""


async def answered(queue: Queue, asked: Waiting) -> None:
    """Queue a request and wait until it is answered; all requests of a turn of the loop are taken together."""
    loop = asyncio.get_running_loop()
    asked.waiter = waiter = loop.create_future()
    queue.put(asked, loop.call_soon)
    await waiter


def deliver(answered: Sequence[Waiting]) -> None:
    """Let the requests go on, each in the loop in which it waits; called from delivery's threads."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for one in answered:
        loops.setdefault(one.waiter.get_loop(), []).append(one.waiter)
    for loop, waiters in loops.items():
        loop.call_soon_threadsafe(_resolve, waiters)


def _resolve(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
