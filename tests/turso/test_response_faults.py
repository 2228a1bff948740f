"""Responses that are cut short, never end, arrive too slowly, or are malformed."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest

from helpers.driver_faults import (
    SECONDS,
    SOON,
    Write,
    await_left_behind,
    by_execute,
    count_rows,
    every_way,
    failed_write,
    give_time,
    make_table,
    works,
    writer,
)
from helpers.proxy import ProxiedRequest, Proxy, altered, answer, head, trickled, unending
from tracker_tui.turso import Connection, OutcomeUnknown, TimedOut
from tracker_tui.turso.pipeline import MAX_BYTES

Alter = Callable[[bytes], bytes]
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
MALFORMED = "not what a libSQL server sends"


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[Connection]:
    make_table(proxy.url)
    with writer(proxy.url) as connection:
        yield connection


@pytest.fixture
def least_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit responses to 100,000 bytes."""
    monkeypatch.setattr("tracker_tui.turso.pipeline.MAX_BYTES", 100_000)


@every_way
@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda body: body[:-1], MALFORMED),
        (lambda body: body[: len(body) // 2], MALFORMED),
        (lambda body: b"", MALFORMED),
        (lambda body: b"[" + body + b"]", MALFORMED),
        (lambda body: b"null", MALFORMED),
        (lambda body: b'"' + b"x" * 1000 + b'"', MALFORMED),
        (lambda body: b"[" * 100_000, MALFORMED),
        (lambda body: b"9" * 10_000, MALFORMED),
        (lambda body: b"\xff" + body, MALFORMED),
        (lambda body: b"{}", MALFORMED),
        (lambda body: b'{"baton":null,"results":[]}', "another number of requests"),
    ],
)
def test_a_malformed_answer_leaves_the_outcome_unknown(
    proxy: Proxy, connection: Connection, write: Write, alter: Alter, message: str
) -> None:
    proxy.meet([altered(alter)])
    error = failed_write(write, connection, OutcomeUnknown, message)
    assert error.may_have_happened
    works(connection)
    assert count_rows(proxy.url) == 1


@every_way
def test_a_response_shorter_than_its_length_is_not_whole(
    proxy: Proxy, connection: Connection, write: Write
) -> None:
    def shorter(proxied: ProxiedRequest) -> None:
        reply = proxied.forward()
        longer = reply._replace(body=reply.body + b" ")
        proxied.send(head(longer) + reply.body)
        proxied.cut()

    proxy.meet([shorter])
    error = failed_write(write, connection, OutcomeUnknown, "broke before the answer was whole")
    assert error.may_have_happened
    works(connection)


@every_way
@pytest.mark.parametrize(
    "beginning",
    [ENDLESS, ENDLESS.replace(b"200", b"500"), ENDLESS[:-2] + b"Content-Length: 999999999\r\n\r\n"],
)
@pytest.mark.usefixtures("least_limit")
def test_an_endless_response_is_read_up_to_a_limit(
    proxy: Proxy, connection: Connection, write: Write, beginning: bytes
) -> None:
    hung_up = threading.Event()
    proxy.meet([unending(beginning, hung_up)])
    error = failed_write(write, connection, OutcomeUnknown, "longer than 100,000 bytes")
    assert error.may_have_happened
    assert hung_up.wait(SECONDS)
    works(connection)


def test_the_limit_is_64_mb() -> None:
    assert MAX_BYTES == 64 * 2**20


@every_way
@pytest.mark.parametrize(
    ("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_compressed_responses_are_decompressed(
    proxy: Proxy, connection: Connection, write: Write, encoding: str, encode: Alter
) -> None:
    proxy.meet([altered(encode, Content_Encoding=encoding)])
    write(connection)
    works(connection)
    assert count_rows(proxy.url) == 1


@every_way
@pytest.mark.parametrize("alter", [lambda body: body, lambda body: gzip.compress(body)[:-50]])
def test_a_response_that_is_not_compressed_as_it_says_is_unusable(
    proxy: Proxy, connection: Connection, write: Write, alter: Alter
) -> None:
    proxy.meet([altered(alter, Content_Encoding="gzip")])
    error = failed_write(write, connection, OutcomeUnknown, "The answer is not ")
    assert error.may_have_happened
    works(connection)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.usefixtures("least_limit")
def test_a_decompression_bomb_is_not_decompressed_whole(
    proxy: Proxy, connection: Connection, layers: int
) -> None:
    bomb = b" " * 50_000_000
    for _ in range(layers):
        bomb = gzip.compress(bomb, 6)
    proxy.meet([answer(200, bomb, Content_Encoding=", ".join(["gzip"] * layers))])
    tracemalloc.start()
    try:
        failed_write(by_execute, connection, OutcomeUnknown, "longer than 100,000 bytes")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000_000
    works(connection)


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        ENDLESS,
        ENDLESS[:-2] + b"Content-Length: 999999999\r\n\r\n",
        ENDLESS.replace(b"200 OK", b"503 No"),
    ],
)
def test_a_slow_response_ends_with_the_deadline(proxy: Proxy, beginning: bytes) -> None:
    make_table(proxy.url)
    released = threading.Event()
    with writer(proxy.url, timeout=SOON) as connection:
        proxy.meet([trickled(beginning, released)])
        error = failed_write(by_execute, connection, TimedOut, "No whole answer came within 0.3 s")
        assert error.may_have_happened
        give_time(connection)
        works(connection)
        # The server goes on sending, but the connection of the thread that reads is cut.
        await_left_behind()
        released.set()
        works(connection)


def test_a_second_response_does_not_answer_the_next_request(
    proxy: Proxy, connection: Connection
) -> None:
    def twice(proxied: ProxiedRequest) -> None:
        reply = proxied.forward()
        another = reply._replace(body=b'{"somebody":"else"}')
        proxied.send(head(reply) + reply.body + head(another) + another.body)

    proxy.meet([twice])
    works(connection)
