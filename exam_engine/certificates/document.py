"""The printed certificate: its content, and the PDF made of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from itembank.base.documents import qr_svg, render_pdf
from itembank.base.fonts import FontSet

TEMPLATE = Path(__file__).with_name("certificate.typ")

TITLE = "职业技能等级证书"
BODY = (
    "本证书由{institution}颁发，表明持证人通过本机构组织的职业技能等级认定，"
    "具备该职业（工种）相应技能等级水平。"
)
NO_WORK_TYPE = "--"
"""Printed when there is no work type: the field is never left empty."""


@dataclass(frozen=True)
class CertificateContent:
    """What stands on a certificate, in the words that are printed."""

    number: str
    name: str
    document_type: str
    document_number: str
    occupation: str
    work_type: str | None
    level: str
    institution: str
    issued_on: date
    verify_url: str
    query_addresses: tuple[str, ...]
    specimen: bool = False
    """Printed across the page for demonstrations, so that no paper of theirs passes for a real one."""


def render_certificate(
    content: CertificateContent, *, photo: bytes | None, fonts: FontSet, timestamp: datetime
) -> bytes:
    """Return the certificate as archival A4 PDF.

    Raises
    ------
    GlyphMissing
        If no installed font can draw one of its characters.
    ImageUnreadable
        If the photograph cannot be decoded.
    """
    issued = content.issued_on
    data = {
        **asdict(content),
        "title": TITLE,
        "body": BODY.format(institution=content.institution),
        "work_type": content.work_type or NO_WORK_TYPE,
        "issued_on": f"{issued.year} 年 {issued.month} 月 {issued.day} 日",
        "qr": qr_svg(content.verify_url),
    }
    images = {} if photo is None else {"photo": photo}
    return render_pdf(TEMPLATE, data, fonts=fonts, images=images, timestamp=timestamp)
