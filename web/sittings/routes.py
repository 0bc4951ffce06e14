"""All routes of this area."""

from __future__ import annotations

from fastapi import APIRouter

from web.sittings import (
    accommodations,
    arranging,
    conditions,
    filing,
    individual,
    plans,
    printing,
    registering,
    registrations,
    rooms,
    seb,
    sections,
)

PARTS = (
    filing,
    conditions,
    plans,
    rooms,
    registering,
    registrations,
    arranging,
    accommodations,
    sections,
    individual,
    seb,
    printing,
)

router = APIRouter()
for part in PARTS:
    router.routes.extend(part.router.routes)
