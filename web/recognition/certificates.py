"""Issuing, printing and revoking certificates."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.responses import Response

from exam_engine.certificates import service as certificates
from exam_engine.certificates.rules import CertificateStatus
from itembank.base.errors import ExamError, NotFound
from itembank.base.fonts import FontSet, find_fonts
from itembank.people.rules import Action
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, FormData, PageNumber, form_data, parse_form
from web.i18n import N_
from web.recognition import routes
from web.recognition.forms import RevocationForm
from web.recognition.routes import plan_page
from web.settings import Settings

router = routes.router
FormDep = Annotated[FormData, Depends(form_data)]

STATUSES = {CertificateStatus.VALID: N_("Valid"), CertificateStatus.REVOKED: N_("Revoked")}
PAGE = 100


def fonts_of(settings: Settings) -> FontSet:
    """Return the fonts of printed documents; raises FontMissing."""
    return find_fonts((*settings.font_folders, settings.data / "fonts"))


@router.post("/recognition/plans/{plan_id}/certificates")
def issue_certificates(plan_id: UUID, ctx: Context = requires(Action.CERTIFICATE_ISSUE)) -> Response:
    """Issue all approved certificates of a plan."""
    try:
        with ctx.session.begin_nested():
            issued = certificates.issue_certificates(
                ctx.session, actor=ctx.actor, plan_id=plan_id, fonts=fonts_of(ctx.settings), now=ctx.now
            )
    except NotFound:
        raise
    except ExamError as error:
        form: Form[RevocationForm] = Form()
        form.add("", error)
        return plan_page(ctx, plan_id, form, status_of(error))
    return ctx.redirect(
        f"/certificates?plan={plan_id}", notice=ctx._("{count} certificates were issued.", count=len(issued))
    )


@router.get("/certificates")
def list_certificates(
    plan: UUID | None = None,
    q: str = "",
    page: PageNumber = 1,
    ctx: Context = requires(Action.CERTIFICATE_READ),
) -> Response:
    """Certificates in reach."""
    page = max(page, 1)
    rows, found = certificates.list_certificates(
        ctx.session, plan_id=plan, search=q.strip(), offset=(page - 1) * PAGE, limit=PAGE
    )
    return ctx.page(
        "recognition/certificates.html",
        block="rows",
        rows=rows,
        found=found,
        page_number=page,
        pages=max(1, -(-found // PAGE)),
        plan=plan or "",
        q=q.strip(),
        statuses=STATUSES,
    )


@router.get("/certificates/{certificate_id}")
def show_certificate(certificate_id: UUID, ctx: Context = requires(Action.CERTIFICATE_READ)) -> Response:
    """One certificate."""
    return _certificate_page(ctx, certificate_id, Form())


def _certificate_page(
    ctx: Context, certificate_id: UUID, form: Form[RevocationForm], status: int = 200
) -> Response:
    view = certificates.find_certificate(ctx.session, certificate_id)
    address = certificates.verify_address(ctx.session, certificate_id, public_url=ctx.settings.public_url)
    return ctx.page(
        "recognition/certificate.html",
        view=view,
        address=address,
        form=form,
        statuses=STATUSES,
        status=status,
    )


@router.get("/certificates/{certificate_id}/certificate.pdf")
def download_certificate(certificate_id: UUID, ctx: Context = requires(Action.CERTIFICATE_READ)) -> Response:
    """The certificate as PDF; made and kept when it is first asked for."""
    view = certificates.find_certificate(ctx.session, certificate_id)
    document = certificates.stored_document(ctx.session, certificate_id)
    if document is None:
        # A page view reads only; the first one that asks for the file writes it in a transaction of its own.
        with ctx.database.session(scope=ctx.session.info["scope"]) as session:
            document = certificates.make_document(
                session,
                actor=ctx.actor,
                certificate_id=certificate_id,
                fonts=fonts_of(ctx.settings),
                public_url=ctx.settings.public_url,
                now=ctx.now,
            )
    return ctx.download(document, f"{view.certificate.number}.pdf", "application/pdf", inline=True)


@router.post("/certificates/{certificate_id}/revocation")
def revoke_certificate(
    certificate_id: UUID, data: FormDep, ctx: Context = requires(Action.CERTIFICATE_REVOKE)
) -> Response:
    """Take a certificate out of force."""
    form = parse_form(RevocationForm, data)
    if form.model is None:
        return _certificate_page(ctx, certificate_id, form, 422)
    try:
        with ctx.session.begin_nested():
            certificates.revoke_certificate(
                ctx.session,
                actor=ctx.actor,
                certificate_id=certificate_id,
                reason=form.model.reason,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error)
        return _certificate_page(ctx, certificate_id, form, status_of(error))
    return ctx.redirect(f"/certificates/{certificate_id}", notice=ctx._("The certificate is revoked."))
