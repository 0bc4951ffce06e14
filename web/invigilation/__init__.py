"""The rooms during an examination: seats, attendance, incidents, records, closing."""

from itembank.people.rules import Action
from web.i18n import N_
from web.invigilation.routes import router
from web.navigation import Area, NavItem

AREA = Area(
    "invigilation",
    router,
    nav=[NavItem(Action.ROOM_READ, "/invigilation", N_("Invigilation"), "Examinations")],
)
