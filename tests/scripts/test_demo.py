"""The demonstration is built once, whole, through the services, and never served as a real site."""

from __future__ import annotations

import shutil
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from exam_engine.calibration import service as calibration
from exam_engine.calibration.reports.flags import Sign
from exam_engine.calibration.reports.rules import ReportKind
from exam_engine.certificates import service as certificates
from exam_engine.delivery import service as delivery
from exam_engine.invigilation import service as invigilation
from exam_engine.papers import service as papers
from exam_engine.recognition import service as recognition
from exam_engine.recognition.rules import Verdict, known_years
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.rules import WorkshopStatus
from itembank.base import audit
from itembank.base.db import Scope
from itembank.items import service as items
from itembank.items.rules import ItemStatus
from itembank.people import service as people
from itembank.people.rules import Actor
from itembank.statistics import service as statistics
from itembank.statistics.rules import ScaleModel
from scripts import demo
from scripts.commands.serve import DemonstrationRefused
from scripts.commands.serve import run as run_serve
from scripts.demonstration import content, crowd
from scripts.demonstration.facts import FILE, Facts
from scripts.site import Site, open_site
from web.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(demonstration_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data = tmp_path_factory.mktemp("site")
    shutil.copytree(demonstration_folder, data, dirs_exist_ok=True)
    return demo.demonstration_settings(Settings(data=data))


@pytest.fixture(scope="module")
def facts(settings: Settings) -> Facts:
    return Facts.read(settings.data)


@pytest.fixture
def site(settings: Settings, facts: Facts) -> Site:
    return open_site(settings)


@pytest.mark.parametrize("year", [2026, 2031])
def test_the_story_lies_in_years_whose_holidays_are_known(year: int) -> None:
    now = datetime(year, 6, 15, tzinfo=UTC)
    begin = demo.story_begin(now)

    assert begin <= now - demo.BEGINS_BEFORE
    assert (begin + demo.BEGINS_BEFORE).year <= known_years()[1]


def test_the_bank_is_active_and_the_papers_are_sealed(site: Site, facts: Facts) -> None:
    with site.database.session(scope=Scope.everything(), writes=False) as session:
        counts = items.status_counts(session)
        digests = [papers.verify_sealed(session, UUID(paper.id)) for paper in facts.papers]
        used = [
            entry.item_id
            for paper in facts.papers
            for section in papers.candidate_view(session, UUID(paper.id)).sections
            for entry in section.entries
        ]

    assert counts == {
        ItemStatus.ACTIVE: len(content.items()),
        ItemStatus.IN_REVIEW: 2,
        ItemStatus.DRAFT: 1,
    }
    assert digests == [paper.digest for paper in facts.papers]
    assert len(used) == len(set(used)) == 70 * len(facts.papers)


def test_every_printed_password_opens_its_account(site: Site, facts: Facts) -> None:
    now = site.database.clock.now()
    with site.database.session(scope=Scope.everything()) as session:
        tokens = [
            people.log_in(session, username=name, password=password, now=now)
            for name, password in facts.passwords.items()
        ]

    assert len(tokens) == 15
    assert all(isinstance(token, str) for token in tokens)


def test_the_visitor_can_enter_the_open_sitting(site: Site, facts: Facts) -> None:
    visitor, now = facts.tickets[0], site.database.clock.now()
    with site.database.session(scope=Scope.everything()) as session:
        registration = sittings.check_entry(
            session, ticket_number=visitor.ticket_number, entry_code=visitor.entry_code, now=now
        )
        actor = Actor("candidate", registration.id, registration.institution_id)
        stages = [each.stage for each in delivery.waiting_room(session, actor=actor)]

    assert stages == [delivery.Stage.READY]
    assert len(facts.tickets) == 6


def test_the_certificate_is_found_by_number_and_name(site: Site, facts: Facts) -> None:
    shown = facts.certificate
    assert shown is not None, "no certificate: see the reason that the build printed"
    with site.database.session(scope=Scope.everything(), writes=False) as session:
        found = certificates.verify_by_number(session, shown.number, shown.name)
        by_token = certificates.verify_by_token(session, shown.path.rpartition("/")[2])
        forged = certificates.verify_by_number(session, shown.number, "郑二鸣")

    assert found is not None
    assert by_token == found
    assert found.level == "四级/中级工"
    assert forged is None


def test_the_past_exam_passed_who_should_pass(site: Site) -> None:
    with site.database.session(scope=Scope.everything(), writes=False) as session:
        plan = next(view.plan for view in sittings.list_plans(session) if "第一批" in view.plan.name)
        verdicts = [decision.verdict for decision in recognition.read_decisions(session, plan.id)]

    assert sorted(verdicts) == sorted([Verdict.PASSED] * 2 + [Verdict.FAILED] * 3)


def test_the_past_sittings_are_closed_with_their_records(site: Site) -> None:
    with site.database.session(scope=Scope.everything(), writes=False) as session:
        plan = next(view.plan for view in sittings.list_plans(session) if "第一批" in view.plan.name)
        held = sittings.list_sittings(session, plan.id)
        rooms = [invigilation.watch(session, sitting.id, now=sitting.ends_at) for sitting in held]

    assert [sitting.status for sitting in held] == [SittingStatus.CLOSED] * 2
    assert all(room.record and room.record.video_reference for watched in rooms for room in watched)


def test_the_desk_finds_what_is_hidden_in_the_large_exam(site: Site) -> None:
    with site.database.session(scope=Scope.everything(), writes=False) as session:
        listed = calibration.list_reports(session).reports
        reports = {row.kind: calibration.find_report(session, row.id) for row in listed}
        figures = {kind: calibration.results_of(session, report) for kind, report in reports.items()}
        scales = {scale.model: scale.n_persons for scale in statistics.list_scales(session)}
        [held], _ = standards.list_workshops(session, offset=0, limit=10)
    signs = [sign["sign"] for item in figures[ReportKind.SITTING]["items"] for sign in item["signs"]]
    [compared] = figures[ReportKind.DIF]["comparisons"]

    assert scales == {ScaleModel.RASCH: 400, ScaleModel.TWO_PL: crowd.PERSONS}
    assert set(reports) == {ReportKind.SITTING, ReportKind.DIF, ReportKind.FIT}
    assert signs.count(Sign.KEY_SUSPECT) == 1
    assert [row["favours"] for row in compared["items"] if (row["p_adjusted"] or 1) < 0.01] == ["reference"]
    assert (held.judges, held.rounds, held.workshop.status) == (5, 2, WorkshopStatus.RECORDED)


def test_a_sitting_that_is_over_is_followed_by_another(settings: Settings, facts: Facts) -> None:
    stale = Facts.read(settings.data)
    stale.sitting_ends_at = "2026-01-01T00:00:00+00:00"
    stale.write(settings.data)

    renewed = demo.ensure(settings, say=lambda _line: None)

    assert renewed.sitting_ends_at > facts.sitting_ends_at
    assert {each.ticket_number for each in renewed.tickets}.isdisjoint(
        each.ticket_number for each in facts.tickets
    )
    facts.write(settings.data)


def test_the_audit_chain_of_the_demonstration_holds(site: Site) -> None:
    with site.database.session(writes=False) as session:
        result = audit.verify(session, site.settings.audit_heads_path)

    assert result.is_intact
    assert result.entries > 30


def test_building_again_changes_nothing(settings: Settings, facts: Facts) -> None:
    before = (settings.data / FILE).read_bytes()

    again = demo.ensure(settings, say=pytest.fail)

    assert again == facts
    assert (settings.data / FILE).read_bytes() == before
    assert (settings.data / FILE).stat().st_mode & 0o077 == 0


def test_serve_refuses_the_demonstration(
    settings: Settings, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAM_ENGINE_DATA", str(settings.data))

    with pytest.raises(DemonstrationRefused):
        run_serve(Namespace(child=False, port=None, demonstration=False, workers=1))


def test_something_else_in_its_place_is_left_alone(tmp_path: Path) -> None:
    settings = demo.demonstration_settings(Settings(data=tmp_path))
    settings.data.mkdir()
    (settings.data / "exam-engine.sqlite3").write_bytes(b"somebody's")

    with pytest.raises(demo.FolderOccupied):
        demo.ensure(settings, say=lambda _line: None)

    assert (settings.data / "exam-engine.sqlite3").read_bytes() == b"somebody's"


def test_a_configured_database_is_never_touched() -> None:
    settings = demo.demonstration_settings(Settings(database_url="postgresql://db/real", host="0.0.0.0"))

    assert settings.url.startswith("sqlite:///")
    assert settings.host == "127.0.0.1"
