"""Saves and calls answered at the socket: what the application would say, and everything else left to it."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from exam_engine.delivery.batches import Batcher
from exam_engine.delivery.models import Answer
from exam_engine.delivery.rules import AnswerNotStorable, TooManyWaiting
from exam_engine.delivery.writer import Ticket, Writer
from exam_engine.invigilation import service as invigilation
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.exam import ExamWorld
from tests.web.exam.test_exam_pages import Page, sent
from web.app import create_app
from web.exam import saving
from web.exam.waiting import deliver
from web.server import config
from web.settings import Settings
from web.told import memory_of


@dataclass(frozen=True)
class Served:
    """One application behind two servers: the shipped one, and one that hands everything to it."""

    app: FastAPI
    shipped: uvicorn.Server
    port: int
    plain_port: int


def _start(settings: uvicorn.Config) -> tuple[uvicorn.Server, int, Callable[[], None]]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the site did not start"
        time.sleep(0.01)

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        listening.close()

    return server, listening.getsockname()[1], stop


@pytest.fixture
def served(database: Database, settings: Settings) -> Iterator[Served]:
    app = create_app(settings, database, run_jobs=False)
    shipped, port, stop = _start(config(app, timeout_graceful_shutdown=2, timeout_keep_alive=60))
    plain = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")
    _, plain_port, stop_plain = _start(plain)
    yield Served(app, shipped, port, plain_port)
    stop_plain()
    stop()


@pytest.fixture
def world(database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution)


@pytest.fixture
def page(served: Served, world: ExamWorld) -> Page:
    """A candidate who has started and opened the paper, in a process that has judged an answer to it before."""
    client = TestClient(served.app, follow_redirects=False)  # the servers have begun the application already
    page = Page(client, world, world.candidate())
    page.start()
    page.open()
    assert page.save({**sent(world), "item": str(world.sitting.id)}).status_code == 422
    return page


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What came to the application, by method."""
    came: list[str] = []
    ordinary = saving._Endpoint.__call__

    async def count(self: Any, scope: Any, receive: Any, send: Any) -> None:
        came.append(scope["method"])
        await ordinary(self, scope, receive, send)

    monkeypatch.setattr(saving._Endpoint, "__call__", count)
    return came


Message = tuple[str, dict[str, str], bytes]


def read(stream: Any) -> Message:
    """Read one answer: status line, headers without the date, body."""
    status = stream.readline().decode().strip()
    headers: dict[str, str] = {}
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(": ")
        headers[name] = value
    headers.pop("date", None)
    return status, headers, stream.read(int(headers.get("content-length", 0)))


def exchange(port: int, *parts: bytes, answers: int = 1) -> list[Message]:
    """Send bytes in parts over one connection; return so many answers."""
    address = "127.0.0.1", port
    with socket.create_connection(address, timeout=20) as connection, connection.makefile("rb") as stream:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.01 if len(parts) > 1 else 0)
        return [read(stream) for _ in range(answers)]


def request(page: Page, *answers: dict[str, Any], body: bytes | None = None, **headers: str) -> bytes:
    """Return a save as a browser sends it, or a call when there is nothing to save."""
    saves = bool(answers) or body is not None
    content = json.dumps({"answers": answers}).encode() if body is None and saves else body or b""
    given = {"host": "exam", "accept-language": "en", "authorization": f"Bearer {page.token}", **headers}
    if saves and "transfer-encoding" not in given:
        given.setdefault("content-length", str(len(content)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    kind, end = ("PUT", "answers") if saves else ("GET", "heartbeat")
    return f"{kind} /exam/attempts/{page.attempt}/{end} HTTP/1.1\r\n{lines}\r\n".encode() + content


def without_time(message: Message) -> Message:
    """Leave out what runs: the remaining seconds, and with them the length of the text."""
    status, headers, body = message
    steady = re.sub(rb'"remaining":[0-9.]+', b'"remaining":0', body)
    return status, {**headers, "content-length": str(len(steady))}, steady


@pytest.mark.parametrize("said", [False, True])
def test_a_save_and_a_call_are_answered_as_by_the_application(
    served: Served, page: Page, world: ExamWorld, database: Database, handed_on: list[str], said: bool
) -> None:
    if said:
        with database.session(scope=Scope.everything()) as session:
            to: dict[str, Any] = {"actor": SYSTEM, "sitting_id": world.sitting.id}
            invigilation.send_message(session, text="请注意", now=database.clock.now(), **to)
    memory_of(served.app.state)._read()
    asked = [request(page, sent(world)), request(page, sent(world, 1), sent(world, 2)), request(page)]
    at_socket = [exchange(served.port, one)[0] for one in asked]
    by_itself = list(handed_on)
    by_application = [exchange(served.plain_port, one)[0] for one in asked]

    assert [b'"said"' in body for _, _, body in at_socket] == [said] * 3
    assert by_itself == []
    assert handed_on == ["PUT", "PUT", "GET"]
    assert [without_time(one) for one in at_socket] == [without_time(one) for one in by_application]
    assert [one[0] for one in at_socket] == ["HTTP/1.1 200 OK"] * 3
    assert at_socket[1][1]["cache-control"] == "no-store"
    assert {answer["item"] for answer in page.open().json()["answers"]} == {
        str(world.paper.entries[place].item_id) for place in range(3)
    }


def refused_requests(page: Page, world: ExamWorld) -> dict[str, bytes]:
    answer, labels = sent(world), {"response": ["A", "B"]}
    other = {**answer, "item": "00000000-0000-7000-8000-000000000000"}
    elsewhere = request(page, answer).replace(page.attempt.encode(), b"0" * len(page.attempt))
    return {
        "no token": request(page, answer, authorization=""),
        "another scheme": request(page, answer, authorization="Basic YTpi"),
        "forged": request(page, answer, authorization=f"Bearer {page.token[:-3]}abc"),
        "another's attempt": elsewhere,
        "not on the paper": request(page, other),
        "one of two not on the paper": request(page, answer, other),
        "labels that are none": request(page, {**answer, "response": ["\x00"]}),
        "too many labels": request(page, {**answer, **labels}),
        "revision 0": request(page, {**answer, "revision": 0}),
        "no JSON": request(page, body=b"\xff\x00{"),
        "nothing": request(page, body=b""),
        "further fields": request(page, body=b'{"answers": [], "more": 1}'),
        "too many bytes": request(page, body=b" " * 200_000),
        "ten megabytes": request(page, body=b" " * 10_000_000),
    }


def test_every_refusal_is_the_applications(served: Served, page: Page, world: ExamWorld) -> None:
    for name, asked in refused_requests(page, world).items():
        at_socket, by_application = (
            without_time(exchange(port, asked)[0]) for port in (served.port, served.plain_port)
        )
        assert at_socket == by_application, name
        assert not at_socket[0].endswith("200 OK") or b'"refused"' in at_socket[2], name

    page.hand_in()
    closed, call = (exchange(served.port, one)[0] for one in (request(page, sent(world)), request(page)))
    assert closed[0] == call[0] == "HTTP/1.1 409 Conflict"
    assert b'"attempt_closed"' in closed[2]


def test_a_full_queue_is_told_by_the_application(
    served: Served, page: Page, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise TooManyWaiting

    monkeypatch.setattr(served.app.state.delivery.writer, "put", full)
    status, headers, _ = exchange(served.port, request(page, sent(world)))[0]

    assert status == "HTTP/1.1 503 Service Unavailable"
    assert headers["retry-after"] == "3"


def test_an_answer_that_the_database_does_not_take_is_told_by_the_application(
    served: Served, page: Page, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Any, tickets: list[Ticket]) -> None:
        for ticket in tickets:
            ticket.refused = {row.item_id: AnswerNotStorable for row in ticket.answers}

    monkeypatch.setattr(Writer, "_flush", refuse)
    status, _, body = exchange(served.port, request(page, sent(world)))[0]

    assert status.split()[1] == "422"
    assert b'"answer_not_storable"' in body


def test_what_is_delivered_twice_is_answered_once(
    served: Served, page: Page, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(tickets: Any) -> None:
        deliver(tickets)
        deliver(tickets)

    monkeypatch.setattr(saving, "deliver", twice)
    call, save = exchange(served.port, request(page) + request(page, sent(world)), answers=2)

    assert (b'"accepted"' in call[2], b'"accepted"' in save[2]) == (False, True)


@pytest.mark.parametrize("step", ["ask", "answer"])
def test_what_breaks_here_is_left_to_the_application(
    served: Served, page: Page, world: ExamWorld, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError(step)

    monkeypatch.setattr(saving.AtSocket, step, broken)

    assert exchange(served.port, request(page, sent(world)))[0][0] == "HTTP/1.1 200 OK"


def test_unusual_requests_are_the_applications(
    served: Served, page: Page, world: ExamWorld, handed_on: list[str]
) -> None:
    plain = request(page, sent(world))
    body = plain.partition(b"\r\n\r\n")[2]
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    unusual = {
        "chunked": request(page, body=chunks, **{"transfer-encoding": "chunked"}),
        "older": plain.replace(b"HTTP/1.1", b"HTTP/1.0"),
        "with a query": plain.replace(b"/answers HTTP", b"/answers?a=1 HTTP"),
        "encoded": plain.replace(b"/answers HTTP", b"/%61nswers HTTP"),
    }
    for name, asked in unusual.items():
        assert exchange(served.port, asked)[0][0].endswith("200 OK"), name
    assert len(handed_on) == len(unusual)

    missing = {
        "another end": plain.replace(b"/answers HTTP", b"/answers/ HTTP"),
        "beyond": plain.replace(b"/exam/attempts/", b"/exam/attempts/x/"),
        "a question mark inside": plain.replace(b"/answers HTTP", b"?/answers HTTP"),
        "no address": plain.replace(b"/exam/attempts/", b"/exam/attempts/\xc3\xa9"),
    }
    for name, asked in missing.items():
        at_socket, by_application = (exchange(port, asked)[0][0] for port in (served.port, served.plain_port))
        assert at_socket == by_application, name
        assert at_socket.split()[1].startswith("4"), name


def test_a_body_that_waits_for_leave_is_taken(served: Served, page: Page, world: ExamWorld) -> None:
    head, _, body = request(page, sent(world), expect="100-continue").partition(b"\r\n\r\n")
    address = "127.0.0.1", served.port
    with socket.create_connection(address, timeout=20) as connection, connection.makefile("rb") as stream:
        connection.sendall(head + b"\r\n\r\n")
        leave = stream.readline(), stream.readline()
        connection.sendall(body)
        assert leave == (b"HTTP/1.1 100 Continue\r\n", b"\r\n")
        assert read(stream)[0] == "HTTP/1.1 200 OK"


def test_a_request_may_come_in_pieces_and_several_at_once(
    served: Served, page: Page, world: ExamWorld
) -> None:
    asked = request(page, sent(world))
    pieces = [asked[n : n + 37] for n in range(0, len(asked), 37)]
    assert exchange(served.port, *pieces)[0][0] == "HTTP/1.1 200 OK"

    login = b"GET /exam/login HTTP/1.1\r\nhost: exam\r\n\r\n"
    calls = request(page) + request(page, sent(world, 1)) + login + request(page, sent(world, 2))
    answers = exchange(served.port, calls, answers=4)
    assert [status for status, _, _ in answers] == ["HTTP/1.1 200 OK"] * 4
    assert [b'"accepted"' in body for _, _, body in answers] == [False, True, False, True]
    assert answers[2][1]["content-type"].startswith("text/html")


def test_a_connection_that_is_to_be_closed_is(served: Served, page: Page, world: ExamWorld) -> None:
    asked = request(page, sent(world), connection="close")
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(asked)
        with connection.makefile("rb") as stream:
            _, headers, _ = read(stream)
            assert headers["connection"] == "close"
            assert stream.read() == b""


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set to let the writer go on."""
    leave, work = threading.Event(), Batcher.work

    def wait(self: Any, tickets: Any) -> None:
        leave.wait(20)
        work(self, tickets)

    monkeypatch.setattr(Batcher, "work", wait)
    return leave


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to be")


def test_who_goes_away_meanwhile_is_saved_and_harms_nobody(
    served: Served, page: Page, world: ExamWorld, database: Database, held: threading.Event
) -> None:
    def saved() -> int:
        with database.session(writes=False) as session:
            return session.scalar(select(func.count()).select_from(Answer)) or 0

    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(request(page, sent(world)))
        until(lambda: served.app.state.delivery.writer._batcher._waiting == 0)
    held.set()

    until(lambda: saved() == 1)
    assert exchange(served.port, request(page, sent(world, 1)))[0][0] == "HTTP/1.1 200 OK"


def test_a_server_that_is_to_stop_answers_what_it_was_asked(
    served: Served, page: Page, world: ExamWorld, held: threading.Event
) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(request(page, sent(world)))
        until(lambda: any(one.cycle for one in served.shipped.server_state.connections))
        served.shipped.should_exit = True
        until(lambda: all(not one.cycle.keep_alive for one in served.shipped.server_state.connections))
        held.set()
        with connection.makefile("rb") as stream:
            status, headers, _ = read(stream)

    assert (status, headers["connection"]) == ("HTTP/1.1 200 OK", "close")


def test_who_does_not_read_has_to_wait(served: Served, page: Page, handed_on: list[str]) -> None:
    address = "127.0.0.1", served.port
    with socket.create_connection(address, timeout=20) as connection, connection.makefile("rb") as stream:
        connection.sendall(request(page))
        read(stream)
        (one,) = served.shipped.server_state.connections
        one.loop.call_soon_threadsafe(one.pause_writing)
        connection.sendall(request(page))
        until(lambda: handed_on == ["GET"])
        one.loop.call_soon_threadsafe(one.resume_writing)

        assert read(stream)[0] == "HTTP/1.1 200 OK"
