"""Responses that are malformed, cut short, endless or slow: the driver raises its own errors."""

from __future__ import annotations

import copy
import gzip
import json
import sqlite3
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from tracker_tui.turso import Connection, Error, OutcomeUnknown, StatementResult, TimedOut, connect
from tracker_tui.turso.pipeline import MAX_BYTES

Path = tuple[str | int, ...]

STATEMENT = ("SELECT 1 AS whole, 0.5 AS half, 'text' AS text, x'ff' AS blob, NULL AS empty", ())
ROW = (1, 0.5, "text", b"\xff", None)
REMOVED = object()

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("\ud800")
    | st.sampled_from(["ok", "error", "batch", "integer", "float", "blob", "text", "null"])
    | st.sampled_from(["SQLITE_CONSTRAINT", "STREAM_EXPIRED", "BLOCKED", "ARGS_INVALID"])
    | st.sampled_from(["http://localhost:1", "https://evil.invalid", "http://[", "9" * 5000]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def paths(node: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each part of a JSON document."""
    yield path
    if isinstance(node, dict | list):
        for key, part in node.items() if isinstance(node, dict) else enumerate(node):
            yield from paths(part, (*path, key))


def mutated(document: Any, path: Path, value: Any) -> Any:
    """Return a copy with the part at `path` replaced or removed."""
    if not path:
        return None if value is REMOVED else value
    document = copy.deepcopy(document)
    node = document
    for key in path[:-1]:
        node = node[key]
    if value is REMOVED:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return document


@st.composite
def mutations(draw: st.DrawFn, good: Any) -> Any:
    """Documents that differ from a valid one in one or two places."""
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(paths(good))))
        good = mutated(good, path, draw(anything | st.just(REMOVED)))
    return good


@pytest.fixture
def answered(proxy: Proxy) -> tuple[Any, Any]:
    """Return the answers of the real server to STATEMENT and to two batches of it."""
    replies: list[bytes] = []

    def kept(proxied: Any) -> None:
        reply = proxied.forward()
        replies.append(reply.body)
        proxied.reply(reply)

    with writer(proxy.url) as connection:
        proxy.meet([kept, kept])
        connection.execute(*STATEMENT)
        connection.client.batches([[STATEMENT], [STATEMENT]])
    return json.loads(replies[0]), json.loads(replies[1])


# All examples share the proxy, which keeps nothing of an example.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_answer_returns_values_or_raises_a_driver_error(
    proxy: Proxy, answered: tuple[Any, Any], data: st.DataObject
) -> None:
    one, several = (
        answer(200, json.dumps(data.draw(mutations(good))).encode()) for good in answered
    )
    unrelated = answer(200, json.dumps(data.draw(anything)).encode())
    with closing(connect(proxy.url)) as connection:
        connection.row_factory = sqlite3.Row
        proxy.meet([unrelated])
        with pytest.raises(OutcomeUnknown):
            connection.execute("SELECT 1")
        proxy.meet([one])
        try:
            rows = connection.execute(*STATEMENT).fetchall()
        except Error as error:
            assert str(error)  # noqa: PT017 - not every example fails
        else:
            assert _are_values([tuple(row) for row in rows])
        assert isinstance(connection.in_transaction, bool)
    with closing(connect(proxy.url)) as connection:
        # Twice, because a read with a malformed answer is sent again.
        proxy.meet([several, several])
        try:
            results = connection.client.batches([[STATEMENT], [STATEMENT]])
        except Error as error:
            assert str(error)  # noqa: PT017 - not every example fails
            return
    assert len(results) == 2
    for result in results:
        if not isinstance(result, Error):
            (each,) = result
            assert isinstance(each, StatementResult)
            assert _are_values(each.rows)
            assert all(isinstance(name, str) for name in each.columns)
            assert type(each.rowcount) is type(each.rows_read) is type(each.rows_written) is int


def test_one_malformed_part_spoils_the_answer(proxy: Proxy, answered: tuple[Any, Any]) -> None:
    cells: list[tuple[int, Any]] = [
        *((0, {"type": "integer", "value": bad}) for bad in (float("inf"), str(2**63), 1.5, True)),
        *((1, {"type": "float", "value": bad}) for bad in ("0.5", float("nan"))),
        *((2, {"type": "text", "value": bad}) for bad in (2, "\ud800")),
        (3, {"type": "blob", "base64": "é"}),
        (4, {"type": "undefined"}),
    ]
    parts: list[tuple[Path, Any]] = [
        (("step_results", 0), None),
        (("step_results", 0, "rows"), {}),
        (("step_results", 0, "rows", 0), [{"type": "null"}]),
        *((("step_results", 0, "rows", 0, column), cell) for column, cell in cells),
        (("step_results", 0, "cols", 0, "name"), "\0"),
        (("step_results", 0, "affected_row_count"), None),
        (("step_errors",), []),
        (("step_errors", 0), "no"),
    ]
    with closing(connect(proxy.url)) as connection:
        proxy.meet(answer(200, json.dumps(each).encode()) for each in answered)
        assert connection.execute(*STATEMENT).fetchall() == [ROW]
        for result in connection.client.batches([[STATEMENT], [STATEMENT]]):
            assert not isinstance(result, Error)
            assert [each.rows for each in result] == [[ROW]]
        for path, value in parts:
            document = mutated(answered[0], ("results", 0, "response", "result", *path), value)
            proxy.meet([answer(200, json.dumps(document).encode())])
            with pytest.raises(OutcomeUnknown):
                pytest.fail(f"{path} {value}: {connection.execute(*STATEMENT).fetchall()}")
            assert connection.execute(*STATEMENT).fetchall() == [ROW]


def test_an_incomplete_answer_leaves_the_outcome_unknown(proxy: Proxy) -> None:
    make_table(proxy.url)
    rows = 0
    parts = (("results", REMOVED), ("baton", REMOVED), ("baton", 5), ("base_url", 5))
    for (key, value), repeats in product(parts, (False, True)):

        def fate(proxied: Any, key: str = key, value: Any = value) -> None:
            reply = proxied.forward()
            document = mutated(json.loads(reply.body), (key,), value)
            proxied.reply(reply._replace(body=json.dumps(document).encode()))

        with closing(connect(proxy.url)) as connection:
            proxy.meet([fate] * (1 + repeats))
            came = proxy.count
            with pytest.raises(OutcomeUnknown) as caught:
                connection.client.batches([[("INSERT INTO t VALUES (1)", ())]], repeatable=repeats)
            assert caught.value.may_have_happened
            assert proxy.count == came + 1 + repeats
            rows += 1 + repeats
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (rows,), key


def _are_values(rows: list[tuple[Any, ...]]) -> bool:
    kinds = int | float | str | bytes | None
    values = [value for row in rows for value in row]
    texts = "".join(value for value in values if isinstance(value, str))
    return all(isinstance(value, kinds) for value in values) and texts.encode().decode() == texts


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


def test_a_response_cut_short_is_not_whole(proxy: Proxy, connection: Connection) -> None:
    def shorter(proxied: ProxiedRequest) -> None:
        reply = proxied.forward()
        longer = reply._replace(body=reply.body + b" ")
        proxied.send(head(longer) + reply.body)
        proxied.cut()

    message = "broke before the answer was whole"
    writes_fail_once(proxy, shorter, connection, OutcomeUnknown, message)


@pytest.mark.usefixtures("least_limit")
def test_an_endless_response_is_read_up_to_a_limit(proxy: Proxy, connection: Connection) -> None:
    # Without the fixture
    assert MAX_BYTES == 64 * 2**20
    long = ENDLESS[:-2] + b"Content-Length: 999999999\r\n\r\n"
    for write, beginning in product(WAYS, (ENDLESS, ENDLESS.replace(b"200", b"500"), long)):
        hung_up = threading.Event()
        proxy.meet([unending(beginning, hung_up)])
        failed_write(write, connection, OutcomeUnknown, "longer than 100,000 bytes")
        assert hung_up.wait(SECONDS), beginning
        works(connection)


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
