"""How the site is served: uvicorn, with sockets in pulses and saves answered at the socket."""

from __future__ import annotations

from typing import Any

import uvicorn
from fastapi import FastAPI

from web import direct
from web.exam.saving import AtSocket
from web.told import memory_of


def config(app: FastAPI, **settings: Any) -> uvicorn.Config:
    """Return uvicorn's settings for the application; ``settings`` are further ones of its own."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http=direct.protocol(AtSocket(app.state.delivery, memory_of(app.state))),
        loop="web.pulse:event_loop",
        **settings,
    )
