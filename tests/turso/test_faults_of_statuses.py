"""Refusals and redirects: each is its own error, quotes no web page, and is over afterwards."""

from __future__ import annotations

import time
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.failing import (
    Write,
    count_rows,
    every_way,
    failed_write,
    make_table,
    works,
    writer,
)
from helpers.proxy import Fate, Proxy, answer, proxy_to
from helpers.servers import Server
from tracker_tui.db.turso import (
    Blocked,
    Connection,
    Error,
    Misdirected,
    NoSuchDatabase,
    NotAllowed,
    OperationalError,
    OutcomeUnknown,
    TokenRefused,
    TooManyRequests,
)
from tracker_tui.db.turso.refusals import refusal

PAGE = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"""


@every_way
@pytest.mark.parametrize(
    ("fate", "kind", "said", "may_have_happened"),
    [
        (answer(400, b"What?"), OperationalError, "did not take the request (400): What?", False),
        (answer(408), OutcomeUnknown, "gave no results (408)", True),
        (answer(408, b"stream timeout"), OutcomeUnknown, "(408): stream timeout", True),
        (answer(413), OperationalError, "too long for the server (413)", False),
        (answer(429), TooManyRequests, "too many requests to serve (429)", False),
        (answer(500, b'{"error":"Oh no"}'), OutcomeUnknown, "server failed (500): Oh no", True),
        (answer(502, PAGE), OutcomeUnknown, "The server failed (502)", True),
        (answer(503, b"Busy\n\x1b[31m"), OutcomeUnknown, "server failed (503): Busy", True),
        (answer(504), OutcomeUnknown, "server failed (504)", True),
        (answer(202, b"{}"), OutcomeUnknown, "gave no results (202)", True),
        (answer(204), OutcomeUnknown, "gave no results (204)", True),
        (answer(403, b'{"error":"No","code":"BLOCKED"}'), Blocked, "is blocked (403): No", False),
        (answer(401, b"\xff\xfe"), TokenRefused, "refused the token (401)", False),
        (answer(404, b'["?"]'), NoSuchDatabase, "no such database (404)", False),
        (answer(418, b"[" * 100_000), OperationalError, "did not take the request (418)", False),
    ],
)
def test_each_refusal_is_told_apart_and_over_with_the_next_request(
    proxy: Proxy,
    write: Write,
    fate: Fate,
    kind: type[Error],
    said: str,
    may_have_happened: bool,
) -> None:
    make_table(proxy.url)
    with writer(proxy.url) as connection:
        proxy.meet([fate])
        error = failed_write(write, connection, kind, said)
        assert error.may_have_happened is may_have_happened
        works(connection)


@pytest.mark.parametrize("page", [PAGE, b"\xef\xbb\xbf" + PAGE, b"Error: <b>nginx</b>", b"<?xml?>"])
def test_nothing_of_a_web_page_is_quoted(proxy: Proxy, page: bytes) -> None:
    with writer(proxy.url) as connection:
        proxy.meet([answer(502, page, Content_Type="text/html")])
        error = failed_write(lambda c: c.execute("SELECT 1"), connection, OutcomeUnknown, "(502)")
    assert str(error) == "The server failed (502)"


@every_way
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    proxy: Proxy, remote_url: str, write: Write, status: int
) -> None:
    with proxy_to(remote_url) as elsewhere, writer(proxy.url, "token") as connection:
        proxy.meet([answer(status, Location=f"{elsewhere.url}/v3/pipeline")])
        error = failed_write(write, connection, Misdirected, f"a redirect ({status})")
        assert not error.may_have_happened
        works(connection)
        assert elsewhere.count == 0


@every_way
def test_a_token_that_is_not_accepted_is_refused(guarded_server: Server, write: Write) -> None:
    url, good = guarded_server.new_database(), guarded_server.token("rw")
    make_table(url, good)
    expired = guarded_server.token("rw", exp=int(time.time()) - 3600)
    for token in (None, "garbage", expired, good[:-2]):
        with writer(url, token) as connection:
            error = failed_write(write, connection, TokenRefused, "refused the token (401)")
            assert not error.may_have_happened
    assert count_rows(url, good) == 0


@every_way
def test_a_token_to_read_only_writes_nothing_and_reads_on(
    guarded_server: Server, write: Write
) -> None:
    url, good = guarded_server.new_database(), guarded_server.token("rw")
    make_table(url, good)
    with writer(url, guarded_server.token("ro")) as connection:
        error = failed_write(write, connection, NotAllowed, "does not allow this (403)")
        assert not error.may_have_happened
        works(connection)
    assert count_rows(url, good) == 0


@every_way
def test_a_database_that_is_not_there_is_told_as_such(server: Server, write: Write) -> None:
    with writer(f"{server.url}/dev/nobody-made-it") as connection:
        error = failed_write(write, connection, NoSuchDatabase, "no such database (404)")
        assert not error.may_have_happened
        server.new_database("nobody-made-it")
        works(connection)


@every_way
def test_a_database_over_its_quota_is_blocked_until_it_is_not(
    server: Server, remote_url: str, write: Write
) -> None:
    make_table(remote_url)
    with writer(remote_url) as connection:
        server.block(remote_url, blocked=True)
        error = failed_write(write, connection, Blocked, "blocked: quota")
        assert not error.may_have_happened
        server.block(remote_url, blocked=False)
        works(connection)
    assert count_rows(remote_url) == 0


def test_a_text_that_is_none_fails_the_whole_request_after_it_was_done(remote_url: str) -> None:
    make_table(remote_url)
    not_a_text = "SELECT CAST(x'ff' AS TEXT)"

    def write_and_read(connection: Connection) -> object:
        return connection.batches([[("INSERT INTO t VALUES (1)", ())], [(not_a_text, ())]])

    with writer(remote_url) as connection:
        error = failed_write(write_and_read, connection, OutcomeUnknown, "(500): invalid utf-8")
        assert error.may_have_happened
        works(connection)
        failed_write(lambda c: c.execute(not_a_text), connection, OutcomeUnknown, "(500)")
        works(connection)
    assert count_rows(remote_url) == 1


@given(st.sampled_from(HTTPStatus) | st.integers(100, 999), st.binary() | st.text().map(str.encode))
def test_whatever_comes_is_told_in_one_short_line(status: int, content: bytes) -> None:
    error = refusal(int(status), content)
    assert str(error).isprintable()
    assert len(str(error)) < 300
    assert error.may_have_happened is not (300 <= status < 500 and status != 408)
