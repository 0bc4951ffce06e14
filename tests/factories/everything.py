"""One institution with rows in nearly every table: a bank, papers, a sitting, marks, results, a certificate."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.calibration import service as calibration
from exam_engine.calibration.models import CalibrationRun
from exam_engine.calibration.rules import Method
from exam_engine.certificates import service as certificates
from exam_engine.delivery import service as delivery
from exam_engine.delivery.late.rules import LateFileState
from exam_engine.delivery.models import EntryBar, LateFile
from exam_engine.delivery.seb import service as seb
from exam_engine.delivery.seb.rules import SebUse
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.models import Incident
from exam_engine.invigilation.rules import AttendanceState, IncidentKind
from exam_engine.jobs.models import Job
from exam_engine.marking import service as marking
from exam_engine.marking.models import AttemptMark
from exam_engine.papers.models import Assembly, Paper, PaperEntry, PaperForm
from exam_engine.papers.rules import AssemblyStatus, PaperKind, PaperStatus
from exam_engine.recognition import service as recognition
from exam_engine.recognition.models import Decision
from exam_engine.results.models import ComponentResult
from exam_engine.sittings import service as sittings
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.models import SittingPaper
from exam_engine.sittings.rules import Component, Duty, Way
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.rules import Method as StandardMethod
from itembank.base.db import Database, Scope, database_now
from itembank.base.fonts import find_fonts
from itembank.interchange import service as interchange
from itembank.interchange.models import ImportRow
from itembank.items import service as items
from itembank.items.models import EnemyGroup, Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Actor, Role
from itembank.statistics.models import ItemParameter, Scale
from itembank.statistics.rules import ScaleModel
from itembank.taxonomy.models import AssessmentPoint, Outline
from tests.factories.people import make_user
from tests.factories.recognition import (
    MARKED,
    OVER,
    RUBRIC,
    STARTS,
    World,
    approve_all,
    make_candidate,
    make_plan,
    make_sitting,
    make_world,
    publish,
)
from tests.factories.sittings import candidate_row, list_file, make_picture, officer_of
from tests.factories.standards import draft_of, hold_round, judge_id_of, make_panel, open_round
from tests.factories.theory import Theory, make_theory

STEM = "绝密题干之探针"
"""Part of the stem of one item that was imported: nobody without the right may ever meet it."""


@dataclass
class Everything:
    """Ids by the names that addresses give them; each set is one that belongs together."""

    institution: Institution
    theory: Theory
    attempt_id: UUID
    slug: str
    token: str
    sets: list[dict[str, UUID]] = field(default_factory=list)
    places: dict[str, dict[str, UUID | int]] = field(default_factory=dict)
    """How an address begins → ids in the state that its page needs."""
    fields: dict[str, list[str]] = field(default_factory=dict)


def make_everything(database: Database, institution: Institution) -> Everything:
    """Fill an institution as its users would."""

    def open_session() -> AbstractContextManager[Session]:
        return database.session(scope=Scope.everything())

    with open_session() as session:
        starts = database_now(session) - timedelta(minutes=1)
    theory = make_theory(open_session, institution, starts=starts)
    with database.session(scope=Scope.everything()) as session:
        made = Everything(institution, theory, theory.sitting_id, "", "")
        made.sets.append(_sat(session, made))
    with database.session(scope=Scope.everything()) as session:
        made.sets.append(_recognised(session, made))
    with database.session(scope=Scope.everything()) as session:
        made.sets.append(_banked(session, made))
    with database.session(scope=Scope.everything()) as session:
        made.sets.insert(-1, _standards(session, made))  # the last one stays that of the bank
    with database.session(scope=Scope.everything()) as session:
        _offer_fields(session, made)
    return made


def _sat(session: Session, made: Everything) -> dict[str, UUID]:
    """A theory sitting under way: attempts, attendance, an incident, staff, an unconfirmed list, a photograph."""
    theory, officer, now = made.theory, officer_of(made.institution), session.info["clock"].now()
    attempt = delivery.start(session, actor=theory.actor(1), sitting_id=theory.sitting_id)
    made.attempt_id = attempt.id
    common = {"actor": officer, "sitting_id": theory.sitting_id, "now": now}
    invigilation.take_attendance(
        session, registration_ids=[theory.candidates[1]], state=AttendanceState.ABSENT, **common
    )
    invigilation.record_incident(
        session, room_id=theory.room_id, registration_id=None, kind=IncidentKind.OTHER, note="停电", **common
    )
    invigilation.send_message(session, room_id=theory.room_id, text="还有十五分钟", **common)
    invigilation.keep_room_record(
        session,
        room_id=theory.room_id,
        video_reference="V1",
        substitute="",
        substitute_reason="",
        notes="正常",
        **common,
    )
    seb.change_setting(
        session,
        actor=officer,
        sitting_id=theory.sitting_id,
        use=SebUse.ALLOWED,
        key_lines="",
        reason="预演",
    )
    seb.let_in(
        session,
        actor=officer,
        sitting_id=theory.sitting_id,
        registration_id=theory.candidates[1],
        reason="机器打不开",
    )
    bar = {"registration_id": theory.candidates[1], "reason": "缺考", "barred_at": now}
    session.add(EntryBar(institution_id=made.institution.id, sitting_id=theory.sitting_id, **bar))
    user = make_user(session, roles=[Role.INVIGILATOR], institution=made.institution)
    sittings.assign_staff(
        session,
        actor=officer,
        sitting_id=theory.sitting_id,
        room_id=theory.room_id,
        user_id=user.id,
        duty=Duty.INVIGILATOR,
    )
    sittings.keep_photo(
        session,
        actor=officer,
        registration_id=theory.candidates[0],
        filename="a.jpg",
        content=make_picture(),
        now=now,
    )
    cells = {"序号": "77", "职业名称": "人工智能训练师", "级别": "三级/高级工"}
    preview = sittings.preview_list(
        session,
        actor=officer,
        plan_id=theory.plan_id,
        filename="名单.xlsx",
        content=list_file([candidate_row(9077, **cells)]),
        now=now,
    )
    assert preview.upload_id, preview.errors
    delivery.give_accommodations(
        session,
        plan_id=theory.plan_id,
        registration_ids=[theory.candidates[0]],
        given=Accommodations(extra_percent=20, breaks=1, break_minutes=5),
        reason="残疾证",
        **common,
    )
    [accommodated] = sittings.list_accommodations(session, theory.plan_id)
    file = LateFile(
        institution_id=made.institution.id,
        attempt_id=attempt.id,
        digest="0" * 64,
        answers=[],
        state=LateFileState.WAITING,
        uploaded_by=user.id,
        uploaded_at=now,
    )
    session.add(file)
    session.flush()
    return {
        "file_id": file.id,
        "plan_id": theory.plan_id,
        "sitting_id": theory.sitting_id,
        "room_id": theory.room_id,
        "registration_id": theory.candidates[0],
        "attempt_id": attempt.id,
        "upload_id": preview.upload_id,
        "accommodation_id": accommodated.row.id,
        "incident_id": session.scalars(select(Incident.id)).one(),
        "user_id": user.id,
    }


def _recognised(session: Session, made: Everything) -> dict[str, UUID]:
    """A plan from marks to certificates, with an objection; two people wait."""
    names = ("张伟", "王小明", "李静")
    world = make_world(session, names=names, institution=made.institution, serial="0901")
    made.sets.append(_practical(session, made, world))
    view = publish(session, world, right=(6, 6, 6))
    made.slug = view.notice.slug
    objection = recognition.file_objection(
        session, actor=SYSTEM, slug=made.slug, position=1, ground="据称有人替考", objector="某甲", now=MARKED
    )
    recognition.begin_investigation(session, actor=SYSTEM, objection_id=objection.id, now=MARKED)
    recognition.decide_objection(
        session,
        actor=SYSTEM,
        objection_id=objection.id,
        upheld=False,
        finding="经调查不属实，证据不足",
        now=MARKED,
    )
    approve_all(session, world)
    [certificate] = certificates.issue_certificates(
        session,
        actor=SYSTEM,
        plan_id=world.plan.id,
        registration_ids=[world.candidates[0].id],
        fonts=find_fonts(),
        now=OVER,
    )
    address = certificates.verify_address(session, certificate.id, public_url="")
    made.token = address.rpartition("/")[2]
    report = calibration.report_sitting_now(
        session,
        actor=SYSTEM,
        institution_id=made.institution.id,
        name="场次报告",
        sitting_ids=[world.theory.id],
        now=OVER,
    )
    calibration.decide(session, actor=SYSTEM, report_id=report.id, number=0, reason="试题无需处理", now=OVER)
    return {
        "report_id": report.id,
        "plan_id": world.plan.id,
        "sitting_id": world.theory.id,
        "registration_id": world.candidates[0].id,
        "objection_id": objection.id,
        "certificate_id": certificate.id,
        "mark_id": session.scalars(select(AttemptMark.id).order_by(AttemptMark.id).limit(1)).one(),
        "result_id": session.scalars(
            select(ComponentResult.id).where(ComponentResult.registration_id == world.candidates[0].id)
        ).one(),
    }


def _practical(session: Session, made: Everything, world: World) -> dict[str, UUID]:
    """A plan of its own with a practical sitting, a task and an examiner's scores."""
    number = f"2662{world.institution.site_sequence}0902"
    plan = make_plan(
        session, institution=world.institution, occupation=world.occupation, number=number, practical=True
    )
    sitting = make_sitting(session, plan, Component.PRACTICAL)
    candidate = make_candidate(session, plan, [sitting], number=991, name="赵六")
    individual = make_sitting(session, plan, Component.THEORY)
    individual.way = Way.INDIVIDUAL
    made.places["/plans/{plan_id}/sittings/{sitting_id}/forms"] = {
        "plan_id": plan.id,
        "sitting_id": individual.id,
    }
    view = marking.define_task(
        session,
        actor=SYSTEM,
        sitting_id=sitting.id,
        title="数据处理",
        total=Decimal(100),
        lines=RUBRIC,
        now=STARTS,
    )
    marking.activate_task(session, actor=SYSTEM, task_id=view.task.id)
    return {
        "plan_id": plan.id,
        "sitting_id": sitting.id,
        "registration_id": candidate.id,
        "task_id": view.task.id,
    }


def _banked(session: Session, made: Everything) -> dict[str, UUID]:
    """An import with a refused question, an enemy group, a scale, a job."""
    institution, now = made.institution, session.info["clock"].now()
    writer_user = make_user(session, roles=[Role.ITEM_WRITER], institution=institution)
    writer = Actor("user", writer_user.id, institution.id, frozenset({Role.ITEM_WRITER}), "命题人")
    item = session.scalars(select(Item).order_by(Item.number)).first()
    assert item is not None
    questions = [
        {
            "type": "single_choice",
            "stem": STEM,
            "options": [{"label": "A", "text": "甲" + STEM}, {"label": "B", "text": "乙"}],
            "key": ["A"],
        },
        {"type": "single_choice", "stem": "缺答案" + STEM, "options": [{"label": "A", "text": "甲"}]},
    ]
    content = json.dumps({"format": "exam-engine-items", "version": 1, "items": questions}).encode()
    batch = interchange.import_file(
        session,
        actor=writer,
        data=content,
        filename="题.json",
        occupation_id=item.occupation_id,
        level=item.level,
        now=now,
    ).batch
    others = list(session.scalars(select(Item.id).order_by(Item.number).limit(2)))
    items.create_enemy_groups(session, actor=writer, groups=[("同义", others)], now=now)
    scale = Scale(
        institution_id=institution.id,
        occupation_id=item.occupation_id,
        level=item.level,
        name="标尺",
        model=ScaleModel.RASCH,
        n_persons=10,
        n_items=1,
        summary=dict.fromkeys(("converged", "mean", "standard_deviation", "alpha", "standard_error"))
        | {"warnings": []},
        source={"kind": "file", "filename": "x.csv"},
        created_by=None,
        created_at=now,
    )
    session.add(scale)
    session.flush()
    session.add(
        ItemParameter(
            institution_id=institution.id,
            scale_id=scale.id,
            item_id=item.id,
            n_responses=10,
            is_constant=False,
            b=0.5,
            a=1.0,
            flags=[],
        )
    )
    session.add(
        CalibrationRun(
            institution_id=institution.id,
            occupation_id=item.occupation_id,
            level=item.level,
            name="校准",
            method=Method.RASCH,
            source={"kind": "file", "filename": "x.csv"},
            items=[],
            data=None,
            n_persons=10,
            scale_id=scale.id,
            created_by=None,
            created_at=now,
        )
    )
    job = Job(kind="x", payload={}, actor={"name": ""}, institution_id=institution.id, created_at=now)
    session.add(job)
    session.flush()
    row = session.scalars(
        select(ImportRow.id)
        .where(ImportRow.batch_id == batch.id, ImportRow.item_id.is_(None))
        .order_by(ImportRow.id)
    ).first()
    assert row is not None
    paper = session.scalars(select(Paper).order_by(Paper.created_at.desc(), Paper.id.desc())).first()
    assert paper is not None
    made.places["/papers/drawings"] = {"assembly_id": _drawing_beside(session, paper)}
    made.places["/papers/{paper_id}/items"] = {"paper_id": _draft_beside(session, paper), "position": 1}
    return {
        "item_id": item.id,
        "group_id": session.scalars(select(EnemyGroup.id).order_by(EnemyGroup.id).limit(1)).one(),
        "batch_id": batch.id,
        "row_id": row,
        "outline_id": session.scalars(
            select(Outline.id).where(Outline.institution_id == institution.id)
        ).one(),
        "blueprint_id": paper.blueprint_id,
        "assembly_id": paper.assembly_id,
        "paper_id": paper.id,
        "scale_id": scale.id,
        "job_id": job.id,
    }


def _drawing_beside(session: Session, paper: Paper) -> UUID:
    """A drawing of individual forms from the same blueprint, with one form of the paper."""
    drawing = Assembly(
        institution_id=paper.institution_id,
        blueprint_id=paper.blueprint_id,
        forms=1,
        seed=1,
        work_limit=1,
        kind=PaperKind.COLLECTION,
        status=AssemblyStatus.WAITING,
        requested_at=paper.created_at,
    )
    session.add_all(
        [drawing, PaperForm(institution_id=paper.institution_id, paper_id=paper.id, number=1, places=[0, 1])]
    )
    session.flush()
    return drawing.id


def _draft_beside(session: Session, paper: Paper) -> UUID:
    """A draft of the same items, for pages that only a draft has."""
    kept = (
        "institution_id",
        "blueprint_id",
        "assembly_id",
        "occupation_id",
        "level",
        "total_marks",
        "minutes",
    )
    values = {name: getattr(paper, name) for name in (*kept, "created_by", "created_at")}
    draft = Paper(**values, form=paper.form + 50, label=paper.label + "-draft", status=PaperStatus.DRAFT)
    session.add(draft)
    session.flush()
    for entry in session.scalars(select(PaperEntry).where(PaperEntry.paper_id == paper.id)).all():
        columns = ("institution_id", "position", "item_id", "version_id", "type", "marks")
        session.add(PaperEntry(paper_id=draft.id, **{name: getattr(entry, name) for name in columns}))
    return draft.id


def _standards(session: Session, made: Everything) -> dict[str, UUID]:
    """Standard setting: a workshop that ``everybody`` leads, and one in each state that a judge's page needs."""
    paper_id = session.scalars(
        select(SittingPaper.paper_id)
        .where(SittingPaper.sitting_id == made.theory.sitting_id)
        .order_by(SittingPaper.paper_id)
    ).first()
    on_paper = draft_of(paper_id=paper_id)
    on_candidates = draft_of(
        StandardMethod.CONTRASTING, sitting_id=made.sets[2]["sitting_id"], with_questions=True
    )
    panels = {}
    for name, draft in (
        ("led", on_paper),
        ("rated", on_paper),
        ("asked", on_candidates),
        ("grouped", on_candidates),
    ):
        led = (
            {"leader": "everybody-employer"}
            if name == "led"
            else {"named": ("own-employer", "everybody-employer")}
        )
        panels[name] = panel = make_panel(session, made.institution, draft, **led)
        count = standards.read_workshop(session, panel.id).frozen.count
        ratings = [
            [0, 1, 1] if draft is on_candidates else [50 + n] * count for n in range(len(panel.judges))
        ]
        hold_round(session, panel, ratings)
    for name in ("led", "rated", "grouped"):
        open_round(session, panels[name])
    asked = panels["asked"]
    standards.open_questions(session, actor=asked.leader, workshop_id=asked.id)
    closed = make_panel(session, made.institution, on_paper, leader="everybody-employer")
    hold_round(session, closed, [[50] * 10, [60] * 10, [70] * 10])
    now = session.info["clock"].now()
    standards.close_workshop(session, actor=closed.leader, workshop_id=closed.id, now=now)
    made.places |= {
        "/judging/{workshop_id}/candidates": {"workshop_id": panels["grouped"].id},
        "/judging/{workshop_id}/questions": {"workshop_id": asked.id},
        "/judging": {"workshop_id": panels["rated"].id, "position": 1, "number": 1},
        "/standards/{workshop_id}/re": {"workshop_id": closed.id},
    }
    led_id = panels["led"].id
    return {"workshop_id": led_id, "judge_id": judge_id_of(session, panels["led"])}


def _offer_fields(session: Session, made: Everything) -> None:
    """What a form of any page may be sent: every field there is, with a value that fits."""
    ids = {name: value for known in made.sets for name, value in known.items()}
    item = session.get_one(Item, ids["item_id"])
    decisions = list(session.scalars(select(Decision.id).where(Decision.plan_id == made.sets[2]["plan_id"])))
    point = session.scalars(
        select(AssessmentPoint.id)
        .where(AssessmentPoint.institution_id == made.institution.id)
        .order_by(AssessmentPoint.id)
    ).first()
    made.fields = {
        **{name: [str(value)] for name, value in ids.items()},
        "item": [str(item.id)],
        "everything": [""],
        "point_id": [str(point)],
        "bank": [f"{item.occupation_id}:{item.level}"],
        "version": [str(item.current_version_id)],
        "seen": [str(item.current_version_id)],
        "occupation_id": [str(item.occupation_id)],
        "institution_id": [str(made.institution.id)],
        "paper_ids": [str(ids["paper_id"])],
        "room_ids": [str(ids["room_id"])],
        "registration_ids": [str(each) for each in made.theory.candidates],
        "decision": [str(each) for each in decisions],
        "sittings": [str(made.theory.sitting_id)],
        **{name: [value] for name, value in PLAUSIBLE.items()},
    }


PLAUSIBLE = {
    **dict.fromkeys(
        ("name", "stem", "explanation", "title", "instructions", "objector", "ground"), "某某内容"
    ),
    **dict.fromkeys(("comment", "reason", "finding", "note", "notes", "contact", "remark"), "某某理由说明"),
    **dict.fromkeys(("substitute", "substitute_reason", "video_reference", "place", "address"), "某处"),
    **dict.fromkeys(
        (
            "source",
            "reference",
            "category",
            "trade",
            "sittings_name",
            "work_types",
            "report_name",
            "what_if_name",
        ),
        "自编",
    ),
    **dict.fromkeys(("option", "option_A", "option_B", "q", "next"), "某项"),
    "lines": "M1;100;操作",
    "type": "single_choice",
    "key": "A",
    "truth": "T",
    "level": "3",
    "levels": "3",
    "importance": "X",
    "difficulty": "3",
    "action": "submit",
    "change": "submit",
    "do": "save",
    "then": "approve",
    "verdict": "approve",
    "everybody": "",
    "state": "absent",
    "kind": "other",
    "deed": "pause",
    "minutes": "5",
    "forms": "1",
    "seed": "1",
    "method": "classical",
    "standard_method": "angoff",
    "rounds": "2",
    "numbers": "1",
    "description": "恰好合格的考生能够独立完成常规任务，遇到不常见情况需要请教他人。",
    "response_probability": "0.67",
    **dict.fromkeys(("with_key", "with_statistics", "with_impact", "with_questions"), "true"),
    **dict.fromkeys(("r-1", "r-2", "lowest_cut", "lowest_fail"), "10"),
    **dict.fromkeys(("highest_cut", "highest_fail"), "80"),
    "sittings_method": "classical",
    "format": "auto",
    "component": "theory",
    "components": "theory",
    "starts_at": "2026-07-01T09:00",
    "ends_at": "2026-07-01T10:30",
    "examined_on": "2026-07-01",
    "valid_from": "2026-01-01",
    "valid_until": "2028-12-31",
    "last_day": "2026-06-30",
    "started_work_on": "2012-07-01",
    "login_minutes": "30",
    "limit_minutes": "90",
    "late_minutes": "30",
    "earliest_submit_minutes": "0",
    "pass_mark": "60",
    "total": "100",
    "capacity": "30",
    "seats_per_row": "6",
    "is_active": "true",
    "only_as_many_as_fit": "true",
    "which": "all",
    "as_csv": "true",
    "duty": "invigilator",
    "education": "高中",
    "collection": "自取",
    "condition": "1",
    "telephone": "13800000000",
    "number": "备2026001",
    "code": "4-04-05-05",
    "position": "1",
    "document": "620102199001010011",
    "ticket": "1234567890123456789",
    "ticket_number": "1234567890123456789",
    "entry_code": "ABCDEFGH",
    "epoch": "1",
    "username": "somebody",
    "role": "item_writer",
    "province_code": "62",
    "ministry_code": "0000",
    "credit_code": "",
    "site_sequence": "",
    "present": "something wrong",
    "password": "another long word",
    "again": "another long word",
    "row": "0",
    "other_item": "0",
    "other_treatment": "drop_credit",
    "other_key": "",
    "equal": "type",
    "share_items": "",
}
"""One value for every other field."""
