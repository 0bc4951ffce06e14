"""Styles and scripts of the candidates' pages from memory: a whole sitting asks for them within a minute.

A module that imports another names it without a version, so its address would have to be asked for again with every
page. Here the versions are written into the imports: a browser that has seen one page of an examination loads
nothing more for the next, and a machine that took part in a rehearsal nothing at all.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.types import Receive, Scope, Send

ASSET_PATH = "/static/{folder}/{name}"
_STATIC = Path(__file__).parents[1] / "static"
_FILES = ("css/base.css", "css/components.css", "css/exam*.css", "js/exam*.js")
_IMPORT = re.compile(rb'((?:from |import |import\()"\./exam[\w-]*\.js)"')
_MEDIA = {".css": b"text/css; charset=utf-8", ".js": b"text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Held:
    """One file in memory."""

    media: bytes
    content: bytes
    path: Path
    changed_at: int

    @property
    def is_current(self) -> bool:
        """Whether the file is still the one that was read: an upgrade replaces files before the restart."""
        return self.path.stat().st_mtime_ns == self.changed_at


@cache
def assets() -> dict[str, Held]:
    """Return the files by path below ``/static``, read once a process unless one of them changes."""
    paths = sorted(path for pattern in _FILES for path in _STATIC.glob(pattern))
    read = {path: path.read_bytes() for path in paths}
    version = hashlib.sha256(b"".join(read.values())).hexdigest()[:12].encode()
    return {
        path.relative_to(_STATIC).as_posix(): Held(
            _MEDIA[path.suffix],
            _IMPORT.sub(rb'\1?v=%s"' % version, content),
            path,
            path.stat().st_mtime_ns,
        )
        for path, content in read.items()
    }


class Asset:
    """One file, if it is one of these; others go on to the ordinary road."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        parts = scope["path_params"]
        name = f"{parts['folder']}/{parts['name']}"
        found = assets().get(name)
        if found is None:
            return receive
        if not found.is_current:
            assets.cache_clear()
            found = assets()[name]
        named = scope["query_string"].startswith(b"v=")
        headers = [
            (b"content-type", found.media),
            (b"content-length", str(len(found.content)).encode()),
            (b"cache-control", b"public, max-age=31536000, immutable" if named else b"no-cache"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": found.content})
        return None
