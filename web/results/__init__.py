"""Results: gather, look through, export, release."""

from itembank.people.rules import Action
from web.i18n import N_
from web.navigation import Area, NavItem
from web.results.routes import router

AREA = Area(
    "results",
    router,
    nav=[NavItem(Action.RESULT_READ, "/results", N_("Results"), "Results and certificates")],
)
