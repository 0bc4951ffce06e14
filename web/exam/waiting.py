"""Requests that wait in an event loop for one of delivery's threads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol


class Waiting(Protocol):
    """What a thread gives back, with the future that its request waits for."""

    waiter: Any


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
