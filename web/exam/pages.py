"""The candidates' pages in pieces: what is the same for everybody is rendered once, what is not is filled in.

A template is rendered with *slots*, unguessable marks in the place of what belongs to one candidate, and becomes a
byte string that Python fills in C. So twenty thousand candidates see the same template as everybody else, and the page
of one costs little more than copying it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from markupsafe import escape

from exam_engine.delivery.lean.requests import Sheet, WaitingPlace
from exam_engine.delivery.paper import Arranger
from exam_engine.delivery.service import Stage
from exam_engine.papers.content import CandidateEntry, CandidatePaper
from itembank.items.rules import Option
from web import i18n
from web.exam.labels import PAGE_WORDS, SECTION_HINTS, SECTION_NAMES
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

    def shown(self, n: int, options: Sequence[int], chosen: Sequence[str]) -> bytes:
        choices = [self.choices[option] for option in options]
        shown = [choice.plain[place] for place, choice in enumerate(choices)]
        if chosen:
            for place, choice in enumerate(choices):
                if choice.label in chosen:
                    shown[place] = choice.checked[place]
        current = b" current" if n == 1 else b""
        return self.pattern % {b"n": b"%d" % n, b"current": current, b"choices": b"\n".join(shown)}


class PaperPages:
    """The examination page of one paper in one language, for any candidate."""

    def __init__(self, paper: CandidatePaper, language: str, *, demonstration: bool) -> None:
        self.paper, self._language, self._demonstration = paper, language, demonstration
        macros = environment().get_template("exam/_question.html").module
        self._sections = [
            [_Question(macros, entry) for entry in section.entries] for section in paper.sections
        ]
        self._arranger = Arranger(paper)
        self._frame = lru_cache(maxsize=8)(self._make_frame)

    def _make_frame(self, notice: str) -> bytes:
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
            "paper": self.paper,
            "total": sum(len(section.entries) for section in self.paper.sections),
            "question": lambda n: _Slot(f"q{n}"),
            "answered": lambda n: _Slot(f"a{n}"),
            "section_names": SECTION_NAMES,
            "section_hints": SECTION_HINTS,
            "words": {key: translate(word) for key, word in PAGE_WORDS.items()},
        }
        return _compile(render("exam/paper.html", self._language, values))

    def page(self, sheet: Sheet, *, csrf: str, notice: str = "") -> bytes:
        """Return the page of one candidate: items and options in the order of the attempt's seed."""
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
        }
        n, chosen = 0, sheet.chosen
        for questions, places in zip(self._sections, self._arranger.order(sheet.seed), strict=True):
            for place, options in places:
                n += 1
                question = questions[place]
                response = chosen.get(question.item_id, ())
                values[b"q%d" % n] = question.shown(n, options, response)
                values[b"a%d" % n] = b" cell-answered" if response else b""
        return self._frame(notice) % values


_MOST = 64
"""Papers whose pages are kept, languages counted apart: about a megabyte each."""
_papers: dict[tuple[UUID, str, bool], PaperPages] = {}


def ready_pages(paper_id: UUID, language: str, *, demonstration: bool) -> PaperPages | None:
    """Return the pages of a paper if they are made already; never waits."""
    return _papers.get((paper_id, language, demonstration))


def paper_pages(paper: CandidatePaper, language: str, *, demonstration: bool) -> PaperPages:
    """Return the pages of a sealed paper, which never changes; made when first asked for."""
    key = paper.paper_id, language, demonstration
    found = _papers.get(key)
    if found is None:
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
        "rooms": [current],
        "current": current,
        "name": _Slot("name"),
        "Stage": Stage,
        "refusal": None,
    }
    return _compile(render("exam/waiting.html", language, values))


def waiting_page(place: WaitingPlace, language: str, *, csrf: str, demonstration: bool) -> bytes:
    """Return the waiting room of a candidate with one sitting."""
    same = (place.sitting_id, place.who.plan_name, place.terms)
    frame = _waiting_frame(same, language, place.stage, place.has_photo, demonstration)
    values: Mapping[bytes, bytes] = {
        b"csrf": csrf.encode(),
        b"ticket": _safe(place.who.ticket_number),
        b"room": _safe(place.room_name),
        b"seat": b"%d" % place.who.seat_number,
        b"name": _safe(place.who.name),
        b"initial": _safe(place.who.name[:1]),
        b"starts_in": b"%.1f" % place.starts_in_seconds,
        b"attempt": str(place.attempt_id).encode(),
    }
    return frame % values
