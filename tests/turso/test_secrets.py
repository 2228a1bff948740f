"""The token goes to the server, and appears in nothing that is printed, logged or raised."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from peewee import PeeweeException
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from helpers.certificates import self_signed
from helpers.driver_faults import SOON, await_left_behind, by_batch, by_execute, works
from helpers.proxy import (
    Fate,
    ProxiedRequest,
    Proxy,
    altered,
    answer,
    cut_before,
    cut_within,
    proxy_to,
)
from helpers.servers import Server, free_port
from tracker_tui.turso import Error, InterfaceError, TursoDatabase, connect

TELLING = "dHJlYXN1cmU"
TOKEN = f"eyJhbGciOiJFZERTQSJ9.{TELLING}.MjA6-_w"
ECHO = f"Unauthorized: `Bearer {TOKEN}`".encode()


def _printed(error: BaseException) -> list[str]:
    """Return all printable parts of an error, with the variables of every frame."""
    # Textual prints a shorter form of this when it ends with an error.
    trace = Traceback.extract(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_length=None,
        locals_max_string=None,
    )
    variables = [
        f"{name} = {value}"
        for stack in trace.stacks
        for frame in stack.frames
        for name, value in (frame.locals or {}).items()
    ]
    return [*traceback.format_exception(error), repr(error), *variables]


def _raised(run: Callable[[], object]) -> BaseException:
    with pytest.raises((Error, PeeweeException)) as caught:
        run()
    for printed in _printed(caught.value):
        assert TELLING not in printed
    return caught.value


def _objects(found: object, seen: dict[int, object]) -> dict[int, object]:
    """Return all objects of the driver that can be reached from an object."""
    if id(found) not in seen and type(found).__module__.startswith("tracker_tui.turso"):
        seen[id(found)] = found
        for part in getattr(found, "__dict__", {}).values():
            _objects(part, seen)
    return seen


def test_a_variable_that_holds_the_token_would_be_seen() -> None:
    def careless(headers: dict[str, str]) -> None:
        raise Error("something else")

    with pytest.raises(Error) as caught:
        careless({"Authorization": f"Bearer {TOKEN}"})
    assert any(TELLING in printed for printed in _printed(caught.value))


FATES: tuple[Fate, ...] = (
    cut_before,
    cut_within,
    altered(lambda body: body[1:]),
    answer(502, b"<html>Bad Gateway</html>"),
    answer(307, Location="http://localhost:1"),
    answer(200, b"{}", Content_Encoding="gzip"),
    lambda proxied: proxied.send(b"What?\r\n\r\n") or proxied.cut(),
    answer(401, ECHO),
    answer(403, b'{"error":"' + ECHO + b'","code":"' + TOKEN.encode() + b'"}'),
    answer(500, ECHO * 100),
)


def test_no_error_from_the_server_shows_the_token(proxy: Proxy) -> None:
    with closing(connect(proxy.url, TOKEN)) as connection:
        for fate, write in product(FATES, (by_execute, by_batch)):
            proxy.meet([fate])
            _raised(lambda write=write: write(connection))
    with closing(TursoDatabase(proxy.url, TOKEN)) as database:
        for fate in FATES:
            proxy.meet([fate])
            _raised(lambda: database.execute_sql("INSERT INTO t VALUES (1)"))
    assert {proxied.headers["authorization"] for proxied in proxy.seen} == {f"Bearer {TOKEN}"}


def test_no_error_before_reaching_a_server_shows_the_token() -> None:
    def use_connection(url: str) -> None:
        with closing(connect(url, TOKEN)) as connection:
            by_batch(connection)

    def use_database(url: str) -> None:
        with closing(TursoDatabase(url, TOKEN)) as database:
            database.batches([])
            database.execute_sql("SELECT 1")

    port = free_port()
    for url in (
        *("https://something.invalid", "https://" + "x" * 70 + ".invalid", "https://["),
        *(f"http://localhost:{port}", f"https://localhost:{port}", f"ws://localhost:{port}"),
        *("http://db.example.org", "ftp://db.example.org", "wss://something.invalid"),
    ):
        for use in (use_connection, use_database):
            _raised(lambda url=url, use=use: use(url))


def test_no_broken_connection_shows_the_token(
    proxy: Proxy, remote_url: str, guarded_server: Server, tmp_path: Path
) -> None:
    tls, _ = self_signed(tmp_path)
    with proxy_to(remote_url, tls=tls) as encrypted, closing(connect(encrypted.url, TOKEN)) as it:
        _raised(lambda: by_execute(it))
    with closing(connect(proxy.url, TOKEN, timeout=SOON)) as it:
        held: list[ProxiedRequest] = []
        proxy.meet([held.append])
        _raised(lambda: by_execute(it))
        held[0].cut()
        await_left_behind()
    with closing(connect(f"ws://localhost:{guarded_server.port}", TOKEN)) as it:
        _raised(lambda: by_batch(it))


def test_a_malformed_token_is_rejected_without_quoting_it() -> None:
    tokens = (f"{TOKEN}\n", f"{TOKEN}\r\nX-More: 1", f" {TOKEN}", f"{TOKEN}é", f"\0{TOKEN}", "")
    for scheme, token in product(("https", "ws"), tokens):
        url, hidden = f"{scheme}://localhost", [token]
        error = _raised(lambda url=url, hidden=hidden: connect(url, hidden.pop()))
        assert isinstance(error, InterfaceError)
        assert str(error) == "The token holds characters that no token has."
        wrapped = _raised(TursoDatabase(url, token).connect)
        assert str(wrapped) == str(error)


def test_no_object_of_the_driver_shows_the_token(proxy: Proxy) -> None:
    shown: list[str] = []
    kinds: set[str] = set()

    def look(proxied: ProxiedRequest) -> None:
        for found in _objects(connection, {}).values():
            kinds.add(type(found).__name__)
            shown.extend([repr(found), str(found), f"{found}", pretty_repr(found)])
        proxied.reply(proxied.forward())

    with closing(connect(proxy.url, TOKEN)) as connection:
        proxy.meet([look])
        works(connection)
    # Only one header of the requests holds it.
    for proxied in proxy.seen:
        assert TELLING not in proxied.path
        assert TELLING.encode() not in proxied.body
        named = [name for name, value in proxied.headers.items() if TOKEN in value]
        assert named == ["authorization"]
    assert {"Connection", "HttpClient", "Transport", "Token", "Stream"} <= kinds
    assert all(TELLING not in each for each in shown)
    with closing(TursoDatabase(proxy.url, TOKEN)) as database:
        database.connect()
        assert TELLING not in pretty_repr([database, database.connect_params, vars(database)])


def test_no_log_record_holds_the_token(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with closing(TursoDatabase(proxy.url, TOKEN)) as database:
        database.execute_sql("SELECT 1")
        proxy.meet([answer(401, ECHO), cut_before])
        for _ in range(2):
            _raised(lambda: database.execute_sql("SELECT 1"))
    logged = [record.getMessage() + repr(vars(record)) for record in caplog.records]
    assert {record.name for record in caplog.records} >= {"peewee", "urllib3.connectionpool"}
    assert all(TELLING not in each for each in logged)
