"""Standard-setting workshops."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standard_workshop",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "ANGOFF",
                "YES_NO",
                "BOOKMARK",
                "BORDERLINE",
                "CONTRASTING",
                name="method",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "RATING",
                "BETWEEN",
                "QUESTIONS",
                "CLOSED",
                "RECORDED",
                "ABANDONED",
                name="workshopstatus",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("occupation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("paper_id", sa.Uuid(), nullable=True),
        sa.Column("scale_id", sa.Uuid(), nullable=True),
        sa.Column("sitting_id", sa.Uuid(), nullable=True),
        sa.Column("response_probability", sa.Double(), nullable=True),
        sa.Column("rounds", sa.SmallInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("with_key", sa.Boolean(), nullable=False),
        sa.Column("with_statistics", sa.Boolean(), nullable=False),
        sa.Column("with_impact", sa.Boolean(), nullable=False),
        sa.Column("with_questions", sa.Boolean(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.String(length=400), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_standard_workshop_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["user_account.id"], name=op.f("fk_standard_workshop_leader_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupation.id"], name=op.f("fk_standard_workshop_occupation_id_occupation")
        ),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_standard_workshop_paper_id_paper")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["user_account.id"], name=op.f("fk_standard_workshop_recorded_by_user_account")
        ),
        sa.ForeignKeyConstraint(["scale_id"], ["scale.id"], name=op.f("fk_standard_workshop_scale_id_scale")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_standard_workshop_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_workshop")),
    )
    with op.batch_alter_table("standard_workshop", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_standard_workshop_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_standard_workshop_occupation_id"), ["occupation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_standard_workshop_paper_id"), ["paper_id"], unique=False)

    op.create_table(
        "standard_candidate",
        sa.Column("workshop_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_standard_candidate_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_standard_candidate_registration_id_registration"),
        ),
        sa.ForeignKeyConstraint(
            ["workshop_id"],
            ["standard_workshop.id"],
            name=op.f("fk_standard_candidate_workshop_id_standard_workshop"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_candidate")),
        sa.UniqueConstraint(
            "workshop_id", "position", name=op.f("uq_standard_candidate_workshop_id_position")
        ),
        sa.UniqueConstraint(
            "workshop_id", "registration_id", name=op.f("uq_standard_candidate_workshop_id_registration_id")
        ),
    )
    with op.batch_alter_table("standard_candidate", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_standard_candidate_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_standard_candidate_registration_id"), ["registration_id"], unique=False
        )

    op.create_table(
        "standard_item",
        sa.Column("workshop_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("marks", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("n_responses", sa.Integer(), nullable=True),
        sa.Column("a", sa.Double(), nullable=True),
        sa.Column("b", sa.Double(), nullable=True),
        sa.Column("location", sa.Double(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_standard_item_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_standard_item_item_id_item")),
        sa.ForeignKeyConstraint(
            ["workshop_id"],
            ["standard_workshop.id"],
            name=op.f("fk_standard_item_workshop_id_standard_workshop"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_item")),
        sa.UniqueConstraint("workshop_id", "item_id", name=op.f("uq_standard_item_workshop_id_item_id")),
        sa.UniqueConstraint("workshop_id", "position", name=op.f("uq_standard_item_workshop_id_position")),
    )
    with op.batch_alter_table("standard_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_standard_item_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_standard_item_item_id"), ["item_id"], unique=False)

    op.create_table(
        "standard_judge",
        sa.Column("workshop_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.Column("agreed_at", UtcDateTime(), nullable=True),
        sa.Column("excluded_at", UtcDateTime(), nullable=True),
        sa.Column("exclusion_reason", sa.String(length=400), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_standard_judge_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_standard_judge_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["workshop_id"],
            ["standard_workshop.id"],
            name=op.f("fk_standard_judge_workshop_id_standard_workshop"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_judge")),
        sa.UniqueConstraint("workshop_id", "user_id", name=op.f("uq_standard_judge_workshop_id_user_id")),
    )
    with op.batch_alter_table("standard_judge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_standard_judge_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_standard_judge_user_id"), ["user_id"], unique=False)

    op.create_table(
        "standard_round",
        sa.Column("workshop_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_standard_round_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["workshop_id"],
            ["standard_workshop.id"],
            name=op.f("fk_standard_round_workshop_id_standard_workshop"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_round")),
        sa.UniqueConstraint("workshop_id", "number", name=op.f("uq_standard_round_workshop_id_number")),
    )
    with op.batch_alter_table("standard_round", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_standard_round_institution_id"), ["institution_id"], unique=False
        )

    op.create_table(
        "standard_rating",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("judge_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("value", sa.SmallInteger(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_standard_rating_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["judge_id"], ["standard_judge.id"], name=op.f("fk_standard_rating_judge_id_standard_judge")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["standard_round.id"], name=op.f("fk_standard_rating_round_id_standard_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_rating")),
        sa.UniqueConstraint(
            "round_id", "judge_id", "position", name=op.f("uq_standard_rating_round_id_judge_id_position")
        ),
    )
    with op.batch_alter_table("standard_rating", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_standard_rating_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_standard_rating_judge_id"), ["judge_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("standard_rating", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_rating_judge_id"))
        batch_op.drop_index(batch_op.f("ix_standard_rating_institution_id"))

    op.drop_table("standard_rating")
    with op.batch_alter_table("standard_round", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_round_institution_id"))

    op.drop_table("standard_round")
    with op.batch_alter_table("standard_judge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_judge_user_id"))
        batch_op.drop_index(batch_op.f("ix_standard_judge_institution_id"))

    op.drop_table("standard_judge")
    with op.batch_alter_table("standard_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_item_item_id"))
        batch_op.drop_index(batch_op.f("ix_standard_item_institution_id"))

    op.drop_table("standard_item")
    with op.batch_alter_table("standard_candidate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_candidate_registration_id"))
        batch_op.drop_index(batch_op.f("ix_standard_candidate_institution_id"))

    op.drop_table("standard_candidate")
    with op.batch_alter_table("standard_workshop", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_workshop_paper_id"))
        batch_op.drop_index(batch_op.f("ix_standard_workshop_occupation_id"))
        batch_op.drop_index(batch_op.f("ix_standard_workshop_institution_id"))

    op.drop_table("standard_workshop")
