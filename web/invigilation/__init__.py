"""The rooms during an examination: seats, attendance, incidents, records, closing."""

from starlette.routing import Route

from itembank.people.rules import Action
from web.i18n import N_
from web.invigilation import controls, hearing, live, routes, seb
from web.invigilation.pages import router
from web.invigilation.telling import LATEST_PATH, MESSAGES_PATH, Latest, Messages
from web.navigation import Area, NavItem

__all__ = ["AREA", "controls", "live", "routes", "seb"]
"""Importing the modules adds their routes to the one router."""

router.routes.extend(hearing.router.routes)

AREA = Area(
    "invigilation",
    router,
    nav=[NavItem(Action.ROOM_READ, "/invigilation", N_("Invigilation"), "Examinations")],
    todos=routes.todos,
    routes=[
        # Asked by candidates' pages with every heartbeat, and authorised by the attempt's own token.
        Route(MESSAGES_PATH, Messages(), methods=["GET"]),
        # Says to a sitting's waiting rooms, by their key, whether there is something to ask for with the session.
        Route(LATEST_PATH, Latest(), methods=["GET"]),
    ],
)
