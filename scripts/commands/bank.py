"""`exam-engine bank`: bring questions in from files, make the template, place items on their points."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base.db import Scope
from itembank.base.errors import Invalid
from itembank.interchange import service as interchange
from itembank.interchange.formats import FORMATS
from itembank.interchange.xlsx import template
from itembank.items import service as items
from itembank.items.rules import BULK_LIMIT
from itembank.items.service import ItemFilter
from itembank.people import service as people
from itembank.people.rules import SYSTEM, Actor
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import read_level
from scripts.site import open_site

SHOWN = 20
"""Refusals printed; the report file holds all."""


class PlacementWrong(Invalid):
    """A row of the placement file does not fit."""

    code = "placement_wrong"
    message = "Row {row}: {problem}"


def register(commands: Any) -> None:
    """Add the commands."""
    bank = commands.add_parser("bank", help="the item bank").add_subparsers(required=True)
    load = bank.add_parser("import", help="import questions from a Word, XLSX or JSON file")
    load.add_argument("file", type=Path)
    load.add_argument("--occupation", required=True, help="code such as 4-04-05-05")
    load.add_argument("--level", required=True, help="5 (五级/初级工) to 1 (一级/高级技师)")
    load.add_argument("--format", choices=FORMATS, default="auto")
    load.add_argument(
        "--mapping", type=Path, help="TOML file that maps foreign JSON (docs/import-formats.md)"
    )
    load.add_argument("--source", default="", help="where the questions come from; the file's name if absent")
    load.add_argument("--report", type=Path, help="write the report here, as JSON")
    _add_place(load)
    load.set_defaults(run=run_import)
    blank = bank.add_parser("template", help="write the empty XLSX template")
    blank.add_argument("file", type=Path)
    blank.set_defaults(run=run_template)
    place = bank.add_parser("place", help="give items their assessment points from a CSV file")
    place.add_argument(
        "file", type=Path, help="columns reference (the item's number in its source) and point"
    )
    place.add_argument("--occupation", required=True)
    place.add_argument("--level", required=True)
    _add_place(place)
    place.set_defaults(run=run_place)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--institution", help="name of the institution whose bank it is; the platform if absent"
    )
    parser.add_argument("--as", dest="username", help="account that imports; the system if absent")


def _actor(session: Session, arguments: argparse.Namespace) -> Actor:
    place = (
        people.institution_named(session, arguments.institution)
        if arguments.institution
        else people.platform(session)
    )
    if arguments.username:
        return people.actor_named(session, arguments.username, place.id)
    return Actor("system", institution_id=place.id, name=SYSTEM.name)


def run_import(arguments: argparse.Namespace) -> int:
    """Import one file; prints found, imported and rejected."""
    data = arguments.file.read_bytes()
    mapping = arguments.mapping.read_bytes() if arguments.mapping else None
    if arguments.report:
        arguments.report.touch()  # what cannot be written fails before anything is imported
    site = open_site()
    # The operator of the machine may import into any institution's bank.
    with site.database.session(scope=Scope.everything()) as session:
        done = interchange.import_file(
            session,
            actor=_actor(session, arguments),
            data=data,
            filename=arguments.file.name,
            occupation_id=taxonomy.occupation_by_code(session, arguments.occupation).id,
            level=int(read_level(arguments.level)),
            now=site.database.clock.now(),
            format=arguments.format,
            mapping=mapping,
            source=arguments.source,
        )
    report = done.report
    if arguments.report:
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=1)
        arguments.report.write_text(text + "\n", "utf-8")
    for entry in report.rejected[:SHOWN]:
        print(f"rejected: {entry.place}: {entry.reason}")
    if len(report.rejected) > SHOWN:
        print(f"rejected: … {len(report.rejected) - SHOWN} more (--report holds all)")
    print(
        f"found {report.found}, imported {report.imported}, rejected {len(report.rejected)}, "
        f"warnings {len(report.warnings())}"
    )
    return 0


def run_template(arguments: argparse.Namespace) -> int:
    """Write the template."""
    arguments.file.write_bytes(template())
    print(arguments.file)
    return 0


def run_place(arguments: argparse.Namespace) -> int:
    """Place items in bulk; all rows must fit, or nothing is placed."""
    rows = _read_placements(arguments.file)
    site = open_site()
    with site.database.session(scope=Scope.everything()) as session:
        actor = _actor(session, arguments)
        occupation = taxonomy.occupation_by_code(session, arguments.occupation)
        level = int(read_level(arguments.level))
        outline = taxonomy.outline_in_use(session, occupation_id=occupation.id, level=level)
        tree = taxonomy.outline_tree(session, outline.id)
        known = _by_reference(session, actor, occupation.id, level)
        placements: dict[UUID, UUID] = {}
        for number, (reference, code) in enumerate(rows, start=2):
            found = known.get(reference, [])
            if len(found) != 1:
                problem = f"{len(found)} items have the reference “{reference}”"
                raise PlacementWrong(row=number, problem=problem)
            placements[found[0]] = tree.find_point(code).id
        placed = 0
        entries = list(placements.items())
        for start in range(0, len(entries), BULK_LIMIT):
            part = dict(entries[start : start + BULK_LIMIT])
            outcome = items.place_items(session, actor=actor, placements=part, now=site.database.clock.now())
            outcome.check_all_done()
            placed += len(outcome.done)
    print(f"placed {placed}")
    return 0


def _by_reference(session: Session, actor: Actor, occupation_id: UUID, level: int) -> dict[str, list[UUID]]:
    """Return the institution's items by their reference."""
    found: dict[str, list[UUID]] = {}
    ids = items.matching_ids(session, ItemFilter(occupation_id=occupation_id, level=level))
    for item in items.find_items(session, ids):
        if item.institution_id == actor.institution_id and item.reference:
            found.setdefault(item.reference, []).append(item.id)
    return found


def _read_placements(path: Path) -> Sequence[tuple[str, str]]:
    """Return the rows of a placement file.

    Raises PlacementWrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            wanted = {"reference", "point"}
            if not wanted <= set(reader.fieldnames or ()):
                raise PlacementWrong(row=1, problem="the columns must be reference and point")
            return [(row["reference"].strip(), row["point"].strip()) for row in reader]
    except (UnicodeDecodeError, csv.Error, AttributeError) as problem:
        raise PlacementWrong(row="–", problem=problem) from problem
