"""Who has saved lately: consoles follow rooms by it."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_answer_history_saved_at", "answer_history", ["saved_at"])


def downgrade() -> None:
    op.drop_index("ix_answer_history_saved_at", table_name="answer_history")
