"""Statistics reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "statistics_report",
        sa.Column(
            "kind",
            sa.Enum(
                "sitting", "dif", "linking", "forensics", name="reportkind", native_enum=False, length=12
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("input", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("package_version", sa.String(length=40), nullable=False),
        sa.Column("kernel_version", sa.String(length=16), nullable=False),
        sa.Column("results", sa.LargeBinary(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("rerun_of", sa.Uuid(), nullable=True),
        sa.Column("agreement", sa.JSON(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_statistics_report_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_statistics_report_job_id_job")),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_statistics_report_occupation_id_occupation")
        ),
        sa.ForeignKeyConstraint(
            ["rerun_of"],
            ["statistics_report.id"],
            name=op.f("fk_statistics_report_rerun_of_statistics_report"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statistics_report")),
    )
    with op.batch_alter_table("statistics_report", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_statistics_report_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_statistics_report_occupation_id"), ["occupation_id"], unique=False
        )

    op.create_table(
        "statistics_what_if",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_by_name", sa.String(length=60), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_statistics_what_if_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["statistics_report.id"],
            name=op.f("fk_statistics_what_if_report_id_statistics_report"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statistics_what_if")),
        sa.UniqueConstraint("report_id", "number", name=op.f("uq_statistics_what_if_report_id_number")),
    )
    with op.batch_alter_table("statistics_what_if", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_statistics_what_if_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_statistics_what_if_report_id"), ["report_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("statistics_what_if", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_statistics_what_if_report_id"))
        batch_op.drop_index(batch_op.f("ix_statistics_what_if_institution_id"))

    op.drop_table("statistics_what_if")
    with op.batch_alter_table("statistics_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_statistics_report_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_statistics_report_institution_id"))

    op.drop_table("statistics_report")
