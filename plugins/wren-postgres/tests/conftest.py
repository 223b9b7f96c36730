"""A real server with a shop in it, once per session, and the integration connected to it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from wren_postgres import Postgres

if TYPE_CHECKING:
    from servers.postgres import Postgres as Server

SHOP = """
CREATE TYPE mood AS ENUM ('calm', 'busy');
CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood DEFAULT 'calm');
CREATE TABLE orders (
    id serial PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    total numeric(10,2) CHECK (total >= 0),
    placed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE orders IS 'One row a sale';
COMMENT ON COLUMN orders.total IS 'With tax';
CREATE VIEW big_orders AS SELECT * FROM orders WHERE total > 100;
CREATE DOMAIN json_list AS jsonb CHECK (jsonb_typeof(VALUE) = 'array');
CREATE SCHEMA archive;
CREATE TABLE archive.orders (id integer);
CREATE TABLE canary (alive boolean);
INSERT INTO canary VALUES (true);
CREATE SEQUENCE counter;
INSERT INTO customers (name) VALUES ('Northwind'), ('Harbour');
INSERT INTO orders (customer_id, total) SELECT 1 + i % 2, i FROM generate_series(1, 500) AS i;
CREATE FUNCTION kill_canary() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DELETE FROM canary; RETURN 1; END $$;
CREATE FUNCTION unlock_and_kill() RETURNS integer LANGUAGE plpgsql AS
    $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM canary; RETURN 1; END $$;
CREATE PROCEDURE commit_and_kill(INOUT done integer) LANGUAGE plpgsql AS
    $$ BEGIN COMMIT; DELETE FROM canary; COMMIT; END $$;
CREATE ROLE shop_reader LOGIN PASSWORD 'only-for-reading';
GRANT SELECT ON orders TO shop_reader;
"""


@pytest.fixture(scope="session")
def shop(postgres_server: "Server") -> Iterator[dict[str, Any]]:
    """The configuration of a database with customers, orders and a canary; its role `shop_reader` has a password."""
    rules = postgres_server.folder / "data" / "pg_hba.conf"
    with postgres_server.database() as url:
        name = url.rpartition("/")[2]
        rules.write_text("host all shop_reader 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        with psycopg.connect(postgres_server.url(name, driver="postgresql"), autocommit=True) as connection:
            connection.execute(SHOP)
            connection.execute("SELECT pg_reload_conf()")
            yield {"host": "127.0.0.1", "port": postgres_server.port, "database": name, "sslmode": "disable"}
            connection.execute("DROP OWNED BY shop_reader; DROP ROLE shop_reader")


@pytest.fixture(scope="session")
def ask(shop: dict[str, Any]) -> Iterator[Callable[..., list[Any]]]:
    """Query the server directly, without the integration."""
    where = f"host={shop['host']} port={shop['port']} dbname={shop['database']} user=postgres"
    with psycopg.connect(where, autocommit=True) as connection:

        def perform(sql: str) -> list[Any]:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

        yield perform


@pytest.fixture
def connect(shop: dict[str, Any]) -> Iterator[Callable[..., Postgres]]:
    """Connect with configuration values; by default as the owner."""
    made: list[Postgres] = []

    def perform(*, username: str = "postgres", password: str = "any", **config: Any) -> Postgres:
        credentials = {"username": username, "password": password}
        made.append(Postgres.create({**shop, **config}, credentials=credentials))
        return made[-1]

    yield perform
    for integration in made:
        integration.close()


@pytest.fixture
def postgres(connect: Callable[..., Postgres]) -> Postgres:
    """The integration with its default configuration: read-only."""
    return connect()
