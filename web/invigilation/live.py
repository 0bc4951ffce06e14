"""The live picture of a room over server-sent events, made once for all consoles of a process.

Health is the last acknowledged save, not a socket. The stream tells what changed; no thread waits for a console. All
consoles of a sitting look at the same instants, so that one look serves them all.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.service import SeatNow, SittingFollower
from exam_engine.sittings import service as sittings
from itembank.base.db import Database, Scope
from itembank.base.errors import NotFound, TooMany
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.rules import Action
from itembank.people.service import session_digest
from web import security
from web.deps import Context, requires
from web.invigilation.pages import router
from web.shared import Shared

PICTURE_SECONDS = 1.0
"""From one look to the next."""
SEATS_A_SECOND = 1000
"""So many watched seats or more make it a second longer: what is shown is less than three seconds old."""
FRESH_SECONDS = 0.5
"""So long a room's picture serves a console that is opened between two looks."""
WATCHED_SECONDS = 5.0
"""A room that nobody has asked for so long is not watched any more."""
UNWATCHED_SECONDS = 60.0
"""After that a sitting that nobody watches is forgotten."""
SITTING_SECONDS = 3.0
STILL_SECONDS = 3.0
"""Where nothing changed, so often the page is told that this is so."""
LOGIN_SECONDS = 30.0
"""So often a stream asks whether its login still stands."""
HELD_SECONDS = 2 * LOGIN_SECONDS
"""So long a stream counts whose process was killed."""
MOST_STREAMS = 10
"""One login may watch so many rooms at once: every stream costs a picture a second."""

_encode = msgspec.json.Encoder().encode


class TooManyStreams(TooMany):
    """One login watches as much as it may."""

    code = "too_many_streams"
    message = (
        "You are watching {most} rooms at once with this login. Close a window before you open another one."
    )


@dataclass(frozen=True)
class Shown:
    """What a console is to show: rows by seat, or by room."""

    at: int
    """Milliseconds since 1970, by the database's clock."""
    closed: bool
    rows: Mapping[str, Any]
    again: float = 1.5 * PICTURE_SECONDS
    """Seconds from one look to the next."""


class _Sitting:
    """The rooms of one sitting that are watched; one thread looks at all of them, the consoles wait for what it saw."""

    def __init__(self, sitting_id: UUID) -> None:
        self._follower = SittingFollower(sitting_id)
        self._one_looks = threading.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._asked: dict[UUID, float] = {}
        self._seats: dict[UUID, Sequence[SeatNow]] = {}
        self._shown: dict[UUID, Shown] = {}
        self.looked_at = time.monotonic()

    async def show(self, database: Database, room_id: UUID) -> Shown:
        """Return what was seen of a room within FRESH_SECONDS, or look at all that are watched."""
        self._asked[room_id] = time.monotonic()
        if room_id not in self._shown or time.monotonic() - self.looked_at >= FRESH_SECONDS:
            await self._seen(database)
        if room_id not in self._shown:  # that look had begun before
            await self._seen(database)
        return self._shown[room_id]

    async def _seen(self, database: Database) -> None:
        """Wait for the look that is under way, or for a new one."""
        loop = asyncio.get_running_loop()
        if self._looking is None or self._looking.done() or self._looking.get_loop() is not loop:
            since = time.monotonic() - WATCHED_SECONDS
            self._asked = {room: at for room, at in self._asked.items() if at > since}
            self._looking = loop.create_task(run_in_threadpool(self._look, database, list(self._asked)))
        await asyncio.shield(self._looking)  # who goes away leaves it to the others

    def _look(self, database: Database, rooms: Sequence[UUID]) -> None:
        # Every console that asks was authorised for its room by its own route.
        with self._one_looks:
            written = database.written
            with database.glance(scope=Scope.everything()) as session:
                pictures = self._follower.look(session, rooms, written=written)
        seats = sum(len(picture.seats) for picture in pictures.values())
        again = PICTURE_SECONDS * (1 + min(1.0, seats / SEATS_A_SECOND))
        self._shown = {
            room_id: Shown(_ms(picture.at), picture.closed, self._rows_of(room_id, picture.seats), again)
            for room_id, picture in pictures.items()
        }
        self._seats = {room_id: picture.seats for room_id, picture in pictures.items()}
        self.looked_at = time.monotonic()

    def _rows_of(self, room_id: UUID, seats: Sequence[SeatNow]) -> Mapping[str, Any]:
        """Return what the page is told of the seats; what is known of one that stayed the same is kept."""
        former = self._seats.get(room_id, ())
        if former is seats:
            return self._shown[room_id].rows
        others = [(before, seat) for before, seat in zip(former, seats, strict=False) if before is not seat]
        if len(former) != len(seats) or any(a.registration_id != b.registration_id for a, b in others):
            return {str(seat.registration_id): _row(seat) for seat in seats}
        changed = {str(seat.registration_id): _row(seat) for _, seat in others}
        return {**self._shown[room_id].rows, **changed}


class Live:
    """Pictures as the consoles get them; one for a process."""

    def __init__(self, database: Database, shared: Shared) -> None:
        self.database, self.shared = database, shared
        self._sittings: dict[UUID, _Sitting] = {}
        self._lock = threading.Lock()

    async def room(self, sitting_id: UUID, room_id: UUID) -> Shown:
        """Return the seats of a room; nobody's name, nobody's answer."""
        return await self._watched(sitting_id).show(self.database, room_id)

    def _watched(self, sitting_id: UUID) -> _Sitting:
        with self._lock:
            since = time.monotonic() - UNWATCHED_SECONDS
            self._sittings = {key: one for key, one in self._sittings.items() if one.looked_at > since}
            return self._sittings.setdefault(sitting_id, _Sitting(sitting_id))

    def sitting(self, sitting_id: UUID) -> Shown:
        """Return the counts of every room of a sitting."""
        key = f"rooms:{sitting_id}"
        text = self.shared.text(key, SITTING_SECONDS, lambda: self._sitting(sitting_id))
        return Shown(**json.loads(text))

    def _sitting(self, sitting_id: UUID) -> bytes:
        with self.database.glance(scope=Scope.everything()) as session:
            picture = invigilation.picture(session, sitting_id)
        counts = {str(room): dict(found) for room, found in picture.counts().items()}
        return json.dumps({"at": _ms(picture.at), "closed": picture.closed, "rows": counts}).encode()

    def may_watch(self, token: str, sitting_id: UUID) -> bool:
        """Tell whether a login still stands, with the right to see rooms and the sitting in its reach."""
        with self.database.glance() as session:
            login = people.resume(session, token, now=self.database.clock.now())
            if login is None or not login.actor.may(Action.ROOM_READ):
                return False
            session.info["scope"] = people.scope_of(session, login.actor, Action.ROOM_READ)
            try:
                sittings.find_sitting(session, sitting_id)
            except NotFound:
                return False
            return True


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _row(seat: SeatNow) -> list[Any]:
    left = None if seat.left_seconds is None else round(seat.left_seconds)
    return [
        seat.state.value,
        seat.answered,
        seat.items,
        seat.last_saved_at and _ms(seat.last_saved_at),
        seat.epoch,
        seat.due_at and _ms(seat.due_at),
        left,
        int(seat.quiet),
        int(seat.attention),
        seat.number,
        seat.browser.value if seat.browser else "",
        seat.part,
        int(seat.resting),
    ]


_MAKING = threading.Lock()


def live_of(request: Request) -> Live:
    """Return the pictures of this site."""
    state = request.app.state
    with _MAKING:
        if not hasattr(state, "live"):
            state.live = Live(state.database, state.shared)
    live: Live = state.live
    return live


LiveDep = Annotated[Live, Depends(live_of)]


def _news(shown: Mapping[str, Any], rows: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Return which rows are gone and which are new or others; of what is the same nothing is compared."""
    if rows is shown:
        return [], {}
    gone = [key for key in shown if key not in rows]
    # What stayed the same is mostly the same object, too.
    changed = {
        key: row for key, row in rows.items() if (former := shown.get(key)) is not row and former != row
    }
    return gone, changed


async def events(
    draw: Callable[[], Awaitable[Shown]], may_watch: Callable[[], bool], *, once: bool = False
) -> AsyncIterator[str]:
    """Yield the whole picture, then what changed, until the sitting is closed, or the login or its reach ends."""
    shown: Mapping[str, Any] = {}
    loop = asyncio.get_running_loop()
    told = asked = loop.time()
    yield "retry: 2000\n\n"
    while True:
        picture = await draw()
        rows = picture.rows
        gone, changed = _news(shown, rows)
        if changed or gone:
            news = {"at": picture.at, "rows": changed, "gone": gone}
            yield f"event: seats\ndata: {_encode(news).decode()}\n\n"
        elif loop.time() - told >= STILL_SECONDS:
            yield f"event: still\ndata: {picture.at}\n\n"
        if changed or gone or loop.time() - told >= STILL_SECONDS:
            shown, told = rows, loop.time()
        if picture.closed:
            yield "event: end\ndata: closed\n\n"
            return
        if once:
            return
        if loop.time() - asked >= LOGIN_SECONDS:
            asked = loop.time()
            if not await run_in_threadpool(may_watch):
                yield "event: end\ndata: login\n\n"
                return
        await asyncio.sleep(_to_next(loop.time(), picture.again))


def _to_next(now: float, again: float) -> float:
    """Return the seconds to the next of the instants at which all look."""
    return again - now % again if again else 0.0


class _Stream(StreamingResponse):
    """A stream that gives back its place when it ends."""

    def __init__(self, source: AsyncIterator[str], release: Callable[[], None]) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(source, media_type="text/event-stream", headers=headers)
        self._release = release

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # Redis may have to be waited for, and not by the loop
            asyncio.get_running_loop().run_in_executor(None, self._release)


def _stream(
    ctx: Context,
    live: Live,
    sitting_id: UUID,
    draw: Callable[[], Awaitable[Shown]],
) -> StreamingResponse:
    token = ctx.request.cookies.get(security.SESSION_COOKIE, "")
    key, holder = f"streams:{session_digest(token)}", new_id().hex
    # A browser's EventSource names this type; whoever asks without is given one picture and no stream.
    once = "text/event-stream" not in ctx.request.headers.get("accept", "")

    def hold() -> bool:
        return live.shared.hold(key, holder, limit=MOST_STREAMS, seconds=HELD_SECONDS)

    def may_go_on() -> bool:
        hold()
        return live.may_watch(token, sitting_id)

    if not once and not hold():
        raise TooManyStreams(most=MOST_STREAMS)
    source = events(draw, may_go_on, once=once)
    return _Stream(source, lambda: live.shared.release(key, holder))


@router.get("/sittings/{sitting_id}/rooms/{room_id}/events")
def watch_room(
    sitting_id: UUID, room_id: UUID, live: LiveDep, ctx: Context = requires(Action.ROOM_READ)
) -> StreamingResponse:
    """What changes in a room."""
    if not any(seat.room.id == room_id for seat in sittings.list_seats(ctx.session, sitting_id, room_id)):
        raise NotFound
    return _stream(ctx, live, sitting_id, lambda: live.room(sitting_id, room_id))


@router.get("/sittings/{sitting_id}/events")
def watch_sitting(
    sitting_id: UUID, live: LiveDep, ctx: Context = requires(Action.ROOM_READ)
) -> StreamingResponse:
    """What changes in the rooms of a sitting."""
    sittings.find_sitting(ctx.session, sitting_id)
    return _stream(ctx, live, sitting_id, lambda: run_in_threadpool(live.sitting, sitting_id))
