"""Answers that came as a file after the deadline: one person hands the file in, a second one decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.answer_file import open_file, read_envelope
from exam_engine.delivery.late import store as files
from exam_engine.delivery.late.rules import (
    AnswerFileOfAnother,
    AnswerFileTaken,
    AnswerFileWrong,
    AttemptUnderWay,
    HandedInByCandidate,
    LateFileDecided,
    LateFileState,
    LateFilesUndecided,
    SecondPersonNeeded,
    SittingClosedForFiles,
)
from exam_engine.delivery.models import Attempt, LateFile
from exam_engine.delivery.paper import form_of, subset
from exam_engine.delivery.rules import AnswerRow, check_reason, check_response, is_newer, receipt
from exam_engine.delivery.saving.store import write_answers
from exam_engine.delivery.service.entering import is_over
from exam_engine.papers import service as papers
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from itembank.base import audit
from itembank.base.db import database_now, keyring_of
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Actor


@dataclass(frozen=True)
class LateFileView:
    """A late answer file with what accepting it would change, or has changed."""

    file: LateFile
    registration_id: UUID
    answers: int
    newer: int
    """Answers that would count: the server has none to that question, or an older one."""
    replaced: int
    """Of these, how many change an answer that is stored; 0 once the file is decided."""
    terminated_reason: str
    """Why an invigilator ended the attempt; empty otherwise."""


def accept_answer_file(session: Session, *, actor: Actor, sitting_id: UUID, content: bytes) -> LateFile:
    """Keep an answer file as possibly late; it changes nothing before ``decide_late_file``.

    Raises AnswerFileTooLarge, NotAnAnswerFile, AnswerFileOfAnother, AnswerFileAltered, AnswerFileTaken,
    AnswerFileWrong, AttemptUnderWay, HandedInByCandidate or SittingClosedForFiles.
    """
    envelope = read_envelope(content)
    attempt = store.attempt(session, envelope.attempt_id)
    if attempt is None or attempt.sitting_id != sitting_id:
        raise AnswerFileOfAnother
    _check_running(session, sitting_id)
    file = open_file(keyring_of(session), envelope)
    if not is_over(session, attempt):
        raise AttemptUnderWay
    _check_some_count(session, attempt, (answer.item_id for answer in file.answers))
    if files.late_file_of(session, file.digest) is not None:
        raise AnswerFileTaken
    form = form_of(subset(papers.candidate_view(session, attempt.paper_id), attempt.form))
    rows = []
    for answer in file.answers:
        try:
            response = check_response(form, answer.item_id, answer.response)
        except ExamError as error:
            raise AnswerFileWrong(reason=str(error)) from error
        if answer.epoch > attempt.epoch:
            raise AnswerFileWrong(reason=f"epoch {answer.epoch}")
        rows.append([str(answer.item_id), answer.epoch, answer.revision, response])
    kept = LateFile(
        institution_id=attempt.institution_id,
        attempt_id=attempt.id,
        digest=file.digest,
        answers=rows,
        remaining_seconds=file.remaining_seconds,
        state=LateFileState.WAITING,
        uploaded_by=actor.id,
        uploaded_at=database_now(session),
    )
    session.add(kept)
    session.flush()
    _record(session, actor, kept, "late_file.uploaded", answers=len(rows), digest=kept.digest)
    return kept


def decide_late_file(
    session: Session, *, actor: Actor, sitting_id: UUID, file_id: UUID, accept: bool, reason: str
) -> int:
    """Let the answers of a file count, or not; return how many were written.

    Only answers newer than the stored ones are written; where the candidate handed in, only those of parts whose time
    had run out. The receipt that the candidate has stays as it is; the
    audit record holds the digest of what stands now.

    Raises NotFound, SecondPersonNeeded, LateFileDecided, ReasonMissing, HandedInByCandidate or SittingClosedForFiles.
    """
    file = files.late_file(session, file_id)
    attempt = store.attempt(session, file.attempt_id, lock=True) if file else None
    if file is None or attempt is None or attempt.sitting_id != sitting_id:
        raise NotFound
    session.refresh(file)
    if file.state is not LateFileState.WAITING:
        raise LateFileDecided
    if actor.id is None or actor.id == file.uploaded_by:
        raise SecondPersonNeeded
    reason = check_reason(reason)
    _check_running(session, sitting_id)
    if accept:
        _check_some_count(session, attempt, (UUID(item) for item, *_ in file.answers))
    now = database_now(session)
    rows = _newer(session, attempt, file) if accept else []
    if rows:
        write_answers(session.connection(), store.newest(rows), saved_at=now)
        session.expire_all()
    file.state = LateFileState.ACCEPTED if accept else LateFileState.REFUSED
    file.decided_by, file.decided_at, file.reason, file.written = actor.id, now, reason[:400], len(rows)
    stands = receipt(
        attempt.id, ((a.item_id, a.epoch, a.revision, a.response) for a in store.answers(session, attempt.id))
    )
    if accept:
        _record(session, actor, file, "late_file.accepted", written=len(rows), stands=stands, reason=reason)
    else:
        _record(session, actor, file, "late_file.refused", reason=reason)
    return len(rows)


def late_files(session: Session, sitting_id: UUID) -> Sequence[LateFileView]:
    """Return the late answer files of a sitting, the newest first."""
    return [_view(session, file, attempt) for file, attempt in files.late_files(session, sitting_id)]


def _view(session: Session, file: LateFile, attempt: Attempt) -> LateFileView:
    newer, replaced = file.written, 0
    if file.state is LateFileState.WAITING:
        stored = {answer.item_id: answer.response for answer in store.answers(session, attempt.id)}
        rows = _newer(session, attempt, file)
        newer = len(rows)
        replaced = sum(stored.get(row.item_id, row.response) != row.response for row in rows)
    return LateFileView(
        file, attempt.registration_id, len(file.answers), newer, replaced, attempt.terminated_reason
    )


def undecided_files(session: Session, actor: Actor) -> int:
    """Return how many files wait for the one who acts; who uploaded a file does not decide about it."""
    return sum(file.uploaded_by != actor.id for file in files.waiting_files(session))


def waiting_files(session: Session, sitting_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many late answer files nobody has decided, by sitting, where there are any."""
    return files.waiting_by_sitting(session, sitting_ids)


def check_files_decided(session: Session, sitting_ids: Collection[UUID]) -> None:
    """Raise LateFilesUndecided while a late answer file of one of the sittings waits for a second person."""
    if waiting := waiting_files(session, sitting_ids):
        raise LateFilesUndecided(count=sum(waiting.values()))


def _newer(session: Session, attempt: Attempt, file: LateFile) -> list[AnswerRow]:
    stored = {a.item_id: (a.epoch, a.revision) for a in store.answers(session, attempt.id)}
    rows = [
        AnswerRow(attempt.id, UUID(item), epoch, revision, response, flagged=False)
        for item, epoch, revision, response in file.answers
    ]
    counts = _items_that_count(session, attempt)
    return [
        row
        for row in rows
        if (counts is None or row.item_id in counts)
        and is_newer(row.epoch, row.revision, stored.get(row.item_id))
    ]


def _items_that_count(session: Session, attempt: Attempt) -> frozenset[UUID] | None:
    """Return the items whose late answers can count; None for all.

    Who handed in has said that this is everything, but not of parts whose time ran out while the network was away.
    """
    if attempt.submitted_at is None or attempt.forced:
        return None
    ran_out = [
        step for step in store.steps(session, attempt.id) if step.left_at and step.left_at >= step.due_at
    ]
    if not ran_out:
        return frozenset()
    sections = papers.candidate_view(session, attempt.paper_id).sections
    items = [entry.item_id for section in sections for entry in section.entries]
    return frozenset(items[place] for step in ran_out for place in step.places)


def _check_some_count(session: Session, attempt: Attempt, items: Iterable[UUID]) -> None:
    counts = _items_that_count(session, attempt)
    if counts is not None and counts.isdisjoint(items):
        raise HandedInByCandidate


def _check_running(session: Session, sitting_id: UUID) -> None:
    if sittings.find_sitting(session, sitting_id).status is not SittingStatus.PUBLISHED:
        raise SittingClosedForFiles


def _record(session: Session, actor: Actor, file: LateFile, action: str, **detail: object) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("attempt", file.attempt_id),
        institution_id=file.institution_id,
        detail={"file": file.id, **detail},
    )
