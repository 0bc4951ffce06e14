"""Statistics desk: calibrations, scales, reports, the state of the bank."""

from fastapi import APIRouter

from itembank.people.rules import Action
from web.analysis import asking, deciding, forensics, linking, reports, routes, watching
from web.i18n import N_
from web.navigation import Area, NavItem

router = APIRouter()
for part in (routes, reports, deciding, asking, linking, forensics, watching):
    router.routes.extend(part.router.routes)

AREA = Area(
    "analysis",
    router,
    nav=[NavItem(Action.STATISTICS_READ, "/analysis", N_("Item statistics and calibration"), "Item bank")],
)
