"""Requests that are answered at the socket: no task, no ASGI messages, no router.

For a request that asks one thing of a thread and says yes, the server's own preparations cost more than the request.
Data flow: uvicorn's protocol reads as always; a plain request that the ``Endpoint`` takes is kept until its body is
complete, then asked; when the thread has delivered its result, in the event loop, the answer is written. What is out of
the ordinary, refusals included, is handed to the application as if nothing had been: there it is decided anew, so
whatever is asked here must bear being asked again.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Protocol

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from web.security import DATA_HEADERS

log = structlog.get_logger(__name__)

Headers = list[tuple[bytes, bytes]]

MOST_BYTES = 64 * 1024
"""What a body may have; uvicorn stops reading a connection beyond as much."""

_STRANGE = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


class Endpoint(Protocol):
    """What is answered so: data, and with 200."""

    def takes(self, method: bytes, address: bytes) -> bool:
        """Tell whether this is its method and address, without a query."""

    def ask(self, address: bytes, headers: Headers, body: bytes, waiter: Exchange) -> Any:
        """Let a thread do what is asked, which sets the waiter's result; None to leave it to the application."""

    def answer(self, asked: Any) -> bytes | None:
        """Return the JSON of the answer, or None to leave it to the application."""


class Exchange:
    """One request and its answer: to the connection a cycle like uvicorn's, to the thread a future."""

    __slots__ = (
        "address",
        "asked",
        "body",
        "disconnected",
        "keep_alive",
        "message_event",
        "method",
        "more_body",
        "protocol",
        "response_complete",
        "scope",
        "settled",
    )

    def __init__(self, protocol: DirectProtocol, method: bytes) -> None:
        self.protocol, self.method, self.address = protocol, method, protocol.url
        self.scope: Any = protocol.scope
        self.keep_alive = protocol.parser.should_keep_alive()
        self.body, self.more_body = bytearray(), True
        self.message_event = self
        self.disconnected = self.response_complete = self.settled = False
        self.asked: Any = None

    def set(self) -> None:
        """Nobody waits for the body to come."""

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of its connection."""
        return self.protocol.loop

    def done(self) -> bool:
        """Tell whether nobody waits any more."""
        return self.disconnected or self.settled

    def set_result(self, _result: None) -> None:
        """Answer; called in the loop when the thread has done what was asked."""
        self.settled = True
        self.protocol.reply(self)


class DirectProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with one endpoint that is answered here."""

    endpoint: ClassVar[Endpoint]
    _head: ClassVar[bytes] = b""
    _head_of: ClassVar[Headers | None] = None

    def on_headers_complete(self) -> None:
        """Keep the request when it is the endpoint's and nothing is unusual about it."""
        method = self.parser.get_method()
        if self.endpoint.takes(method, self.url) and self._is_plain(method):
            self.cycle: Any = Exchange(self, method)
        else:
            super().on_headers_complete()

    def _is_plain(self, method: bytes) -> bool:
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy or self.root_path or self.limit_concurrency or self.parser.get_http_version() != "1.1":
            return False
        if not self.url.isascii() or b"?" in self.url or b"%" in self.url:
            return False
        length = b"0" if method == b"GET" else b""
        for name, value in self.headers:
            if name in _STRANGE:
                return False
            if name == b"content-length":
                length = value
        return length.isdigit() and len(length) < 9 and int(length) <= MOST_BYTES

    def on_message_complete(self) -> None:
        """Ask, now that all of it is here."""
        exchange = self.cycle
        if not isinstance(exchange, Exchange):
            super().on_message_complete()
            return
        exchange.more_body = False
        try:
            exchange.asked = self.endpoint.ask(
                exchange.address, exchange.scope["headers"], bytes(exchange.body), exchange
            )
        except Exception:
            log.exception("direct_request_broken")
        if exchange.asked is None:
            self._go_on(exchange)

    def reply(self, exchange: Exchange) -> None:
        """Write the answer, or let the application find one."""
        content = None
        if not self.flow.write_paused:  # who does not read has to wait, and the application knows how
            try:
                content = self.endpoint.answer(exchange.asked)
            except Exception:
                log.exception("direct_request_broken")
        if content is None:
            self._go_on(exchange)
            return
        end = b"\r\n\r\n" if exchange.keep_alive else b"\r\nconnection: close\r\n\r\n"
        self.transport.write(b"%bcontent-length: %d%b%b" % (self._start(), len(content), end, content))
        exchange.response_complete = True
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _start(self) -> bytes:
        """Return the beginning of every answer; uvicorn makes its headers anew every second."""
        given, kind = self.server_state.default_headers, type(self)
        if kind._head_of is not given:
            headers = [*given, *DATA_HEADERS]
            lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
            kind._head, kind._head_of = STATUS_LINE[200] + lines, given
        return kind._head

    def _go_on(self, exchange: Exchange) -> None:
        """Hand the request to the application, as uvicorn does when it begins one."""
        exchange.scope |= {
            "method": exchange.method.decode("ascii"),
            "path": exchange.address.decode("ascii"),
            "raw_path": exchange.address,
            "query_string": b"",
        }
        cycle = RequestResponseCycle(
            scope=exchange.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=exchange.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.body, cycle.more_body = exchange.body, False
        cycle.message_event.set()
        if self.cycle is exchange:
            self.cycle = cycle
        self._start_asgi_task(cycle, self.app)


def protocol(endpoint: Endpoint) -> type[DirectProtocol]:
    """Return the class of the connections of a server that answers ``endpoint`` so; for uvicorn."""
    return type("EndpointProtocol", (DirectProtocol,), {"endpoint": endpoint})
