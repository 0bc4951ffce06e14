"""Answer files: what they are opened with, what is refused by name, and the two people."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.answer_file import FORMAT, MAX_FILE_BYTES, page_seal
from exam_engine.delivery.late.rules import LateFileState
from exam_engine.delivery.models import Answer, Attempt, AttemptStep
from exam_engine.delivery.rules import MAX_REVISION, AnswerRow, EventKind
from exam_engine.delivery.saving.store import write_answers
from exam_engine.delivery.service import ReportedEvent
from exam_engine.delivery.tokens import AttemptToken
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import SittingStatus
from itembank.base.audit import AuditEntry
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.base.errors import ExamError
from itembank.base.ids import new_id
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from tests.factories.delivery import make_sitting
from tests.factories.exam import ExamWorld


class Desk:
    """A sitting whose candidate's time is over, and two officers."""

    def __init__(self, database: Database, institution: Institution, clock: ShiftedClock) -> None:
        self.database, self.clock = database, clock
        self.world = ExamWorld.make(database, institution)
        self.candidate = self.world.candidate()
        roles = frozenset({Role.INVIGILATOR})
        self.one, self.two = (Actor("user", new_id(), institution.id, roles) for _ in range(2))
        with self.session() as session:
            attempt = delivery.start(session, actor=self.candidate.actor, sitting_id=self.world.sitting.id)
            self.attempt_id = attempt.id
        self.items = [(entry.item_id, entry.content.options[0].label) for entry in self.world.paper.entries]

    def session(self) -> Any:
        return self.database.session(scope=Scope.everything())

    def file(self, *rows: list[Any], attempt_id: UUID | None = None, kind: int = 1, **changes: Any) -> bytes:
        """Return what the page would save: answers by their place on the paper."""
        attempt = attempt_id or self.attempt_id
        answers = [
            [str(self.items[place][0]), epoch, revision, response]
            for place, epoch, revision, response in rows
        ]
        content = {"attempt": str(attempt), "answers": answers, "remaining": 0, **changes}
        box = sealed(
            page_seal(self.database.keyring, attempt), json.dumps(content).encode(), f"{attempt}/file", kind
        )
        return json.dumps(
            {"format": FORMAT, "attempt": str(attempt), "sealed": b64encode(box).decode()}
        ).encode()

    def upload(self, content: bytes, **changes: Any) -> UUID:
        with self.session() as session:
            sitting = changes.get("sitting_id", self.world.sitting.id)
            return delivery.accept_answer_file(
                session, actor=self.one, sitting_id=sitting, content=content
            ).id

    def decide(self, file_id: UUID, actor: Actor, *, accept: bool = True, reason: str = "断网") -> int:
        with self.session() as session:
            return delivery.decide_late_file(
                session,
                actor=actor,
                sitting_id=self.world.sitting.id,
                file_id=file_id,
                accept=accept,
                reason=reason,
            )

    def over(self) -> None:
        self.clock.advance(timedelta(minutes=95))
        with self.session() as session:
            delivery.hand_in_overdue(session)

    def stored(self) -> dict[UUID, list[str]]:
        with self.session() as session:
            return {a.item_id: a.response for a in session.scalars(select(Answer))}


def sealed(seal: str, plain: bytes, context: str, kind: int) -> bytes:
    """Seal as a page does, written down a second time."""
    key = bytes.fromhex(seal)
    if kind == 1:
        return b"\x01" + b"n" * 12 + AESGCM(key).encrypt(b"n" * 12, plain, context.encode())

    def digest(key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, hashlib.sha256).digest()

    nonce, cipher, said = b"n" * 16, digest(key, b"encrypt"), context.encode()
    stream = b"".join(digest(cipher, nonce + n.to_bytes(4, "big")) for n in range(len(plain) // 32 + 1))
    box = bytes(a ^ b for a, b in zip(plain, stream, strict=False))
    tag = digest(digest(key, b"authenticate"), nonce + len(said).to_bytes(4, "big") + said + box)
    return b"\x02" + nonce + box + tag


@pytest.fixture
def desk(database: Database, institution: Institution, clock: ShiftedClock) -> Desk:
    return Desk(database, institution, clock)


def refusal(call: Any) -> str:
    with pytest.raises(ExamError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("kind", [1, 2])
def test_an_accepted_file_adds_what_is_newer_and_nothing_else(desk: Desk, kind: int) -> None:
    with desk.session() as session:
        row = AnswerRow(desk.attempt_id, desk.items[0][0], 1, 5, [], flagged=False)
        write_answers(session.connection(), [row], saved_at=desk.clock.now())
        session.get_one(Attempt, desk.attempt_id).epoch = 2
    desk.over()
    before = desk.stored()
    labels = [label for _, label in desk.items]
    kept = desk.upload(
        desk.file([0, 1, 4, [labels[0]]], [1, 1, 6, [labels[1]]], [2, 2, 1, [labels[2]]], kind=kind)
    )

    assert desk.stored() == before
    with desk.session() as session:
        [view] = delivery.late_files(session, desk.world.sitting.id)
        assert (view.answers, view.newer, view.replaced) == (3, 2, 0)
        assert view.file.state is LateFileState.WAITING
        assert delivery.undecided_files(session, desk.one) == 0
        assert delivery.undecided_files(session, desk.two) == 1
        receipt = session.get_one(Attempt, desk.attempt_id).receipt
    assert refusal(lambda: desk.decide(kept, desk.one)) == "second_person_needed"
    assert refusal(lambda: desk.decide(kept, desk.two, reason=" ")) == "attempt_reason_missing"
    assert desk.decide(kept, desk.two) == 2
    assert desk.stored() == {
        desk.items[0][0]: [],
        desk.items[1][0]: [labels[1]],
        desk.items[2][0]: [labels[2]],
    }
    assert refusal(lambda: desk.decide(kept, desk.two)) == "late_file_decided"
    with desk.session() as session:
        assert session.get_one(Attempt, desk.attempt_id).receipt == receipt
        recorded = select(AuditEntry.action).where(AuditEntry.action.startswith("late_file"))
        assert list(session.scalars(recorded.order_by(AuditEntry.number))) == [
            "late_file.uploaded",
            "late_file.accepted",
        ]


def test_the_decider_sees_what_is_replaced_and_who_handed_in_adds_only_to_parts_that_ran_out(
    desk: Desk,
) -> None:
    labels = [entry.label for entry in desk.world.paper.entries[0].content.options]
    with desk.session() as session:
        row = AnswerRow(desk.attempt_id, desk.items[0][0], 1, 5, labels[:1], flagged=False)
        write_answers(session.connection(), [row], saved_at=desk.clock.now())
    desk.over()
    kept = desk.upload(desk.file([0, 1, MAX_REVISION, labels[1:2]], [1, 1, 6, [desk.items[1][1]]]))
    with desk.session() as session:
        [view] = delivery.late_files(session, desk.world.sitting.id)
        session.get_one(Attempt, desk.attempt_id).forced = False

    assert (view.newer, view.replaced) == (2, 1)
    assert refusal(lambda: desk.decide(kept, desk.two)) == "handed_in_by_candidate"
    another = desk.file([0, 1, 7, labels[1:2]])
    assert refusal(lambda: desk.upload(another)) == "handed_in_by_candidate"
    beyond = desk.file([0, 1, MAX_REVISION + 1, labels[1:2]])
    assert refusal(lambda: desk.upload(beyond)) == "answer_file_altered"
    assert desk.stored() == {desk.items[0][0]: labels[:1]}
    with desk.session() as session:
        now = desk.clock.now()
        ran_out = {"begun_at": now, "due_at": now, "left_at": now}
        session.add(AttemptStep(attempt_id=desk.attempt_id, number=0, kind="section", places=[1], **ran_out))

    with desk.session() as session:
        assert [view.newer for view in delivery.late_files(session, desk.world.sitting.id)] == [1]
    assert refusal(lambda: desk.upload(another)) == "handed_in_by_candidate"
    assert desk.decide(kept, desk.two) == 1
    assert desk.stored() == {desk.items[0][0]: labels[:1], desk.items[1][0]: [desk.items[1][1]]}


def test_every_file_that_is_not_this_attempt_s_is_refused_by_name(desk: Desk) -> None:
    label = desk.items[0][1]
    good = desk.file([0, 1, 1, [label]])
    assert refusal(lambda: desk.upload(good)) == "attempt_under_way"
    desk.over()
    envelope = json.loads(good)
    broken = bytearray(good)
    broken[good.index(b'"sealed": "') + 60] ^= 1
    with desk.session() as session:
        other = make_sitting(session, institution_id=desk.world.institution.id, starts_at=desk.clock.now()).id
    refused = {
        "answer_file_too_large": b" " * (MAX_FILE_BYTES + 1),
        "not_an_answer_file": b"\x89PNG\r\n",
        "answer_file_altered": bytes(broken),
        "answer_file_of_another": desk.file([0, 1, 1, [label]], attempt_id=new_id()),
        "answer_file_wrong": desk.file([0, 1, 1, ["Z"]]),
    }
    altered = [
        json.dumps({**envelope, "sealed": text}).encode() for text in ("", "AQ==", "B" * 200, "not base64!")
    ]
    foreign = json.dumps(
        {**json.loads(desk.file([0, 1, 1, [label]], attempt_id=new_id())), "attempt": envelope["attempt"]}
    )

    for code, content in refused.items():
        assert refusal(partial(desk.upload, content)) == code
    for content in (*altered, foreign.encode()):
        assert refusal(partial(desk.upload, content)) == "answer_file_altered"
    assert refusal(lambda: desk.upload(desk.file([0, 9, 1, [label]]))) == "answer_file_wrong"
    assert (
        refusal(lambda: desk.upload(json.dumps({**envelope, "format": "2"}).encode())) == "not_an_answer_file"
    )
    assert refusal(lambda: desk.upload(good, sitting_id=other)) == "answer_file_of_another"
    kept = desk.upload(good)
    assert refusal(lambda: desk.upload(desk.file([0, 1, 1, [label]], kind=2))) == "answer_file_taken"
    assert desk.decide(kept, desk.two, accept=False) == 0
    assert desk.stored() == {}
    with desk.session() as session:
        session.get_one(Sitting, desk.world.sitting.id).status = SittingStatus.CLOSED
    assert (
        refusal(lambda: desk.upload(desk.file([1, 1, 1, [desk.items[1][1]]]))) == "sitting_closed_for_files"
    )


def test_events_are_kept_once_and_capped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exam_engine.delivery.service.reporting.MAX_EVENTS_PER_EPOCH", 3)
    token = AttemptToken(desk.attempt_id, desk.candidate.registration.id, new_id(), 1)

    def report(session: Session, *numbers: int) -> int:
        events = [ReportedEvent(n, EventKind.FOCUS_LOST, 60.0, 0.0) for n in numbers]
        return delivery.record_events(session, token, events)

    with desk.session() as session:
        assert report(session, 1, 2) == 2
        report(session, 2)
        assert [e.kind for e in delivery.evidence(session, desk.world.sitting.id)] == [
            EventKind.FOCUS_LOST
        ] * 2
        report(session, 3, 4, 5)
        found = delivery.evidence(session, desk.world.sitting.id)
        session.get_one(Attempt, desk.attempt_id).epoch = 2
        assert refusal(lambda: report(session, 6)) == "taken_over"
        token = replace(token, epoch=2)
        assert report(session, 1) == 1
    now = desk.clock.now()
    desk.over()
    with desk.session() as session:
        assert refusal(lambda: report(session, 2)) == "attempt_closed"
        assert len(delivery.evidence(session, desk.world.sitting.id)) == 4
    assert len(found) == 3
    assert now - timedelta(seconds=90) < found[0].at < now - timedelta(seconds=50)
