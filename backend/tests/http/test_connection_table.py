import pytest

from wren_backend.http.connection_table import ConnectionTable


class Stub:
    """A connection that notes that it was closed."""

    def __init__(self, address):
        self.address = address
        self.is_closed = False

    def abort(self):
        self.is_closed = True


@pytest.fixture
def table():
    return ConnectionTable(most=8, most_of_address=4, most_of_workspace=6)


def open_many(table, address, count):
    opened = [Stub(address) for _ in range(count)]
    return opened, [table.add(connection) for connection in opened]


def test_an_address_with_too_many_silent_connections_loses_its_oldest(table):
    opened, admitted = open_many(table, "a", 6)

    assert all(admitted)
    assert [connection.is_closed for connection in opened] == [True, True, False, False, False, False]


def test_a_full_table_takes_from_the_address_that_has_the_most(table):
    greedy, _ = open_many(table, "a", 4)
    modest, _ = open_many(table, "b", 1)
    others = [open_many(table, address, 1)[0][0] for address in "cde"]

    _, admitted = open_many(table, "f", 1)

    assert admitted == [True]
    assert [connection.is_closed for connection in greedy] == [True, False, False, False]
    assert not any(connection.is_closed for connection in [*modest, *others])


def test_a_connection_with_a_valid_key_is_not_closed_for_a_silent_one(table):
    (trusted,), _ = open_many(table, "a", 1)
    table.trust(trusted, "ws_1")

    open_many(table, "a", 20)
    open_many(table, "b", 20)

    assert not trusted.is_closed


def test_a_connection_whose_key_is_checked_belongs_to_its_address_and_then_to_its_workspace(table):
    opened, _ = open_many(table, "a", 4)
    for connection in opened:
        table.trust(connection, "address a")
        table.trust(connection, "ws_1")
    table.distrust(opened[0])

    open_many(table, "a", 4)
    open_many(table, "b", 4)

    assert [connection.is_closed for connection in opened] == [True, False, False, False]


def test_a_connection_can_be_closed_again_when_its_request_is_answered(table):
    (kept,), _ = open_many(table, "a", 1)
    table.trust(kept, "ws_1")
    table.distrust(kept)

    open_many(table, "a", 4)

    assert kept.is_closed


def test_a_workspace_has_so_many_connections_and_one_that_fills_the_table_gives_way(table):
    opened = [open_many(table, str(number), 1)[0][0] for number in range(8)]
    trusted = [table.trust(connection, "ws_1") for connection in opened[:7]]
    table.trust(opened[6], "ws_2")
    table.trust(opened[7], "ws_3")

    _, admitted = open_many(table, "z", 1)

    assert trusted == [True] * 6 + [False]
    assert admitted == [True]
    assert [connection.is_closed for connection in opened] == [True] + [False] * 7


def test_a_table_full_of_many_workspaces_refuses_a_newcomer(table):
    for number in range(8):
        (connection,), _ = open_many(table, str(number), 1)
        table.trust(connection, f"ws_{number}")

    assert open_many(table, "z", 1)[1] == [False]


def test_closed_connections_leave_room(table):
    opened, _ = open_many(table, "a", 4)
    for connection in opened:
        table.remove(connection)
        table.remove(connection)

    assert len(table) == 0
    assert not table.trust(opened[0], "ws_1") or len(table) == 0
