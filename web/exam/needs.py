"""What the candidates' pages show of accommodations: the look from the start, what applies, and breaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from math import ceil
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup

from exam_engine.delivery import service as delivery
from exam_engine.delivery.rules import TakenOver
from exam_engine.delivery.service import Rest
from exam_engine.sittings.accommodations import Accommodations
from itembank.base.db import database_now
from itembank.people.rules import Action
from web import i18n
from web.deps import Context, candidate_actor, requires
from web.exam.forms import EpochForm
from web.forms import FormData, form_data, parse_form
from web.i18n import N_
from web.render import environment

router = APIRouter(prefix="/exam/attempts/{attempt_id}")
FormDep = Annotated[FormData, Depends(form_data)]
BREAK_WORDS = {
    "left": N_(
        "You have {left} breaks left, each of {minutes} minutes at most. Your time stands still meanwhile."
    ),
    "none_left": N_("You have taken all of your breaks."),
    "on": N_("Your time stands still. It runs on by itself when the break is over."),
    "over": N_("The break is over; your time runs on."),
    "unsent": N_("Answers are still being sent. Try again in a moment."),
    "away": N_("The server could not be reached; your time runs on. Try again."),
}


def look_of(stored: Mapping[str, Any] | None) -> str:
    """Return the classes of ``<html>`` with which somebody's pages begin."""
    if not stored:
        return ""
    given = Accommodations.from_json(stored)
    size = f"text-{given.print_size}" if given.print_size else ""
    return " ".join(part for part in (size, "contrast" if given.contrast else "") if part)


def needs_lines(given: Accommodations, limit_minutes: int, translate: i18n.Translate) -> list[str]:
    """Return in sentences what applies to a candidate."""
    extra, lines = given.extra_of(limit_minutes), []
    if extra:
        said = N_(
            "Extra time: {extra} minutes on top of {limit}, so {whole} in all; they also count beyond the common end."
        )
        lines.append(translate(said, extra=extra, limit=limit_minutes, whole=limit_minutes + extra))
    if given.breaks:
        said = N_(
            "Breaks: {n}, each of {minutes} minutes at most. Your time stands still; the button is beside the clock."
        )
        lines.append(translate(said, n=given.breaks, minutes=given.break_minutes))
    if given.print_size:
        lines.append(translate(N_("Large print from the beginning; A− and A+ change it.")))
    if given.contrast:
        lines.append(translate(N_("High contrast from the beginning.")))
    if given.plain_order:
        lines.append(
            translate(N_("Questions in the order of the paper, one at a time; options are not shuffled."))
        )
    return lines


def waiting_needs(stored: Mapping[str, Any] | None, limit_minutes: int, language: str) -> Markup:
    """Return what the waiting room says of somebody's accommodations; empty for nearly everybody."""
    if not stored:
        return Markup()
    return _drawn("waiting", Accommodations.from_json(stored), limit_minutes, language)


def break_tools(stored: Mapping[str, Any] | None, language: str) -> Markup:
    """Return the examination page's button and dialog for breaks; empty for nearly everybody."""
    given = Accommodations.from_json(stored)
    return _drawn("breaks", given, 0, language) if given.breaks else Markup()


@lru_cache(maxsize=256)
def _drawn(macro: str, given: Accommodations, limit_minutes: int, language: str) -> Markup:
    translate = i18n.translator(language)
    macros: Any = environment().get_template("exam/_needs.html").make_module({"_": translate})
    if macro == "waiting":
        lines = needs_lines(given, limit_minutes, translate)
        return cast(Markup, macros.waiting(lines))
    return cast(Markup, macros.breaks({key: translate(word) for key, word in BREAK_WORDS.items()}))


def _json(rest: Rest) -> JSONResponse:
    return JSONResponse(
        {
            "left": rest.left,
            "minutes": rest.minutes,
            "seconds": rest.seconds,
            "remaining": rest.remaining,
            "paused": rest.paused,
        }
    )


def _epoch(data: FormData) -> int:
    sent = parse_form(EpochForm, data).model
    if sent is None:
        raise TakenOver
    return sent.epoch


@router.get("/break")
def show_breaks(attempt_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """How many breaks are left, and how long the present one lasts."""
    return _json(delivery.breaks_of(ctx.session, actor=candidate_actor(ctx), attempt_id=attempt_id))


@router.post("/break")
def begin(attempt_id: UUID, data: FormDep, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Stop the clock for a break."""
    actor = candidate_actor(ctx)
    return _json(delivery.take_break(ctx.session, actor=actor, attempt_id=attempt_id, epoch=_epoch(data)))


@router.post("/break/end")
def end(attempt_id: UUID, data: FormDep, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Let the clock run on."""
    actor = candidate_actor(ctx)
    rest = delivery.end_break(ctx.session, actor=actor, attempt_id=attempt_id, epoch=_epoch(data))
    if "application/json" in ctx.request.headers.get("accept", ""):
        return _json(rest)
    return ctx.redirect(f"/exam/attempts/{attempt_id}")


@router.get("/rest")
def rest_without_script(attempt_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """The page of a break for browsers without script; the paper is not on it."""
    actor = candidate_actor(ctx)
    rest = delivery.breaks_of(ctx.session, actor=actor, attempt_id=attempt_id)
    if rest.seconds is None:
        return ctx.redirect(f"/exam/attempts/{attempt_id}")
    attempt = delivery.own_attempt(ctx.session, actor=actor, attempt_id=attempt_id)
    return ctx.page(
        "exam/rest.html",
        look=look_of(delivery.place_of(ctx.session, attempt).seat.accommodations),
        attempt=attempt,
        seconds=ceil(rest.seconds) + 1,
        until=database_now(ctx.session) + timedelta(seconds=rest.seconds),
    )
