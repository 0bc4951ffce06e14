"""Invigilators who watch rooms while candidates work: how old is a save when the console shows it?"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from scripts.load.candidate import Broken, Link, Unexpected
from scripts.load.hall import Hall

LAST_SAVED = 3
"""Place of the time of the last acknowledged save in a seat's row of the live picture."""

AGAIN_SECONDS = 2.0


@dataclass
class Watching:
    """Delays in milliseconds between acknowledged saves and the console, of all rooms that are watched."""

    rooms: int
    delays: list[float] = field(default_factory=list)
    pictures: int = 0
    breaks: int = 0

    def report(self) -> dict[str, float]:
        """Return how many rooms and seats' saves were seen, and how old they were."""
        ordered = sorted(self.delays)
        if not ordered:
            return {"rooms": self.rooms, "saves seen": 0, "breaks": self.breaks}
        last = len(ordered) - 1
        quantiles = {f"p{q} ms": round(ordered[min(last, len(ordered) * q // 100)]) for q in (50, 95, 99)}
        return {
            "rooms": self.rooms,
            "saves seen": len(ordered),
            **quantiles,
            "max ms": round(ordered[-1]),
            "breaks": self.breaks,
        }


async def watch(url: str, hall: Hall, watching: Watching, until: float) -> None:
    """Watch the first rooms of a hall until an instant of the monotonic clock; this clock and the server's agree."""
    cookie = await _log_in(url, hall)
    await asyncio.gather(
        *(_room(url, cookie, hall, room, watching, until) for room in hall.rooms[: watching.rooms])
    )


async def _log_in(url: str, hall: Hall) -> str:
    name, password = hall.invigilator
    link = Link(url)
    body = urlencode({"username": name, "password": password}).encode()
    reply = await link.ask("POST", "/login", body, "Content-Type: application/x-www-form-urlencoded\r\n")
    link.close()
    if reply.status != 303:
        raise Unexpected("invigilator's login", reply)
    return reply.headers[b"set-cookie"].split(b";")[0].decode()


async def _room(url: str, cookie: str, hall: Hall, room: str, watching: Watching, until: float) -> None:
    path = f"/invigilation/sittings/{hall.sitting_id}/rooms/{room}/events"
    seen: dict[str, int] = {}
    while (left := until - time.monotonic()) > 0:
        link = Link(url)
        try:
            async with asyncio.timeout(left):
                async for data in link.events(path, f"Cookie: {cookie}\r\n"):
                    watching.pictures += 1
                    _look(json.loads(data), seen, watching)
        except TimeoutError:
            return
        except Broken:
            watching.breaks += 1
            await asyncio.sleep(AGAIN_SECONDS)
        finally:
            link.close()


def _look(picture: Any, seen: dict[str, int], watching: Watching) -> None:
    if not isinstance(picture, dict):
        return
    now = time.time() * 1000
    for key, row in picture["rows"].items():
        saved = row[LAST_SAVED]
        if saved is not None and saved != seen.get(key):
            if key in seen:
                watching.delays.append(now - saved)
            seen[key] = saved
