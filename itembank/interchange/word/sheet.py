"""Free-form Word review sheets: every question is imported, or listed with its place and the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from itembank.interchange.errors import TooManyRows
from itembank.interchange.findings import Finding
from itembank.interchange.repeats import mark_repeats
from itembank.interchange.report import MAX_QUESTIONS, ImportReport, Located, ParsedQuestion, Place, Rejected
from itembank.interchange.word.answers import AnswerList, read_answer_table
from itembank.interchange.word.blocks import Block
from itembank.interchange.word.cutting import Cut
from itembank.interchange.word.questions import build
from itembank.interchange.word.reading import Document, Line, Table, read_document
from itembank.interchange.word.segments import Segmenter
from itembank.interchange.word.surroundings import place_of, split_joined
from itembank.interchange.word.tables import read_question_table

FORMAT = "word"
MAX_LINES = 6 * MAX_QUESTIONS
UNPLACED = -2
"""Section of an answer list that fits no section."""


def parse_word(data: bytes) -> ImportReport:
    """Return what a Word sheet holds.

    Raises
    ------
    FileRefused
        If the file as a whole cannot be read; the subclass names why.
    """
    return parse_document(read_document(data))


def parse_document(document: Document) -> ImportReport:
    """Return what a document's lines and tables hold."""
    if document.lines > MAX_LINES:
        raise TooManyRows(limit=MAX_QUESTIONS)
    lines: list[Line] = []
    tables: list[ImportReport] = []
    answer_lists: list[AnswerList] = []
    covered: dict[int, str] = {}
    for block in document.blocks:
        if isinstance(block, Line):
            lines += split_joined(block)
            continue
        kind = _take_table(block, tables, answer_lists)
        if kind:
            covered |= {line.paragraph: kind for line in block.lines()}
        else:
            for line in block.lines():
                lines += split_joined(line)
            covered |= {
                line.paragraph: "question" for row in block.rows for cell in row for line in cell.lines
            }
    cut = Segmenter(lines).run()
    cut.lists += answer_lists
    report = _report(cut, tables)
    general = list(report.general)
    if document.has_macros:
        general.append(Finding.of("macros_ignored"))
    return replace(report, general=tuple(general), covered=covered | report.covered)


def _take_table(table: Table, reports: list[ImportReport], lists: list[AnswerList]) -> str:
    """Return what a table was taken for: questions, answers, or nothing (its cells are read as lines)."""
    entries = read_answer_table([[cell.text for cell in row] for row in table.rows])
    if entries:
        lists.append(AnswerList(None, -1, entries))
        return "answers"
    report = read_question_table(table)
    if report is None:
        return ""
    reports.append(report)
    return "question"


def _report(cut: Cut, tables: list[ImportReport]) -> ImportReport:
    notes = [*cut.notes, *_apply_answers(cut.blocks, cut.lists)]
    items: list[ParsedQuestion] = []
    rejected: list[Rejected] = []
    from_key = 0
    covered = dict(cut.covered)
    for block in cut.blocks:
        built = build(block)
        from_key += built.type_from_key
        if isinstance(built.outcome, Rejected):
            rejected.append(built.outcome)
            covered |= {line.paragraph: "rejected" for line in block.raw}
        else:
            items.append(built.outcome)
    for table in tables:
        items += table.items
        rejected += table.rejected
    general = [finding for table in tables for finding in table.general]
    if from_key:
        general.append(Finding.of("type_from_key", count=from_key))
    return ImportReport(
        format=FORMAT,
        items=tuple(mark_repeats(items)),
        rejected=tuple(rejected),
        notes=tuple(notes),
        general=tuple(general),
        covered=covered,
    )


def _apply_answers(blocks: list[Block], lists: list[AnswerList]) -> list[Located]:
    """Give the listed answers to their questions; return what found none or several."""
    notes: list[Located] = []
    by_number: dict[int, list[Block]] = defaultdict(list)
    for block in blocks:
        if block.number is not None:
            by_number[block.number].append(block)
    for answers in _runs(lists, blocks):
        for entry in answers.entries:
            candidates = _candidates(by_number[entry.number], answers)
            if len(candidates) == 1:
                candidates[0].listed = (entry.text, entry.explanation)
                continue
            code = "answer_list_ambiguous" if candidates else "answer_without_question"
            notes.append(Located(Place("form"), Finding.of(code, number=entry.number)))
    return [Located(_anchor(blocks), note.finding) for note in notes]


def _runs(lists: list[AnswerList], blocks: list[Block]) -> list[AnswerList]:
    """Return the lists cut where their numbering starts again; such runs go to the sections in order.

    They are only told apart when there are as many unanswered sections as runs, with the same numbers.
    """
    found: list[AnswerList] = []
    for answers in lists:
        runs: list[AnswerList] = []
        for entry in answers.entries:
            if not runs or entry.number <= runs[-1].entries[-1].number:
                runs.append(AnswerList(answers.hint, answers.section))
            runs[-1].entries.append(entry)
        if len(runs) > 1 and answers.hint is None:
            open_sections: dict[int, set[int]] = defaultdict(set)
            for block in blocks:
                if block.number is not None and not block.has_key:
                    open_sections[block.section.index].add(block.number)
            wanted = [{entry.number for entry in run.entries} for run in runs]
            fits = wanted == list(open_sections.values())
            for run, section in zip(runs, open_sections if fits else [], strict=False):
                run.section = section
            if not fits:
                runs = [AnswerList(None, UNPLACED, run.entries) for run in runs]
        found += runs
    return found


def _anchor(blocks: Iterable[Block]) -> Place:
    last = max(
        (line for block in blocks for line in block.raw), key=lambda line: line.paragraph, default=None
    )
    return place_of([last]) if last is not None else Place("paragraph", 1, 1)


def _candidates(blocks: list[Block], answers: AnswerList) -> list[Block]:
    """Return the questions of a number that an answer list can mean."""
    if answers.hint is not None:
        return [block for block in blocks if block.section.hint == answers.hint]
    if len(blocks) <= 1 and answers.section != UNPLACED:
        return blocks
    if answers.section == UNPLACED:
        return [*blocks, *blocks]
    return [block for block in blocks if block.section.index == answers.section]
