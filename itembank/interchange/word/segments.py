"""Cutting a sheet into questions, headings, answer lists and the rest, so that no line is lost. No I/O."""

from __future__ import annotations

import re

from itembank.interchange.marks import (
    ANSWER,
    ANSWER_LINE,
    ANSWERS_HEADING,
    BARE_KEY,
    DIFFICULTY,
    EXPLANATION,
    KEY_FIRST,
    STEM_BRACKET,
    Number,
    letters_of,
    read_number,
    truth_of,
)
from itembank.interchange.options import best_chain, markers
from itembank.interchange.report import TRUE_FALSE
from itembank.interchange.word.answers import AnswerList, ListedAnswer, read_answer_line, read_answers
from itembank.interchange.word.blocks import TRUTH_PAIR, ends_with_truth
from itembank.interchange.word.cutting import Cut, Cutting, family_of
from itembank.interchange.word.headings import Heading, read_chinese_item, read_heading
from itembank.interchange.word.reading import Line
from itembank.interchange.word.surroundings import (
    looks_like_question,
    opening_label,
    shape_after,
    stands_alone,
)

_TITLE_LENGTH = 40
MAX_LINE = 4_000
"""Of a line; what is longer belongs to no question."""


class Segmenter(Cutting):
    """Reads lines in order and decides what each is."""

    def run(self) -> Cut:
        """Return the parts of the sheet."""
        for index, line in enumerate(self.lines):
            if not line.text.strip():
                self.cover(line, "blank")
            elif len(line.text) > MAX_LINE:
                self.leave_out(line)
            elif not (self.in_answers(index, line) or self.takes_heading(index, line)):
                self.takes_line(index, line)
        self.flush()
        return self.cut

    # Headings and answer lists ------------------------------------------------------------------------------

    def takes_heading(self, index: int, line: Line) -> bool:
        """Return whether the line is a heading; it then begins a section."""
        if ANSWERS_HEADING.fullmatch(line.folded) and not self.is_own_answer(index):
            self.flush()
            self.answers = AnswerList(None, self.section.index)
            self.cover(line, "heading")
            return True
        heading = read_heading(line.text, line.folded, is_styled=line.is_heading)
        if heading is None and (self.current is None or self.current.is_complete):
            title = read_chinese_item(line.text, line.folded)
            if (
                title is not None
                and shape_after(self.lines, index, expected=self.last_number + 1) == "none"
                and not ends_with_truth(line.folded)
            ):
                heading = Heading(title=title, names_type=False)
        if heading is None:
            return False
        if (
            not heading.names_type
            and shape_after(self.lines, index, expected=self.last_number + 1) == "options"
        ):
            return False
        self.flush()
        self.cover(line, "heading")
        if heading.is_answers:
            self.answers = AnswerList(heading.hint, self.section.index)
        else:
            self.begin(heading)
        return True

    def is_own_answer(self, index: int) -> bool:
        """Return whether ``答案：`` stands alone because the letter follows on the next line."""
        following = next((line for line in self.lines[index + 1 :] if line.text.strip()), None)
        return (
            self.current is not None
            and not self.current.has_key
            and following is not None
            and bool(BARE_KEY.fullmatch(following.folded))
        )

    def in_answers(self, index: int, line: Line) -> bool:
        """Return whether the line belongs to an answer list."""
        entries = self.inline_answers(line) if opening_label(line.folded) is None else []
        if self.answers is None:
            if not entries:
                return False
            self.flush()
            self.cut.lists.append(AnswerList(None, self.section.index, entries))
            self.cover(line, "answers")
            return True
        heading = read_heading(line.text, line.folded, is_styled=line.is_heading)
        if heading is not None and heading.names_type and not entries:
            self.pending = (line, heading)
            self.answers = AnswerList(heading.hint, self.section.index)
            self.cover(line, "heading")
            return True
        if not entries:
            single = read_answer_line(line.text, line.folded)
            entries = (
                [single]
                if single is not None
                and shape_after(self.lines, index, expected=self.last_number + 1) != "options"
                else []
            )
        if entries:
            self.pending = None
            self.keep(entries)
            self.cover(line, "answers")
            return True
        if self.cut.lists and self.cut.lists[-1].entries and EXPLANATION.match(line.folded):
            self.extend_explanation(line)
            return True
        if self.pending is not None:  # the heading began a new section of questions after all
            self.begin(self.pending[1])
        self.answers, self.pending = None, None
        return False

    def keep(self, entries: list[ListedAnswer]) -> None:
        """Add entries to the open answer list."""
        assert self.answers is not None
        if self.answers not in self.cut.lists:
            self.cut.lists.append(self.answers)
        self.answers.entries += entries

    def extend_explanation(self, line: Line) -> None:
        """Join an explanation to the answer above it."""
        last = self.cut.lists[-1].entries[-1]
        match = EXPLANATION.match(line.folded)
        text = line.text[match.end() if match else 0 :].strip()
        joined = "\n".join(part for part in (last.explanation, text) if part)
        self.cut.lists[-1].entries[-1] = ListedAnswer(last.number, last.key, last.text, joined)
        self.cover(line, "answers")

    def inline_answers(self, line: Line) -> list[ListedAnswer]:
        """Return the entries of an answer line, also after a heading on the same line."""
        entries = read_answers(line.folded, least=1 if self.answers else 3)
        digit = re.search(r"\d", line.folded)
        if (
            entries
            or digit is None
            or digit.start() > _TITLE_LENGTH
            or not re.search(r"题|答案", line.folded[: digit.start()])
        ):
            return entries
        heading = read_heading(
            line.text[: digit.start()], line.folded[: digit.start()].rstrip(" :"), is_styled=False
        )
        found = read_answers(line.folded[digit.start() :], least=2)
        if found and heading is not None and self.answers is not None:
            self.answers = AnswerList(heading.hint, self.section.index)
        return found

    # Questions ----------------------------------------------------------------------------------------------

    def takes_line(self, index: int, line: Line) -> None:
        """Give a line of a question its role."""
        if self.takes_number(index, line) or self.takes_answer(line) or self.takes_truth_options(index, line):
            return
        if self.takes_option(index, line) or self.takes_bare_key(line):
            return
        self.takes_text(index, line)

    def takes_number(self, index: int, line: Line) -> bool:
        """Return whether the line opens a numbered question."""
        first = KEY_FIRST.match(line.folded)
        offset, key = (first.end(), first["key"] or first["tick"] or "") if first else (0, "")
        rest = line.folded[offset:]
        expected = self.last_number + 1
        runs_bare = self.last_style == "bare" and not self.fresh
        number = read_number(rest, expected=expected, runs_bare=runs_bare)
        if self.fresh and (number is None or number.value != expected):
            number = read_number(rest, expected=1) or number
        if number is None or (first and not self.key_first_fits(index, key, number)):
            return False
        if not self.opens_question(index, line, number):
            return False
        self.open(line, number=number, key_first=key, cut=offset + number.end)
        return True

    def key_first_fits(self, index: int, key: str, number: Number) -> bool:
        """Return whether a bracket before digits is an answer and not an option that begins with digits."""
        if number.value != self.last_number + 1 and not (self.fresh and number.value == 1):
            return False
        if self.current is None or letters_of(key) is None:
            return True
        chain = self.current.chain()
        due = chr(ord(chain[-1].label if chain else self.single_label() or "@") + 1)
        if key.upper() != due and not (key.upper() == "B" and due == "A" and self.first_in_stem(index)):
            return True
        return (
            self.current.is_complete
            and shape_after(self.lines, index, expected=self.last_number + 1) == "options"
        )

    def opens_question(self, index: int, line: Line, number: Number) -> bool:
        """Return whether a number begins a question rather than a statement inside one."""
        due = number.value == self.last_number + 1 or (self.fresh and number.value == 1)
        family = family_of(number)
        usual = self.families.most_common(1)[0][0] if self.families else family
        current = self.current
        if current is None:
            return (
                due
                or number.style not in {"space", "bare"}
                or looks_like_question(self.lines, index, expected=self.last_number + 1)
            )
        if current.explanation:
            # 1. 2. 3. may count reasons; the questions' own mark, or options below, tell them apart
            same = due and family == usual and self.mark_of(line) == self.last_mark
            return same or looks_like_question(self.lines, index, expected=self.last_number + 1)
        if not current.is_complete:
            if due:
                return family == usual
            later = current.number is not None and number.value > current.number
            return family == usual and (later or current.number is None) and number.style == "mark"
        if due or number.style not in {"space", "bare"}:
            return (
                due
                or family == usual
                or looks_like_question(self.lines, index, expected=self.last_number + 1)
            )
        return looks_like_question(self.lines, index, expected=self.last_number + 1)

    def takes_answer(self, line: Line) -> bool:
        """Return whether the line is an answer, explanation or difficulty of the open question."""
        if self.current is None:
            return False
        match = ANSWER_LINE.match(line.folded)
        if match and (ANSWER.match(line.folded.lstrip()) or self.answer_text(line.folded[match.end() :])):
            self.add_to(self.current.answers, line)
            return True
        difficulty = DIFFICULTY.fullmatch(line.folded)
        if difficulty and self.current.is_complete:
            self.current.difficulty = difficulty["value"]
            self.current.raw.append(line)
            self.cover(line, "question")
            return True
        if EXPLANATION.match(line.folded) and (self.current.is_complete or self.current.answers):
            self.add_to(self.current.explanation, line)
            return True
        return False

    @staticmethod
    def answer_text(rest: str) -> bool:
        """Return whether the rest of an answer line is an answer or nothing yet."""
        return not rest.strip() or letters_of(rest) is not None or truth_of(rest, loose=True) is not None

    def takes_truth_options(self, index: int, line: Line) -> bool:
        """Return whether the line holds 正确 and 错误 as options without letters."""
        current = self.current
        if current is not None and current.truth_options is not None:
            second = re.match(r"\s*(正确|对|√|错误|错|×)(?=$|[\s\"”])", line.folded)
            if second is None or second[1] != current.truth_options[1]:
                return False
            self.add(line, line.text[second.end() :])
            return True
        if current is None or current.has_options or current.has_key:
            return False
        pair = TRUTH_PAIR.fullmatch(line.folded)
        if pair and truth_of(pair["first"]) is not truth_of(pair["second"]):
            current.truth_options = (pair["first"], pair["second"])
            self.add(line, line.text[pair.start("tail") :].strip(' \t"“”') or "")
            return True
        word = truth_of(line.folded)
        following = next((other for other in self.lines[index + 1 :] if other.text.strip()), None)
        opposite = re.match(r"\s*(正确|对|√|错误|错|×)(?=$|[\s\"”])", following.folded) if following else None
        if word is not None and opposite and truth_of(opposite[1]) is (not word):
            current.truth_options = (line.folded.strip(), opposite[1])
            self.add(line, "")
            return True
        return False

    def takes_option(self, index: int, line: Line) -> bool:
        """Return whether the line begins with an option label."""
        label = opening_label(line.folded)
        if label is None:
            return False
        if self.current is None:
            if label.style == "bare":
                return False
            self.open(line)
            return True
        chain = self.current.chain()
        last = chain[-1].label if chain else self.single_label()
        if chain and BARE_KEY.fullmatch(line.folded) and label.label != chr(ord(last) + 1):
            return False  # [A] below the options is the answer
        if label.style == "bare" and label.label != (chr(ord(last) + 1) if last else "A"):
            return False
        if label.label == "A" and last:
            self.open(line)
            return True
        if (
            chain
            and label.style == "paren"
            and label.label <= last
            and shape_after(self.lines, index, expected=self.last_number + 1) == "options"
        ):
            self.open(line)  # （D）不是…: an answer before a stem without a number
            return True
        self.add(line)
        return True

    def single_label(self) -> str:
        """Return the label of the only option so far, or nothing."""
        assert self.current is not None
        opening = [opening_label(piece.folded) for piece in self.current.body]
        if opening and opening[0] and (self.current.number is not None or opening[0].style == "paren"):
            opening[0] = None  # it opens the stem: 1.（C）是…
        found = [marker.label for marker in opening if marker is not None and marker.style != "bare"]
        return found[-1] if found else ""

    def first_in_stem(self, index: int) -> bool:
        """Return whether option A may stand on the stem's own line (``2安全帽用于（A）甲``)."""
        assert self.current is not None
        if self.current.key_first and shape_after(self.lines, index, expected=self.last_number + 1) != "more":
            return False  # the answers stand before the numbers here
        return any(
            marker.label == "A" and marker.style == "paren"
            for piece in self.current.body
            for marker in markers(piece.folded)
        )

    def takes_bare_key(self, line: Line) -> bool:
        """Return whether the line holds nothing but the answer."""
        match = BARE_KEY.fullmatch(line.folded)
        if match is None or self.current is None:
            return False
        letters = letters_of(match["key"])
        fits = self.current.has_options if letters is not None else not self.current.has_options
        if not fits or (self.current.answers and not self.waits_for_answer()):
            return False
        self.add_to(self.current.answers, line)
        return True

    def waits_for_answer(self) -> bool:
        """Return whether ``答案：`` stands alone so far."""
        assert self.current is not None
        last = self.current.answers[-1].folded
        match = ANSWER_LINE.match(last)
        return bool(match and not last[match.end() :].strip())

    def takes_text(self, index: int, line: Line) -> None:
        """Place a line without any mark: more of the open question, a new one, or nothing of a question."""
        current, ahead = self.current, shape_after(self.lines, index, expected=self.last_number + 1)
        own = bool(best_chain(markers(line.folded))) or self.has_own_key(line, ahead)
        if ahead == "more" and current is not None and current.has_key:  # …的是（A）甲, then a line with B
            own = own or any(marker.label == "A" for marker in markers(line.folded))
        if current is None:
            if self.is_title(index, line):
                self.cover(line, "heading") if stands_alone(self.lines, index) else self.note(line)
            elif ahead == "options" or own:
                self.open(line)
            elif self.fresh and not self.section.index and len(line.text.strip()) <= _TITLE_LENGTH:
                self.cover(line, "heading")
            else:
                self.note(line)
        elif not current.is_complete:
            self.add(line)
        elif ahead == "options" or own:
            self.open(line)
        elif current.explanation:
            self.add_to(current.explanation, line)
        elif ahead == "more" or not current.has_key:
            self.add(line)
        else:
            self.open(line)

    def is_title(self, index: int, line: Line) -> bool:
        """Return whether a short line before the first question is the sheet's title and not a stem."""
        if self.cut.blocks or self.section.index or len(line.text.strip()) > _TITLE_LENGTH:
            return False
        if re.search(r"[?。!:]|\(\s*\)|_{2,}", line.folded) or best_chain(markers(line.folded)):
            return False
        following = next((other for other in self.lines[index + 1 :] if other.text.strip()), None)
        if (
            following is None
            or TRUTH_PAIR.fullmatch(following.folded)
            or BARE_KEY.fullmatch(following.folded)
        ):
            return False
        label = opening_label(following.folded)
        return label is None and not ANSWER_LINE.match(following.folded) and not ends_with_truth(line.folded)

    def has_own_key(self, line: Line, ahead: str) -> bool:
        """Return whether a line is a statement with its own truth mark."""
        if self.section.hint not in {TRUE_FALSE, None}:
            return False
        bracket = any(truth_of(match["key"]) is not None and letters_of(match["key"]) is None
                      for match in STEM_BRACKET.finditer(line.folded))  # fmt: skip
        if ends_with_truth(line.folded) or bracket:
            return True
        return self.section.hint == TRUE_FALSE and ahead == "answer"
