"""What can be asked of certificates: issue, print, revoke, verify."""

from exam_engine.certificates.service.issue import (
    certificates_to_issue,
    issue_certificates,
    revoke_certificate,
)
from exam_engine.certificates.service.print import make_document, stored_document
from exam_engine.certificates.service.verify import (
    CertificateView,
    find_certificate,
    issued_registrations,
    list_certificates,
    verify_address,
    verify_by_number,
    verify_by_token,
)

__all__ = [
    "CertificateView",
    "certificates_to_issue",
    "find_certificate",
    "issue_certificates",
    "issued_registrations",
    "list_certificates",
    "make_document",
    "revoke_certificate",
    "stored_document",
    "verify_address",
    "verify_by_number",
    "verify_by_token",
]
