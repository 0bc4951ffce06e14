"""Ports to listen on."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def free_port(wanted: int = 0) -> int:
    """Return ``wanted`` if it can be listened on at this machine, else a free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")
