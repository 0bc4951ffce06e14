"""A candidate of a load test: speaks the protocol of docs/delivery.md over one kept-alive connection."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from scripts.load.hall import Ticket

_QUESTION = re.compile(
    rb'<fieldset[^>]*data-item="(?P<item>[0-9a-f-]+)"[^>]*data-type="(?P<type>\w+)".*?</fieldset>', re.DOTALL
)
_VALUE = re.compile(rb'<input[^>]*name="q-[^"]*"[^>]*value="(\w+)"')
_CSRF = re.compile(rb'data-csrf="(\w+)"')
_STARTS_IN = re.compile(rb'data-starts-in="([0-9.]+)"')
_SITTING = re.compile(rb'action="/exam/sittings/([0-9a-f-]+)/start"')
LONGEST_HEAD, LONGEST_EVENT = 64 * 1024, 4 * 1024 * 1024
CONNECT_SECONDS = 30
REPLY_SECONDS = 60
IDLE_SECONDS = 60
"""A connection unused for so long is not used again: soon the server ends it, perhaps while a request is on its way."""


class Broken(Exception):
    """The connection ended before the reply: nobody knows what became of the request."""


@dataclass(frozen=True)
class Reply:
    """What the server answered."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def json(self) -> Any:
        """Return the body read as JSON; empty for anything else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        content = self.json()
        return str(content.get("code", "")) if isinstance(content, dict) else ""


class Unexpected(Exception):
    """The server answered something that a candidate's page could not use."""

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(f"{step}: {reply.status} {reply.code or reply.body[:120]!r}")
        self.step, self.reply = step, reply


class Link:
    """One connection, opened when it is needed."""

    def __init__(self, url: str, source: str | None = None) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self._local = (source, 0) if source else None
        self._head = f"Host: {self.host}:{self.port}\r\nAccept: application/json, text/html\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    def close(self) -> None:
        """Drop the connection, as when a cable is pulled."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def ask(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Reply:
        """Send one request and return its reply.

        Raises Broken when there is none.
        """
        if self._streams is not None:
            idle = time.monotonic() - self._used
            if self._streams[0].at_eof() or idle > IDLE_SECONDS:
                self.close()
        try:
            if self._streams is None:
                opening = asyncio.open_connection(
                    self.host, self.port, local_addr=self._local, limit=LONGEST_HEAD
                )
                self._streams = await asyncio.wait_for(opening, CONNECT_SECONDS)
            reader, writer = self._streams
            writer.write(
                f"{method} {path} HTTP/1.1\r\n{self._head}{headers}Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            reply = await asyncio.wait_for(self._reply(reader), REPLY_SECONDS)
            self._used = time.monotonic()
            return reply
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.close()
            raise Broken(type(error).__name__) from error

    async def events(self, path: str, headers: str) -> AsyncIterator[bytes]:
        """Yield the data of server-sent events until the server ends the stream.

        Raises Broken when the connection breaks.
        """
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port, limit=LONGEST_EVENT)
            self._streams = reader, writer
            accept = "Accept: text/event-stream\r\n"
            head = f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{accept}{headers}\r\n"
            writer.write(head.encode())
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    yield line[6:].strip()
        except (OSError, EOFError, ValueError) as error:
            raise Broken(type(error).__name__) from error
        raise Broken("ended")

    async def _reply(self, reader: asyncio.StreamReader) -> Reply:
        first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
        headers: dict[bytes, bytes] = {}
        for line in lines:
            name, _, value = line.partition(b":")
            name, value = name.strip().lower(), value.strip()
            headers[name] = headers[name] + b"\n" + value if name in headers else value
        if b"content-length" in headers:
            body = await reader.readexactly(int(headers[b"content-length"]))
        else:
            body = await self._chunks(reader)
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return Reply(int(first.split()[1]), headers, body)

    @staticmethod
    async def _chunks(reader: asyncio.StreamReader) -> bytes:
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return b"".join(parts)


@dataclass(frozen=True)
class Question:
    """One item and what can be chosen."""

    item: str
    labels: tuple[str, ...]
    many: bool


@dataclass
class Candidate:
    """Somebody with a ticket, at a PC."""

    link: Link
    ticket: Ticket
    cookie: str = ""
    csrf: str = ""
    sitting: str = ""
    starts_in: float = 0.0
    attempt: str = ""
    token: str = ""
    epoch: int = 0
    remaining: float = 0.0
    questions: list[Question] = field(default_factory=list)

    async def enter(self) -> Reply:
        """Log in by ticket number and entry code."""
        body = urlencode({"ticket_number": self.ticket.number, "entry_code": self.ticket.entry_code})
        reply = await self.link.ask("POST", "/exam/login", body.encode(), _FORM)
        if reply.status != 303:
            raise Unexpected("login", reply)
        cookies = reply.headers.get(b"set-cookie", b"").split(b"\n")
        self.cookie = "; ".join(cookie.split(b";")[0].decode() for cookie in cookies)
        return reply

    async def wait(self) -> Reply:
        """Look at the waiting room: learns the sitting and how long it is until the start."""
        reply = await self._get("/exam")
        sitting, seconds, csrf = (found.search(reply.body) for found in (_SITTING, _STARTS_IN, _CSRF))
        if reply.status != 200 or csrf is None:
            raise Unexpected("waiting room", reply)
        self.csrf = csrf[1].decode()
        self.sitting = sitting[1].decode() if sitting else self.sitting
        self.starts_in = float(seconds[1]) if seconds else 0.0
        return reply

    async def start(self) -> Reply:
        """Press the button; a second time leads to the same attempt."""
        reply = await self._post(f"/exam/sittings/{self.sitting}/start")
        if reply.status != 303:
            raise Unexpected("start", reply)
        self.attempt = reply.headers[b"location"].decode().rpartition("/")[2]
        return reply

    async def look(self) -> Reply:
        """Load the examination page and read its questions."""
        reply = await self._get(f"/exam/attempts/{self.attempt}")
        if reply.status != 200:
            raise Unexpected("page", reply)
        if not self.questions:
            self.questions = [
                Question(
                    found["item"].decode(),
                    tuple(label.decode() for label in _VALUE.findall(found[0])),
                    found["type"] == b"multiple_choice",
                )
                for found in _QUESTION.finditer(reply.body)
            ]
        if not self.questions:
            raise Unexpected("page without questions", reply)
        return reply

    async def open(self) -> Reply:
        """Take the attempt over on this device: token, epoch, answers."""
        reply = await self._post(f"/exam/attempts/{self.attempt}/open")
        if reply.status != 200:
            raise Unexpected("open", reply)
        opened = reply.json()
        self.token, self.epoch, self.remaining = opened["token"], opened["epoch"], opened["remaining"]
        return reply

    async def save(self, answers: list[dict[str, Any]]) -> Reply:
        """Send answers; whatever the status, the reply comes back."""
        body = json.dumps({"answers": answers}, separators=(",", ":")).encode()
        return await self.link.ask(
            "PUT",
            f"/exam/attempts/{self.attempt}/answers",
            body,
            f"Authorization: Bearer {self.token}\r\nContent-Type: application/json\r\n",
        )

    async def beat(self) -> Reply:
        """Ask for the remaining time."""
        return await self.link.ask(
            "GET", f"/exam/attempts/{self.attempt}/heartbeat", b"", f"Authorization: Bearer {self.token}\r\n"
        )

    async def hand_in(self) -> Reply:
        """Hand in; a second time brings the first receipt."""
        body = urlencode({"epoch": self.epoch}).encode()
        return await self._post(f"/exam/attempts/{self.attempt}/submit", body)

    async def _get(self, path: str) -> Reply:
        return await self.link.ask("GET", path, b"", f"Cookie: {self.cookie}\r\n")

    async def _post(self, path: str, body: bytes = b"") -> Reply:
        headers = f"Cookie: {self.cookie}\r\nX-CSRF-Token: {self.csrf}\r\n{_FORM}"
        return await self.link.ask("POST", path, body, headers)


_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
