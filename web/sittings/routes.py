"""All routes of this area."""

from __future__ import annotations

from fastapi import APIRouter

from web.sittings import (
    arranging,
    conditions,
    filing,
    plans,
    printing,
    registering,
    registrations,
    rooms,
    seb,
    sections,
)

router = APIRouter()
for part in (
    filing,
    conditions,
    plans,
    rooms,
    registering,
    registrations,
    arranging,
    sections,
    seb,
    printing,
):
    router.routes.extend(part.router.routes)
