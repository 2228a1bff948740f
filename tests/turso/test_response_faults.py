"""Responses that are cut short, never end, arrive too slowly, or are malformed."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from helpers.driver_faults import (
    SECONDS,
    SOON,
    WAYS,
    await_left_behind,
    by_execute,
    count_rows,
    failed_write,
    give_time,
    make_table,
    works,
    writer,
    writes_fail_once,
)
from helpers.proxy import ProxiedRequest, Proxy, altered, answer, head, trickled, unending
from tracker_tui.turso import Connection, OutcomeUnknown, TimedOut
from tracker_tui.turso.pipeline import MAX_BYTES

Alter = Callable[[bytes], bytes]
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[Connection]:
    make_table(proxy.url)
    with writer(proxy.url) as connection:
        yield connection


@pytest.fixture
def least_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit responses to 100,000 bytes."""
    monkeypatch.setattr("tracker_tui.turso.pipeline.MAX_BYTES", 100_000)


def test_a_malformed_answer_leaves_its_outcome_open(proxy: Proxy, connection: Connection) -> None:
    malformed: list[Alter] = [
        lambda body: body[:-1],
        lambda body: body[: len(body) // 2],
        lambda body: b"",
        lambda body: b"[" + body + b"]",
        lambda body: b"null",
        lambda body: b'"' + b"x" * 1000 + b'"',
        lambda body: b"[" * 100_000,
        lambda body: b"9" * 10_000,
        lambda body: b"\xff" + body,
        lambda body: b"{}",
    ]
    for alter in malformed:
        writes_fail_once(
            proxy, altered(alter), connection, OutcomeUnknown, "not what a libSQL server sends"
        )
    nothing = altered(lambda body: b'{"baton":null,"results":[]}')
    writes_fail_once(proxy, nothing, connection, OutcomeUnknown, "another number of requests")
    assert count_rows(proxy.url) == 2 * len(malformed) + 2


def test_a_response_shorter_than_announced_is_not_whole(
    proxy: Proxy, connection: Connection
) -> None:
    def shorter(proxied: ProxiedRequest) -> None:
        reply = proxied.forward()
        longer = reply._replace(body=reply.body + b" ")
        proxied.send(head(longer) + reply.body)
        proxied.cut()

    message = "broke before the answer was whole"
    writes_fail_once(proxy, shorter, connection, OutcomeUnknown, message)


@pytest.mark.usefixtures("least_limit")
def test_an_endless_response_is_read_up_to_a_limit(proxy: Proxy, connection: Connection) -> None:
    long = ENDLESS[:-2] + b"Content-Length: 999999999\r\n\r\n"
    for write, beginning in product(WAYS, (ENDLESS, ENDLESS.replace(b"200", b"500"), long)):
        hung_up = threading.Event()
        proxy.meet([unending(beginning, hung_up)])
        failed_write(write, connection, OutcomeUnknown, "longer than 100,000 bytes")
        assert hung_up.wait(SECONDS), beginning
        works(connection)


def test_the_limit_is_64_mb() -> None:
    assert MAX_BYTES == 64 * 2**20


def test_compressed_responses_are_decompressed(proxy: Proxy, connection: Connection) -> None:
    for write in WAYS:
        for encoding, encode in (("gzip", gzip.compress), ("deflate", zlib.compress)):
            proxy.meet([altered(encode, Content_Encoding=encoding)])
            write(connection)
    for wrong in (lambda body: body, lambda body: gzip.compress(body)[:-50]):
        fate = altered(wrong, Content_Encoding="gzip")
        writes_fail_once(proxy, fate, connection, OutcomeUnknown, "The answer is not ")
    assert count_rows(proxy.url) == 8


@pytest.mark.usefixtures("least_limit")
def test_a_decompression_bomb_is_not_unpacked_whole(proxy: Proxy, connection: Connection) -> None:
    bomb = gzip.compress(b" " * 50_000_000, 1)
    for layers, body in ((1, bomb), (2, gzip.compress(bomb, 1))):
        proxy.meet([answer(200, body, Content_Encoding=", ".join(["gzip"] * layers))])
        tracemalloc.start()
        try:
            failed_write(by_execute, connection, OutcomeUnknown, "longer than 100,000 bytes")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 20_000_000, layers
        works(connection)


def test_a_slow_response_ends_with_the_deadline(proxy: Proxy) -> None:
    make_table(proxy.url)
    for beginning in (
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        ENDLESS,
        ENDLESS[:-2] + b"Content-Length: 999999999\r\n\r\n",
        ENDLESS.replace(b"200 OK", b"503 No"),
    ):
        released = threading.Event()
        with writer(proxy.url, timeout=SOON) as connection:
            proxy.meet([trickled(beginning, released)])
            failed_write(by_execute, connection, TimedOut, "No whole answer came within 0.3 s")
            give_time(connection)
            works(connection)
            # The server goes on sending, but the connection of the thread that reads is cut.
            await_left_behind()
            released.set()
            works(connection)


def test_a_second_response_answers_no_other_request(proxy: Proxy, connection: Connection) -> None:
    def twice(proxied: ProxiedRequest) -> None:
        reply = proxied.forward()
        another = reply._replace(body=b'{"somebody":"else"}')
        proxied.send(head(reply) + reply.body + head(another) + another.body)

    proxy.meet([twice])
    works(connection)
