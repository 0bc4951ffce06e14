"""The event loop of a busy site: it looks at its sockets in pulses, and keeps no thread's result waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest

from web import pulse


def test_in_a_pulse_a_thread_is_heard_at_once_and_a_socket_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "BUSY", 0)
    monkeypatch.setattr(pulse, "WINDOW_SECONDS", 0.0)
    heard: list[str] = []

    async def talk() -> None:
        loop = asyncio.get_running_loop()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append((await reader.readline()).decode().strip())
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        monkeypatch.setattr(pulse, "PULSE_SECONDS", 30.0)
        told = asyncio.Event()
        threading.Timer(0.05, lambda: loop.call_soon_threadsafe(told.set)).start()
        await told.wait()
        heard.append("thread")
        monkeypatch.setattr(pulse, "PULSE_SECONDS", 0.02)
        writer.write(b"socket\n")
        await reader.read()
        writer.close()
        server.close()

    with asyncio.Runner(loop_factory=pulse.event_loop) as runner:
        runner.run(talk())

    assert heard == ["thread", "socket"]
