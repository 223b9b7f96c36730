"""The Valkey of the tests speaks the Redis protocol."""

from servers.valkey import valkey


def test_it_answers_ping(valkey_server):
    assert valkey_server.command("PING") == "+PONG"


def test_each_test_gets_an_empty_server(valkey_server, request):
    valkey_server.command("SET", "kept", "1")

    url = request.getfixturevalue("valkey_url")

    assert url == f"redis://127.0.0.1:{valkey_server.port}/0"
    assert valkey_server.command("EXISTS", "kept") == ":0"


def test_two_servers_share_no_state(valkey_server):
    with valkey() as other:
        valkey_server.command("SET", "mine", "1")

        assert other.command("EXISTS", "mine") == ":0"
