"""The candidates' pages in pieces: what is the same for everybody is rendered once, what is not is filled in.

A template is rendered with *slots*, unguessable marks in the place of what belongs to one candidate, and becomes a
byte string that Python fills in C. So twenty thousand candidates see the same template as everybody else, and the page
of one costs little more than copying it.
"""

from __future__ import annotations

import re
import secrets
import threading
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from markupsafe import escape

from exam_engine.delivery.lean.requests import Sheet, WaitingPlace
from exam_engine.delivery.paper import Arranger
from exam_engine.delivery.service import Stage
from exam_engine.delivery.service.stepping import Standing
from exam_engine.delivery.steps.rules import StepKind
from exam_engine.papers.content import CandidateEntry, CandidatePaper, CandidateSection
from exam_engine.papers.printing.rules import numeral
from itembank.items.rules import Option
from web import i18n
from web.exam.labels import PAGE_WORDS, SECTION_HINTS, SECTION_NAMES
from web.exam.needs import break_tools, look_of, waiting_needs
from web.render import environment, render

_MARK = secrets.token_hex(12)
"""No text of an item or a name can hold it."""
_SLOT = re.compile(f"{_MARK}:([a-z0-9_]+);")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class _Slot(str):
    """A place that is filled in later, or its first character."""

    __slots__ = ()

    def __new__(cls, name: str) -> _Slot:
        return super().__new__(cls, f"{_MARK}:{name};")

    def __getitem__(self, key: Any) -> Any:
        return _Slot("initial") if key == slice(None, 1) else super().__getitem__(key)


def _compile(html: str) -> bytes:
    """Return rendered HTML with slots as a pattern for ``%`` with a mapping of bytes."""
    return _SLOT.sub(r"%(\1)b", html.replace("%", "%%")).encode()


def _safe(value: object) -> bytes:
    return str(escape(value)).encode()


def _shown_time(language: str) -> Any:
    return lambda value: value if isinstance(value, str) else i18n.format_time(value, language)


class _Choice:
    """One option, under every letter it can stand."""

    __slots__ = ("checked", "label", "plain")

    def __init__(self, macros: Any, entry: CandidateEntry, option: Option) -> None:
        self.label = option.label
        pattern = _compile(str(macros.choice(entry, option, _Slot("letter"), _Slot("checked"))).strip())
        self.plain, self.checked = (
            [
                pattern % {b"letter": letter.encode(), b"checked": mark}
                for letter in _LETTERS[: len(entry.options)]
            ]
            for mark in (b"", b" checked")
        )


class _Question:
    """One item, whatever its number."""

    __slots__ = ("choices", "item_id", "pattern")

    def __init__(self, macros: Any, entry: CandidateEntry) -> None:
        self.item_id = entry.item_id
        shown = macros.question(_Slot("n"), entry, _Slot("current"), _Slot("choices"))
        self.pattern = _compile(str(shown).strip())
        self.choices = [_Choice(macros, entry, option) for option in entry.options]

    def shown(self, n: int, options: Sequence[int], chosen: Sequence[str], *, first: bool) -> bytes:
        choices = [self.choices[option] for option in options]
        shown = [choice.plain[place] for place, choice in enumerate(choices)]
        if chosen:
            for place, choice in enumerate(choices):
                if choice.label in chosen:
                    shown[place] = choice.checked[place]
        current = b" current" if first else b""
        return self.pattern % {b"n": b"%d" % n, b"current": current, b"choices": b"\n".join(shown)}


class _Part:
    """A section as the frame shows it: so many items, whichever they are."""

    def __init__(self, section: CandidateSection, size: int) -> None:
        self.type, self.marks_each, self.entries = section.type, section.marks_each, range(size)


class _Step:
    """A step as the frame shows it, whichever it is."""

    number, nth, count = _Slot("step"), _Slot("nth"), _Slot("count")

    def __init__(self, kind: str, last: bool, counted: bool, own_time: bool) -> None:
        self.kind, self.last, self.counted, self.own_time = kind, last, counted, own_time


class PaperPages:
    """The examination page of one paper in one language, for any candidate."""

    def __init__(self, paper: CandidatePaper, language: str, *, demonstration: bool) -> None:
        self.paper, self._language, self._demonstration = paper, language, demonstration
        self._entries = list(chain.from_iterable(section.entries for section in paper.sections))
        self._starts = [0, *accumulate(len(section.entries) for section in paper.sections)]
        self._missing = set(range(len(self._entries)))
        self._questions: list[Any] = [None] * len(self._entries)
        self._making = threading.Lock()
        self._arranger = Arranger(paper)
        self._frame = lru_cache(maxsize=32)(self._make_frame)
        if paper.collection is None:
            self.make_ready(None)

    def is_ready(self, form: Sequence[int] | None) -> bool:
        """Tell whether the items of a form are made; those of a collection are when they are first needed."""
        return not self._missing or (form is not None and self._missing.isdisjoint(form))

    def make_ready(self, form: Sequence[int] | None) -> None:
        """Make the items of a form, or all."""
        with self._making:
            missing = self._missing if form is None else self._missing.intersection(form)
            macros: Any = environment().get_template("exam/_question.html").module if missing else None
            for place in sorted(missing):
                self._questions[place] = _Question(macros, self._entries[place])
                self._missing.discard(place)

    def _make_frame(
        self,
        notice: str,
        sizes: tuple[tuple[int, int], ...],
        step: tuple[str, bool, bool, bool] | None,
        before: tuple[int, int] | None,
        resting: bool,
    ) -> bytes:
        """Return what is the same for all who have so many items of these sections, in such a step.

        ``before`` counts the questions and sections of the steps before; None where questions come one by one.
        """
        questions, sections = before or (0, 0)
        translate = i18n.translator(self._language)
        values = {
            "csrf": _Slot("csrf"),
            "notice": notice,
            "demonstration": self._demonstration,
            "attempt": SimpleNamespace(id=_Slot("attempt"), epoch=_Slot("epoch"), due_at=_Slot("due_at")),
            "place": SimpleNamespace(
                plan=SimpleNamespace(name=_Slot("plan")),
                registration=SimpleNamespace(ticket_number=_Slot("ticket")),
                seat=SimpleNamespace(number=_Slot("seat")),
            ),
            "name": _Slot("name"),
            "time": _shown_time(self._language),
            "paper": SimpleNamespace(sections=[_Part(self.paper.sections[at], size) for at, size in sizes]),
            "question": lambda n: _Slot(f"q{n}"),
            "number": lambda n: _Slot(f"n{n}") if before is None else questions + n,
            "numeral": lambda n: numeral(sections + n) if self._language == "zh_CN" else sections + n,
            "answered": lambda n: _Slot(f"a{n}"),
            "section_names": SECTION_NAMES,
            "section_hints": SECTION_HINTS,
            "look": _Slot("look"),
            "breaks": _Slot("breaks"),
            "step": step and _Step(*step),
            "resting": resting,
            "words": {key: translate(word) for key, word in PAGE_WORDS.items()},
        }
        return _compile(render("exam/paper.html", self._language, values))

    def page(self, sheet: Sheet, *, csrf: str, notice: str = "") -> bytes:
        """Return the page of one candidate: items and options in the order of the attempt's seed.

        Nothing outside the candidate's form is on it.
        """
        if not self.is_ready(sheet.form):
            self.make_ready(sheet.form)
        values = {
            b"csrf": csrf.encode(),
            b"attempt": str(sheet.attempt_id).encode(),
            b"epoch": b"%d" % sheet.epoch,
            b"due_at": _safe(i18n.format_time(sheet.due_at, self._language)),
            b"plan": _safe(sheet.who.plan_name),
            b"ticket": _safe(sheet.who.ticket_number),
            b"seat": b"%d" % sheet.who.seat_number,
            b"name": _safe(sheet.who.name),
            b"initial": _safe(sheet.who.name[:1]),
            b"look": look_of(sheet.accommodations).encode(),
            b"breaks": break_tools(sheet.accommodations, self._language).encode(),
        }
        step, before = None, (0, 0)
        if sheet.standing is not None:
            now = sheet.standing
            before = now.questions_before, self._sections_before(now)
            step = now.kind.value, now.last, now.count is not None, now.beyond_seconds > 0
            values |= {b"step": b"%d" % now.number, b"nth": b"%d" % (now.number + 1 - now.breaks_before)}
            values |= {b"count": b"%d" % (now.count or 0)}
        n, chosen = 0, sheet.chosen
        order = self._arranger.order(sheet.seed, sheet.form)
        for section, places in order:
            start = self._starts[section]
            for place, options in places:
                n += 1
                question: _Question = self._questions[start + place]
                response = chosen.get(question.item_id, ())
                values[b"q%d" % n] = question.shown(before[0] + n, options, response, first=n == 1)
                values[b"a%d" % n] = b" cell-answered" if response else b""
        sizes = tuple((at, len(places)) for at, places in order)
        if step and step[0] == StepKind.ITEM:
            values[b"n1"] = b"%d" % (before[0] + 1)
            return self._frame(notice, sizes, step, None, sheet.resting) % values
        return self._frame(notice, sizes, step, before, sheet.resting) % values

    def _sections_before(self, standing: Standing) -> int:
        """Return how many headings the steps before had."""
        return sum(len({bisect_right(self._starts, place) for place in step}) for step in standing.before)


_MOST = 64
"""Papers whose pages are kept, languages counted apart: about a megabyte each."""
_papers: dict[tuple[UUID, str, bool], PaperPages] = {}
_making = threading.Lock()


def ready_pages(paper_id: UUID, language: str, *, demonstration: bool) -> PaperPages | None:
    """Return the pages of a paper if they are made already; never waits."""
    return _papers.get((paper_id, language, demonstration))


def paper_pages(paper: CandidatePaper, language: str, *, demonstration: bool) -> PaperPages:
    """Return the pages of a sealed paper, which never changes; made when first asked for."""
    key = paper.paper_id, language, demonstration
    found = _papers.get(key)
    if found is None:
        with _making:  # else a waiting room full of people would make it as often
            if (found := _papers.get(key)) is None:
                while len(_papers) >= _MOST:
                    _papers.pop(next(iter(_papers)), None)
                found = _papers[key] = PaperPages(paper, language, demonstration=demonstration)
    return found


@lru_cache(maxsize=256)
def _waiting_frame(
    place: tuple[Any, ...], language: str, stage: str, has_photo: bool, demonstration: bool
) -> bytes:
    sitting_id, plan_name, terms = place
    current = SimpleNamespace(
        place=SimpleNamespace(
            plan=SimpleNamespace(name=plan_name),
            sitting=SimpleNamespace(id=sitting_id),
            registration=SimpleNamespace(ticket_number=_Slot("ticket"), photo_ref=has_photo),
            room=SimpleNamespace(name=_Slot("room")),
            seat=SimpleNamespace(number=_Slot("seat")),
        ),
        terms=terms,
        stage=Stage(stage),
        starts_in=_Slot("starts_in"),
        attempt=SimpleNamespace(id=_Slot("attempt")),
    )
    values = {
        "csrf": _Slot("csrf"),
        "notice": "",
        "demonstration": demonstration,
        "actor": SimpleNamespace(kind="candidate"),
        "path": "/exam",
        "look": _Slot("look"),
        "needs": _Slot("needs"),
        "rooms": [current],
        "current": current,
        "waiting_key": _Slot("waiting_key"),
        "name": _Slot("name"),
        "Stage": Stage,
        "section_names": SECTION_NAMES,
        "refusal": None,
    }
    return _compile(render("exam/waiting.html", language, values))


def waiting_page(place: WaitingPlace, language: str, *, csrf: str, key: str, demonstration: bool) -> bytes:
    """Return the waiting room of a candidate with one sitting, whose key it carries."""
    same = (place.sitting_id, place.who.plan_name, place.terms)
    frame = _waiting_frame(same, language, place.stage, place.has_photo, demonstration)
    values: Mapping[bytes, bytes] = {
        b"csrf": csrf.encode(),
        b"waiting_key": key.encode(),
        b"ticket": _safe(place.who.ticket_number),
        b"room": _safe(place.room_name),
        b"seat": b"%d" % place.who.seat_number,
        b"name": _safe(place.who.name),
        b"initial": _safe(place.who.name[:1]),
        b"look": look_of(place.accommodations).encode(),
        b"needs": waiting_needs(place.accommodations, place.terms.limit_minutes, language).encode(),
        b"starts_in": b"%.1f" % place.starts_in_seconds,
        b"attempt": str(place.attempt_id).encode(),
    }
    return frame % values
