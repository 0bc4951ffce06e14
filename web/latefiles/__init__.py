"""Answers that came as a file after the deadline: uploaded by one person, decided by another."""

from itembank.people.rules import Action
from web.i18n import N_
from web.latefiles.routes import router, todos
from web.navigation import Area, NavItem

AREA = Area(
    "latefiles",
    router,
    nav=[NavItem(Action.LATE_FILE_READ, "/late-files", N_("Late answer files"), "Examinations")],
    todos=todos,
)
