"""Statistics desk: calibrations, scales, item statistics."""

from itembank.people.rules import Action
from web.analysis.routes import router
from web.i18n import N_
from web.navigation import Area, NavItem

AREA = Area(
    "analysis",
    router,
    nav=[NavItem(Action.STATISTICS_READ, "/analysis", N_("Item statistics and calibration"), "Item bank")],
)
