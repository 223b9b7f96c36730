"""The queue is read by workspace, and old rows are found by their age."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_QUEUED = sa.text("status = 'queued'")


def upgrade() -> None:
    """Apply the change."""
    _replace_queue_index(["workspace_id", "available_at", "created_at"])
    op.create_index("ix_runs_completed", "runs", ["completed_at", "id"])
    op.create_index("ix_messages_age", "messages", ["created_at", "id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_messages_age", table_name="messages")
    op.drop_index("ix_runs_completed", table_name="runs")
    _replace_queue_index(["available_at", "created_at"])


def _replace_queue_index(columns: list[str]) -> None:
    op.drop_index("ix_runs_queue", table_name="runs")
    op.create_index("ix_runs_queue", "runs", columns, sqlite_where=_QUEUED, postgresql_where=_QUEUED)
