"""Answers of sittings frozen as an answer book. Opens sealed papers for their keys; the book is sealed again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row
from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.reports.book import (
    MAX_OPTIONS,
    NO_TIME,
    NOT_PRESENTED,
    NOT_REACHED,
    OPEN,
    AnswerBook,
    BookForm,
    BookItem,
    Earlier,
    History,
)
from exam_engine.calibration.reports.rules import Attribute
from exam_engine.calibration.reports.visits import Pause, Save, first_answers, seconds_of
from exam_engine.calibration.store import AttemptRow
from exam_engine.delivery.paper import arrange
from exam_engine.marking.rules import DEFAULT_MULTIPLE
from exam_engine.papers import service as papers
from exam_engine.papers.content import CandidatePaper, SealedPaper, without_keys

ItemsOfForm = Mapping[str, int]
"""Item id without dashes → column."""


@dataclass
class _Columns:
    """Columns of the book as papers are opened; the same item with another key or other marks is another column."""

    items: list[BookItem]
    at: dict[BookItem, int]
    forms: list[BookForm]
    form_of: dict[UUID, int]
    of_form: list[dict[str, int]]
    papers: list[CandidatePaper]

    @classmethod
    def empty(cls) -> _Columns:
        return cls([], {}, [], {}, [], [])

    def add(self, paper: SealedPaper) -> None:
        columns = {}
        for entry in paper.entries:
            labels = tuple(option.label for option in entry.content.options)[:MAX_OPTIONS]
            item = BookItem(
                item_id=str(entry.item_id),
                name="",
                version_id=str(entry.version_id),
                type=entry.type.value,
                marks=format(entry.marks.normalize(), "f"),
                options=labels,
                key=tuple(sorted(entry.content.key)),
            )
            column = self.at.setdefault(item, len(self.items))
            if column == len(self.items):
                self.items.append(item)
            columns[entry.item_id.hex] = column
        self.form_of[paper.paper_id] = len(self.forms)
        self.forms.append(BookForm(paper.label, tuple(columns.values())))
        self.of_form.append(columns)
        self.papers.append(_bare(without_keys(paper)))


def freeze_sittings(
    session: Session,
    sitting_ids: Sequence[UUID],
    *,
    attributes: Sequence[Attribute] = (),
    with_history: bool = False,
) -> AnswerBook:
    """Return the answers of the sittings' handed-in attempts as a book.

    Attempts that an invigilator ended, and those of candidates whose component is void for cheating, are left out
    and counted. ``attributes`` are kept of each person: what groups are compared by, or where somebody sat.
    ``with_history`` keeps first answers and times as well, and what the persons answered in an earlier sitting of the
    same occupation and level.
    """
    columns, attempts, book = _freeze(session, sitting_ids, attributes, only=None)
    if not with_history:
        return book
    history = _read_history(session, sitting_ids, attempts, columns, book)
    return replace(book, history=history, earlier=_read_earlier(session, sitting_ids, attempts))


def _freeze(
    session: Session,
    sitting_ids: Sequence[UUID],
    attributes: Sequence[Attribute],
    *,
    only: Collection[tuple[UUID, UUID]] | None,
) -> tuple[_Columns, list[AttemptRow], AnswerBook]:
    """Return columns, attempts and the book; ``only`` are the sittings and registrations that count, if not all."""
    columns = _Columns.empty()
    void = store.voided(session, sitting_ids)
    parts: list[NDArray[np.int16]] = []
    attempts: list[AttemptRow] = []
    left_out = {"terminated": 0, "void": 0}
    told: dict[Attribute, list[str]] = {attribute: [] for attribute in attributes}
    multiple = DEFAULT_MULTIPLE
    for sitting_id in sitting_ids:
        run = store.last_marking(session, sitting_id)
        multiple = run.multiple if run else multiple
        rows = []
        for attempt in store.attempt_rows(session, sitting_id):
            if only is not None and (sitting_id, attempt.registration_id) not in only:
                continue
            if attempt.is_terminated:
                left_out["terminated"] += 1
            elif (sitting_id, attempt.registration_id) in void:
                left_out["void"] += 1
            else:
                rows.append(attempt)
        for paper_id in dict.fromkeys(attempt.paper_id for attempt in rows):
            if paper_id not in columns.form_of:
                columns.add(papers.open_sealed(session, paper_id))
        parts.append(_read(session, sitting_id, rows, columns))
        attempts += rows
        if attributes:
            known = store.attributes_of(session, sitting_id)
            for attribute, values in told.items():
                values += [known.get(attempt.registration_id, {}).get(attribute, "") for attempt in rows]
    names = store.names_of(session, [UUID(item.item_id) for item in columns.items])
    width = len(columns.items)
    answers = [np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=-1) for part in parts]
    book = AnswerBook(
        items=tuple(
            replace(item, name=names.get(UUID(item.item_id), item.item_id)) for item in columns.items
        ),
        forms=tuple(columns.forms),
        form_of=np.array([columns.form_of[attempt.paper_id] for attempt in attempts], dtype=np.int16),
        answers=np.concatenate(answers) if answers else np.zeros((0, width), dtype=np.int16),
        left_out=left_out,
        multiple=multiple.value,
        attributes={attribute.value: tuple(values) for attribute, values in told.items()},
    )
    return columns, attempts, book


def _read_history(
    session: Session,
    sitting_ids: Sequence[UUID],
    attempts: Sequence[AttemptRow],
    columns: _Columns,
    book: AnswerBook,
) -> History | None:
    """Return first answers and times; None where no save was kept."""
    first = np.zeros(book.answers.shape, dtype=np.int16)
    milliseconds = np.full(book.answers.shape, NO_TIME, dtype=np.int32)
    row_of = {attempt.id.hex: row for row, attempt in enumerate(attempts)}
    paused = store.pauses(session, [attempt.id for attempt in attempts])
    understood: list[dict[str, tuple[int, int]]] = [{} for _ in columns.forms]
    found = False
    for sitting_id in sitting_ids:
        for name, group in groupby(store.saves(session, sitting_id), key=lambda save: save[0]):
            row = row_of.get(name.replace("-", ""))
            if row is None:
                continue
            number = int(book.form_of[row])
            known = understood[number]
            saves = []
            for _, answer, epoch, revision, saved_at in group:
                if answer not in known:
                    known[answer] = _understand(answer, columns.of_form[number], columns.items)
                column, code = known[answer]
                if column >= 0:
                    saves.append(Save(column, epoch, revision, saved_at, code))
            found = found or bool(saves)
            attempt = attempts[row]
            pauses = _pauses(paused.get(attempt.id, ()))
            for column, code in first_answers(saves).items():
                first[row, column] = code
            for column, span in seconds_of(saves, started_at=attempt.started_at, pauses=pauses).items():
                if span is not None:
                    milliseconds[row, column] = max(round(1000.0 * span), 1)
    return History(first, milliseconds) if found else None


def _pauses(recorded: Sequence[tuple[str, datetime]]) -> list[Pause]:
    """Return the pauses that the record of an attempt tells; one never ended runs to the end."""
    found: list[Pause] = []
    begin: datetime | None = None
    for action, at in recorded:
        if action != "attempt.resumed":
            begin = begin or at
        elif begin is not None:
            found.append(Pause(begin, at))
            begin = None
    return found if begin is None else [*found, Pause(begin, None)]


def _read_earlier(
    session: Session, sitting_ids: Sequence[UUID], attempts: Sequence[AttemptRow]
) -> Earlier | None:
    """Return what the persons answered in their latest earlier sitting that counts; None where nobody sat before."""
    rows = [row for sitting_id in sitting_ids for row in store.earlier_rows(session, sitting_id)]
    void = store.voided(session, sorted({row.sitting_id for row in rows}))
    latest: dict[UUID, tuple[UUID, UUID]] = {}
    for row in rows:
        sat = (row.sitting_id, row.earlier_registration_id)
        if sat not in void:
            latest.setdefault(row.registration_id, sat)
    wanted = {place for attempt in attempts if (place := latest.get(attempt.registration_id))}
    if not wanted:
        return None
    earlier = sorted({sitting_id for sitting_id, _ in wanted})
    _, before, book = _freeze(session, earlier, (), only=wanted)
    at = {attempt.registration_id: row for row, attempt in enumerate(before)}
    places = [latest.get(attempt.registration_id) for attempt in attempts]
    row_of = [at.get(place[1], -1) if place else -1 for place in places]
    return Earlier(book, np.array(row_of, dtype=np.int32))


def _read(
    session: Session, sitting_id: UUID, attempts: Sequence[AttemptRow], columns: _Columns
) -> NDArray[np.int16]:
    """Return the answers of one sitting, persons × columns known so far."""
    answers = np.full((len(attempts), len(columns.items)), NOT_PRESENTED, dtype=np.int16)
    forms = np.array([columns.form_of[attempt.paper_id] for attempt in attempts], dtype=np.intp)
    for number, form in enumerate(columns.forms):
        answers[np.ix_(forms == number, form.columns)] = OPEN
    for row, attempt in enumerate(attempts):
        if attempt.form is not None:  # what the candidate was not given is neither wrong nor open
            of_paper = columns.forms[int(forms[row])].columns
            answers[row] = NOT_PRESENTED
            answers[row, [of_paper[place] for place in attempt.form]] = OPEN
    row_of = {attempt.id.hex: row for row, attempt in enumerate(attempts)}
    rows, at, codes = _codes(store.plain_answers(session, sitting_id), row_of, forms, columns)
    answers[rows, at] = codes
    _find_unreached(answers, attempts, forms, columns)
    return answers


def _codes(
    found: Sequence[Row[str, str]],
    row_of: Mapping[str, int],
    forms: NDArray[np.intp],
    columns: _Columns,
) -> tuple[list[int], list[int], list[int]]:
    """Turn answers as text into places and numbers; each different answer of a form is understood once."""
    rows: list[int] = []
    at: list[int] = []
    codes: list[int] = []
    understood: list[dict[str, tuple[int, int]]] = [{} for _ in columns.forms]
    for attempt, joined in found:
        row = row_of.get(attempt.replace("-", ""))
        if row is None:
            continue
        number = int(forms[row])
        known = understood[number]
        for answer in joined.split(store.ANSWER_SEPARATOR):
            place = known.get(answer)
            if place is None:
                place = known[answer] = _understand(answer, columns.of_form[number], columns.items)
            if place[0] >= 0:
                rows.append(row)
                at.append(place[0])
                codes.append(place[1])
    return rows, at, codes


def _understand(answer: str, of_form: ItemsOfForm, items: Sequence[BookItem]) -> tuple[int, int]:
    """Return column and number of an answer, which is item id and JSON in one; column −1 for no item of the form."""
    begin = answer.index("[") if "[" in answer else len(answer)
    column = of_form.get(answer[:begin].replace("-", ""), -1)
    return column, _bits(items[column], answer[begin:]) if column >= 0 else 0


def _bits(item: BookItem, response: str) -> int:
    """Return a stored response as bits; labels that are no option earn nothing, as an empty answer does."""
    chosen = json.loads(response or "[]")
    return item.bits([label for label in chosen if label in item.options]) if isinstance(chosen, list) else 0


def _find_unreached(
    answers: NDArray[np.int16],
    attempts: Sequence[AttemptRow],
    forms: NDArray[np.intp],
    columns: _Columns,
) -> None:
    """Tell what was not reached from what was left open: the blanks after a person's last answer, in that
    person's own order of the items."""
    for row in np.flatnonzero((answers == OPEN).any(axis=1)).tolist():
        number = int(forms[row])
        order = arrange(columns.papers[number], attempts[row].seed, attempts[row].form)
        of_form = columns.of_form[number]
        seen = [of_form[entry.item_id.hex] for section in order.sections for entry in section.entries]
        for column in reversed(seen):
            if answers[row, column] != OPEN:
                break
            answers[row, column] = NOT_REACHED


def _bare(paper: CandidatePaper) -> CandidatePaper:
    """Return a paper without text and options: all that the order of its items needs."""
    sections = tuple(
        replace(section, entries=tuple(replace(entry, stem="", options=()) for entry in section.entries))
        for section in paper.sections
    )
    return replace(paper, sections=sections)
