"""`exam-engine migrate` and `exam-engine user`: the ground of a site."""

from __future__ import annotations

import argparse
from typing import Any

from itembank.base.db import Scope
from itembank.base.ids import new_token
from itembank.people import service as people
from itembank.people.rules import SYSTEM, Role
from scripts.site import open_site


def register(commands: Any) -> None:
    """Add the commands."""
    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.set_defaults(run=run_migrate)
    user = commands.add_parser("user", help="accounts").add_subparsers(required=True)
    add = user.add_parser("add", help="add an account with roles at the platform or an institution")
    add.add_argument("username")
    add.add_argument("--name", default="")
    add.add_argument("--institution", help="name of the institution; the platform if absent")
    add.add_argument("--role", action="append", required=True, choices=[role.value for role in Role])
    add.set_defaults(run=run_add)


def run_migrate(_arguments: argparse.Namespace) -> int:
    """Migrate and say so."""
    site = open_site()
    print(f"up to date: {site.database.engine.url.render_as_string(hide_password=True)}")
    return 0


def run_add(arguments: argparse.Namespace) -> int:
    """Add an account and print its first password."""
    site = open_site()
    password = new_token(12)
    # The operator of the machine may add accounts anywhere.
    with site.database.session(scope=Scope.everything()) as session:
        place = people.platform(session)
        if arguments.institution:
            place = people.institution_named(session, arguments.institution)
        user = people.create_user(
            session,
            actor=SYSTEM,
            username=arguments.username,
            name=arguments.name,
            password=password,
            now=site.database.clock.now(),
            must_change_password=True,
        )
        for role in arguments.role:
            people.grant_role(
                session, actor=SYSTEM, user_id=user.id, institution_id=place.id, role=Role(role)
            )
    print(f"{arguments.username}: {password}")
    return 0
