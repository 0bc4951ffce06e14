"""Words for the enums that every area shows."""

from __future__ import annotations

from exam_engine.papers.rules import PaperStatus
from exam_engine.sittings.rules import Component
from itembank.people.rules import InstitutionKind, Role
from web.i18n import N_

INSTITUTION_KINDS: dict[InstitutionKind, str] = {
    InstitutionKind.PLATFORM: N_("Platform"),
    InstitutionKind.MINISTRY_CENTRE: N_("Ministry centre"),
    InstitutionKind.PROVINCE_CENTRE: N_("Provincial centre"),
    InstitutionKind.CITY_CENTRE: N_("City centre"),
    InstitutionKind.EMPLOYER: N_("Employer"),
    InstitutionKind.SOCIAL: N_("Social training and evaluation organisation"),
    InstitutionKind.SITE: N_("Examination site"),
}

ROLES: dict[Role, str] = {
    Role.ITEM_WRITER: N_("Item writer"),
    Role.REVIEWER: N_("Item reviewer"),
    Role.PAPER_MANAGER: N_("Paper manager"),
    Role.EXAM_OFFICER: N_("Exam officer"),
    Role.INVIGILATOR: N_("Invigilator"),
    Role.PRACTICAL_EXAMINER: N_("Practical examiner"),
    Role.MARKER: N_("Marker"),
    Role.QUALITY_SUPERVISOR: N_("Quality supervisor"),
    Role.PSYCHOMETRICIAN: N_("Psychometrician"),
    Role.INSTITUTION_ADMINISTRATOR: N_("Institution administrator"),
    Role.CENTRE_OFFICER: N_("Centre officer"),
    Role.AUDITOR: N_("Auditor"),
    Role.PLATFORM_ADMINISTRATOR: N_("Platform administrator"),
    Role.CANDIDATE: N_("Candidate"),
}

COMPONENTS: dict[Component, str] = {
    Component.THEORY: N_("Theory"),
    Component.PRACTICAL: N_("Practical"),
    Component.REVIEW: N_("Comprehensive review"),
}

PAPER_STATUSES: dict[PaperStatus, tuple[str, str]] = {
    PaperStatus.DRAFT: (N_("Awaiting approval"), "warn"),
    PaperStatus.RETURNED: (N_("Sent back"), "bad"),
    PaperStatus.APPROVED: (N_("Approved, to be sealed"), "info"),
    PaperStatus.SEALED: (N_("Sealed"), "good"),
    PaperStatus.DISCARDED: (N_("Discarded"), "neutral"),
}
"""State → words and tone, of papers and collections."""
