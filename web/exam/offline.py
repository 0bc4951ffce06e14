"""What a browser keeps for work without network: the service worker and the shell that it shows.

Both are the same for everybody and hold nothing of any paper, so they need no login; they are read once a process
and language. ``/exam/worker.js`` lies above the pages that it answers, since a worker reaches no higher.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from web.deps import language_of
from web.render import render

WORKER_PATH = "/exam/worker.js"
SHELL_PATH = "/exam/offline"
_WORKER = Path(__file__).parents[1] / "static" / "js" / "exam-worker.js"


@cache
def _worker() -> bytes:
    return _WORKER.read_bytes()


@cache
def _shell(language: str) -> bytes:
    return render("exam/offline.html", language, {}).encode()


class Worker:
    """The service worker's script."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"service-worker-allowed", b"/exam"), (b"cache-control", b"no-cache")]
        await _answer(send, _worker(), b"text/javascript; charset=utf-8", headers)


class Shell:
    """The page without network."""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        content = _shell(language_of(Request(scope)))
        await _answer(send, content, b"text/html; charset=utf-8", [(b"cache-control", b"no-cache")])


async def _answer(send: Send, body: bytes, media: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", media), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
