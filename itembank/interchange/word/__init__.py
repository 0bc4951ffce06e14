"""Free-form Word review sheets: every question is imported, or listed with its place and the reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from itembank.interchange.findings import Finding
from itembank.interchange.report import ImportReport, Located, ParsedQuestion, Place, Rejected
from itembank.interchange.word.answers import AnswerList, read_answer_table
from itembank.interchange.word.blocks import Block
from itembank.interchange.word.questions import build, fingerprint
from itembank.interchange.word.reading import Document, Line, Table, read_document
from itembank.interchange.word.segments import Cut, Segmenter, place_of, split_joined
from itembank.interchange.word.tables import read_question_table

FORMAT = "word"


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
            lines += [part for line in block.lines() for part in split_joined(line)]
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
    for answers in lists:
        for entry in answers.entries:
            candidates = _candidates(by_number[entry.number], answers)
            if len(candidates) == 1:
                candidates[0].listed = (entry.text, entry.explanation)
                continue
            code = "answer_list_ambiguous" if candidates else "answer_without_question"
            notes.append(Located(Place("form"), Finding.of(code, number=entry.number)))
    return [Located(_anchor(blocks), note.finding) for note in notes]


def _anchor(blocks: Iterable[Block]) -> Place:
    last = max(
        (line for block in blocks for line in block.raw), key=lambda line: line.paragraph, default=None
    )
    return place_of([last]) if last is not None else Place("paragraph", 1, 1)


def _candidates(blocks: list[Block], answers: AnswerList) -> list[Block]:
    """Return the questions of a number that an answer list can mean."""
    if answers.hint is not None:
        return [block for block in blocks if block.section.hint == answers.hint]
    if len(blocks) <= 1:
        return blocks
    return [block for block in blocks if block.section.index == answers.section]


def mark_repeats(items: list[ParsedQuestion]) -> list[ParsedQuestion]:
    """Return the questions with a warning on each that stands in the file twice or repeats a number."""
    first: dict[object, ParsedQuestion] = {}
    numbers = Counter((item.number, item.type) for item in items if item.number is not None)
    marked = []
    for item in items:
        warnings = list(item.warnings)
        twin = first.setdefault(fingerprint(item), item)
        if twin is not item:
            same = _key_texts(twin) == _key_texts(item)
            warnings.append(Finding.of("same_in_file" if same else "same_other_key", other=str(twin.place)))
        if item.number is None:
            warnings.append(Finding.of("number_missing"))
        elif numbers[item.number, item.type] > 1:
            warnings.append(Finding.of("number_repeated", number=item.number))
        marked.append(replace(item, warnings=tuple(warnings)))
    return marked


def _key_texts(item: ParsedQuestion) -> set[str]:
    return {option.text for option in item.options if option.label in item.key}
