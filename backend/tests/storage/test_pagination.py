import base64

import pytest

from wren_backend.storage.pagination import CursorCodec, CursorInvalid, Position, page_of
from wren_backend.testing import NOW

HERE = Position(created_at=NOW, id="run_1")


def codec(key: bytes = b"k" * 32) -> CursorCodec:
    return CursorCodec(key)


def test_a_cursor_leads_back_to_its_position():
    cursor = codec().encode(HERE, workspace_id="ws_a", of="runs")

    assert codec().decode(cursor, workspace_id="ws_a", of="runs") == HERE


@pytest.mark.parametrize(("workspace_id", "of"), [("ws_b", "runs"), ("ws_a", "messages")])
def test_a_cursor_is_good_for_its_workspace_and_list_only(workspace_id, of):
    cursor = codec().encode(HERE, workspace_id="ws_a", of="runs")

    with pytest.raises(CursorInvalid) as caught:
        codec().decode(cursor, workspace_id=workspace_id, of=of)

    assert (caught.value.type, caught.value.code) == ("AgentFixableError", "CURSOR_INVALID")


def test_a_cursor_of_other_keys_is_refused():
    cursor = codec(b"x" * 32).encode(HERE, workspace_id="ws_a", of="runs")

    with pytest.raises(CursorInvalid):
        codec().decode(cursor, workspace_id="ws_a", of="runs")


def test_every_altered_byte_of_a_cursor_is_noticed():
    cursor = codec().encode(HERE, workspace_id="ws_a", of="runs")
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))

    for index in range(len(raw)):
        altered = raw.copy()
        altered[index] ^= 1
        with pytest.raises(CursorInvalid):
            codec().decode(base64.urlsafe_b64encode(altered).decode(), workspace_id="ws_a", of="runs")


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "ünïcode", "A" * 1000, "\x00", "\ud800"])
def test_nonsense_is_refused_like_a_forgery(cursor):
    with pytest.raises(CursorInvalid):
        codec().decode(cursor, workspace_id="ws_a", of="runs")


def test_a_page_that_is_not_the_last_names_the_position_of_its_last_row():
    page = page_of(["a", "b", "c"], 2, lambda row: Position(created_at=NOW, id=row))

    assert page.items == ["a", "b"]
    assert page.next == Position(created_at=NOW, id="b")


def test_the_last_page_names_none():
    assert page_of(["a", "b"], 2, lambda row: Position(created_at=NOW, id=row)).next is None
    assert page_of([], 2, lambda row: Position(created_at=NOW, id=row)).next is None
