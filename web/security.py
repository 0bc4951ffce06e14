"""Headers, CSRF tokens, cookies and rate limits."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import deque
from urllib.parse import unquote_plus
from uuid import UUID

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from itembank.base.crypto import Keyring
from itembank.base.errors import Forbidden, Invalid, TooMany
from web.shared import Shared

SESSION_COOKIE = "session"
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}

FRAMED = {
    "content-security-policy": _HEADERS["content-security-policy"].replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    )
}
"""Of a page that stands inside of another of this site."""


class CsrfWrong(Forbidden):
    """The form's token is not this session's."""

    code = "csrf_wrong"
    message = "This form is out of date. Go back, reload the page and send it again."


class CrossSite(Forbidden):
    """The request was sent by a page of another site."""

    code = "cross_site"
    message = "The request came from another site and was refused."


class AddressUnreadable(Invalid):
    """The address holds a character that is no text."""

    code = "address_unreadable"
    message = "The address holds a character that cannot be read. Type it anew."


class UploadTooLarge(Invalid):
    """The body is larger than this site accepts."""

    code = "upload_too_large"
    message = "The upload is larger than {megabytes} MB."


def csrf_token(session_token: str) -> str:
    """Return the form token of a login session."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def check_csrf(session_token: str, given: str | None) -> None:
    """Raise CsrfWrong unless ``given`` is the session's token."""
    if given is None or not hmac.compare_digest(csrf_token(session_token).encode(), given.encode()):
        raise CsrfWrong


def waiting_key(keyring: Keyring, sitting_id: UUID) -> str:
    """Return what the waiting rooms of a sitting show when they ask whether something new was said in it."""
    return keyring.blind_index(sitting_id.hex, purpose="waiting-room")


def is_waiting_key(keyring: Keyring, sitting_id: UUID, given: bytes) -> bool:
    """Tell whether ``given`` is the key of the sitting's waiting rooms; nothing is looked up."""
    return hmac.compare_digest(waiting_key(keyring, sitting_id).encode(), given)


def check_same_site(request: Request) -> None:
    """Raise CrossSite when a browser says that another site's page sent an unsafe request."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSite
    elif origin and origin.partition("://")[2] != request.headers.get("host"):
        raise CrossSite


def check_address(request: Request) -> None:
    """Raise AddressUnreadable for a NUL character, which no database keeps and no reader types."""
    if "\x00" in request.url.path or "\x00" in unquote_plus(request.url.query):
        raise AddressUnreadable


_SECURE_HEADERS = {"strict-transport-security": "max-age=31536000"}
_PLAIN_HEADERS = {
    secure: [
        (name.encode(), value.encode())
        for name, value in {
            **_HEADERS,
            **(_SECURE_HEADERS if secure else {}),
            "cache-control": "no-store",
        }.items()
    ]
    for secure in (False, True)
}
_JSON = (b"content-type", b"application/json")
_KEPT_OUT = [
    pair for pair in _PLAIN_HEADERS[False] if pair[0] in (b"x-content-type-options", b"cache-control")
]
DATA_HEADERS = [_JSON, *_KEPT_OUT]
"""Of an answer in JSON: it is no document that could run, be framed or ask for more."""


class SecurityHeaders:
    """Adds the headers to every answer, and keeps pages out of caches unless they say otherwise."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.extra = _SECURE_HEADERS if secure else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**_HEADERS, **self.extra}.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


def adding_headers(send: Send, *, secure: bool) -> Send:
    """Return ``send`` for an endpoint outside of ``SecurityHeaders``, with the same headers, in fewer steps.

    Data gets only those that mean something for data (``DATA_HEADERS``).
    """

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message["headers"])
            names = {name for name, _ in given}
            wanted = DATA_HEADERS if _JSON in given else _PLAIN_HEADERS[secure]
            message = {**message, "headers": given + [pair for pair in wanted if pair[0] not in names]}
        await send(message)

    return send_with_headers


class Limiter:
    """Counts events by key: at most ``limit`` within ``seconds``, in all processes that share their counts.

    ``name`` tells its counts from those of others.
    """

    shared = Shared()
    """What the processes of this site share; set when the site is made."""

    def __init__(self, name: str, *, limit: int, seconds: float) -> None:
        self.name, self.limit, self.seconds = name, limit, seconds
        self._events: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def guard(self, key: str) -> None:
        """Raise TooMany if ``key`` has reached the limit; counts nothing."""
        self._count(key, 0)

    def check(self, key: str) -> None:
        """Count one event for ``key``.

        Raises TooMany beyond the limit; refused events do not count.
        """
        self._count(key, 1)

    def take_back(self, key: str) -> None:
        """Forget the newest event of ``key``: what was counted turned out to be none."""
        if self.shared.take_back(f"{self.name}:{key}"):
            return
        with self._lock:
            if self._events.get(key):
                self._events[key].pop()

    def _count(self, key: str, events_now: int) -> None:
        room = self.shared.count(
            f"{self.name}:{key}", limit=self.limit, seconds=self.seconds, events=events_now
        )
        if room is False:
            raise TooMany
        if room is None:
            self._count_here(key, events_now)

    def _count_here(self, key: str, events_now: int) -> None:
        tick = time.monotonic()
        with self._lock:
            events = self._events.setdefault(key, deque())
            while events and events[0] <= tick - self.seconds:
                events.popleft()
            if len(events) >= self.limit:
                raise TooMany
            events.extend([tick] * events_now)
            if len(self._events) > 10_000:
                self._events = {k: e for k, e in self._events.items() if e and e[-1] > tick - self.seconds}


def client_address(request: Request) -> str:
    """Return the address that rate limits count by."""
    return request.client.host if request.client else "unknown"
