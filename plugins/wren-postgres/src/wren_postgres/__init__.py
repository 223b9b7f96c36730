"""PostgreSQL for Wren: queries with parameters, read-only by default."""

from wren_postgres.integration import Postgres

__all__ = ["Postgres"]
