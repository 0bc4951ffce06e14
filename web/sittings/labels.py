"""Words for the states, fields and findings of this area."""

from __future__ import annotations

from exam_engine.sittings.rules import Component, Duty, PlanStatus, RegistrationStatus, SittingStatus, Way
from web.i18n import N_

COMPONENTS: dict[Component, str] = {
    Component.THEORY: N_("Theory examination"),
    Component.PRACTICAL: N_("Practical assessment"),
    Component.REVIEW: N_("Comprehensive review"),
}
SECTIONS: dict[str, str] = {
    "single_choice": N_("Single choice"),
    "multiple_choice": N_("Multiple choice"),
    "true_false": N_("True/false"),
}
"""Sections of papers, by the type of their items."""
PLAN_STATUS: dict[PlanStatus, tuple[str, str]] = {
    PlanStatus.REGISTERING: (N_("Registering"), "info"),
    PlanStatus.ARRANGED: (N_("Arranged"), "good"),
    PlanStatus.CLOSED: (N_("Plan closed"), "neutral"),
}
SITTING_STATUS: dict[SittingStatus, tuple[str, str]] = {
    SittingStatus.DRAFT: (N_("In preparation"), "neutral"),
    SittingStatus.PUBLISHED: (N_("Published"), "good"),
    SittingStatus.CLOSED: (N_("Sitting closed"), "neutral"),
}
SITTING_WAYS: dict[Way, str] = {
    Way.FIXED: N_("Fixed papers, dealt out by seat"),
    Way.INDIVIDUAL: N_("Individual forms: every candidate gets one drawn for them alone"),
    Way.MULTISTAGE: N_("Two-stage test: the score in a first module leads to an easier or harder second one"),
    Way.ADAPTIVE: N_("Adaptive test: each next item follows from the answers so far"),
}
REGISTRATION_STATUS: dict[RegistrationStatus, tuple[str, str]] = {
    RegistrationStatus.CLAIMED: (N_("To be reviewed"), "warn"),
    RegistrationStatus.APPROVED: (N_("Qualified"), "good"),
    RegistrationStatus.REJECTED: (N_("Not qualified"), "bad"),
}
DUTIES: dict[Duty, str] = {
    Duty.INVIGILATOR: N_("Invigilator"),
    Duty.EXAMINER: N_("Practical examiner"),
    Duty.TECHNICIAN: N_("Technician"),
    Duty.SUPERVISOR: N_("Quality supervisor"),
}
EVENTS: dict[str, str] = {
    "registered": N_("Registered"),
    "changed": N_("Corrected"),
    "reviewed": N_("Qualification reviewed"),
    "photo": N_("Photograph kept"),
    "ticket": N_("Ticket numbered"),
    "code": N_("Entry code issued"),
    "code_again": N_("Entry code issued again"),
    "accommodation_given": N_("Accommodation given"),
    "accommodation_withdrawn": N_("Accommodation withdrawn"),
    "began": N_("Began answering"),
    "handed_in": N_("Handed in"),
    "forced": N_("Handed in without the candidate"),
    "present": N_("Attendance: present"),
    "absent": N_("Attendance: absent"),
    "moved": N_("Seat changed during the examination"),
    "incident_confirmed": N_("Incident confirmed by a second person"),
    "incident_cheating": N_("Incident: cheating"),
    "incident_identical_papers": N_("Incident: identical papers"),
    "incident_disruption": N_("Incident: disruption"),
    "incident_identity": N_("Incident: identity in doubt"),
    "incident_equipment": N_("Incident: equipment failure"),
    "incident_illness": N_("Incident: illness"),
    "incident_other": N_("Incident: other"),
    "incident_withdrawn": N_("Incident withdrawn"),
}
FIELDS: dict[str, str] = {
    "name": N_("Full name"),
    "telephone": N_("Mobile number"),
    "education": N_("Education"),
    "source": N_("Where from"),
    "collection": N_("Certificate collection"),
    "address": N_("Delivery address"),
    "condition": N_("Entry condition"),
    "ground": N_("Ground of the claim"),
    "started_work_on": N_("Start of work"),
    "trade": N_("Present trade"),
    "status": N_("Qualification"),
    "seat": N_("Seat"),
}
FINDINGS: dict[str, str] = {
    "age": N_("Aged {age} on the day of examination; the condition asks for {least}."),
    "work_years": N_(
        "By the stated start of work {years} full years on the day of examination; the condition asks for {least}."
    ),
    "work_start_missing": N_(
        "No start of work is stated; the condition asks for {least} years. Check the evidence."
    ),
    "glyphs": N_(
        "The certificate fonts lack {characters}. Have the font installed before certificates are printed."
    ),
}
"""Doubts about a claim, by code."""

STAGES = (N_("Registering candidates"),)
"""Stages that the import job reports."""
