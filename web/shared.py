"""What the processes of one site share for an instant: counts of events, and texts that cost something to make.

With Redis all processes share it; without, or while Redis is away, each has its own. Nothing here is the only copy of
anything: losing it costs some repeated work, and counts that begin again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import redis
import structlog

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 0.1
"""Redis stands next to the site; slower than this, it is taken as away."""

AWAY_SECONDS = 5.0
"""For so long it is not asked again after it failed."""

MOST_TEXTS = 10_000

_COUNT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
for n = 1, tonumber(ARGV[3]) do
  redis.call('ZADD', KEYS[1], now, time[1] .. '.' .. time[2] .. '.' .. n)
  redis.call('EXPIRE', KEYS[1], math.ceil(ARGV[2]))
end
return 1
"""


_HOLD = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[1], math.ceil(ARGV[3]))
return 1
"""


class Shared:
    """Shared by all processes that name the same Redis, or by the threads of this process.

    Parameters
    ----------
    url : str, optional
        ``redis://host:port/number``, ``rediss://…`` or ``unix:///path``; empty for this process alone.
    """

    def __init__(self, url: str = "") -> None:
        limits = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
        self._client = redis.Redis.from_url(url, **limits) if url else None
        self._away_until = 0.0
        self._texts: dict[str, tuple[float, bytes]] = {}
        self._making: dict[str, threading.Lock] = {}
        self._held: dict[str, dict[str, float]] = {}
        self._lock = threading.Lock()

    @property
    def asks_others(self) -> bool:
        """Whether counting may have to wait for a server."""
        return self._client is not None

    def count(self, key: str, *, limit: int, seconds: float, events: int) -> bool | None:
        """Count ``events`` (0 or 1) for ``key`` unless it has reached ``limit`` within ``seconds``.

        Returns
        -------
        bool or None
            Whether there was room; None when nobody shares the counts.
        """
        answer = self._asked(lambda client: client.eval(_COUNT, 1, f"count:{key}", limit, seconds, events))
        return None if answer is None else bool(answer)

    def take_back(self, key: str) -> bool:
        """Forget the newest event of ``key``; return whether the processes share one."""
        return bool(self._asked(lambda client: client.zpopmax(f"count:{key}")))

    def hold(self, key: str, holder: str, *, limit: int, seconds: float) -> bool:
        """Hold one of the ``limit`` places of ``key`` for ``seconds``, or go on holding it.

        Returns
        -------
        bool
            Whether there was a place. Whoever is gone without a word loses it when the time is over.
        """
        answer = self._asked(lambda client: client.eval(_HOLD, 1, f"hold:{key}", holder, limit, seconds))
        if answer is not None:
            return bool(answer)
        now = time.monotonic()
        with self._lock:
            held = {name: until for name, until in self._held.get(key, {}).items() if until > now}
            if holder not in held and len(held) >= limit:
                return False
            self._held[key] = {**held, holder: now + seconds}
            if len(self._held) > MOST_TEXTS:
                self._held = {k: h for k, h in self._held.items() if max(h.values()) > now}
        return True

    def release(self, key: str, holder: str) -> None:
        """Give a place back."""
        self._asked(lambda client: client.zrem(f"hold:{key}", holder))
        with self._lock:
            held = self._held.get(key, {})
            held.pop(holder, None)
            if not held:
                self._held.pop(key, None)

    def text(self, key: str, seconds: float, make: Callable[[], bytes]) -> bytes:
        """Return the text made for ``key`` at most ``seconds`` ago, or make it; one thread makes it, others wait."""
        with self._lock:
            if len(self._making) > MOST_TEXTS:
                self._making, self._texts = {}, {}
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self._texts.get(key)
            if found is None or found[0] <= time.monotonic():
                found = self._texts[key] = time.monotonic() + seconds, self._made(key, seconds, make)
            return found[1]

    def _made(self, key: str, seconds: float, make: Callable[[], bytes]) -> bytes:
        kept = self._asked(lambda client: client.get(f"text:{key}"))
        if isinstance(kept, bytes):
            return kept
        made = make()
        self._asked(lambda client: client.set(f"text:{key}", made, px=max(1, int(seconds * 1000))))
        return made

    def _asked(self, ask: Callable[[redis.Redis], object]) -> object | None:
        if self._client is None or time.monotonic() < self._away_until:
            return None
        try:
            return ask(self._client)
        except redis.RedisError as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("redis_away", reason=type(error).__name__)
            return None
