"""Statuses other than 200: each has its own error, and the next request works."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.clocks import Clock
from helpers.driver_faults import (
    WAYS,
    count_rows,
    failed_write,
    make_table,
    works,
    writer,
    writes_fail,
    writes_fail_once,
)
from helpers.proxy import Fate, Proxy, answer, proxy_to
from helpers.servers import Server
from tracker_tui import turso
from tracker_tui.turso import Connection
from tracker_tui.turso.errors import error_for_status

PAGE = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"""


STATUSES: list[tuple[Fate, type[turso.Error], str]] = [
    (answer(400, b'{"error":"What?"}'), turso.OperationalError, "take the request (400): What?"),
    (answer(408), turso.OutcomeUnknown, "gave no results (408)"),
    (answer(408, b"stream timeout"), turso.OutcomeUnknown, "(408): stream timeout"),
    (answer(413, b'{"error":"Long"}'), turso.OperationalError, "long for the server (413)"),
    (answer(429), turso.TooManyRequests, "too many requests to serve (429)"),
    (answer(500, b'{"error":"Oh no"}'), turso.OutcomeUnknown, "server failed (500): Oh no"),
    (answer(502, PAGE), turso.OutcomeUnknown, "The server failed (502)"),
    (answer(503, b"Busy\n\x1b[31m"), turso.OutcomeUnknown, "server failed (503): Busy"),
    (answer(504), turso.OutcomeUnknown, "server failed (504)"),
    (answer(202, b"{}"), turso.OutcomeUnknown, "gave no results (202)"),
    (answer(204), turso.OutcomeUnknown, "gave no results (204)"),
    (answer(403, b'{"error":"No","code":"BLOCKED"}'), turso.Blocked, "is blocked (403): No"),
    (answer(401, b"\xff\xfe"), turso.TokenRefused, "rejected the token (401)"),
    (answer(404, b'["?"]'), turso.NotTheServer, "answered in place of the server (404)"),
    (answer(418, b"[" * 100_000), turso.NotTheServer, "in place of the server (418)"),
]


def test_each_status_has_its_own_error_and_the_next_request_works(proxy: Proxy) -> None:
    make_table(proxy.url)
    with writer(proxy.url) as connection:
        for fate, kind, message in STATUSES:
            writes_fail_once(proxy, fate, connection, kind, message)


def test_a_redirect_is_not_followed(proxy: Proxy, remote_url: str) -> None:
    with proxy_to(remote_url) as elsewhere, writer(proxy.url, "token") as connection:
        for status in (301, 302, 303, 307, 308):
            redirect = answer(status, Location=f"{elsewhere.url}/v3/pipeline")
            writes_fail_once(
                proxy, redirect, connection, turso.Misdirected, f"a redirect ({status})"
            )
        assert elsewhere.count == 0


def test_a_token_is_checked_by_the_server(guarded_server: Server) -> None:
    url, good = guarded_server.new_database(), guarded_server.token("rw")
    make_table(url, good)
    expired = guarded_server.token("rw", exp=int(time.time()) - 3600)
    for token in (None, "garbage", expired, good[:-2]):
        with writer(url, token) as connection:
            writes_fail(connection, turso.TokenRefused, "rejected the token (401)")
    with writer(url, guarded_server.token("ro")) as connection:
        writes_fail(connection, turso.NotAllowed, "does not allow this (403)")
        works(connection)
    assert count_rows(url, good) == 0


def test_a_missing_or_blocked_database_is_reported(server: Server) -> None:
    with writer(f"{server.url}/dev/not-made-yet") as connection:
        writes_fail(connection, turso.NoSuchDatabase, "no such database (404)")
        url = server.new_database("not-made-yet")
        works(connection)
        make_table(url)
        server.block(url, blocked=True)
        writes_fail(connection, turso.Blocked, "blocked: quota")
        server.block(url, blocked=False)
        works(connection)
    assert count_rows(url) == 0


def test_invalid_text_fails_the_whole_request_after_it_was_carried_out(remote_url: str) -> None:
    make_table(remote_url)
    not_a_text = "SELECT CAST(x'ff' AS TEXT)"

    def write_and_read(connection: Connection) -> object:
        return connection.client.batches([[("INSERT INTO t VALUES (1)", ())], [(not_a_text, ())]])

    with writer(remote_url) as connection:
        failed_write(write_and_read, connection, turso.OutcomeUnknown, "(500): invalid utf-8")
        works(connection)
        failed_write(lambda c: c.execute(not_a_text), connection, turso.OutcomeUnknown, "(500)")
        works(connection)
    assert count_rows(remote_url) == 1


@given(st.sampled_from(HTTPStatus) | st.integers(100, 999), st.binary() | st.text().map(str.encode))
def test_any_answer_becomes_one_short_line(status: int, content: bytes) -> None:
    error = error_for_status(int(status), content)
    assert str(error).isprintable()
    assert len(str(error)) < 300
    assert error.may_have_happened is not (300 <= status < 500 and status != 408)


def test_an_error_that_no_libsql_server_writes_is_not_the_servers() -> None:
    statuses = (400, 401, 403, 404, 405, 407, 413, 418, 429, 451)
    gateway, plain = b'{"message":"Forbidden"}', b"error code: 1020"
    bodies = (PAGE, plain, gateway, b"", b'{"error":{"code":403}}')
    for status, body in product(statuses, bodies):
        error = error_for_status(status, body)
        if body == PAGE or status not in (401, 429):
            assert type(error) is turso.NotTheServer, (status, body)
            assert "nginx" not in str(error)
    # Nothing of a web page is quoted.
    for page in (PAGE, b"\xef\xbb\xbf" + PAGE, b"turso.Error: <b>nginx</b>", b"<?xml?>"):
        assert str(error_for_status(502, page)) == "The server failed (502)"


def test_an_error_that_a_libsql_server_writes_is_the_servers() -> None:
    cases = {
        (401, b'{"error":"Unauthorized: `The JWT is invalid`"}'): turso.TokenRefused,
        (403, b'{"error":"Authorization forbidden: no Write permission"}'): turso.NotAllowed,
        (403, b'{"message":"Writes are blocked","code":"BLOCKED"}'): turso.Blocked,
        (404, b'{"error":"Namespace `nope` does not exist"}'): turso.NoSuchDatabase,
        (400, b"Received an invalid baton"): turso.TransactionLost,
        (400, b"Cannot deserialize client message from JSON: what?"): turso.OperationalError,
        (413, b'{"error":"too long"}'): turso.OperationalError,
        (407, b'{"error":"Proxy authentication required"}'): turso.NotTheServer,
    }
    assert {case: type(error_for_status(*case)) for case in cases} == cases


def test_retry_after_is_parsed() -> None:
    cases = {
        "120": 120,
        " 7 ": 7,
        "0.5": 0.5,
        "-3": 0,
        "99999999": 3_600,
        **dict.fromkeys(("", "soon", "nan", "inf", "1e400")),
        "Sun, 06 Nov 1994 08:49:37 GMT": 0,
        "Fri, 31 Dec 9999 23:59:59 GMT": 3_600,
        "Fri, 99 Dec 9999 23:59:59 GMT": None,
    }
    for status in (429, 503):
        assert {value: error_for_status(status, b"", value).retry_after for value in cases} == cases
    left = error_for_status(429, b"", formatdate(time.time() + 120, usegmt=True)).retry_after
    assert left is not None
    assert 100 < left <= 120


def test_nothing_is_sent_before_retry_after(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("tracker_tui.turso.pipeline.monotonic", clock.monotonic)
    make_table(proxy.url)
    with writer(proxy.url) as connection:
        for write in WAYS:
            proxy.meet([answer(429, Retry_After="60")])
            failed_write(write, connection, turso.TooManyRequests, "too many requests")
            came = proxy.count
            clock.advance(59)
            error = failed_write(
                write, connection, turso.TooManyRequests, "left alone for 1 s more"
            )
            assert (error.retry_after, proxy.count) == (1, came)
            clock.advance(1)
            works(connection)
