"""Servers that send or read a byte at a time, so that no single wait of the client is long."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from wren_core import Unavailable
from wren_core.http_client import HttpClient
from wren_core.testing.patience import patience

ENDED = threading.Event()
"""Set while no server runs."""
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"


@contextmanager
def serve_slowly(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve connections with a function, each in its thread, until the block ends."""
    threads: list[threading.Thread] = []

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()

    def serve(connection: socket.socket) -> None:
        with closing(connection):
            try:
                answer(connection)
            except OSError:
                return  # the client has given up

    with socket.create_server(("127.0.0.1", 0)) as listener:
        main = threading.Thread(target=accept, args=(listener,))
        ENDED.clear()
        main.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ENDED.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
    main.join()
    for thread in threads:
        thread.join()


def ignore(_seconds: float) -> None:
    """Do not wait between two attempts."""


def drip(connection: socket.socket, text: bytes) -> None:
    for byte in text:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def drip_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    drip(connection, b"HTTP/1.1 200 OK\r\n" + b"x-long: 1\r\n" * 1000)


def drip_body(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(HEAD)
    drip(connection, b"x" * 10_000)


def drip_interim_answers(connection: socket.socket) -> None:
    connection.recv(65536)
    while True:
        connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
        time.sleep(0.02)


def read_a_little(connection: socket.socket) -> None:
    connection.settimeout(patience(5))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    while connection.recv(512) and not ENDED.is_set():
        time.sleep(0.02)


@pytest.mark.parametrize("answer", [drip_headers, drip_body, drip_interim_answers])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_slow_answer_ends_at_the_limit_of_the_whole_request(answer, method):
    with (
        serve_slowly(answer) as url,
        closing(HttpClient(url, integration="shop", timeout=patience(5), patience=0.5, sleep=ignore)) as client,
        pytest.raises(Unavailable, match=rf"needed more than 0\.5 s to answer {method} /things") as caught,
    ):
        client.request(method, "/things")

    assert caught.value.nothing_done is (method == "GET")


def test_a_download_has_a_limit_too(tmp_path):
    with (
        serve_slowly(drip_body) as url,
        closing(HttpClient(url, integration="shop", timeout=patience(5))) as client,
        (tmp_path / "file").open("wb") as file,
        pytest.raises(Unavailable, match=r"needed more than 0\.5 s"),
    ):
        client.download("/things", file, max_bytes=10**6, patience=0.5)


def test_an_upload_that_is_read_slowly_ends_too(monkeypatch):
    monkeypatch.setattr("wren_core.time_limits.BYTES_PER_SECOND", 10**9)
    with (
        serve_slowly(read_a_little) as url,
        closing(HttpClient(url, integration="shop", timeout=patience(5), patience=0.5)) as client,
        pytest.raises(Unavailable, match="needed more than"),
    ):
        client.request("PUT", "/things", content=b"x" * 8 * 1024 * 1024)


def test_other_requests_of_the_client_have_their_own_limit():
    def answer(connection: socket.socket) -> None:
        while connection.recv(65536):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    with serve_slowly(answer) as url, closing(HttpClient(url, integration="shop", patience=patience(1))) as client:
        found = [client.get("/things") for _ in range(3)]

    assert found == [{}, {}, {}]
