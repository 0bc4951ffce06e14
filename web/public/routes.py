"""Pages for the public, without login.

They read across institutions, because the public belongs to none: each shows only what was published, or what
the asker could already name.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.certificates import service as certificates
from exam_engine.certificates.rules import CertificateStatus
from exam_engine.certificates.service import CertificateView
from exam_engine.recognition import service as recognition
from exam_engine.recognition.rules import NoticeStatus, ObjectionStatus
from exam_engine.results import service as results
from exam_engine.results.rules import ResultState
from itembank.base.db import Scope
from itembank.base.errors import ExamError, NotFound
from web.deps import Context, public
from web.errors import status_of
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import N_
from web.labels import COMPONENTS
from web.public.forms import ObjectionForm, ResultForm, VerifyForm
from web.security import Limiter, client_address

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]

verifications = Limiter("verification", limit=30, seconds=60)
objections = Limiter("objection", limit=10, seconds=600)
"""Each per address, in this process; several processes allow so many times more."""

EVERYTHING = Scope.everything()

STATUSES = {
    CertificateStatus.VALID: N_("Valid"),
    CertificateStatus.REVOKED: N_("Revoked: this certificate is no longer in force"),
}
OBJECTIONS = {
    ObjectionStatus.FILED: N_("Received; not yet under investigation"),
    ObjectionStatus.INVESTIGATING: N_("Under investigation"),
    ObjectionStatus.UPHELD: N_("Decided: the objection was upheld"),
    ObjectionStatus.DISMISSED: N_("Decided: the objection was dismissed"),
}

RESULTS = {ResultState.ABSENT: N_("Absent"), ResultState.CHEATING: N_("Cheating")}


# Open: notices are published for everybody; all institutions, masked lines only.
@router.get("/public/notices")
def list_notices(ctx: Context = public(EVERYTHING)) -> Response:
    """The latest notices."""
    return ctx.page(
        "public/notices.html", views=recognition.list_notices(ctx.session), running=NoticeStatus.OPEN
    )


# Open: a notice is published for everybody.
@router.get("/public/notices/{slug}")
def show_notice(slug: str, ctx: Context = public(EVERYTHING)) -> Response:
    """One notice, and the form for objections."""
    return _notice_page(ctx, slug, Form())


def _notice_page(
    ctx: Context, slug: str, form: Form[ObjectionForm], *, reference: str = "", status: int = 200
) -> Response:
    view = recognition.find_notice(ctx.session, slug)
    return ctx.page(
        "public/notice.html",
        view=view,
        running=view.status(ctx.now) is NoticeStatus.OPEN,
        form=form,
        reference=reference,
        components=COMPONENTS,
        status=status,
    )


# Open: anybody may object while the notice runs; bounded by address.
@router.post("/public/notices/{slug}/objections")
def file_objection(slug: str, data: FormDep, ctx: Context = public(EVERYTHING)) -> Response:
    """File an objection and give the objector its reference."""
    objections.check(client_address(ctx.request))
    form = parse_form(ObjectionForm, data)
    if form.model is None:
        return _notice_page(ctx, slug, form, status=422)
    try:
        with ctx.session.begin_nested():
            filed = recognition.file_objection(
                ctx.session,
                actor=ctx.actor,
                slug=slug,
                position=form.model.position,
                ground=form.model.ground,
                objector=form.model.objector,
                telephone=form.model.telephone,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        places = {"objection_ground_missing": "ground", "objection_entry_unknown": "position"}
        form.add(places.get(error.code, ""), error)
        return _notice_page(ctx, slug, form, status=status_of(error))
    return _notice_page(ctx, slug, Form(), reference=filed.reference)


# Open: whoever kept the reference learns what became of the objection, and nothing else.
@router.get("/public/objections")
def show_objection(reference: str = "", ctx: Context = public(EVERYTHING)) -> Response:
    """What became of an objection."""
    found = None
    if reference.strip():
        verifications.check(client_address(ctx.request))
        found = recognition.status_by_reference(ctx.session, reference)
    return ctx.page("public/objection.html", reference=reference.strip(), found=found, states=OBJECTIONS)


# Open: candidates have no account after the examination; ticket and identity document say who asks.
@router.get("/public/results")
def show_results(ctx: Context = public(EVERYTHING)) -> Response:
    """The form to ask for one's own results."""
    return ctx.page("public/results.html", form=Form(), mark=None, asked=False)


# Open: as above; bounded by address, one answer for whatever does not match.
@router.post("/public/results")
def ask_results(data: FormDep, ctx: Context = public(EVERYTHING)) -> Response:
    """Show a candidate the own released results."""
    verifications.check(client_address(ctx.request))
    form = parse_form(ResultForm, data)
    form.values.pop("document", None)
    if form.model is None:
        return ctx.page("public/results.html", form=form, mark=None, asked=False, status=422)
    found = results.own_results(ctx.session, form.model.ticket, form.model.document)
    return ctx.page(
        "public/results.html",
        form=form,
        mark=recognition.mark_of_plan(ctx.session, found[0]) if found else None,
        rows=found[1] if found else [],
        asked=True,
        components=COMPONENTS,
        states=RESULTS,
        status=200 if found else 404,
    )


# Open: employers and others check certificates; bounded by address, one answer for whatever does not match.
@router.get("/verify")
def show_verification(ctx: Context = public(EVERYTHING)) -> Response:
    """The form to check a certificate."""
    return _verification_page(ctx, Form())


# Open: as above.
@router.post("/verify")
def verify(data: FormDep, ctx: Context = public(EVERYTHING)) -> Response:
    """Show the true record of the certificate with this number and holder."""
    verifications.check(client_address(ctx.request))
    form = parse_form(VerifyForm, data)
    if form.model is None:
        return _verification_page(ctx, form, status=422)
    found = certificates.verify_by_number(ctx.session, form.model.number, form.model.name)
    return _verification_page(ctx, form, found=found, asked=True, status=200 if found else 404)


# Open: the address in a certificate's QR code; its token cannot be guessed.
@router.get("/verify/{token}")
def verify_token(token: str, ctx: Context = public(EVERYTHING)) -> Response:
    """Show the true record behind a QR code."""
    verifications.check(client_address(ctx.request))
    found = certificates.verify_by_token(ctx.session, token)
    return _verification_page(ctx, Form(), found=found, asked=True, status=200 if found else 404)


def _verification_page(
    ctx: Context,
    form: Form[VerifyForm],
    *,
    found: CertificateView | None = None,
    asked: bool = False,
    status: int = 200,
) -> Response:
    return ctx.page(
        "public/verify.html", form=form, found=found, asked=asked, statuses=STATUSES, status=status
    )
