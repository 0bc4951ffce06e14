"""First schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "item_id", name=op.f("pk_answer")),
    )
    op.create_table(
        "answer_history",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "item_id", "epoch", "revision", name=op.f("pk_answer_history")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("personal", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "certificate_serial",
        sa.Column("site_code", sa.String(length=13), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_code", "year", "level", name=op.f("pk_certificate_serial")),
    )
    op.create_table(
        "institution",
        sa.Column(
            "kind",
            sa.Enum(
                "PLATFORM",
                "MINISTRY_CENTRE",
                "PROVINCE_CENTRE",
                "CITY_CENTRE",
                "EMPLOYER",
                "SOCIAL",
                "SITE",
                name="institutionkind",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=True),
        sa.Column("ministry_code", sa.String(length=4), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("site_sequence", sa.String(length=6), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["institution.id"], name=op.f("fk_institution_parent_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_institution_credit_code")),
        sa.UniqueConstraint(
            "province_code", "site_sequence", name=op.f("uq_institution_province_code_site_sequence")
        ),
    )
    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_institution_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_institution_path"), ["path"], unique=False)

    op.create_table(
        "occupation",
        sa.Column("major", sa.String(length=1), nullable=False),
        sa.Column("middle", sa.String(length=2), nullable=False),
        sa.Column("minor", sa.String(length=2), nullable=False),
        sa.Column("detail", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupation")),
        sa.UniqueConstraint(
            "major",
            "middle",
            "minor",
            "detail",
            "effective_from",
            name=op.f("uq_occupation_major_middle_minor_detail_effective_from"),
        ),
    )
    op.create_table(
        "person",
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("document_index", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("uq_person_document_index", ["document_index"], unique=True)

    op.create_table(
        "person_key",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_key")),
    )
    op.create_table(
        "site_fact",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_site_fact")),
    )
    op.create_table(
        "sitting_serial",
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_sitting_serial")),
    )
    op.create_table(
        "user_account",
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("username", name=op.f("uq_user_account_username")),
    )
    op.create_table(
        "blueprint",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_blueprint_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_blueprint_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_blueprint_occupation_id_occupation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueprint")),
        sa.UniqueConstraint("series_id", "number", name=op.f("uq_blueprint_series_id_number")),
    )
    with op.batch_alter_table("blueprint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_blueprint_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_blueprint_occupation_id"), ["occupation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_blueprint_series_id"), ["series_id"], unique=False)

    op.create_table(
        "enemy_group",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_enemy_group_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enemy_group")),
    )
    with op.batch_alter_table("enemy_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enemy_group_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "entry_condition",
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("occupation_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("generation", sa.String(length=40), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("minimum_work_years", sa.Integer(), nullable=True),
        sa.Column("jurisdiction", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["institution.id"], name=op.f("fk_entry_condition_authority_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_entry_condition_occupation_id_occupation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_condition")),
    )
    with op.batch_alter_table("entry_condition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_condition_authority_id"), ["authority_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_entry_condition_occupation_id"), ["occupation_id"], unique=False)

    op.create_table(
        "filing_scope",
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawal_reason", sa.String(length=400), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["institution.id"], name=op.f("fk_filing_scope_authority_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_filing_scope_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_filing_scope_occupation_id_occupation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing_scope")),
    )
    with op.batch_alter_table("filing_scope", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_filing_scope_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_filing_scope_occupation_id"), ["occupation_id"], unique=False)

    op.create_table(
        "import_batch",
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_import_batch_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_import_batch_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_import_batch_occupation_id_occupation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_batch_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_import_batch_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "item_counter",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_item_counter_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_item_counter")),
    )
    op.create_table(
        "job",
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("actor", sa.JSON(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "QUEUED",
                "RUNNING",
                "DONE",
                "FAILED",
                "CANCELLED",
                name="jobstatus",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("stage", sa.String(length=120), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("reported_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_job_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_status"), ["status"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_login_session_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_login_session_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_login_session_token_digest")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_login_session_registration_id"), ["registration_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_login_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "ITEM_WRITER",
                "REVIEWER",
                "PAPER_MANAGER",
                "EXAM_OFFICER",
                "INVIGILATOR",
                "PRACTICAL_EXAMINER",
                "MARKER",
                "QUALITY_SUPERVISOR",
                "PSYCHOMETRICIAN",
                "INSTITUTION_ADMINISTRATOR",
                "CENTRE_OFFICER",
                "AUDITOR",
                "PLATFORM_ADMINISTRATOR",
                "CANDIDATE",
                name="role",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_membership_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_membership_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "user_id", "institution_id", "role", name=op.f("uq_membership_user_id_institution_id_role")
        ),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_user_id"), ["user_id"], unique=False)

    op.create_table(
        "outline",
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum("ACTIVE", "RETIRED", name="outlinestatus", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_outline_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_outline_occupation_id_occupation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outline")),
        sa.UniqueConstraint(
            "institution_id",
            "occupation_id",
            "level",
            "version",
            name=op.f("uq_outline_institution_id_occupation_id_level_version"),
        ),
    )
    with op.batch_alter_table("outline", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outline_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outline_occupation_id"), ["occupation_id"], unique=False)

    op.create_table(
        "room",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=160), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("seats_per_row", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_room_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("institution_id", "name", name=op.f("uq_room_institution_id_name")),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "scale",
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "model",
            sa.Enum("classical", "rasch", "2pl", name="scalemodel", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column("n_persons", sa.Integer(), nullable=False),
        sa.Column("n_items", sa.Integer(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_scale_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_scale_occupation_id_occupation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scale")),
    )
    with op.batch_alter_table("scale", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scale_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_scale_occupation_id"), ["occupation_id"], unique=False)

    op.create_table(
        "standard",
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_standard_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_standard_occupation_id_occupation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard")),
        sa.UniqueConstraint(
            "institution_id",
            "occupation_id",
            "level",
            name=op.f("uq_standard_institution_id_occupation_id_level"),
        ),
    )
    with op.batch_alter_table("standard", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_standard_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "work_type",
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_work_type_occupation_id_occupation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_type")),
        sa.UniqueConstraint("occupation_id", "name", name=op.f("uq_work_type_occupation_id_name")),
    )
    with op.batch_alter_table("work_type", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_work_type_occupation_id"), ["occupation_id"], unique=False)

    op.create_table(
        "calibration_run",
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "method",
            sa.Enum("classical", "rasch", "2pl", name="method", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("n_persons", sa.Integer(), nullable=False),
        sa.Column("scale_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_calibration_run_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_calibration_run_occupation_id_occupation")
        ),
        sa.ForeignKeyConstraint(["scale_id"], ["scale.id"], name=op.f("fk_calibration_run_scale_id_scale")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_run")),
    )
    with op.batch_alter_table("calibration_run", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_calibration_run_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_calibration_run_occupation_id"), ["occupation_id"], unique=False)

    op.create_table(
        "outline_node",
        sa.Column("outline_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("weight", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("stated_x", sa.Integer(), nullable=True),
        sa.Column("stated_y", sa.Integer(), nullable=True),
        sa.Column("stated_z", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_outline_node_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["outline_id"], ["outline.id"], name=op.f("fk_outline_node_outline_id_outline")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["outline_node.id"], name=op.f("fk_outline_node_parent_id_outline_node")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outline_node")),
    )
    with op.batch_alter_table("outline_node", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outline_node_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outline_node_outline_id"), ["outline_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outline_node_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "paper_assembly",
        sa.Column("blueprint_id", sa.Uuid(), nullable=False),
        sa.Column("forms", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("work_limit", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "WAITING",
                "ASSEMBLED",
                "INFEASIBLE",
                "UNDECIDED",
                "STOPPED",
                name="assemblystatus",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blueprint_id"], ["blueprint.id"], name=op.f("fk_paper_assembly_blueprint_id_blueprint")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_paper_assembly_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_paper_assembly_job_id_job")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_paper_assembly_requested_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_assembly")),
    )
    with op.batch_alter_table("paper_assembly", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_assembly_blueprint_id"), ["blueprint_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_paper_assembly_institution_id"), ["institution_id"], unique=False
        )

    op.create_table(
        "plan",
        sa.Column("number", sa.String(length=14), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("work_type_id", sa.Uuid(), nullable=True),
        sa.Column("examined_on", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("REGISTERING", "ARRANGED", "CLOSED", name="planstatus", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("has_theory", sa.Boolean(), nullable=False),
        sa.Column("has_practical", sa.Boolean(), nullable=False),
        sa.Column("has_review", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_plan_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_plan_occupation_id_occupation")
        ),
        sa.ForeignKeyConstraint(
            ["work_type_id"], ["work_type.id"], name=op.f("fk_plan_work_type_id_work_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("number", name=op.f("uq_plan_number")),
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_plan_occupation_id"), ["occupation_id"], unique=False)

    op.create_table(
        "standard_function",
        sa.Column("standard_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("theory", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("skill", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_standard_function_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["standard_id"],
            ["standard.id"],
            name=op.f("fk_standard_function_standard_id_standard"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_function")),
    )
    with op.batch_alter_table("standard_function", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_standard_function_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_standard_function_standard_id"), ["standard_id"], unique=False)

    op.create_table(
        "assessment_point",
        sa.Column("outline_id", sa.Uuid(), nullable=False),
        sa.Column("node_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("importance", sa.Enum("X", "Y", "Z", name="importance", native_enum=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_assessment_point_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["node_id"], ["outline_node.id"], name=op.f("fk_assessment_point_node_id_outline_node")
        ),
        sa.ForeignKeyConstraint(
            ["outline_id"], ["outline.id"], name=op.f("fk_assessment_point_outline_id_outline")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_point")),
        sa.UniqueConstraint("node_id", "code", name=op.f("uq_assessment_point_node_id_code")),
    )
    with op.batch_alter_table("assessment_point", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_assessment_point_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_assessment_point_node_id"), ["node_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assessment_point_outline_id"), ["outline_id"], unique=False)

    op.create_table(
        "paper",
        sa.Column("blueprint_id", sa.Uuid(), nullable=False),
        sa.Column("assembly_id", sa.Uuid(), nullable=False),
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT", "APPROVED", "SEALED", "DISCARDED", name="paperstatus", native_enum=False, length=12
            ),
            nullable=False,
        ),
        sa.Column("total_marks", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("sealed_by", sa.Uuid(), nullable=True),
        sa.Column("sealed_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["user_account.id"], name=op.f("fk_paper_approved_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["assembly_id"], ["paper_assembly.id"], name=op.f("fk_paper_assembly_id_paper_assembly")
        ),
        sa.ForeignKeyConstraint(
            ["blueprint_id"], ["blueprint.id"], name=op.f("fk_paper_blueprint_id_blueprint")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_paper_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_paper_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_paper_occupation_id_occupation")
        ),
        sa.ForeignKeyConstraint(
            ["sealed_by"], ["user_account.id"], name=op.f("fk_paper_sealed_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper")),
        sa.UniqueConstraint("institution_id", "label", name=op.f("uq_paper_institution_id_label")),
    )
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_assembly_id"), ["assembly_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_blueprint_id"), ["blueprint_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_occupation_id"), ["occupation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_status"), ["status"], unique=False)

    op.create_table(
        "public_notice",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("published_by", sa.String(length=80), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["institution.id"], name=op.f("fk_public_notice_authority_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_public_notice_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_public_notice_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notice")),
        sa.UniqueConstraint("plan_id", name=op.f("uq_public_notice_plan_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_public_notice_slug")),
    )
    with op.batch_alter_table("public_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_public_notice_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "registration",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("name_index", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("education", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=30), nullable=False),
        sa.Column("collection", sa.String(length=10), nullable=False),
        sa.Column("condition", sa.Integer(), nullable=False),
        sa.Column("condition_text", sa.String(length=400), nullable=False),
        sa.Column("ground", sa.String(length=400), nullable=False),
        sa.Column("photo_ref", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "CLAIMED", "APPROVED", "REJECTED", name="registrationstatus", native_enum=False, length=12
            ),
            nullable=False,
        ),
        sa.Column("reviewed_by", sa.String(length=80), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.Column("review_reason", sa.String(length=400), nullable=False),
        sa.Column("ticket_number", sa.String(length=19), nullable=True),
        sa.Column("entry_code_hash", sa.String(length=64), nullable=True),
        sa.Column("entry_code_issued_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_registration_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_registration_person_id_person")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_registration_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("plan_id", "person_id", name=op.f("uq_registration_plan_id_person_id")),
        sa.UniqueConstraint("ticket_number", name=op.f("uq_registration_ticket_number")),
    )
    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_registration_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_registration_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_registration_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index("ix_registration_plan_id_name_index", ["plan_id", "name_index"], unique=False)
        batch_op.create_index("ix_registration_plan_id_status", ["plan_id", "status"], unique=False)

    op.create_table(
        "registration_upload",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=80), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_registration_upload_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_registration_upload_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_upload")),
    )
    with op.batch_alter_table("registration_upload", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_registration_upload_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_registration_upload_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "sitting",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "component",
            sa.Enum("THEORY", "PRACTICAL", "REVIEW", name="component", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("DRAFT", "PUBLISHED", "CLOSED", name="sittingstatus", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column("opens_at", UtcDateTime(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("limit_minutes", sa.Integer(), nullable=False),
        sa.Column("late_minutes", sa.Integer(), nullable=False),
        sa.Column("earliest_submit_minutes", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=True),
        sa.Column("arrangement_seed", sa.Integer(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_sitting_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_sitting_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting")),
    )
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sitting_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sitting_opens_at"), ["opens_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sitting_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("extra_seconds", sa.Integer(), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("terminated_reason", sa.String(length=400), nullable=False),
        sa.Column("receipt", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_attempt_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_attempt_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_attempt_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint(
            "sitting_id", "registration_id", name=op.f("uq_attempt_sitting_id_registration_id")
        ),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(
            "ix_attempt_open_due_at",
            ["due_at"],
            unique=False,
            postgresql_where=sa.text("submitted_at IS NULL"),
            sqlite_where=sa.text("submitted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_attempt_registration_id"), ["registration_id"], unique=False)

    op.create_table(
        "attendance",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("PRESENT", "ABSENT", name="attendancestate", native_enum=False, length=10),
            nullable=False,
        ),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_attendance_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_attendance_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_attendance_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint(
            "sitting_id", "registration_id", name=op.f("uq_attendance_sitting_id_registration_id")
        ),
    )
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attendance_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attendance_registration_id"), ["registration_id"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("number", sa.String(length=22), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "SKILL_LEVEL",
                "SINGLE_SKILL",
                "SENIOR_SPECIALIST",
                "CHIEF_SPECIALIST",
                name="certificatekind",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("verify_index", sa.String(length=64), nullable=False),
        sa.Column("name_index", sa.String(length=64), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum("VALID", "REVOKED", name="certificatestatus", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("issued_by", sa.String(length=80), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(length=80), nullable=True),
        sa.Column("revocation_reason", sa.String(length=400), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_certificate_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_certificate_person_id_person")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_certificate_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_certificate_registration_id_registration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
        sa.UniqueConstraint("registration_id", name=op.f("uq_certificate_registration_id")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_certificate_token_digest")),
        sa.UniqueConstraint("verify_index", name=op.f("uq_certificate_verify_index")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificate_name_index"), ["name_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificate_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificate_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "component_result",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column(
            "component",
            sa.Enum("THEORY", "PRACTICAL", "REVIEW", name="component", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "SCORED", "ABSENT", "CHEATING", "MISSING", name="resultstate", native_enum=False, length=12
            ),
            nullable=False,
        ),
        sa.Column("score", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("pass_mark", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_component_result_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_component_result_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_component_result_registration_id_registration"),
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_component_result_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component_result")),
        sa.UniqueConstraint(
            "registration_id", "component", name=op.f("uq_component_result_registration_id_component")
        ),
    )
    with op.batch_alter_table("component_result", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_component_result_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_component_result_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_component_result_registration_id"), ["registration_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_component_result_sitting_id"), ["sitting_id"], unique=False)

    op.create_table(
        "entry_bar",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("barred_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_entry_bar_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_entry_bar_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_entry_bar_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_bar")),
        sa.UniqueConstraint(
            "sitting_id", "registration_id", name=op.f("uq_entry_bar_sitting_id_registration_id")
        ),
    )
    with op.batch_alter_table("entry_bar", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_bar_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_entry_bar_registration_id"), ["registration_id"], unique=False)

    op.create_table(
        "incident",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "CHEATING",
                "IDENTICAL_PAPERS",
                "DISRUPTION",
                "IDENTITY",
                "EQUIPMENT",
                "ILLNESS",
                "OTHER",
                name="incidentkind",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawal_reason", sa.String(length=400), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_incident_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_incident_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_incident_room_id_room")),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_incident_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_registration_id"), ["registration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_sitting_id"), ["sitting_id"], unique=False)

    op.create_table(
        "item",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=True),
        sa.Column(
            "type",
            sa.Enum(
                "SINGLE_CHOICE",
                "MULTIPLE_CHOICE",
                "TRUE_FALSE",
                name="itemtype",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "IN_REVIEW",
                "ACTIVE",
                "SUSPENDED",
                "RETIRED",
                name="itemstatus",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("difficulty", sa.Integer(), nullable=False),
        sa.Column("importance", sa.Enum("X", "Y", "Z", name="importance", native_enum=False), nullable=True),
        sa.Column("category", sa.String(length=120), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=True),
        sa.Column("current_version_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_item_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_item_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_item_occupation_id_occupation")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["assessment_point.id"], name=op.f("fk_item_point_id_assessment_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("institution_id", "number", name=op.f("uq_item_institution_id_number")),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_item_bank", ["institution_id", "occupation_id", "level", "status"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_item_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_point_id"), ["point_id"], unique=False)
        batch_op.create_index("ix_item_reference", ["institution_id", "reference"], unique=False)
        batch_op.create_index("ix_item_status", ["institution_id", "status"], unique=False)

    op.create_table(
        "marking_run",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column(
            "multiple",
            sa.Enum("ALL_OR_NOTHING", "SUBSET", name="multiplemarking", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("marked_by", sa.String(length=80), nullable=False),
        sa.Column("marked_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_marking_run_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_marking_run_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking_run")),
        sa.UniqueConstraint("sitting_id", "number", name=op.f("uq_marking_run_sitting_id_number")),
    )
    with op.batch_alter_table("marking_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marking_run_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_marking_run_sitting_id"), ["sitting_id"], unique=False)

    op.create_table(
        "photo",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_photo_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_photo_registration_id_registration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
    )
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_photo_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_photo_registration_id"), ["registration_id"], unique=False)

    op.create_table(
        "practical_mark",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("examiners", sa.Integer(), nullable=False),
        sa.Column("earned", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("total", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("closed_by", sa.String(length=80), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_practical_mark_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_practical_mark_registration_id_registration"),
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_practical_mark_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practical_mark")),
        sa.UniqueConstraint(
            "sitting_id", "registration_id", name=op.f("uq_practical_mark_sitting_id_registration_id")
        ),
    )
    with op.batch_alter_table("practical_mark", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_practical_mark_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_practical_mark_registration_id"), ["registration_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_practical_mark_sitting_id"), ["sitting_id"], unique=False)

    op.create_table(
        "practical_task",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column(
            "status",
            sa.Enum("DRAFT", "ACTIVE", name="taskstatus", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_practical_task_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_practical_task_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practical_task")),
        sa.UniqueConstraint("sitting_id", "position", name=op.f("uq_practical_task_sitting_id_position")),
    )
    with op.batch_alter_table("practical_task", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_practical_task_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_practical_task_sitting_id"), ["sitting_id"], unique=False)

    op.create_table(
        "public_notice_entry",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("masked_name", sa.String(length=80), nullable=False),
        sa.Column("masked_document", sa.String(length=40), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_public_notice_entry_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notice.id"], name=op.f("fk_public_notice_entry_notice_id_public_notice")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_public_notice_entry_registration_id_registration"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notice_entry")),
        sa.UniqueConstraint("notice_id", "position", name=op.f("uq_public_notice_entry_notice_id_position")),
    )
    with op.batch_alter_table("public_notice_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_public_notice_entry_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_public_notice_entry_notice_id"), ["notice_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_public_notice_entry_registration_id"), ["registration_id"], unique=False
        )

    op.create_table(
        "recognition_decision",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("PASSED", "FAILED", "INCOMPLETE", name="verdict", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "NONE",
                "WAITING",
                "APPROVED",
                "RETURNED",
                "ANNULLED",
                name="approvalstate",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("approved_at_institution_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_at_institution_id"],
            ["institution.id"],
            name=op.f("fk_recognition_decision_approved_at_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_recognition_decision_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_recognition_decision_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_recognition_decision_registration_id_registration"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition_decision")),
        sa.UniqueConstraint("registration_id", name=op.f("uq_recognition_decision_registration_id")),
    )
    with op.batch_alter_table("recognition_decision", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recognition_decision_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_recognition_decision_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "registration_event",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_registration_event_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_registration_event_registration_id_registration"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_event")),
    )
    with op.batch_alter_table("registration_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_registration_event_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_registration_event_registration_id"), ["registration_id"], unique=False
        )

    op.create_table(
        "room_record",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("video_reference", sa.String(length=200), nullable=False),
        sa.Column("substitute", sa.String(length=400), nullable=False),
        sa.Column("substitute_reason", sa.String(length=400), nullable=False),
        sa.Column("notes", sa.String(length=2000), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_room_record_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_record_room_id_room")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_room_record_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_record")),
        sa.UniqueConstraint("sitting_id", "room_id", name=op.f("uq_room_record_sitting_id_room_id")),
    )
    with op.batch_alter_table("room_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_record_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "room_staff",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "duty",
            sa.Enum("INVIGILATOR", "EXAMINER", "TECHNICIAN", name="duty", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_room_staff_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_staff_room_id_room")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_room_staff_sitting_id_sitting")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_room_staff_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_staff")),
        sa.UniqueConstraint(
            "sitting_id", "room_id", "user_id", name=op.f("uq_room_staff_sitting_id_room_id_user_id")
        ),
    )
    with op.batch_alter_table("room_staff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_staff_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "score_sheet",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("examiner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("DRAFT", "SUBMITTED", name="sheetstatus", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["examiner_id"], ["user_account.id"], name=op.f("fk_score_sheet_examiner_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_score_sheet_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_score_sheet_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_score_sheet_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_sheet")),
        sa.UniqueConstraint(
            "sitting_id",
            "registration_id",
            "examiner_id",
            name=op.f("uq_score_sheet_sitting_id_registration_id_examiner_id"),
        ),
    )
    with op.batch_alter_table("score_sheet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_score_sheet_examiner_id"), ["examiner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_score_sheet_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_score_sheet_registration_id"), ["registration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_score_sheet_sitting_id"), ["sitting_id"], unique=False)

    op.create_table(
        "seat",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_seat_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_seat_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_seat_room_id_room")),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_seat_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("sitting_id", "registration_id", name=op.f("uq_seat_sitting_id_registration_id")),
        sa.UniqueConstraint(
            "sitting_id", "room_id", "number", name=op.f("uq_seat_sitting_id_room_id_number")
        ),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_registration_id"), ["registration_id"], unique=False)

    op.create_table(
        "sitting_paper",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_sitting_paper_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_sitting_paper_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting_paper")),
        sa.UniqueConstraint("sitting_id", "paper_id", name=op.f("uq_sitting_paper_sitting_id_paper_id")),
    )
    with op.batch_alter_table("sitting_paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sitting_paper_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "attempt_mark",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("earned", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("total", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_mark_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_attempt_mark_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_attempt_mark_registration_id_registration"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["marking_run.id"], name=op.f("fk_attempt_mark_run_id_marking_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_mark")),
        sa.UniqueConstraint("run_id", "attempt_id", name=op.f("uq_attempt_mark_run_id_attempt_id")),
    )
    with op.batch_alter_table("attempt_mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_mark_attempt_id"), ["attempt_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempt_mark_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_attempt_mark_registration_id"), ["registration_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_attempt_mark_run_id"), ["run_id"], unique=False)

    op.create_table(
        "certificate_document",
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.id"],
            name=op.f("fk_certificate_document_certificate_id_certificate"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_certificate_document_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate_document")),
    )
    with op.batch_alter_table("certificate_document", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_certificate_document_institution_id"), ["institution_id"], unique=False
        )

    op.create_table(
        "enemy_member",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["enemy_group.id"],
            name=op.f("fk_enemy_member_group_id_enemy_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_enemy_member_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_enemy_member_item_id_item")),
        sa.PrimaryKeyConstraint("group_id", "item_id", name=op.f("pk_enemy_member")),
    )
    with op.batch_alter_table("enemy_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enemy_member_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enemy_member_item_id"), ["item_id"], unique=False)

    op.create_table(
        "import_row",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "IMPORTED",
                "REJECTED",
                "REPAIRED",
                "DISCARDED",
                name="rowstatus",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_import_row_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_import_row_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_import_row_item_id_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
    )
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.create_index("ix_import_row_batch", ["batch_id", "position"], unique=False)
        batch_op.create_index(batch_op.f("ix_import_row_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_import_row_item_id"), ["item_id"], unique=False)

    op.create_table(
        "item_event",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "IN_REVIEW",
                "ACTIVE",
                "SUSPENDED",
                "RETIRED",
                name="itemstatus",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_item_event_by_user_account")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_item_event_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_event_item_id_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_event")),
    )
    with op.batch_alter_table("item_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_event_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_event_item_id"), ["item_id"], unique=False)

    op.create_table(
        "item_parameter",
        sa.Column("scale_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("n_responses", sa.Integer(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("point_biserial", sa.Double(), nullable=True),
        sa.Column("corrected_point_biserial", sa.Double(), nullable=True),
        sa.Column("is_constant", sa.Boolean(), nullable=False),
        sa.Column("a", sa.Double(), nullable=True),
        sa.Column("b", sa.Double(), nullable=True),
        sa.Column("d", sa.Double(), nullable=True),
        sa.Column("se_a", sa.Double(), nullable=True),
        sa.Column("se_b", sa.Double(), nullable=True),
        sa.Column("se_d", sa.Double(), nullable=True),
        sa.Column("cov_ad", sa.Double(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_item_parameter_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_parameter_item_id_item")),
        sa.ForeignKeyConstraint(["scale_id"], ["scale.id"], name=op.f("fk_item_parameter_scale_id_scale")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_parameter")),
        sa.UniqueConstraint("scale_id", "item_id", name=op.f("uq_item_parameter_scale_id_item_id")),
    )
    with op.batch_alter_table("item_parameter", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_item_parameter_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_item_parameter_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_parameter_scale_id"), ["scale_id"], unique=False)

    op.create_table(
        "item_version",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_item_version_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_item_version_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_version_item_id_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_version")),
        sa.UniqueConstraint("item_id", "number", name=op.f("uq_item_version_item_id_number")),
    )
    with op.batch_alter_table("item_version", schema=None) as batch_op:
        batch_op.create_index("ix_item_version_digest", ["institution_id", "digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_version_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "objection",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("filed_by", sa.String(length=80), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "FILED",
                "INVESTIGATING",
                "UPHELD",
                "DISMISSED",
                name="objectionstatus",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("filed_at", UtcDateTime(), nullable=False),
        sa.Column("investigated_by", sa.String(length=80), nullable=True),
        sa.Column("investigated_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["public_notice_entry.id"], name=op.f("fk_objection_entry_id_public_notice_entry")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_objection_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notice.id"], name=op.f("fk_objection_notice_id_public_notice")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_objection_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("reference", name=op.f("uq_objection_reference")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_objection_notice_id"), ["notice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_objection_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "practical_task_line",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("points", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_practical_task_line_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["practical_task.id"], name=op.f("fk_practical_task_line_task_id_practical_task")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practical_task_line")),
    )
    with op.batch_alter_table("practical_task_line", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_practical_task_line_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_practical_task_line_task_id"), ["task_id"], unique=False)

    op.create_table(
        "review_request",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_review_request_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_review_request_item_id_item")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_review_request_requested_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_request")),
    )
    with op.batch_alter_table("review_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_review_request_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_review_request_item_id"), ["item_id"], unique=False)

    op.create_table(
        "item_mark",
        sa.Column("attempt_mark_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("marks", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("maximum", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_mark_id"], ["attempt_mark.id"], name=op.f("fk_item_mark_attempt_mark_id_attempt_mark")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_item_mark_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_mark")),
    )
    with op.batch_alter_table("item_mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_mark_attempt_mark_id"), ["attempt_mark_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_mark_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_mark_item_id"), ["item_id"], unique=False)

    op.create_table(
        "paper_entry",
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("marks", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_paper_entry_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_paper_entry_item_id_item")),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_paper_entry_paper_id_paper")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["item_version.id"], name=op.f("fk_paper_entry_version_id_item_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_entry")),
        sa.UniqueConstraint("paper_id", "item_id", name=op.f("uq_paper_entry_paper_id_item_id")),
        sa.UniqueConstraint("paper_id", "position", name=op.f("uq_paper_entry_paper_id_position")),
    )
    with op.batch_alter_table("paper_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_entry_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_entry_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_entry_paper_id"), ["paper_id"], unique=False)

    op.create_table(
        "review_verdict",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("APPROVE", "SEND_BACK", name="verdict", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("comment", sa.LargeBinary(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_review_verdict_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_review_verdict_item_id_item")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["user_account.id"], name=op.f("fk_review_verdict_reviewer_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["item_version.id"], name=op.f("fk_review_verdict_version_id_item_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_verdict")),
    )
    with op.batch_alter_table("review_verdict", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_review_verdict_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_review_verdict_item_id"), ["item_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("review_verdict", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_verdict_item_id"))
        batch_op.drop_index(batch_op.f("ix_review_verdict_institution_id"))

    op.drop_table("review_verdict")
    with op.batch_alter_table("paper_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_entry_paper_id"))
        batch_op.drop_index(batch_op.f("ix_paper_entry_item_id"))
        batch_op.drop_index(batch_op.f("ix_paper_entry_institution_id"))

    op.drop_table("paper_entry")
    with op.batch_alter_table("item_mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_mark_item_id"))
        batch_op.drop_index(batch_op.f("ix_item_mark_institution_id"))
        batch_op.drop_index(batch_op.f("ix_item_mark_attempt_mark_id"))

    op.drop_table("item_mark")
    with op.batch_alter_table("review_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_request_item_id"))
        batch_op.drop_index(batch_op.f("ix_review_request_institution_id"))

    op.drop_table("review_request")
    with op.batch_alter_table("practical_task_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_practical_task_line_task_id"))
        batch_op.drop_index(batch_op.f("ix_practical_task_line_institution_id"))

    op.drop_table("practical_task_line")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_objection_plan_id"))
        batch_op.drop_index(batch_op.f("ix_objection_notice_id"))
        batch_op.drop_index(batch_op.f("ix_objection_institution_id"))

    op.drop_table("objection")
    with op.batch_alter_table("item_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_version_institution_id"))
        batch_op.drop_index("ix_item_version_digest")

    op.drop_table("item_version")
    with op.batch_alter_table("item_parameter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_parameter_scale_id"))
        batch_op.drop_index(batch_op.f("ix_item_parameter_item_id"))
        batch_op.drop_index(batch_op.f("ix_item_parameter_institution_id"))

    op.drop_table("item_parameter")
    with op.batch_alter_table("item_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_event_item_id"))
        batch_op.drop_index(batch_op.f("ix_item_event_institution_id"))

    op.drop_table("item_event")
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_row_item_id"))
        batch_op.drop_index(batch_op.f("ix_import_row_institution_id"))
        batch_op.drop_index("ix_import_row_batch")

    op.drop_table("import_row")
    with op.batch_alter_table("enemy_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enemy_member_item_id"))
        batch_op.drop_index(batch_op.f("ix_enemy_member_institution_id"))

    op.drop_table("enemy_member")
    with op.batch_alter_table("certificate_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_document_institution_id"))

    op.drop_table("certificate_document")
    with op.batch_alter_table("attempt_mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempt_mark_run_id"))
        batch_op.drop_index(batch_op.f("ix_attempt_mark_registration_id"))
        batch_op.drop_index(batch_op.f("ix_attempt_mark_institution_id"))
        batch_op.drop_index(batch_op.f("ix_attempt_mark_attempt_id"))

    op.drop_table("attempt_mark")
    with op.batch_alter_table("sitting_paper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sitting_paper_institution_id"))

    op.drop_table("sitting_paper")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_registration_id"))
        batch_op.drop_index(batch_op.f("ix_seat_institution_id"))

    op.drop_table("seat")
    with op.batch_alter_table("score_sheet", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_score_sheet_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_score_sheet_registration_id"))
        batch_op.drop_index(batch_op.f("ix_score_sheet_institution_id"))
        batch_op.drop_index(batch_op.f("ix_score_sheet_examiner_id"))

    op.drop_table("score_sheet")
    with op.batch_alter_table("room_staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_staff_institution_id"))

    op.drop_table("room_staff")
    with op.batch_alter_table("room_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_record_institution_id"))

    op.drop_table("room_record")
    with op.batch_alter_table("registration_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registration_event_registration_id"))
        batch_op.drop_index(batch_op.f("ix_registration_event_institution_id"))

    op.drop_table("registration_event")
    with op.batch_alter_table("recognition_decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recognition_decision_plan_id"))
        batch_op.drop_index(batch_op.f("ix_recognition_decision_institution_id"))

    op.drop_table("recognition_decision")
    with op.batch_alter_table("public_notice_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_public_notice_entry_registration_id"))
        batch_op.drop_index(batch_op.f("ix_public_notice_entry_notice_id"))
        batch_op.drop_index(batch_op.f("ix_public_notice_entry_institution_id"))

    op.drop_table("public_notice_entry")
    with op.batch_alter_table("practical_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_practical_task_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_practical_task_institution_id"))

    op.drop_table("practical_task")
    with op.batch_alter_table("practical_mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_practical_mark_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_practical_mark_registration_id"))
        batch_op.drop_index(batch_op.f("ix_practical_mark_institution_id"))

    op.drop_table("practical_mark")
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_photo_registration_id"))
        batch_op.drop_index(batch_op.f("ix_photo_institution_id"))

    op.drop_table("photo")
    with op.batch_alter_table("marking_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_marking_run_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_marking_run_institution_id"))

    op.drop_table("marking_run")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_index("ix_item_status")
        batch_op.drop_index("ix_item_reference")
        batch_op.drop_index(batch_op.f("ix_item_point_id"))
        batch_op.drop_index(batch_op.f("ix_item_institution_id"))
        batch_op.drop_index("ix_item_bank")

    op.drop_table("item")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_incident_registration_id"))
        batch_op.drop_index(batch_op.f("ix_incident_institution_id"))

    op.drop_table("incident")
    with op.batch_alter_table("entry_bar", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_bar_registration_id"))
        batch_op.drop_index(batch_op.f("ix_entry_bar_institution_id"))

    op.drop_table("entry_bar")
    with op.batch_alter_table("component_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_component_result_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_component_result_registration_id"))
        batch_op.drop_index(batch_op.f("ix_component_result_plan_id"))
        batch_op.drop_index(batch_op.f("ix_component_result_institution_id"))

    op.drop_table("component_result")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_plan_id"))
        batch_op.drop_index(batch_op.f("ix_certificate_person_id"))
        batch_op.drop_index(batch_op.f("ix_certificate_name_index"))
        batch_op.drop_index(batch_op.f("ix_certificate_institution_id"))

    op.drop_table("certificate")
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attendance_registration_id"))
        batch_op.drop_index(batch_op.f("ix_attendance_institution_id"))

    op.drop_table("attendance")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempt_registration_id"))
        batch_op.drop_index(
            "ix_attempt_open_due_at",
            postgresql_where=sa.text("submitted_at IS NULL"),
            sqlite_where=sa.text("submitted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_attempt_institution_id"))

    op.drop_table("attempt")
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sitting_plan_id"))
        batch_op.drop_index(batch_op.f("ix_sitting_opens_at"))
        batch_op.drop_index(batch_op.f("ix_sitting_institution_id"))

    op.drop_table("sitting")
    with op.batch_alter_table("registration_upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registration_upload_plan_id"))
        batch_op.drop_index(batch_op.f("ix_registration_upload_institution_id"))

    op.drop_table("registration_upload")
    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.drop_index("ix_registration_plan_id_status")
        batch_op.drop_index("ix_registration_plan_id_name_index")
        batch_op.drop_index(batch_op.f("ix_registration_plan_id"))
        batch_op.drop_index(batch_op.f("ix_registration_person_id"))
        batch_op.drop_index(batch_op.f("ix_registration_institution_id"))

    op.drop_table("registration")
    with op.batch_alter_table("public_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_public_notice_institution_id"))

    op.drop_table("public_notice")
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_status"))
        batch_op.drop_index(batch_op.f("ix_paper_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_paper_institution_id"))
        batch_op.drop_index(batch_op.f("ix_paper_blueprint_id"))
        batch_op.drop_index(batch_op.f("ix_paper_assembly_id"))

    op.drop_table("paper")
    with op.batch_alter_table("assessment_point", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assessment_point_outline_id"))
        batch_op.drop_index(batch_op.f("ix_assessment_point_node_id"))
        batch_op.drop_index(batch_op.f("ix_assessment_point_institution_id"))

    op.drop_table("assessment_point")
    with op.batch_alter_table("standard_function", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_function_standard_id"))
        batch_op.drop_index(batch_op.f("ix_standard_function_institution_id"))

    op.drop_table("standard_function")
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_plan_institution_id"))

    op.drop_table("plan")
    with op.batch_alter_table("paper_assembly", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_assembly_institution_id"))
        batch_op.drop_index(batch_op.f("ix_paper_assembly_blueprint_id"))

    op.drop_table("paper_assembly")
    with op.batch_alter_table("outline_node", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outline_node_parent_id"))
        batch_op.drop_index(batch_op.f("ix_outline_node_outline_id"))
        batch_op.drop_index(batch_op.f("ix_outline_node_institution_id"))

    op.drop_table("outline_node")
    with op.batch_alter_table("calibration_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calibration_run_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_calibration_run_institution_id"))

    op.drop_table("calibration_run")
    with op.batch_alter_table("work_type", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_work_type_occupation_id"))

    op.drop_table("work_type")
    with op.batch_alter_table("standard", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_institution_id"))

    op.drop_table("standard")
    with op.batch_alter_table("scale", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scale_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_scale_institution_id"))

    op.drop_table("scale")
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_institution_id"))

    op.drop_table("room")
    with op.batch_alter_table("outline", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outline_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_outline_institution_id"))

    op.drop_table("outline")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_user_id"))
        batch_op.drop_index(batch_op.f("ix_membership_institution_id"))

    op.drop_table("membership")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_login_session_registration_id"))
        batch_op.drop_index(batch_op.f("ix_login_session_expires_at"))

    op.drop_table("login_session")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_status"))
        batch_op.drop_index(batch_op.f("ix_job_institution_id"))

    op.drop_table("job")
    op.drop_table("item_counter")
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_batch_institution_id"))
        batch_op.drop_index(batch_op.f("ix_import_batch_created_at"))

    op.drop_table("import_batch")
    with op.batch_alter_table("filing_scope", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_filing_scope_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_filing_scope_institution_id"))

    op.drop_table("filing_scope")
    with op.batch_alter_table("entry_condition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_condition_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_entry_condition_authority_id"))

    op.drop_table("entry_condition")
    with op.batch_alter_table("enemy_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enemy_group_institution_id"))

    op.drop_table("enemy_group")
    with op.batch_alter_table("blueprint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_blueprint_series_id"))
        batch_op.drop_index(batch_op.f("ix_blueprint_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_blueprint_institution_id"))

    op.drop_table("blueprint")
    op.drop_table("user_account")
    op.drop_table("sitting_serial")
    op.drop_table("site_fact")
    op.drop_table("person_key")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("uq_person_document_index")

    op.drop_table("person")
    op.drop_table("occupation")
    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_institution_path"))
        batch_op.drop_index(batch_op.f("ix_institution_parent_id"))

    op.drop_table("institution")
    op.drop_table("certificate_serial")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_subject_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_institution_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))

    op.drop_table("audit_entry")
    op.drop_table("answer_history")
    op.drop_table("answer")
