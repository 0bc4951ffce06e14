"""Marking: answers against their keys, and the examiners' practical score sheets."""

from itembank.people.rules import Action
from web.i18n import N_
from web.marking.routes import router
from web.navigation import Area, NavItem

AREA = Area(
    "marking",
    router,
    nav=[
        NavItem(Action.MARKING_RUN, "/marking/theory", N_("Theory marking"), "Results and certificates"),
        NavItem(
            Action.PRACTICAL_READ, "/marking/practical", N_("Practical scoring"), "Results and certificates"
        ),
    ],
)
