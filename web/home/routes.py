"""The home page of every role, and the pages that follow a job."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from exam_engine.jobs import service as jobs
from itembank.people.rules import Action
from web.deps import LANGUAGE_COOKIE, Context, public, requires
from web.i18n import LANGUAGES, N_
from web.navigation import Area

router = APIRouter()

KINDS = {
    "calibration.run": N_("Calibration of items"),
    "statistics.report": N_("Statistics report"),
    "marking.mark": N_("Marking of a theory sitting"),
    "papers.assemble": N_("Assembly of papers"),
    "papers.draw": N_("Drawing of individual forms"),
    "papers.capacity": N_("How many forms the bank can give"),
    "delivery.collect": N_("Collection of an adaptive or two-stage examination"),
    "sittings.import": N_("Import of registrations"),
}
"""What jobs are called, by kind."""


@router.get("/")
def show_home(ctx: Context = requires(Action.HOME)) -> Response:
    """What waits for this person, and what became of the slow work they asked for."""
    areas = cast(list[Area], ctx.request.app.state.areas)
    todos = [todo for area in areas if area.todos for todo in area.todos(ctx) if todo.count]
    asked_for = [job for job in jobs.list_jobs(ctx.session) if job.actor.get("id") == str(ctx.actor.id)]
    return ctx.page("home/home.html", todos=todos, jobs=asked_for[:8], kinds=KINDS)


@router.get("/jobs/{job_id}")
def show_job(job_id: UUID, ctx: Context = requires(Action.JOB_READ)) -> Response:
    """Progress of one job; the page asks again until it ends, then goes on to its result."""
    job = jobs.find_job(ctx.session, job_id)
    return ctx.page("home/job.html", block="progress", job=job, kinds=KINDS)


@router.post("/jobs/{job_id}/cancel")
def cancel_job(job_id: UUID, ctx: Context = requires(Action.JOB_READ)) -> Response:
    """Stop a job."""
    jobs.cancel(ctx.session, actor=ctx.actor, job_id=job_id, now=ctx.now)
    return ctx.redirect(f"/jobs/{job_id}", notice=ctx._("The job is being cancelled."))


# Open: everybody chooses the language they read, logged in or not.
@router.get("/language/{language}")
def choose_language(language: str, next: str = "/", ctx: Context = public()) -> Response:
    """Keep the reader's language and go back."""
    target = next if next.startswith("/") and not next.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(target, status_code=303)
    if language in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=31_536_000, samesite="lax", secure=ctx.settings.secure_cookies
        )
    return response


# Open: load balancers and the start scripts ask whether the site answers.
@router.get("/health")
def health(ctx: Context = public()) -> dict[str, str]:
    """Answer when the database answers."""
    return {"status": "ok", "time": ctx.now.isoformat()}
