"""Who may do what: institution kinds, roles, actions and the one permission table. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from itembank.base.errors import Forbidden, Invalid


class InstitutionKind(StrEnum):
    """What an organisation is; centres form a tree by ``parent``."""

    PLATFORM = "platform"
    MINISTRY_CENTRE = "ministry_centre"
    PROVINCE_CENTRE = "province_centre"
    CITY_CENTRE = "city_centre"
    EMPLOYER = "employer"
    SOCIAL = "social"
    SITE = "site"


CENTRES = frozenset(
    {InstitutionKind.MINISTRY_CENTRE, InstitutionKind.PROVINCE_CENTRE, InstitutionKind.CITY_CENTRE}
)
ASSESSORS = frozenset({InstitutionKind.EMPLOYER, InstitutionKind.SOCIAL})
"""Evaluation institutions 评价机构 [规程 2, 11–15]."""

PARENT_KINDS: dict[InstitutionKind, frozenset[InstitutionKind]] = {
    InstitutionKind.PLATFORM: frozenset(),
    InstitutionKind.MINISTRY_CENTRE: frozenset({InstitutionKind.PLATFORM}),
    InstitutionKind.PROVINCE_CENTRE: frozenset({InstitutionKind.PLATFORM, InstitutionKind.MINISTRY_CENTRE}),
    InstitutionKind.CITY_CENTRE: frozenset({InstitutionKind.PLATFORM, InstitutionKind.PROVINCE_CENTRE}),
    InstitutionKind.EMPLOYER: frozenset({InstitutionKind.PLATFORM}) | CENTRES,
    InstitutionKind.SOCIAL: frozenset({InstitutionKind.PLATFORM}) | CENTRES,
    InstitutionKind.SITE: ASSESSORS,
}


class Role(StrEnum):
    """What a person does at an institution."""

    ITEM_WRITER = "item_writer"
    REVIEWER = "reviewer"
    PAPER_MANAGER = "paper_manager"
    EXAM_OFFICER = "exam_officer"
    INVIGILATOR = "invigilator"
    PRACTICAL_EXAMINER = "practical_examiner"
    MARKER = "marker"
    QUALITY_SUPERVISOR = "quality_supervisor"
    PSYCHOMETRICIAN = "psychometrician"
    INSTITUTION_ADMINISTRATOR = "institution_administrator"
    CENTRE_OFFICER = "centre_officer"
    AUDITOR = "auditor"
    PLATFORM_ADMINISTRATOR = "platform_administrator"
    CANDIDATE = "candidate"


class Action(StrEnum):
    """Everything the web can be asked to do, as noun and verb."""

    HOME = "home.read"
    ACCOUNT = "account.change"
    JOB_READ = "job.read"
    PEOPLE_MANAGE = "people.manage"
    INSTITUTION_MANAGE = "institution.manage"
    AUDIT_READ = "audit.read"

    TAXONOMY_READ = "taxonomy.read"
    TAXONOMY_WRITE = "taxonomy.write"
    ITEM_READ = "item.read"
    ITEM_WRITE = "item.write"
    ITEM_IMPORT = "item.import"
    ITEM_PLACE = "item.place"
    ITEM_REVIEW = "item.review"
    ITEM_SUSPEND = "item.suspend"
    KEY_READ = "key.read"
    OCCUPATION_WRITE = "occupation.write"
    STATISTICS_READ = "statistics.read"
    CALIBRATION_RUN = "calibration.run"
    STANDARD_READ = "standard.read"
    STANDARD_LEAD = "standard.lead"
    STANDARD_RATE = "standard.rate"
    STANDARD_RECORD = "standard.record"

    PAPER_READ = "paper.read"
    BLUEPRINT_WRITE = "blueprint.write"
    PAPER_ASSEMBLE = "paper.assemble"
    PAPER_SEAL = "paper.seal"
    PAPER_PRINT = "paper.print"

    FILING_READ = "filing.read"
    FILING_WRITE = "filing.write"
    PLAN_READ = "plan.read"
    PLAN_WRITE = "plan.write"
    REGISTRATION_READ = "registration.read"
    REGISTRATION_WRITE = "registration.write"
    REGISTRATION_REVIEW = "registration.review"
    ACCOMMODATION_READ = "accommodation.read"
    ACCOMMODATION_GIVE = "accommodation.give"
    ROOM_READ = "room.read"
    INCIDENT_RECORD = "incident.record"
    ATTEMPT_CONTROL = "attempt.control"
    LATE_FILE_READ = "late_file.read"
    LATE_FILE_HANDLE = "late_file.handle"
    EXAM_SIT = "exam.sit"

    MARKING_RUN = "marking.run"
    PRACTICAL_READ = "practical.read"
    PRACTICAL_SCORE = "practical.score"
    PRACTICAL_MANAGE = "practical.manage"
    RESULT_READ = "result.read"
    RESULT_RELEASE = "result.release"
    NOTICE_PUBLISH = "notice.publish"
    OBJECTION_READ = "objection.read"
    OBJECTION_DECIDE = "objection.decide"
    RECOGNITION_READ = "recognition.read"
    RECOGNITION_APPROVE = "recognition.approve"
    CERTIFICATE_READ = "certificate.read"
    CERTIFICATE_ISSUE = "certificate.issue"
    CERTIFICATE_REVOKE = "certificate.revoke"


_STAFF = frozenset(Role) - {Role.CANDIDATE}
_BANK = frozenset({Role.ITEM_WRITER, Role.REVIEWER, Role.PAPER_MANAGER, Role.PSYCHOMETRICIAN})
_RUNNING = frozenset(
    {Role.EXAM_OFFICER, Role.INVIGILATOR, Role.INSTITUTION_ADMINISTRATOR, Role.QUALITY_SUPERVISOR}
)

PERMISSIONS: dict[Action, frozenset[Role]] = {
    Action.HOME: _STAFF,
    Action.ACCOUNT: _STAFF,
    Action.JOB_READ: _STAFF,
    Action.PEOPLE_MANAGE: frozenset({Role.INSTITUTION_ADMINISTRATOR, Role.PLATFORM_ADMINISTRATOR}),
    Action.INSTITUTION_MANAGE: frozenset({Role.PLATFORM_ADMINISTRATOR}),
    Action.AUDIT_READ: frozenset({Role.AUDITOR}),
    Action.TAXONOMY_READ: _STAFF,
    Action.TAXONOMY_WRITE: frozenset({Role.PAPER_MANAGER}),
    Action.ITEM_READ: _BANK,
    Action.ITEM_WRITE: frozenset({Role.ITEM_WRITER}),
    Action.ITEM_IMPORT: frozenset({Role.ITEM_WRITER}),
    Action.ITEM_PLACE: frozenset({Role.ITEM_WRITER, Role.PAPER_MANAGER}),
    Action.ITEM_REVIEW: frozenset({Role.REVIEWER}),
    Action.ITEM_SUSPEND: frozenset({Role.REVIEWER, Role.PAPER_MANAGER}),
    # Who assembles papers chooses by attributes and statistics; keys stay with those who judge content.
    Action.KEY_READ: frozenset({Role.ITEM_WRITER, Role.REVIEWER, Role.PSYCHOMETRICIAN}),
    Action.OCCUPATION_WRITE: frozenset({Role.PLATFORM_ADMINISTRATOR}),
    Action.STATISTICS_READ: _BANK,
    Action.CALIBRATION_RUN: frozenset({Role.PSYCHOMETRICIAN}),
    # Results of standard setting are there for those who decide pass marks; judges see their own part only.
    Action.STANDARD_READ: frozenset(
        {
            Role.PSYCHOMETRICIAN,
            Role.PAPER_MANAGER,
            Role.EXAM_OFFICER,
            Role.QUALITY_SUPERVISOR,
            Role.INSTITUTION_ADMINISTRATOR,
        }
    ),
    Action.STANDARD_LEAD: frozenset({Role.PSYCHOMETRICIAN, Role.PAPER_MANAGER}),
    Action.STANDARD_RATE: frozenset({Role.ITEM_WRITER, Role.REVIEWER, Role.PRACTICAL_EXAMINER, Role.MARKER}),
    # The second person; standard_setting.service refuses the leader and the judges.
    Action.STANDARD_RECORD: frozenset(
        {
            Role.PSYCHOMETRICIAN,
            Role.PAPER_MANAGER,
            Role.QUALITY_SUPERVISOR,
            Role.INSTITUTION_ADMINISTRATOR,
        }
    ),
    Action.PAPER_READ: frozenset({Role.PAPER_MANAGER, Role.REVIEWER, Role.PSYCHOMETRICIAN}),
    Action.BLUEPRINT_WRITE: frozenset({Role.PAPER_MANAGER}),
    Action.PAPER_ASSEMBLE: frozenset({Role.PAPER_MANAGER}),
    # The second person is a paper manager or a reviewer; papers.service refuses the one who asked for it.
    Action.PAPER_SEAL: frozenset({Role.PAPER_MANAGER, Role.REVIEWER}),
    # What leaves the site on paper can be read by anybody: one role answers for it. Who reviews drafts gets them
    # watermarked under PAPER_SEAL, and nothing once they are approved.
    Action.PAPER_PRINT: frozenset({Role.PAPER_MANAGER}),
    Action.FILING_READ: _RUNNING | {Role.CENTRE_OFFICER},
    Action.FILING_WRITE: frozenset({Role.CENTRE_OFFICER}),
    Action.PLAN_READ: _RUNNING | {Role.CENTRE_OFFICER, Role.PAPER_MANAGER},
    Action.PLAN_WRITE: frozenset({Role.EXAM_OFFICER}),
    Action.REGISTRATION_READ: frozenset(
        {Role.EXAM_OFFICER, Role.QUALITY_SUPERVISOR, Role.INSTITUTION_ADMINISTRATOR}
    ),
    Action.REGISTRATION_WRITE: frozenset({Role.EXAM_OFFICER}),
    Action.REGISTRATION_REVIEW: frozenset({Role.EXAM_OFFICER}),
    # Reasons are shown only with REGISTRATION_READ: they are mostly about somebody's health.
    Action.ACCOMMODATION_READ: _RUNNING,
    # Invigilators decide once log-in is open; sittings.service refuses them before.
    Action.ACCOMMODATION_GIVE: frozenset({Role.EXAM_OFFICER, Role.INVIGILATOR}),
    Action.ROOM_READ: _RUNNING,
    Action.INCIDENT_RECORD: frozenset({Role.INVIGILATOR, Role.EXAM_OFFICER}),
    Action.ATTEMPT_CONTROL: frozenset({Role.INVIGILATOR, Role.EXAM_OFFICER}),
    Action.LATE_FILE_READ: _RUNNING,
    # Two people: one uploads, another decides; delivery.service refuses the same one.
    Action.LATE_FILE_HANDLE: frozenset({Role.INVIGILATOR, Role.EXAM_OFFICER}),
    Action.EXAM_SIT: frozenset({Role.CANDIDATE}),
    Action.MARKING_RUN: frozenset({Role.EXAM_OFFICER, Role.MARKER}),
    Action.PRACTICAL_READ: frozenset({Role.PRACTICAL_EXAMINER, Role.EXAM_OFFICER, Role.QUALITY_SUPERVISOR}),
    Action.PRACTICAL_SCORE: frozenset({Role.PRACTICAL_EXAMINER}),
    Action.PRACTICAL_MANAGE: frozenset({Role.EXAM_OFFICER}),
    Action.RESULT_READ: frozenset(
        {Role.EXAM_OFFICER, Role.QUALITY_SUPERVISOR, Role.INSTITUTION_ADMINISTRATOR, Role.CENTRE_OFFICER}
    ),
    Action.RESULT_RELEASE: frozenset({Role.EXAM_OFFICER}),
    Action.NOTICE_PUBLISH: frozenset({Role.EXAM_OFFICER}),
    Action.OBJECTION_READ: frozenset(
        {
            Role.EXAM_OFFICER,
            Role.INSTITUTION_ADMINISTRATOR,
            Role.QUALITY_SUPERVISOR,
            Role.CENTRE_OFFICER,
        }
    ),
    Action.OBJECTION_DECIDE: frozenset({Role.INSTITUTION_ADMINISTRATOR, Role.QUALITY_SUPERVISOR}),
    Action.RECOGNITION_READ: frozenset(
        {Role.EXAM_OFFICER, Role.INSTITUTION_ADMINISTRATOR, Role.QUALITY_SUPERVISOR, Role.CENTRE_OFFICER}
    ),
    # 甘138 五(五): the centre reviews before certificates are issued; never the institution itself.
    Action.RECOGNITION_APPROVE: frozenset({Role.CENTRE_OFFICER}),
    Action.CERTIFICATE_READ: frozenset(
        {Role.EXAM_OFFICER, Role.INSTITUTION_ADMINISTRATOR, Role.CENTRE_OFFICER}
    ),
    Action.CERTIFICATE_ISSUE: frozenset({Role.EXAM_OFFICER}),
    Action.CERTIFICATE_REVOKE: frozenset({Role.INSTITUTION_ADMINISTRATOR}),
}

SUPERVISORY = frozenset(
    {
        Action.HOME,
        Action.AUDIT_READ,
        Action.FILING_READ,
        Action.FILING_WRITE,
        Action.PLAN_READ,
        Action.RESULT_READ,
        Action.RECOGNITION_READ,
        Action.RECOGNITION_APPROVE,
        Action.OBJECTION_READ,
        Action.CERTIFICATE_READ,
    }
)
"""Actions whose reach is a centre *and everything below it*; all others stop at the actor's institution."""

PLATFORM_WIDE = SUPERVISORY | {Action.PEOPLE_MANAGE, Action.INSTITUTION_MANAGE}
"""Actions whose reach is everything when the actor acts at the platform."""

ROLE_KINDS: dict[Role, frozenset[InstitutionKind]] = {
    Role.PLATFORM_ADMINISTRATOR: frozenset({InstitutionKind.PLATFORM}),
    Role.CENTRE_OFFICER: CENTRES,
}
"""Roles that exist only at certain kinds of institution."""


class NotPermitted(Forbidden):
    """The actor's role does not carry this action."""

    code = "not_permitted"
    message = "Your role at this institution does not allow this."


class RoleDoesNotFit(Invalid):
    """This role does not exist at that kind of institution."""

    code = "role_does_not_fit"
    message = "This role does not exist at an institution of this kind."


class ParentDoesNotFit(Invalid):
    """An institution of this kind cannot stand below that one."""

    code = "parent_does_not_fit"
    message = "An institution of this kind cannot stand below that one."


@dataclass(frozen=True)
class Actor:
    """Who acts, at which institution, in which roles.

    ``kind`` is ``user``, ``candidate`` (``id`` is then the registration's), ``public`` or ``system``.
    """

    kind: str
    id: UUID | None = None
    institution_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind

    def may(self, action: Action) -> bool:
        """Tell whether one of the roles carries ``action``."""
        return self.kind == "system" or not self.roles.isdisjoint(PERMISSIONS[action])


SYSTEM = Actor("system", name="system")
PUBLIC = Actor("public", name="public")


def check_may(actor: Actor, action: Action) -> None:
    """Raise NotPermitted unless one of the actor's roles carries ``action``."""
    if not actor.may(action):
        raise NotPermitted


def check_role_fits(role: Role, kind: InstitutionKind) -> None:
    """Raise RoleDoesNotFit unless ``role`` exists at institutions of ``kind``."""
    if role is Role.CANDIDATE or kind not in ROLE_KINDS.get(role, frozenset(InstitutionKind)):
        raise RoleDoesNotFit(role=role.value)


def check_parent_fits(kind: InstitutionKind, parent: InstitutionKind | None) -> None:
    """Raise ParentDoesNotFit unless an institution of ``kind`` may stand below ``parent``."""
    allowed = PARENT_KINDS[kind]
    if (parent is None and allowed) or (parent is not None and parent not in allowed):
        raise ParentDoesNotFit(kind=kind.value, parent=parent.value if parent else "-")


MINIMUM_PASSWORD_LENGTH = 12
LOCK_AFTER_FAILURES = 5
LOCK_MINUTES = 15
SESSION_HOURS = 12


class PasswordTooWeak(Invalid):
    """The password is too short or too simple."""

    code = "password_too_weak"
    message = "The password needs at least {minimum} characters and must not repeat one character."


def check_password(password: str) -> None:
    """Raise PasswordTooWeak for short or trivial passwords."""
    if len(password) < MINIMUM_PASSWORD_LENGTH or len(set(password)) < 5:
        raise PasswordTooWeak(minimum=MINIMUM_PASSWORD_LENGTH)
