"""Method calls say by which of several accounts they were made."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("run_calls") as batch_op:
        batch_op.add_column(sa.Column("account", sa.String(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("run_calls") as batch_op:
        batch_op.drop_column("account")
