"""Candidates enter, wait, start, work and hand in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse, Response

from exam_engine.delivery import service as delivery
from exam_engine.delivery.answer_file import page_seal
from exam_engine.delivery.engine import Delivery
from exam_engine.delivery.lean.requests import Sheet, Who
from exam_engine.delivery.models import Attempt
from exam_engine.delivery.paper import arrange, form_of, subset
from exam_engine.delivery.rules import EntryBarred, TakenOver
from exam_engine.delivery.seb.rules import SebNeeded, SebUse
from exam_engine.delivery.service import Opened, Stage
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Registration
from exam_engine.sittings.rules import EntryNotOpen, EntryOver
from itembank.base.db import Scope, database_now
from itembank.base.errors import Conflict, ExamError, NotFound
from itembank.people import service as people
from itembank.people.rules import Action
from web.deps import NOTICE_COOKIE, Context, candidate_actor, public, requires
from web.errors import status_of
from web.exam.forms import EntryForm, EpochForm, StepForm
from web.exam.labels import SECTION_NAMES
from web.exam.lean import step_as_json
from web.exam.limits import TICKET_COUNTED, addresses, count_ticket, take_back_ticket
from web.exam.needs import look_of, waiting_needs
from web.exam.pages import paper_pages
from web.exam.seb import current_of, first_page, is_named, turned_away, wanted
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import format_time
from web.security import SESSION_COOKIE, client_address, waiting_key

router = APIRouter(prefix="/exam")
FormDep = Annotated[FormData, Depends(form_data)]


def _engine(ctx: Context) -> Delivery:
    return cast(Delivery, ctx.request.app.state.delivery)


# Open: candidates have not entered yet.
@router.get("/login")
def show_entrance(ctx: Context = public()) -> Response:
    """The candidates' entrance."""
    return ctx.page("exam/login.html", form=Form())


# Open: candidates have not entered yet. A ticket may belong to any institution, so none narrows the look-up.
@router.post("/login")
def enter(data: FormDep, ctx: Context = public(Scope.everything())) -> Response:
    """Let a candidate in by ticket number and entry code; this machine takes over a running attempt."""
    form = parse_form(EntryForm, data)
    form.values.pop("entry_code", None)
    if form.model is None:
        return ctx.page("exam/login.html", form=form, status=422)
    try:
        _count_try(ctx, form.model)
        try:
            registration = _registration(ctx, form.model)
        except (EntryNotOpen, EntryOver):  # said only to a right code
            _take_back_try(ctx, form.model)
            raise
    except ExamError as refusal:
        form.add("", _with_times(refusal, ctx))
        return ctx.page("exam/login.html", form=form, status=status_of(refusal))
    _take_back_try(ctx, form.model)
    token = people.open_candidate_session(
        ctx.session,
        registration_id=registration.id,
        institution_id=registration.institution_id,
        now=ctx.now,
    )
    login = people.resume(ctx.session, token, now=ctx.now)
    assert login is not None
    delivery.take_over(ctx.session, actor=login.actor)
    response = ctx.redirect(first_page(ctx.request.headers.get("user-agent", ""), token))
    response.set_cookie(
        SESSION_COOKIE, token, httponly=True, samesite="lax", secure=ctx.settings.secure_cookies
    )
    return response


def _count_try(ctx: Context, sent: EntryForm) -> None:
    """Count a try for the ticket and for the address, whichever of them refuses; raises TooMany."""
    address = client_address(ctx.request)
    try:
        if not getattr(ctx.request.state, TICKET_COUNTED, False):
            count_ticket(sent.ticket_number.strip(), address)
    finally:
        addresses.check(address)


def _take_back_try(ctx: Context, sent: EntryForm) -> None:
    address = client_address(ctx.request)
    take_back_ticket(sent.ticket_number.strip(), address)
    addresses.take_back(address)


def _registration(ctx: Context, sent: EntryForm) -> Registration:
    try:
        return sittings.check_entry(
            ctx.session,
            ticket_number=sent.ticket_number,
            entry_code=sent.entry_code,
            now=database_now(ctx.session),
        )
    except EntryOver:  # said only to whoever proved the ticket; extra time may reach beyond the common end
        found = delivery.still_working(ctx.session, ticket_number=sent.ticket_number.strip())
        if found is None:
            raise
        return found


def _with_times(refusal: ExamError, ctx: Context) -> ExamError:
    """Return the refusal with its times in the reader's zone and words."""
    refusal.facts = {
        name: format_time(value, ctx.language) if isinstance(value, datetime) else value
        for name, value in refusal.facts.items()
    }
    return refusal


@router.get("")
def wait(ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """The waiting room: who, where, the rules, and the start button."""
    return _waiting_page(ctx)


def _waiting_page(ctx: Context, refusal: ExamError | None = None) -> Response:
    actor = candidate_actor(ctx)
    rooms = delivery.waiting_room(ctx.session, actor=actor)
    current = current_of(rooms)
    elsewhere = turned_away(ctx, current.place.sitting.id) if current else None
    if elsewhere is not None:
        return elsewhere
    name = people.read_person(ctx.session, rooms[0].place.registration.person_id).name if rooms else ""
    stored = current.place.seat.accommodations if current else None
    limit = current.terms.limit_minutes if current else 0
    return ctx.page(
        "exam/waiting.html",
        look=look_of(stored),
        needs=waiting_needs(stored, limit, ctx.language),
        rooms=rooms,
        current=current,
        waiting_key=waiting_key(ctx.database.keyring, current.place.sitting.id) if current else "",
        name=name,
        Stage=Stage,
        section_names=SECTION_NAMES,
        refusal=refusal,
        status=status_of(refusal) if refusal else 200,
    )


@router.get("/photo")
def show_photo(ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """The candidate's own photograph."""
    actor = candidate_actor(ctx)
    assert actor.id is not None
    photo = sittings.read_photo(ctx.session, actor.id)
    if photo is None:
        raise NotFound
    return Response(photo, media_type="image/jpeg")


@router.post("/sittings/{sitting_id}/start")
def start(sitting_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Begin; a second click goes to the attempt that was begun."""
    elsewhere = turned_away(ctx, sitting_id)
    if elsewhere is not None:
        return elsewhere
    try:
        attempt = delivery.start(ctx.session, actor=candidate_actor(ctx), sitting_id=sitting_id)
    except (Conflict, EntryBarred) as refusal:
        refused = _with_times(refusal, ctx)
        if _wants_json(ctx):
            raise refused from None
        return _waiting_page(ctx, refused)
    return ctx.redirect(f"/exam/attempts/{attempt.id}")


def _wants_json(ctx: Context) -> bool:
    return "application/json" in ctx.request.headers.get("accept", "")


@router.get("/attempts/{attempt_id}")
def work(attempt_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """The examination page."""
    actor = candidate_actor(ctx)
    attempt = delivery.own_attempt(ctx.session, actor=actor, attempt_id=attempt_id)
    if delivery.is_over(ctx.session, attempt):
        return ctx.redirect(f"/exam/attempts/{attempt_id}/receipt")
    elsewhere = turned_away(ctx, attempt.sitting_id)
    if elsewhere is not None:
        return elsewhere
    place = delivery.place_of(ctx.session, attempt)
    name = people.read_person(ctx.session, place.registration.person_id).name
    who = Who(name, place.registration.ticket_number or "", place.seat.number, place.plan.name)
    saved, standing = (
        delivery.saved_answers(ctx.session, attempt),
        delivery.standing(ctx.session, attempt),
    )
    chosen = {item: answer.response for item, answer in saved.items() if answer.response}
    sheet = Sheet(
        attempt.id,
        attempt.paper_id,
        attempt.seed,
        attempt.epoch,
        attempt.due_at,
        who,
        chosen,
        accommodations=place.seat.accommodations,
        form=standing.places if standing else attempt.form,
        standing=standing,
        resting=attempt.paused_at is not None
        and delivery.breaks_of(ctx.session, actor=actor, attempt_id=attempt_id).seconds is not None,
    )
    paper = _engine(ctx).shelf.paper(ctx.session, attempt.paper_id)
    values = ctx.values()
    pages = paper_pages(paper, ctx.language, demonstration=values["demonstration"])
    response = HTMLResponse(pages.page(sheet, csrf=values["csrf"], notice=values["notice"]))
    if values["notice"]:
        response.delete_cookie(NOTICE_COOKIE)
    return response


@router.post("/attempts/{attempt_id}/open")
def open_here(attempt_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Open the attempt in this page, which takes over from any other: token, answers, remaining time."""
    actor = candidate_actor(ctx)
    _check_browser(ctx, attempt_id)
    return _told(ctx, delivery.open_attempt(ctx.session, actor=actor, attempt_id=attempt_id))


def _check_browser(ctx: Context, attempt_id: UUID) -> None:
    attempt = delivery.own_attempt(ctx.session, actor=candidate_actor(ctx), attempt_id=attempt_id)
    if wanted(ctx, attempt.sitting_id) is SebUse.REQUIRED:
        raise SebNeeded


def _told(ctx: Context, opened: Opened) -> Response:
    attempt, standing = opened.attempt, opened.standing
    form = standing.places if standing else attempt.form
    if form is not None:
        _engine(ctx).shelf.give(attempt.id, attempt.epoch, form)
    return JSONResponse(
        {
            "token": opened.token,
            "epoch": attempt.epoch,
            "remaining": opened.remaining,
            "paused": attempt.paused_at is not None,
            "seal": page_seal(ctx.database.keyring, attempt.id),
            "answers": [
                {
                    "item": str(answer.item_id),
                    "epoch": answer.epoch,
                    "revision": answer.revision,
                    "response": answer.response,
                    "flagged": answer.flagged,
                }
                for answer in opened.answers
            ],
            **step_as_json(standing),
        }
    )


@router.post("/attempts/{attempt_id}/go-on")
def go_on(attempt_id: UUID, data: FormDep, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Leave a step of the attempt for the next one, for good."""
    sent = parse_form(StepForm, data).model
    if sent is None:
        raise TakenOver
    _check_browser(ctx, attempt_id)
    try:
        opened = delivery.go_on(
            ctx.session,
            actor=candidate_actor(ctx),
            attempt_id=attempt_id,
            number=sent.step,
            epoch=sent.epoch,
        )
    except Conflict as refusal:
        if _wants_json(ctx):
            raise
        return _confirm_page(ctx, attempt_id, refusal)
    return _told(ctx, opened) if _wants_json(ctx) else ctx.redirect(f"/exam/attempts/{attempt_id}")


@router.post("/attempts/{attempt_id}/form")
def save_without_script(
    attempt_id: UUID, data: FormDep, ctx: Context = requires(Action.EXAM_SIT)
) -> Response:
    """Save the whole page as a form, for browsers without script."""
    actor = candidate_actor(ctx)
    attempt = delivery.own_attempt(ctx.session, actor=actor, attempt_id=attempt_id)
    places = delivery.places_of(ctx.session, attempt)
    form = form_of(subset(_engine(ctx).shelf.paper(ctx.session, attempt.paper_id), places))
    delivery.save_form(
        ctx.session,
        actor=actor,
        attempt_id=attempt_id,
        epoch=_epoch(data),
        form=form,
        responses={item_id: data.texts(f"q-{item_id}") for item_id in form},
    )
    if data.text("then") == "break":
        delivery.take_break(ctx.session, actor=actor, attempt_id=attempt_id, epoch=_epoch(data))
        return ctx.redirect(f"/exam/attempts/{attempt_id}/rest")
    if data.text("then") == "hand-in":
        return ctx.redirect(f"/exam/attempts/{attempt_id}/confirm")
    return ctx.redirect(f"/exam/attempts/{attempt_id}", notice=ctx._("Your answers are saved."))


def _epoch(data: FormData) -> int:
    sent = parse_form(EpochForm, data).model
    if sent is None:
        raise TakenOver
    return sent.epoch


@router.get("/attempts/{attempt_id}/confirm")
def confirm(attempt_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Ask once before handing in, for browsers without script."""
    return _confirm_page(ctx, attempt_id)


def _confirm_page(ctx: Context, attempt_id: UUID, refusal: ExamError | None = None) -> Response:
    attempt = delivery.own_attempt(ctx.session, actor=candidate_actor(ctx), attempt_id=attempt_id)
    if delivery.is_over(ctx.session, attempt):
        return ctx.redirect(f"/exam/attempts/{attempt_id}/receipt")
    standing = delivery.standing(ctx.session, attempt)
    places = standing.places if standing else attempt.form
    paper = arrange(_engine(ctx).shelf.paper(ctx.session, attempt.paper_id), attempt.seed, places)
    saved = delivery.saved_answers(ctx.session, attempt)
    items = [entry.item_id for section in paper.sections for entry in section.entries]
    first = standing.questions_before + 1 if standing else 1
    missing = [n for n, item in enumerate(items, first) if item not in saved or not saved[item].response]
    return ctx.page(
        "exam/confirm.html",
        look=look_of(delivery.place_of(ctx.session, attempt).seat.accommodations),
        attempt=attempt,
        standing=standing,
        missing=missing,
        refusal=refusal,
        status=status_of(refusal) if refusal else 200,
    )


@router.post("/attempts/{attempt_id}/submit")
def hand_in(attempt_id: UUID, data: FormDep, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Hand in once; a second time shows the first receipt."""
    try:
        handed_in = delivery.hand_in(
            ctx.session, actor=candidate_actor(ctx), attempt_id=attempt_id, epoch=_epoch(data)
        )
    except Conflict as refusal:
        if _wants_json(ctx):
            raise
        return _confirm_page(ctx, attempt_id, refusal)
    url = f"/exam/attempts/{attempt_id}/receipt"
    if _wants_json(ctx):
        code = "already_handed_in" if handed_in.already else "handed_in"
        return JSONResponse({"code": code, "receipt": handed_in.attempt.receipt, "url": url})
    notice = ctx._("Your paper had been handed in already; nothing was changed.") if handed_in.already else ""
    return ctx.redirect(url, notice=notice)


@router.get("/attempts/{attempt_id}/receipt")
def show_receipt(attempt_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """The receipt of what was received."""
    actor = candidate_actor(ctx)
    handed_in = delivery.receipt_of(ctx.session, actor=actor, attempt_id=attempt_id)
    if handed_in is None:
        attempt = delivery.own_attempt(ctx.session, actor=actor, attempt_id=attempt_id)
        if not delivery.is_over(ctx.session, attempt):
            return ctx.redirect(f"/exam/attempts/{attempt_id}")
        return ctx.page("exam/closing.html")
    place = delivery.place_of(ctx.session, handed_in.attempt)
    form = handed_in.attempt.form
    total = (
        _engine(ctx).shelf.paper(ctx.session, handed_in.attempt.paper_id).size if form is None else len(form)
    )
    return ctx.page(
        "exam/receipt.html",
        look=look_of(place.seat.accommodations),
        handed_in=handed_in,
        attempt=handed_in.attempt,
        place=place,
        name=people.read_person(ctx.session, place.registration.person_id).name,
        total=total,
        groups=_in_fours(handed_in.attempt),
        in_seb=is_named(ctx.request.headers.get("user-agent", "")),
    )


def _in_fours(attempt: Attempt) -> list[str]:
    return [attempt.receipt[start : start + 4] for start in range(0, 32, 4)]


@router.post("/logout")
def leave(ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """End the candidate's login on this machine."""
    assert ctx.login is not None
    people.log_out(ctx.session, ctx.login)
    response: Any = ctx.redirect("/exam/login")
    response.delete_cookie(SESSION_COOKIE)
    return cast(Response, response)
