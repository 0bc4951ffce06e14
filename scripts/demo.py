"""Build the demonstration, once, and serve it on this machine only: what ``scripts/run`` starts.

Data flow: an empty folder → the services, in the order of the work, under a clock that begins some weeks ago →
``data/demonstration`` with its facts in ``demonstration.json`` → the site. The folder takes its name only when it is
complete, so an interrupted build leaves nothing half-done.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from exam_engine.recognition.rules import CalendarUnknown, known_years
from itembank.base.clock import ShiftedClock
from itembank.base.db import Scope
from itembank.base.errors import Conflict, ExamError
from itembank.base.fonts import FontMissing, find_fonts
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Outline
from scripts.commands.serve import serve
from scripts.demonstration import bank, crowd, desk, ground, panel, papers, past, plans, present
from scripts.demonstration.facts import FILE, Facts, PaperFacts
from scripts.demonstration.world import World
from scripts.servers.ports import HOST, free_port
from scripts.site import open_site
from web import logs
from web.settings import Settings

BEGINS_BEFORE = timedelta(days=42)
"""How long the demonstration's story is: exam, notice of five working days and holidays fit in."""

STILL_OPEN = timedelta(hours=2)
"""A sitting with less than this left is of no use to a visitor."""

FOLDER = "demonstration"
Say = Callable[[str], None]


class FolderOccupied(Conflict):
    """Something that is no finished demonstration stands in its place; it is left alone."""

    code = "demonstration_folder_occupied"
    message = "{folder} holds something else than a finished demonstration. Move it away and run again."


class Stages:
    """Prints a line per stage with its time."""

    def __init__(self, say: Say) -> None:
        self._say, self._number, self._tick = say, 0, time.monotonic()

    def done(self, chinese: str, english: str) -> None:
        self._number += 1
        tick = time.monotonic()
        self._say(f"[{self._number}] {chinese} · {english} ({tick - self._tick:.1f} s)")
        self._tick = tick


def demonstration_settings(settings: Settings, *, port: int | None = None) -> Settings:
    """Return the settings of the demonstration: embedded database in a folder of its own, this machine only."""
    return settings.model_copy(
        update={
            "data": settings.data / FOLDER,
            "database_url": "",
            "key_file": None,
            "host": HOST,
            "port": settings.port if port is None else port,
            "secure_cookies": False,
        }
    )


def ensure(settings: Settings, *, say: Say = print) -> Facts:
    """Return the facts of the demonstration in ``settings.data``.

    It is built if it is not there; if its sitting is about to end, another is opened in it.

    Raises FolderOccupied.
    """
    if not (settings.data / FILE).exists():
        _build_folder(settings, say=say)
    facts = Facts.read(settings.data)
    if datetime.fromisoformat(facts.sitting_ends_at) < datetime.now(UTC) + STILL_OPEN:
        _open_another(settings, facts, say=say)
    return facts


def _open_another(settings: Settings, facts: Facts, *, say: Say) -> None:
    logs.configure("error", "console")
    stages = Stages(say)
    clock = ShiftedClock()
    site = open_site(settings, clock=clock)
    try:
        # Whose actors are looked up is named in the cast; they work at three places.
        with site.database.session(scope=Scope.everything()) as session:
            recalled = ground.recall(session, facts.passwords)
            outline = taxonomy.find_outline(session, UUID(facts.outline_id))
        _open_present(World(site.database, clock, recalled), stages, outline, facts)
        facts.write(settings.data)
    finally:
        site.database.dispose()


def _build_folder(settings: Settings, *, say: Say) -> None:
    if settings.data.exists():
        raise FolderOccupied(folder=settings.data)
    building = settings.data.with_name(settings.data.name + ".building")
    if building.exists():
        shutil.rmtree(building)
    facts = build(settings.model_copy(update={"data": building}), say=say)
    facts.write(building)
    building.rename(settings.data)


def story_begin(now: datetime) -> datetime:
    """Return when the story begins: some weeks ago, or earlier where later holidays are not announced yet."""
    end_of_calendar = datetime(known_years()[1], 12, 31, tzinfo=UTC)
    return min(now, end_of_calendar) - BEGINS_BEFORE


def build(settings: Settings, *, say: Say = print) -> Facts:
    """Build everything in an empty folder and return its facts."""
    logs.configure("error", "console")
    stages = Stages(say)
    now = datetime.now(UTC)
    clock = ShiftedClock(story_begin(now) - now)
    site = open_site(settings, clock=clock)
    try:
        # The organisations are being made; no narrower scope exists yet.
        with site.database.session(scope=Scope.everything()) as session:
            laid = ground.lay(session, now=clock.now())
        world = World(site.database, clock, laid)
        stages.done("机构与账号", f"centre, institution, {len(laid.passwords)} accounts")
        outline, facts = build_bank(world, stages)
        plans.file_institution(world, outline)
        plans.open_rooms(world)
        _examine_many(world, stages, outline, facts)
        _tell_past(world, stages, outline, facts, settings)
        clock.advance(-clock.offset)
        _open_present(world, stages, outline, facts)
        present.announce_next(world, outline=outline)
        with world.session() as session:
            left = bank.leave_waiting(session, actor=world.actor("writer"), outline=outline, now=world.now())
        stages.done("待办", f"a plan with claims to review, {left} new items to review or place")
    finally:
        site.database.dispose()
    return facts


def build_bank(world: World, stages: Stages) -> tuple[Outline, Facts]:
    with world.session() as session:
        outline = bank.import_outline(session, actor=world.actor("papers"), now=world.now())
    stages.done("鉴定要素细目表", f"outline with {len(bank.points())} assessment points")
    with world.session() as session:
        writer, reviewer = world.actor("writer"), world.actor("reviewer")
        ids = bank.import_items(session, actor=writer, outline=outline, now=world.now())
        bank.review_items(session, writer=writer, reviewer=reviewer, ids=ids, now=world.now())
    stages.done("题库", f"{len(ids)} items imported with their points, reviewed by a second person, active")
    with world.session() as session:
        job_id = bank.request_calibration(
            session, actor=world.actor("psychometrician"), outline=outline, now=world.now()
        )
    desk.run(world, job_id)
    stages.done("标定", f"{bank.trial_persons()} simulated past candidates calibrated (Rasch)")
    drafts = papers.assemble(world.session, actor=world.actor("papers"), outline=outline, now=world.now)
    with world.session() as session:
        sealed = papers.approve_and_seal(
            session, actor=world.actor("reviewer"), paper_ids=drafts, now=world.now()
        )
    stages.done("试卷", f"{len(sealed)} parallel papers assembled, approved and sealed by a second account")
    return outline, Facts(
        passwords=world.ground.passwords,
        outline_id=str(outline.id),
        items={reference: str(item_id) for reference, item_id in ids.items()},
        papers=[PaperFacts(str(paper.id), paper.label, paper.digest or "") for paper in sealed],
    )


def _examine_many(world: World, stages: Stages, outline: Outline, facts: Facts) -> None:
    items = {reference: UUID(item_id) for reference, item_id in facts.items.items()}
    paper_id = UUID(facts.papers[0].id)
    sitting_id = crowd.hold(world, outline=outline, paper_id=paper_id, items=items)
    stages.done("理论统考", f"{crowd.PERSONS} simulated candidates on one paper, marked")
    world.advance_to(world.now() + timedelta(hours=16))
    desk.analyse(world, sitting_id)
    stages.done("考后统计", "a 2PL scale with its fit, a sitting report, a comparison of sources")
    cut = panel.hold(world, paper_id=paper_id, sitting_id=sitting_id, items=items)
    stages.done("合格线设定", f"{len(panel.JUDGES)} judges, two rounds, recorded: {cut:.1f} of 100")


def _tell_past(world: World, stages: Stages, outline: Outline, facts: Facts, settings: Settings) -> None:
    items = {reference: UUID(item_id) for reference, item_id in facts.items.items()}
    exam = past.hold(world, outline=outline, paper_id=UUID(facts.papers[0].id), items=items)
    stages.done("上一次考试", "an earlier exam sat by four, marked, scored by three examiners each")
    try:
        passed = past.publish(world, exam)
        facts.certificate = past.certify(world, exam, fonts=find_fonts(tuple(settings.font_folders)))
    except (FontMissing, CalendarUnknown) as missing:
        stages.done("公示与证书", f"left out: {missing}")
    else:
        stages.done("公示与证书", f"{passed} passed: notice, approval by the centre, certificates")


def _open_present(world: World, stages: Stages, outline: Outline, facts: Facts) -> None:
    in_use = [UUID(paper.id) for paper in facts.papers[1:]]
    facts.tickets, facts.sitting_ends_at = present.open_sitting(world, outline=outline, papers=in_use)
    stages.done("考试进行中", f"a sitting open now with two parallel papers, {len(facts.tickets)} tickets")


def main(argv: list[str] | None = None) -> int:
    """Build the demonstration if need be, say how to get in, and serve it."""
    parser = argparse.ArgumentParser(prog="scripts/run", description="build and serve the demonstration")
    parser.add_argument("--build-only", action="store_true", help="do not serve")
    parser.add_argument("--port", type=int, help="port to listen on (default: EXAM_ENGINE_PORT, else 8000)")
    arguments = parser.parse_args(argv)
    settings = demonstration_settings(Settings(), port=arguments.port)
    settings = settings.model_copy(update={"port": free_port(settings.port)})
    try:
        facts = ensure(settings)
    except ExamError as refusal:
        print(f"scripts/run: {refusal}", file=sys.stderr)
        return 1
    print(facts.text(settings.public_url, settings.data))
    if not arguments.build_only:
        serve(open_site(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
