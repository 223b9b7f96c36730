"""Definitions of integrations: what the plugins last declared, and what operators declared themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_AUTH_TYPE = sa.Enum("oauth2", "apikey", "custom", "none", name="integration_auth_type")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "integration_definitions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=50), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("methods", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("config_schema", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("auth_type", _AUTH_TYPE, nullable=False),
        sa.Column("oauth2_config", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("ai_config", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("source", sa.Enum("plugin", "declared", native_enum=False, length=20), nullable=False),
        sa.Column("distribution", sa.String(length=255), nullable=False),
        sa.Column("distribution_version", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_definitions")),
    )
    with op.batch_alter_table("integration_definitions") as batch_op:
        batch_op.create_index("integration_definitions_integration_id_idx", ["integration_id"], unique=True)
        batch_op.create_index("integration_definitions_type_idx", ["type"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("integration_definitions")
    _AUTH_TYPE.drop(op.get_bind())
