"""Users have a role; the first user of each workspace becomes its admin."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_FIRST_USERS = """
UPDATE users SET role = 'admin' WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY workspace_id ORDER BY created_at, id) AS place FROM users
    ) AS ordered WHERE place = 1
)
"""


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(), nullable=False, server_default="member"))
    op.execute(_FIRST_USERS)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("role")
