"""Institutions, people, roles and the audit chain."""

from itembank.people.rules import Action
from web.admin.routes import router
from web.i18n import N_
from web.navigation import Area, NavItem

AREA = Area(
    "admin",
    router,
    nav=[
        NavItem(Action.INSTITUTION_MANAGE, "/admin/institutions", N_("Institutions"), "Administration"),
        NavItem(Action.PEOPLE_MANAGE, "/admin/people", N_("People and roles"), "Administration"),
        NavItem(Action.AUDIT_READ, "/admin/audit", N_("Audit records"), "Administration"),
    ],
)
