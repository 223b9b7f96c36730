"""The Valkey that tests bring along speaks the Redis protocol."""

from servers.valkey import valkey


def test_it_answers_ping(valkey_server):
    assert valkey_server.command("PING") == "+PONG"


def test_what_one_test_stored_is_gone_for_the_next(valkey_server, request):
    valkey_server.command("SET", "kept", "1")

    url = request.getfixturevalue("valkey_url")

    assert url == f"redis://127.0.0.1:{valkey_server.port}/0"
    assert valkey_server.command("EXISTS", "kept") == ":0"


def test_two_servers_share_nothing(valkey_server):
    with valkey() as other:
        valkey_server.command("SET", "mine", "1")

        assert other.command("EXISTS", "mine") == ":0"
